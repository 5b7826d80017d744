"""What service contracts cost each card in each month, and what their repairs would have cost one by one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from hrp.assets.equipment.models import ContractVisit, RepairCost, RepairOrder, ServiceContract
from hrp.assets.equipment.rules import spreading
from hrp.assets.rules.months import Month
from hrp.platform.base import clock

ZERO = Decimal(0)
CENT = Decimal("0.01")


def by_card(contract: ServiceContract) -> dict[tuple[int, Month], Decimal]:
    """Yuan by card and month, the whole fee to the fen; nothing while no card is covered."""
    weights = {card.asset_id: card.weight for card in contract.cards.all()}
    if not weights or not contract.fee:
        return {}
    found: dict[tuple[int, Month], Decimal] = {}
    for month, amount in spreading.by_month(contract.fee, contract.valid_from, contract.valid_to).items():
        for asset, part in spreading.by_card(amount, weights).items():
            found[asset, month] = part
    return found


def expense(first: Month, last: Month) -> dict[tuple[int, int, Month], Decimal]:
    """Yuan by contract, card and month, of every contract that runs in those months."""
    rows = ServiceContract.objects.filter(
        valid_from__lt=(last + 1).first_day, valid_to__gte=first.first_day
    ).prefetch_related("cards")
    return {
        (contract.pk, asset, month): amount
        for contract in rows
        for (asset, month), amount in by_card(contract).items()
        if first <= month <= last
    }


def expense_of_cards(first: Month, last: Month) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for (_, asset, _), amount in expense(first, last).items():
        found[asset] += amount
    return dict(found)


def compared(contract: ServiceContract, *, on: dt.date) -> dict[str, Any]:
    """A contract against paying repair by repair: its repairs a year at what such repairs cost without a contract.

    The price of a repair is the mean of what was paid for repairs of the same models while no contract covered them.
    """
    cards = list(contract.cards.select_related("asset"))
    ids = [card.asset_id for card in cards]
    last = min(contract.valid_to, on)
    days = max((last - contract.valid_from).days + 1, 1)
    whole = (contract.valid_to - contract.valid_from).days + 1
    begin, end = clock.start_of_day(contract.valid_from), clock.start_of_day(last + dt.timedelta(days=1))
    orders = RepairOrder.objects.filter(asset__in=ids, fault_at__gte=begin, fault_at__lt=end).exclude(
        state="cancelled"
    )
    count = orders.count()
    extra = RepairCost.objects.filter(order__in=orders).aggregate(amount=Sum("amount"))["amount"] or ZERO
    price, known = _price([card.asset.model for card in cards if card.asset.model])
    fee_year = (contract.fee * 365 / whole).quantize(CENT)
    a_year = Decimal(count) * 365 / days
    estimate = (a_year * price).quantize(CENT) if price is not None else None
    paid = (fee_year + extra * 365 / days).quantize(CENT)
    return {
        "contract": contract, "cards": len(cards), "fee_year": fee_year, "repairs": count, "a_year": a_year.quantize(Decimal("0.1")),
        "extra": extra, "price": price, "known": known, "estimate": estimate, "paid": paid,
        "saved": estimate - paid if estimate is not None else None,
        "visits": contract.visits.filter(kind=ContractVisit.Kind.VISIT).count(),
        "visits_due": contract.visits_a_year * days // 365,
    }  # fmt: skip


def _price(models: list[str]) -> tuple[Decimal | None, int]:
    """Mean yuan of a paid repair of some models outside any contract, and of how many."""
    amounts = []
    covered = defaultdict(list)
    for row in ServiceContract.objects.prefetch_related("cards"):
        for card in row.cards.all():
            covered[card.asset_id].append((row.valid_from, row.valid_to))
    paid = (
        RepairOrder.objects.filter(asset__model__in=models, costs__isnull=False)
        .annotate(amount=Sum("costs__amount"))
        .filter(amount__gt=0)
    )
    for order in paid:
        day = clock.local(order.fault_at).date()
        if not any(since <= day <= until for since, until in covered[order.asset_id]):
            amounts.append(order.amount)
    return ((sum(amounts, ZERO) / len(amounts)).quantize(CENT), len(amounts)) if amounts else (None, 0)
