"""What is to be seen before a month is depreciated: what it will book beside last month, and what is not in order yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from hrp.assets import parameters
from hrp.assets.rules.months import Month
from hrp.assets.subledger import running
from hrp.platform.base import sql
from hrp.platform.base.registry import Registry
from hrp.platform.documents.models import Document, State

OPEN = ("draft", "returned", "submitted", "approved")
_changing: Registry[type[Document]] = Registry("影响折旧的单据")


def watch(*models: type[Document]) -> None:
    """Have a run ask for documents of these kinds that are not posted yet: they would change what it books."""
    for model in models:
        _changing.register(model.spec.kind, model)


WAITING_SQL = """
SELECT count(*) FROM assets_asset a JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %s
WHERE a.status = 'draft' AND a.accepted_on < %s
"""
UNREAD_SQL = """
SELECT count(*) FROM assets_asset a JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %s
JOIN assets_class k ON k.id = a.asset_class_id AND k.method = 'units'
WHERE a.status NOT IN ('draft', 'disposed') AND a.booked_on < %s
  AND NOT EXISTS (SELECT FROM assets_usage u WHERE u.asset_id = a.id AND u.month = %s)
"""
UNEQUAL_SQL = """
SELECT count(*) FROM assets_asset a JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %s
WHERE a.status NOT IN ('draft', 'disposed') AND a.cost <> coalesce((SELECT sum(cost) FROM assets_funding WHERE asset_id = a.id), 0)
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at; ``stops`` says that the run will be refused."""

    title: str
    found: str
    fine: bool
    stops: bool = False

    @property
    def verdict(self) -> str:
        return "通过" if self.fine else "不能计提" if self.stops else "请核实"


def cells(run: Any) -> list[running.Cell]:
    """By class, department and source: what the run booked, or would book now, beside the month before."""
    hospital, month = run.campus.hospital_id, Month(run.month)
    if run.state in (State.POSTED, State.REVERSED):
        return running.written(run.pk, hospital_id=hospital, month=month)
    last_day = (month + 1).first_day.fromordinal((month + 1).first_day.toordinal() - 1)
    policy = parameters.transfer_policy(run.business_date)
    return running.preview(hospital_id=hospital, month=month, last_day=last_day, policy=policy)


def checks(run: Any) -> list[Check]:
    """What is not in order before a run; nothing once it is posted."""
    if run.state in (State.POSTED, State.REVERSED, State.VOID):
        return []
    hospital, month = run.campus.hospital_id, Month(run.month)
    after = (month + 1).first_day
    last = running.last_month(hospital)
    due = last + 1 if last is not None else running.first_due(hospital)
    homeless = running.homeless(hospital, after.fromordinal(after.toordinal() - 1))
    [(waiting,)] = sql.rows(WAITING_SQL, [hospital, after])
    [(unread,)] = sql.rows(UNREAD_SQL, [hospital, after, month.first_day])
    [(unequal,)] = sql.rows(UNEQUAL_SQL, [hospital])
    unposted = {
        model.spec.title: count
        for model in _changing
        if (count := _open(model, hospital_id=hospital, before=after))
    }
    in_order = due is None or (month <= due and (last is None or month > last))
    return [
        Check("按月连续", f"应计提 {due}" if due is not None else "没有应提的卡片", in_order, stops=True),
        Check("资金构成合计等于原值", f"{unequal} 张不一致", not unequal, stops=True),
        Check("月末科室比例合计 100%", "、".join(homeless[:3]) or "0 张不足", not homeless, stops=True),
        Check(
            "会改变折旧而未过账的单据", "、".join(f"{title} {count} 张" for title, count in unposted.items()) or "0 张", not unposted
        ),
        Check("已验收未入账的卡片", f"{waiting} 张", not waiting),
        Check("按工作量计提而未登记本月工作量", f"{unread} 张", not unread),
    ]  # fmt: skip


def _open(model: type[Document], *, hospital_id: int, before: dt.date) -> int:
    rows: QuerySet[Document] = model._default_manager.filter(
        campus__hospital=hospital_id, state__in=OPEN, business_date__lt=before
    )
    return rows.count()
