"""Splitting and joining what stands on cards, without a fen made, lost or moved to another month. Pure.

A card's future is its monthly rate and a last month that bears the rest. Its parts take their shares of both, so that their
months add up to the card's; the accumulated depreciation is shared by the largest remainder.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import Plan
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, round_money, to_cents

ZERO = Decimal(0)
TEN_THOUSANDTHS = Decimal(10_000)


@dataclass(frozen=True)
class Standing:
    """A funding line before a month: yuan, what a month bears from then on, and months that are left (0: nothing more)."""

    cost: Decimal
    accumulated: Decimal
    residual: Decimal = ZERO
    rate: Decimal = ZERO
    months: int = 0

    @property
    def base(self) -> Decimal:
        """What is still to be depreciated."""
        return self.cost - self.residual - self.accumulated

    def plan(self, first: Month) -> Plan:
        return Plan(first, max(self.months, 1), self.base, self.accumulated, self.rate)


def divide(line: Standing, costs: Sequence[Decimal]) -> list[Standing]:
    """The line in parts that cost so much each; ``costs`` add up to its cost."""
    worn = _shared(line.accumulated, costs)
    rooms = [cost - gone for cost, gone in zip(costs, worn, strict=True)]
    residuals = _shared(line.residual, rooms)
    bases = [room - residual for room, residual in zip(rooms, residuals, strict=True)]
    rates = _rates(line.rate, bases, line.months)
    return [
        Standing(cost, gone, residual, rate, line.months)
        for cost, gone, residual, rate in zip(costs, worn, residuals, rates, strict=True)
    ]


def join(lines: Sequence[Standing], *, months: int | None = None) -> Standing:
    """Several lines as one. With ``months`` what is left is spread over so many; without, it goes on as it went."""
    cost, accumulated, residual, rate = (
        sum((getattr(line, name) for line in lines), ZERO)
        for name in ("cost", "accumulated", "residual", "rate")
    )
    lengths = {line.months for line in lines if line.base}
    left = max(lengths, default=0) if months is None else months
    if months is not None or len(lengths) > 1:
        rate = round_money((cost - residual - accumulated) / max(left, 1))
    return Standing(cost, accumulated, residual, rate, left)


def _shared(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Yuan by weights in yuan, to the fen; ties to the earlier part."""
    if not amount:
        return [ZERO] * len(weights)
    parts = largest_remainder(
        to_cents(amount), {f"{place:06d}": to_cents(weight) for place, weight in enumerate(weights)}
    )
    return [from_cents(parts[f"{place:06d}"]) for place in range(len(weights))]


def _rates(rate: Decimal, bases: Sequence[Decimal], months: int) -> list[Decimal]:
    """What each part bears a month. A fen left over goes to the part whose last month has most to spare."""
    whole, fen = sum((to_cents(base) for base in bases), 0), to_cents(rate)
    if not whole:
        return [ZERO] * len(bases)
    parts = [fen * to_cents(base) // whole for base in bases]
    for _ in range(fen - sum(parts)):
        spare = [to_cents(base) - part * max(months - 1, 0) for base, part in zip(bases, parts, strict=True)]
        parts[spare.index(max(spare))] += 1
    return [from_cents(part) for part in parts]


@dataclass(frozen=True)
class Share:
    """A department's per cent of a card from a day to a day; ``card`` weighs as much as its cost in fen."""

    card: int
    unit: str
    ratio: Decimal
    since: dt.date
    until: dt.date | None = None


def joined(shares: Sequence[Share], weights: Mapping[int, int], *, since: dt.date) -> list[Share]:
    """Whose a card made of others is, day by day from ``since``: their shares weighed by cost, to 1/10000 per cent."""
    days = sorted(
        {max(share.since, since) for share in shares if share.until is None or share.until >= since}
        | {share.until + dt.timedelta(days=1) for share in shares if share.until and share.until >= since}
    )
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    found = []
    for place, day in enumerate(days):
        until = days[place + 1] - dt.timedelta(days=1) if place + 1 < len(days) else None
        now = [one for one in shares if one.since <= day and (one.until is None or one.until >= day)]
        weight = sum(weights[card] for card in {one.card for one in now})
        parts: dict[str, int] = defaultdict(int)
        for one in now:
            parts[one.unit] += int(one.ratio * TEN_THOUSANDTHS) * weights[one.card]
        if not weight or not any(parts.values()):
            continue
        split = largest_remainder(sum(parts.values()) // weight, parts)
        found += [
            Share(0, unit, Decimal(part) / TEN_THOUSANDTHS, day, until)
            for unit, part in split.items()
            if part
        ]
    return found
