"""运营驾驶舱: what the journal says of the hospital, month by month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.ledger import reports
from hrp.platform.ui import dashboards, formats, work
from hrp.platform.ui.dashboards import Chart, Dashboard, Kpi, KpiValue, View

PERMISSION = "ledger.overview.view"
PERMISSIONS = {PERMISSION: "查看运营驾驶舱"}
WAN = Decimal(10_000)
MOST_UNITS = 11
HEAT_UNITS = 9


def _wan(amount: Decimal) -> str:
    return f"{amount / WAN:,.1f}"


def _number(amount: Decimal) -> float:
    """For drawing only: ten thousand yuan with two decimals."""
    return float(round(amount / WAN, 2))


def _year_back(view: View) -> View:
    """At least a year, so that a sparkline has something to say."""
    first = min(view.first, (view.last.replace(day=1) - dt.timedelta(days=334)).replace(day=1))
    return View(view.key, view.title, first, view.last)


def _units(actor: Any) -> list[int] | None:
    """The departments whose figures the person may see; None for the whole hospital."""
    held = scope.units(actor, PERMISSION)
    return None if held is None else sorted(held)


def _series(actor: Any, view: View, element: str) -> list[Decimal]:
    long = _year_back(view)
    sums = reports.monthly(long.first, long.last, units=_units(actor))
    return [sums.get((month, element), Decimal(0)) for month in reports.months(long.first, long.last)]


def _kpi(element: str, *, good_when_up: bool) -> Any:
    def value(actor: Any, view: View) -> KpiValue:
        points = _series(actor, view, element)
        months = len(reports.months(view.first, view.last))
        total = sum(points[-months:], Decimal(0))
        if not any(points):
            return KpiValue("—", note="这段时间没有凭证")
        before, now = (points[-3], points[-2]) if len(points) > 2 else (Decimal(0), Decimal(0))
        change = (now - before) / before if before else None
        return KpiValue(
            _wan(total),
            delta=f"{change * 100:+.1f}%" if change is not None else "",
            up=change is None or change >= 0,
            good=None if change is None or change == 0 else (change > 0) == good_when_up,
            note="上月环比" if change is not None else "",
            points=points[:-1],
        )

    return value


def _monthly_average(actor: Any, view: View) -> KpiValue:
    points = [point for point in _series(actor, view, "expense") if point]
    full = points[:-1] or points
    average = sum(full, Decimal(0)) / len(full) if full else Decimal(0)
    return KpiValue(_wan(average), note=f"按 {len(full)} 个月", points=full)


def _units_used(actor: Any, view: View) -> KpiValue:
    found = {row.unit_id for row in _unit_rows(actor, view)}
    return KpiValue(str(len(found)), note=f"{view.title}有费用的科室")


def _waiting(actor: Any, view: View) -> KpiValue:
    return KpiValue(str(work.todo_count(actor)), note="等您审批的单据")


def _unit_rows(actor: Any, view: View) -> list[reports.UnitMonth]:
    return reports.by_unit(view.first, view.last, units=_units(actor))


def trend(actor: Any, view: View) -> dict[str, Any]:
    long = _year_back(view)
    labels = reports.months(long.first, long.last)
    sums = reports.monthly(long.first, long.last, units=_units(actor))
    if not sums:
        return {}
    bars = [
        {"name": title, "data": [_number(sums.get((month, element), Decimal(0))) for month in labels]}
        for element, title in (("income", "收入"), ("expense", "费用"))
        if any(key[1] == element for key in sums)
    ]
    return {"labels": [label[2:] for label in labels], "bars": bars}


def structure(actor: Any, view: View) -> dict[str, Any]:
    rows = reports.by_account(view.first, view.last, units=_units(actor))
    if not rows:
        return {}
    # 业务活动费用-人员经费 and 单位管理费用-人员经费 are one class of cost
    classes: dict[str, Decimal] = defaultdict(Decimal)
    for name, amount in rows:
        classes[name.split("-")[1] if "-" in name else name] += amount
    ordered = sorted(classes.items(), key=lambda pair: -pair[1])
    parts = [[name, _number(amount)] for name, amount in ordered[:6]]
    rest = sum((amount for _name, amount in ordered[6:]), Decimal(0))
    return {"parts": [*parts, ["其他", _number(rest)]] if rest else parts, "unit": "万元"}


def ranking(actor: Any, view: View) -> dict[str, Any]:
    sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in _unit_rows(actor, view):
        sums[row.unit, row.unit_id] += row.amount
    top = sorted(sums.items(), key=lambda pair: -pair[1])[:MOST_UNITS]
    if not top:
        return {}
    links = {unit: f"/ledger/lines/?org_unit={pk}&element=expense" for (unit, pk), _amount in top}
    return {"rows": [[unit, _number(amount)] for (unit, _pk), amount in top], "links": links}


def heat(actor: Any, view: View) -> dict[str, Any]:
    long = _year_back(view)
    rows = _unit_rows(actor, long)
    months = reports.months(long.first, long.last)[-8:]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    cells: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.month in months:
            sums[row.unit] += row.amount
            cells[row.unit, row.month] += row.amount
    units = [unit for unit, _sum in sorted(sums.items(), key=lambda pair: -pair[1])[:HEAT_UNITS]]
    if not units:
        return {}
    return {
        "columns": [month[2:] for month in months],
        "rows": units,
        "cells": [
            [x, y, _number(cells[unit, month])]
            for y, unit in enumerate(units)
            for x, month in enumerate(months)
        ],
        "unit": "万元",
    }


def statistics(actor: Any, view: View) -> dict[str, Any]:
    long = _year_back(view)
    rows = reports.statistics(long.first, long.last, units=_units(actor))
    months = reports.months(long.first, long.last)
    by_name: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for name, measure, month, quantity in rows:
        by_name[f"{name}（{measure}）" if measure else name][month] = quantity
    if not by_name:
        return {}
    return {
        "labels": [month[2:] for month in months],
        "lines": [
            {"name": name, "data": [float(found[month]) if month in found else None for month in months]}
            for name, found in list(by_name.items())[:4]
        ],
    }


def stacked(actor: Any, view: View) -> dict[str, Any]:
    """The five biggest departments month by month."""
    long = _year_back(view)
    rows = _unit_rows(actor, long)
    months = reports.months(long.first, long.last)[-8:]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    cells: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.unit] += row.amount
        cells[row.unit, row.month] += row.amount
    units = [unit for unit, _sum in sorted(sums.items(), key=lambda pair: -pair[1])[:5]]
    if not units:
        return {}
    return {
        "labels": [month[2:] for month in months],
        "stacked": True,
        "bars": [{"name": unit, "data": [_number(cells[unit, month]) for month in months]} for unit in units],
    }


def _note(actor: Any, view: View) -> str:
    return f"取自已过账凭证，{formats.date(view.first)} 至 {formats.date(view.last)}，数据时间 {formats.datetime_text(clock.now())}"


OVERVIEW = Dashboard(
    key="overview",
    title="运营驾驶舱",
    icon="chart-bar",
    url="overview",
    permission=PERMISSION,
    menu=("home", "决策分析"),
    order=10,
    note=_note,
    kpis=(
        Kpi("income", "收入", icon="cash", unit="万元", value=_kpi("income", good_when_up=True)),
        Kpi("expense", "费用", icon="receipt-2", unit="万元", value=_kpi("expense", good_when_up=False)),
        Kpi("average", "月均费用", icon="trending-up", unit="万元", value=_monthly_average),
        Kpi("units", "核算科室", icon="sitemap", unit="个", value=_units_used),
        Kpi("waiting", "待办审批", icon="checkbox", unit="张", value=_waiting),
    ),
    charts=(
        Chart("trend", "收入与费用", "万元", "bars", trend, more=lambda actor: "/ledger/lines/"),
        Chart("structure", "费用构成", "按科目", "ring", structure),
        Chart("ranking", "科室费用排名", "万元，点击看明细账", "ranking", ranking),
        Chart("heat", "科室费用热力图", "万元，科室 × 月", "heat", heat),
        Chart("stacked", "费用最高的五个科室", "万元", "bars", stacked),
        Chart("statistics", "统计量", "数量", "lines", statistics),
    ),
)

ALL = (OVERVIEW,)


def register() -> None:
    for dashboard in ALL:
        dashboards.register(dashboard)
