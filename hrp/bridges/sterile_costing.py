"""消毒供应 and 成本: what departments were given in a month, weighed by charge-out price, as a draft of 内部服务量 (P05)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Sum

from hrp.costing.documents.stat_entry import StatEntry, StatEntryLine
from hrp.costing.models import Driver
from hrp.logistics.sterile.models import PackStep
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui import screens
from hrp.platform.ui.screens import Action, Field

SERVICES = "P05"


@transaction.atomic
def draft(*, actor: User, server: OrgUnit, month: dt.date) -> StatEntry:
    """A 统计量录入单 of what sterile supply ``server`` gave out in a month, to be looked at and posted by costing.

    Raises Conflict when nothing was given out at a price, and when the month has its services of ``server`` already.
    """
    first = month.replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    kept = StatEntryLine.objects.filter(
        driver__code=SERVICES, server=server, document__business_date__range=(first, last)
    ).exclude(document__state__in=(State.VOID, State.REVERSED)).select_related("document").first()  # fmt: skip
    if kept is not None:
        raise Conflict(
            f"{server} {first:%Y-%m} 的内部服务量已在 {kept.document} 登记", code="counted_twice",
            way_out="请先作废或红冲那张统计量录入单。",
        )  # fmt: skip
    given = (
        PackStep.objects.filter(
            step="issue",
            at__gte=clock.start_of_day(first),
            at__lt=clock.start_of_day(last + dt.timedelta(days=1)),
        )
        .exclude(org_unit=server)
        .values_list("org_unit")
        .annotate(worth=Sum("price"))
        .order_by("org_unit")
    )
    driver = Driver.objects.get(code=SERVICES)
    lines = [
        {"driver": driver.pk, "server": server.pk, "receiver": unit, "quantity": str(worth)}
        for unit, worth in given
        if worth
    ]
    if not lines:
        raise Conflict(
            f"{first:%Y-%m} 没有按供应价发放的消毒包", code="nothing_given", way_out="请核对包类型的供应价。"
        )
    header = {
        "campus": server.campus_id, "org_unit": actor.unit_id or server.pk, "business_date": min(last, clock.today()),
        "note": f"消毒供应按供应价加权 {first:%Y-%m}",
    }  # fmt: skip
    return services.save_draft(StatEntry, actor=actor, header=header, lines=lines)


def _run(*, actor: User, values: dict[str, Any], **_: Any) -> str:
    server = OrgUnit.objects.filter(pk=values.get("org_unit") or 0).first()
    try:
        month = dt.date.fromisoformat(f"{str(values.get('month') or '')[:7]}-01")
    except ValueError:
        month = None
    problems = [Problem("请选择", field="org_unit")] if server is None else []
    problems += [Problem("写成 2026-11", field="month")] if month is None else []
    if server is None or month is None:
        raise Invalid("请选择消毒供应中心与月份", problems=problems, way_out="请按标红处填写。")
    return url_for(draft(actor=actor, server=server, month=month).source)


def register() -> None:
    """Called once, from ``apps.py``."""
    action = Action(
        "costing", "生成成本统计量", _run, permission="costing.stat_entry.edit", icon="chart-pie", place="page", model=PackStep,
        fields=(
            Field("org_unit", title="消毒供应中心", lookup="org.unit"),
            Field("month", title="月份", kind="text", required=True, placeholder="2026-11"),
        ),
    )  # fmt: skip
    screens.extend("logistics.pack_issue", actions=(action,))
