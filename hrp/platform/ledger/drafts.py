"""What a document hands to the journal: plain data, no ORM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class LineDraft:
    """One journal line. ``amount`` in yuan, signed (debit positive); ``quantity`` in the measure of the account.

    ``counter_unit_id`` names the other department of a pair statistic (who was served by whom); ``org_unit_id`` bears
    the cost or receives the service.
    """

    account: str
    amount: Decimal = ZERO
    org_unit_id: int | None = None
    fund: str = ""
    quantity: Decimal = ZERO
    counter_unit_id: int | None = None
    memo: str = ""


@dataclass(frozen=True)
class EntryDraft:
    """One journal entry; its amounts must sum to zero."""

    date: dt.date
    text: str
    lines: Sequence[LineDraft]

    @property
    def difference(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


def mirrored(entry: EntryDraft, *, on: dt.date, text: str) -> EntryDraft:
    """The exact mirror of an entry: every amount and quantity with the opposite sign, booked on another day."""
    return EntryDraft(
        date=on,
        text=text,
        lines=tuple(replace(line, amount=-line.amount, quantity=-line.quantity) for line in entry.lines),
    )
