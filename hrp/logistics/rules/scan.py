"""What a scanned code says: the same answer whoever issued it (GS1, MA, AHM, 药品追溯码)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Agency(StrEnum):
    GS1 = "GS1"
    MA = "MA"
    AHM = "AHM"
    DRUG_TRACE = "drug_trace"


@dataclass(frozen=True)
class Issue:
    """Something wrong or doubtful in a scan: a stable ``code``, the field it is about, and Chinese words."""

    code: str
    words: str
    field: str = ""


@dataclass(frozen=True)
class Scan:
    """A code taken apart. ``raw`` is what the scanner sent, kept as it came.

    ``di`` identifies the product at its packing level; ``gtin`` is the same where it is a GTIN-14. ``other`` holds
    every further element by its identifier. With ``errors`` the rest is what could be read before the first of them.
    """

    raw: str
    agency: Agency | None = None
    di: str = ""
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    prod_date: dt.date | None = None
    expiry: dt.date | None = None
    best_before: dt.date | None = None
    other: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Issue, ...] = ()
    errors: tuple[Issue, ...] = ()

    @property
    def readable(self) -> bool:
        return not self.errors
