"""Asking the database for the rows of a report, and the parts most questions share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Max

from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.rules.months import Month
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.ui.reports import Asked, Row
from hrp.platform.ui.screens import Filter

VIEW, EXPORT = "assets.report.view", "assets.report.export"
PERMISSIONS = {VIEW: "查看资产报表", EXPORT: "导出资产报表"}

# yuan by card and funding line on %(day)s: moves up to the day, depreciation of the months that were over
STANDING = """
standing AS (
    SELECT x.asset_id, x.line_id, sum(x.cost) AS cost, sum(x.accumulated) AS accumulated FROM (
        SELECT asset_id, line_id, cost, accumulated FROM assets_move WHERE date <= %(day)s
        UNION ALL
        SELECT l.asset_id, d.line_id, 0, d.amount FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id
        WHERE d.month <= %(month)s) x
    GROUP BY 1, 2
), card AS (
    SELECT asset_id, sum(cost) AS cost, sum(accumulated) AS accumulated FROM standing GROUP BY 1
)
"""
# where a card is held on %(day)s
HELD = "a.booked_on <= %(day)s AND (a.disposed_on IS NULL OR a.disposed_on > %(day)s)"


def rows(statement: str, values: Mapping[str, Any]) -> list[Row]:
    """The rows of a statement with named parameters, each as a mapping by column."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def where_units(asked: Asked, column: str = "a.org_unit_id") -> str:
    """The condition that keeps a report to the departments its reader may look at. Numbers of ours only, no text."""
    if asked.units is None:
        return "true"
    return (
        f"{column} IN ({', '.join(str(int(unit)) for unit in sorted(asked.units))})"
        if asked.units
        else "false"
    )


def month_end(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def as_of(asked: Asked) -> dict[str, Any]:
    """``day`` and ``month`` of the month asked for: its last day, or today in the present month."""
    first, _ = asked.span("month")
    day = min(month_end(first), clock.today()) if first <= clock.today() else month_end(first)
    return {"day": day, "month": first.year * 12 + first.month - 1}


def this_month(actor: Any) -> str:
    return f"{clock.today():%Y-%m}"


def last_run(actor: Any) -> str:
    """The month depreciated last: the present one is empty until its end."""
    month = DepreciationRun.objects.filter(state=State.POSTED).aggregate(last=Max("month"))["last"]
    return this_month(actor) if month is None else f"{Month(month).first_day:%Y-%m}"


MONTH = Filter("month", title="截至月末", kind="month", default=this_month)
CLASS = Filter("asset_class", title="分类", kind="register", register="assets.asset_class")
UNIT = Filter("unit", title="使用科室", kind="register", register="org.unit")
SPAN = Filter("date", title="期间", kind="date_range")
