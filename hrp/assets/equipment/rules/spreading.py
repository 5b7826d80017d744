"""The fee of a service contract as what each covered machine costs in each month, to the fen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from hrp.assets.rules.months import Month
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, to_cents


def by_month(fee: Decimal, first: dt.date, last: dt.date) -> dict[Month, Decimal]:
    """The fee over the months a contract runs, by the days it runs in each."""
    days: dict[str, Decimal] = {}
    month = Month.holding(first)
    while month <= Month.holding(last):
        since, until = max(first, month.first_day), min(last, (month + 1).first_day - dt.timedelta(days=1))
        days[str(month)] = Decimal((until - since).days + 1)
        month = month + 1
    parts = largest_remainder(to_cents(fee), days)
    return {Month.read(name): from_cents(cents) for name, cents in parts.items()}


def by_card(amount: Decimal, weights: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """An amount over cards by their weights; ties go to the smaller card."""
    parts = largest_remainder(to_cents(amount), {f"{pk:020d}": weight for pk, weight in weights.items()})
    return {int(code): from_cents(cents) for code, cents in parts.items()}
