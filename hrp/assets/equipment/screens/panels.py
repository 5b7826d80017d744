"""What a card's page shows of the machine's life, and how a fault is reported from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from hrp.assets.equipment.models import (
    Certificate,
    CoveredCard,
    Instrument,
    RepairOrder,
    RiskScore,
    StopTag,
    Task,
)
from hrp.assets.equipment.screens import care, metrology, repairs
from hrp.assets.equipment.selectors import benefit, contracts
from hrp.assets.equipment.selectors import repairs as histories
from hrp.assets.equipment.services import repairs as services
from hrp.assets.equipment.services.care import proposed_months
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.rules.months import Month
from hrp.platform.base import clock
from hrp.platform.ui.screens import Action, Column, Output, Panel

MONTHS = 12


def _repairs(asset: Asset, actor: Any) -> Iterable[RepairOrder]:
    rows = list(histories.history(asset)[:50])
    costs = histories.costs([row.pk for row in rows])
    for row in rows:
        row.spent = costs.get(row.pk)  # type: ignore[attr-defined]
    return rows


def _care(asset: Asset, actor: Any) -> Iterable[Task]:
    late = clock.today() + dt.timedelta(days=400)
    rows = Task.objects.filter(asset=asset, due_on__lte=late).exclude(state="cancelled")
    return rows.select_related("template", "done_by").order_by("-due_on")[:30]


def _standing(asset: Asset, actor: Any) -> list[dict[str, Any]]:
    found = []
    risk = RiskScore.objects.filter(asset=asset).first()
    if risk is not None:
        months = proposed_months(risk, clock.today())
        words = f"{risk.score}，{f'每 {months} 个月维护' if months else '不纳入预防性维护'}"
        found.append(
            {"what": "风险分值", "words": words, "at": risk.judged_on, "url": f"/assets/risks/{risk.pk}"}
        )
    tags = StopTag.objects.filter(asset=asset, state__in=("proposed", "hung"))
    return [*found, *(_tag(tag) for tag in tags)]


def _tag(tag: StopTag) -> dict[str, Any]:
    return {
        "what": tag.get_state_display(), "words": f"{tag.get_reason_display()}：{tag.text}",
        "at": clock.local(tag.made_at).date(), "url": f"/assets/stop-tags/{tag.pk}",
    }  # fmt: skip


def _metrology(asset: Asset, actor: Any) -> list[dict[str, Any]]:
    row = Instrument.objects.filter(asset=asset).prefetch_related("certificates").first()
    if row is None:
        return []
    now = metrology.standing(row)
    head = {
        "number": "强制检定" if row.compulsory else "校准", "organisation": row.organisation, "tested_on": None,
        "result": now.state(clock.today()), "valid_to": now.due_on, "url": f"/assets/instruments/{row.pk}",
    }  # fmt: skip
    return [head, *(_certificate(one) for one in row.certificates.all()[:20])]


def _certificate(one: Certificate) -> dict[str, Any]:
    return {
        "number": one.number, "organisation": one.organisation, "tested_on": one.tested_on,
        "result": one.get_result_display(), "valid_to": one.valid_to, "url": f"/assets/certificates/{one.pk}" if one.path else "",
    }  # fmt: skip


def _contracts(asset: Asset, actor: Any) -> list[dict[str, Any]]:
    month = Month.holding(clock.today())
    found = []
    for covered in (
        CoveredCard.objects.filter(asset=asset).select_related("contract").order_by("-contract__valid_to")
    ):
        contract = covered.contract
        share = contracts.by_card(contract).get((asset.pk, month))
        found.append(
            {"contract": str(contract), "vendor": contract.vendor, "from": contract.valid_from, "to": contract.valid_to,
             "month": share, "url": f"/assets/contracts/{contract.pk}"}
        )  # fmt: skip
    return found


def _benefit(asset: Asset, actor: Any) -> list[dict[str, Any]]:
    last = Month.holding(clock.today())
    [machine] = benefit.machines([asset], first=last + (1 - MONTHS), last=last)
    if not machine.revenue and not machine.volume:
        return []
    result, year = machine.result(), machine.yearly()
    return [
        {"revenue": machine.revenue, "cost": result.total_cost, "surplus": result.surplus, "volume": machine.volume,
         "one": machine.cost_of_one, "payback": year.static_payback_years, "even": machine.break_even}
    ]  # fmt: skip


def _link(row: Any) -> str:
    return str(row["url"])


PANELS = (
    Panel(
        "repairs", "维修记录", _repairs,
        (
            Column("number", link=services.url_of), "fault", Column("reported_at"), Column("state", tones=repairs.TONES), "cause", "action", "engineer",
            Column("spent", title="费用（元）", kind="money", value=lambda row: row.spent),
        ),
        model=RepairOrder, permission=services.VIEW, empty="没有维修记录",
    ),
    Panel("attention", "运维提示", _standing, (Column("what", title="事项", kind="text", link=_link), Column("words", title="说明", kind="text"), Column("at", title="日期", kind="date")), permission="assets.care.view", empty="没有风险评定与停用标签"),
    Panel(
        "care", "维护与检测", _care,
        (Column("template", link=lambda task: f"/assets/tasks/{task.pk}"), Column("template__kind", title="类型"), "due_on", "done_on", Column("state", tones=care.TONES), "done_by"),
        model=Task, permission="assets.care.view", empty="没有维护任务",
    ),
    Panel(
        "metrology", "计量", _metrology,
        (Column("number", title="证书", kind="text", link=_link), Column("organisation", title="机构", kind="text"), Column("tested_on", title="检定日期", kind="date"), Column("result", title="结论", kind="text"), Column("valid_to", title="有效期至", kind="date")),
        permission="assets.metrology.view", empty="不是计量器具",
    ),
    Panel(
        "contracts", "服务合同", _contracts,
        (Column("contract", title="合同", kind="text", link=_link), Column("vendor", title="服务商", kind="text"), Column("from", title="起", kind="date"), Column("to", title="止", kind="date"), Column("month", title="本月费用（元）", kind="money")),
        permission="assets.contract.view", empty="没有服务合同",
    ),
    Panel(
        "benefit", "近十二个月效益", _benefit,
        (
            Column("revenue", title="收入（元）", kind="money"), Column("cost", title="成本（元）", kind="money"), Column("surplus", title="结余（元）", kind="money"), Column("volume", title="人次", kind="integer"),
            Column("one", title="单次成本（元）", kind="money"), Column("payback", title="静态回收期（年）", kind="quantity"), Column("even", title="保本人次（年）", kind="integer"),
        ),
        permission="assets.benefit.view", empty="没有登记收入",
    ),
)  # fmt: skip


def _report(*, actor: Any, obj: Asset, values: Any) -> str:
    return f"/assets/scan/{obj.token}"


ACTIONS = (
    Action("report_fault", "报修", _report, permission=services.REPORT, icon="tool", shown=lambda asset: asset.status in HELD),
)  # fmt: skip
OUTPUTS = (
    Output("设备二维码", lambda asset: f"/assets/scan/{asset.token}/code" if asset.status in HELD else "", icon="qrcode", permission=services.VIEW),
    Output("检测趋势", lambda asset: f"/assets/trend/{asset.pk}" if asset.status in HELD else "", icon="chart-line", permission="assets.care.view"),
)  # fmt: skip
