"""Key figures of machines over a span of days, by card, model, class, department, maker or month.

A fault that reaches into the span counts in it, with the hours it lies in the span; a machine that went on working
through its fault has failed without standing still. Hours are those of the calendar since the card was booked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from hrp.assets.equipment.models import MachineRevenue, RepairEvent, RepairOrder, Task
from hrp.assets.equipment.models.care import Kind
from hrp.assets.equipment.rules import due_days, windows
from hrp.assets.equipment.selectors import repairs
from hrp.assets.models import Asset
from hrp.assets.rules import reliability
from hrp.assets.rules.months import Month
from hrp.platform.base import clock

ZERO = Decimal(0)
BY = (
    ("asset", "单台"), ("model", "型号"), ("class", "分类"), ("unit", "科室"), ("maker", "厂家"), ("supplier", "供应商"), ("month", "月份"),
)  # fmt: skip


@dataclass
class Group:
    """Raw sums of a group of machines."""

    machines: set[int] = field(default_factory=set)
    hours: Decimal = ZERO
    downtimes: list[Decimal] = field(default_factory=list)
    planned: Decimal = ZERO
    responses: list[Decimal] = field(default_factory=list)
    repaired: int = 0
    first_fixed: int = 0
    in_house: int = 0
    repair_cost: Decimal = ZERO
    cost: Decimal = ZERO
    used: Decimal = ZERO

    def row(self, name: str, *, rated: Decimal) -> dict[str, Any]:
        """The figures as a report shows them; ratios are parts of one."""
        found = reliability.measure(self.hours, self.downtimes, self.planned)
        days = self.hours / 24
        return {
            "name": name, "machines": len(self.machines), "failures": len(self.downtimes),
            "hours": self.hours, "downtime": sum(self.downtimes, ZERO), "mtbf": _mean(found.mtbf, self.hours),
            "mttr": "—" if found.mttr is None else f"{found.mttr:,.2f}", "availability": found.availability / 100,
            "operational": found.operational_availability / 100,
            "response": _average(self.responses), "first_fix": _part(self.first_fixed, self.repaired),
            "in_house": _part(self.in_house, self.repaired), "repair_cost": self.repair_cost,
            "cosr": self.repair_cost / self.cost if self.cost else None,
            "use": self.used / (days * rated) if days and self.used else None,
        }  # fmt: skip


def _mean(mtbf: Decimal | None, hours: Decimal) -> str:
    return f"> {hours:,.0f}" if mtbf is None else f"{mtbf:,.2f}"


def _part(some: int, whole: int) -> Decimal | None:
    return Decimal(some) / whole if whole else None


def _average(values: list[Decimal]) -> Decimal | None:
    return (sum(values, ZERO) / len(values)).quantize(Decimal("0.01")) if values else None


def measure(
    *, first: dt.date, last: dt.date, by: str, assets: Iterable[Asset], rated: Decimal
) -> list[dict[str, Any]]:
    """Figures of each group, the one that stood still longest first."""
    cards = {asset.pk: asset for asset in assets}
    groups: dict[str, Group] = defaultdict(Group)
    for since, until in _spans(first, last, by):
        _add(groups, cards, since, until, _namer(by, since))
    rows = [group.row(name, rated=rated) for name, group in groups.items()]
    return sorted(rows, key=lambda row: row["name"] if by == "month" else (-row["downtime"], row["name"]))


def _spans(first: dt.date, last: dt.date, by: str) -> list[tuple[dt.date, dt.date]]:
    if by != "month":
        return [(first, last)]
    spans, month = [], Month.holding(first)
    while month.first_day <= last:
        final = (month + 1).first_day - dt.timedelta(days=1)
        spans.append((max(first, month.first_day), min(last, final)))
        month = month + 1
    return spans


def _namer(by: str, since: dt.date) -> Callable[[Asset], str]:
    names: dict[str, Callable[[Asset], str]] = {
        "asset": str,
        "model": lambda asset: f"{asset.manufacturer} {asset.model}".strip() or "（无型号）",
        "class": lambda asset: asset.asset_class.name,
        "unit": lambda asset: asset.org_unit.name,
        "maker": lambda asset: asset.manufacturer or "（无厂家）",
        "supplier": lambda asset: asset.supplier or "（无供应商）",
        "month": lambda asset: f"{since:%Y-%m}",
    }
    return names[by]


def _add(
    groups: dict[str, Group], cards: dict[int, Asset], first: dt.date, last: dt.date, name: Callable[[Asset], str]
) -> None:  # fmt: skip
    begin = clock.start_of_day(first)
    end = min(clock.start_of_day(last + dt.timedelta(days=1)), max(clock.now(), begin))
    for asset in cards.values():
        if asset.booked_on is None:
            continue
        left = clock.start_of_day(asset.disposed_on) if asset.disposed_on else None
        hours = windows.overlap(clock.start_of_day(asset.booked_on), left, begin, end)
        if hours:
            group = groups[name(asset)]
            group.machines.add(asset.pk)
            group.hours += hours
            group.cost += asset.cost
    _add_faults(groups, cards, begin, end, name)
    for pk, amount in repairs.paid(first, last).items():
        if pk in cards:
            groups[name(cards[pk])].repair_cost += amount
    done = Task.objects.filter(
        asset__in=cards, template__kind=Kind.MAINTENANCE, done_on__gte=first, done_on__lte=last
    )
    for pk, spent in done.values_list("asset_id", "hours"):
        groups[name(cards[pk])].planned += spent or ZERO
    used = MachineRevenue.objects.filter(
        asset__in=cards, month__gte=first.replace(day=1), month__lte=last
    ).exclude(used_hours=None)
    for pk, on in used.values_list("asset_id", "used_hours"):
        groups[name(cards[pk])].used += on or ZERO


def _add_faults(
    groups: dict[str, Group], cards: dict[int, Asset], begin: dt.datetime, end: dt.datetime, name: Callable[[Asset], str]
) -> None:  # fmt: skip
    orders = list(
        RepairOrder.objects.filter(asset__in=cards, fault_at__lt=end)
        .filter(Q(closed_at=None) | Q(closed_at__gt=begin))
        .exclude(state="cancelled")
    )
    again = set(
        RepairEvent.objects.filter(order__in=orders, act__in=("fail", "reject")).values_list(
            "order_id", flat=True
        )
    )
    for order in orders:
        group = groups[name(cards[order.asset_id])]
        stood = windows.overlap(order.fault_at, order.closed_at, begin, end) if order.is_down else ZERO
        group.downtimes.append(stood)
        if order.taken_at is not None:
            group.responses.append(windows.hours(order.reported_at, order.taken_at) * 60)
        if order.state == "accepted":
            group.repaired += 1
            group.first_fixed += order.pk not in again
            group.in_house += order.route == "self"


def completion(
    *, first: dt.date, last: dt.date, units: frozenset[int] | None, grace: int
) -> list[dict[str, Any]]:
    """Care planned from a day to a day, by department and kind: done, in time, and in time after postponement."""
    tasks = Task.objects.filter(planned_on__gte=first, planned_on__lte=last).exclude(state="cancelled")
    if units is not None:
        tasks = tasks.filter(org_unit_id__in=units)
    groups: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks.select_related("org_unit", "template").order_by("org_unit__code"):
        groups[task.org_unit.name, task.template.get_kind_display()].append(task)
    return [_completed(unit, kind, some, grace) for (unit, kind), some in groups.items()]


def _completed(unit: str, kind: str, tasks: list[Task], grace: int) -> dict[str, Any]:
    in_time = sum(due_days.in_time(task.done_on, task.planned_on, grace=grace) for task in tasks)
    allowed = sum(due_days.in_time(task.done_on, task.due_on, grace=grace) for task in tasks)
    return {
        "unit": unit, "kind": kind, "due": len(tasks), "done": sum(task.done_on is not None for task in tasks),
        "failed": sum(task.state == "failed" for task in tasks), "in_time": in_time, "rate": _part(in_time, len(tasks)),
        "allowed": _part(allowed, len(tasks)), "postponed": sum(task.due_on != task.planned_on for task in tasks),
    }  # fmt: skip
