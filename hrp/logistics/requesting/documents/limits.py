"""Quotas and use levels of a department, held against what it asks for."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.models import Item
from hrp.logistics.requesting import parameters
from hrp.logistics.requesting.models import UseAuthority
from hrp.platform.base import sql
from hrp.platform.base.refusals import Problem
from hrp.platform.org.models import valid_on
from hrp.platform.org.parameters import value

QUOTAS_SQL = """
SELECT item_id, quantity FROM logistics_department_quota
WHERE org_unit_id = %s AND item_id = ANY(%s) AND valid_from <= %s AND (valid_to IS NULL OR valid_to >= %s)
ORDER BY item_id {lock}
"""

# what was promised or served in the month, direct issues beside it, less what came back; the request itself left out
USED_SQL = """
SELECT item, sum(quantity) FROM (
    SELECT coalesce(l.substitute_id, l.item_id) AS item,
           CASE WHEN c.id IS NULL THEN l.granted ELSE coalesce(s.served, 0) END AS quantity
    FROM logistics_requisition d JOIN logistics_requisition_line l ON l.document_id = d.id
    LEFT JOIN logistics_requisition_closing c ON c.requisition_id = d.id
    LEFT JOIN (SELECT requisition_id, line_position, sum(quantity) AS served FROM logistics_requisition_serving
               GROUP BY 1, 2) s ON s.requisition_id = d.id AND s.line_position = l.position
    WHERE d.state = 'posted' AND d.org_unit_id = %s AND d.id <> %s AND d.business_date BETWEEN %s AND %s
    UNION ALL
    SELECT l.item_id, l.quantity FROM logistics_issue d JOIN logistics_issue_line l ON l.document_id = d.id
    WHERE d.state = 'posted' AND d.org_unit_id = %s AND d.business_date BETWEEN %s AND %s
      AND NOT EXISTS (SELECT FROM logistics_delivery v WHERE v.source = 'logistics.stock_issue:' || d.id)
    UNION ALL
    SELECT l.item_id, -l.quantity FROM logistics_department_return d
    JOIN logistics_department_return_line l ON l.document_id = d.id
    WHERE d.state = 'posted' AND d.org_unit_id = %s AND d.business_date BETWEEN %s AND %s
) u WHERE item = ANY(%s) GROUP BY item
"""


@dataclass(frozen=True)
class Asked:
    """One line as limits see it; ``place`` is 0-based, ``reason`` what the department says for going beyond."""

    place: int
    item: Item
    quantity: Decimal
    reason: str


def problems(
    asked: Sequence[Asked], *, org_unit_id: int, on: dt.date, but: int = 0, lock: bool = False
) -> list[Problem]:
    """Lines beyond the department's quota of the month, or above its use level.

    ``but`` is the request itself; ``lock`` holds the quotas until the end of the transaction, so that two requests
    accepted at once cannot both fit.
    """
    found = _levels(asked, org_unit_id, on)
    control = value(parameters.QUOTA_CONTROL, on)
    if control == "off":
        return found
    quotas = _quotas(asked, org_unit_id, on, lock=lock)
    if not quotas:
        return found
    used = used_in_month(list(quotas), org_unit_id=org_unit_id, on=on, but=but)
    for one in asked:
        if one.item.pk not in quotas:
            continue
        before = used[one.item.pk]
        used[one.item.pk] += one.quantity
        quota = quotas[one.item.pk]
        if used[one.item.pk] > quota and (control == "hard" or not one.reason.strip()):
            unit = one.item.unit
            text = f"{one.item} 本月定额 {quota.normalize():f} {unit}，已领（含待领）{before.normalize():f} {unit}"
            field, tail = ("quantity", "，超出定额") if control == "hard" else ("reason", "，超出须填写说明")
            found.append(Problem(text + tail, field=field, line=one.place))
    return found


def used_in_month(
    item_ids: Sequence[int], *, org_unit_id: int, on: dt.date, but: int = 0
) -> defaultdict[int, Decimal]:
    """What a department was given or promised of items in the month of a day, less what it brought back."""
    first = on.replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    rows = sql.rows(
        USED_SQL,
        [org_unit_id, but, first, last, org_unit_id, first, last, org_unit_id, first, last, list(item_ids)],
    )
    return defaultdict(Decimal, rows)


def _quotas(asked: Sequence[Asked], org_unit_id: int, on: dt.date, *, lock: bool) -> Mapping[int, Decimal]:
    statement = QUOTAS_SQL.format(lock="FOR UPDATE" if lock else "")
    return dict(sql.rows(statement, [org_unit_id, sorted({one.item.pk for one in asked}), on, on]))


def _levels(asked: Sequence[Asked], org_unit_id: int, on: dt.date) -> list[Problem]:
    if not any(one.item.use_level for one in asked):
        return []
    granted = UseAuthority.objects.filter(valid_on(on), org_unit_id=org_unit_id).values_list(
        "level", flat=True
    )
    most = max([*granted, value(parameters.DEFAULT_LEVEL, on)])
    titles = dict(Item.Level.choices)
    return [
        Problem(
            f"{one.item} 为{titles[one.item.use_level]}耗材，本科室只可领到{titles[most]}", field="item",
            line=one.place, way_out="请向医用耗材管理部门申请使用权限。",
        )
        for one in asked
        if one.item.use_level > most
    ]  # fmt: skip
