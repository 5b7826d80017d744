"""New plans of a card whose cost or life changed: what is left over the months that are left, line by line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.assets import parameters, subledger
from hrp.assets.models.classes import Method
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import begin, revise
from hrp.assets.subledger.cards import Card, Line
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Conflict, Invalid


def replan(old: Card, new: Card, *, life: int | None, month: Month, on: dt.date) -> list[subledger.Planned]:
    """Plans from ``month`` on. Refuses (``negative_base``) a cost below what was depreciated, naming the figures."""
    asset = old.asset
    if not asset.is_depreciated:
        return []
    before = {line.id: line for line in old.lines}
    elapsed = elapsed_months(old, month)
    percent = parameters.residual_percent(on)
    by_units = asset.asset_class.method == Method.UNITS
    plans = []
    for line in new.lines:
        known = before.get(line.id)
        if known is not None and known.cost == line.cost and life == asset.life_months:
            continue
        accumulated = known.accumulated(month + -1) if known is not None else Decimal(0)
        residual = round_money(line.cost * percent / 100)
        try:
            revised = revise(
                accumulated,
                cost=line.cost,
                life=life or 1,
                elapsed=elapsed,
                effective=month,
                residual=residual,
            )
        except Invalid as refused:
            raise Conflict(
                f"{asset} {line.source}：变动后原值 {line.cost:,.2f} 元，已提折旧 {accumulated:,.2f} 元，{refused.reason}",
                code=refused.code, way_out=refused.way_out,
            ) from None  # fmt: skip
        units = _units_left(old) if by_units else None
        plans.append(subledger.Planned(line.id, month, revised.plan, residual, units))
    return plans


def restate(
    old: Card, new: Card, *, month: Month, on: dt.date
) -> list[tuple[Line, Decimal, subledger.Planned]]:
    """By line: what the past lacks (or has too much) at the new cost, and the plan from ``month`` on. Straight lines alone."""
    asset = old.asset
    if not asset.is_depreciated or asset.asset_class.method != Method.STRAIGHT:
        return []
    before = {line.id: line for line in old.lines}
    elapsed, life = elapsed_months(old, month), asset.life_months or 1
    percent = parameters.residual_percent(on)
    found = []
    for line in new.lines:
        residual = round_money(line.cost * percent / 100)
        known = before.get(line.id)
        reached = known.accumulated(month + -1) if known is not None else Decimal(0)
        whole = begin(line.cost, life, month + -elapsed, residual=residual)
        due = whole.through(month + -1)
        plan = revise(
            due, cost=line.cost, life=life, elapsed=elapsed, effective=month, residual=residual
        ).plan
        found.append((line, due - reached, subledger.Planned(line.id, month, plan, residual)))
    return found


def elapsed_months(card: Card, month: Month) -> int:
    """Months of the card's life that are over before ``month``: what other books depreciated, and ours since."""
    booked_on = card.asset.booked_on
    if booked_on is None or card.asset.life_months is None:
        return 0
    taken_over = max((line.opening_months for line in card.lines), default=0)
    first = parameters.convention(booked_on).first(Month.holding(booked_on))
    return max(taken_over + (month - first), 0)


def _units_left(card: Card) -> Decimal | None:
    """Units of work the card has still in it; at least one, so that what is left can be spread."""
    left = next(
        (line.units_left for line in card.lines if line.units_left is not None), card.asset.total_units
    )
    return None if left is None else max(left, Decimal(1))
