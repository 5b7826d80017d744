"""What a stocktake found, and how well books and things agree. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

HUNDREDTH = Decimal("0.01")


class Kind(StrEnum):
    OK = "ok"
    ELSEWHERE = "elsewhere"
    OTHER_UNIT = "other_unit"
    DAMAGED = "damaged"
    IDLE = "idle"
    UNLABELLED = "unlabelled"
    NOT_FOUND = "not_found"
    EXTRA = "extra"


AGREES = frozenset({Kind.OK, Kind.DAMAGED, Kind.IDLE, Kind.UNLABELLED})
"""Found where and with whom the books have it, whatever its condition."""


@dataclass(frozen=True)
class Seen:
    """One finding of a line; ``key`` is the order of arrival."""

    key: int
    kind: Kind
    at: dt.datetime


def standing(seen: Iterable[Seen]) -> Seen | None:
    """The finding that holds: the one made last, whenever its device sent it."""
    return max(seen, key=lambda one: (one.at, one.key), default=None)


@dataclass(frozen=True)
class Agreement:
    """Percent with two decimals; None where nothing was to be found. ``cost_coverage`` weighs by value."""

    lines: int
    seen: int
    agreeing: int
    extras: int
    coverage: Decimal | None
    cost_coverage: Decimal | None
    consistency: Decimal | None


def agreement(results: Sequence[tuple[Kind, Decimal]], *, extras: int) -> Agreement:
    """覆盖率 = seen / lines, 一致率 = agreeing / (lines and what has no card), of (result, cost)."""
    seen = [cost for kind, cost in results if kind != Kind.NOT_FOUND]
    agreeing = sum(kind in AGREES for kind, _ in results)
    whole = sum((cost for _, cost in results), Decimal(0))
    return Agreement(
        len(results), len(seen), agreeing, extras, _percent(len(seen), len(results)),
        _percent(sum(seen, Decimal(0)), whole), _percent(agreeing, len(results) + extras),
    )  # fmt: skip


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)
