"""The list of missed targets, and the page on which both parties rule on one."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import presenting, selectors
from hrp.operations.desk.models import OUTCOMES, Breach, Escalation, Ruling
from hrp.operations.desk.rules.plan import MISSED
from hrp.operations.desk.services import rulings
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen, Tab


def _propose(*, actor: User, obj: Breach, values: dict[str, Any]) -> str:
    ruling = rulings.propose(
        actor=actor, breach=obj, outcome=str(values.get("outcome") or ""), reason=str(values.get("reason") or ""),
        evidence=str(values.get("evidence") or ""),
    )  # fmt: skip
    return f"已提出{ruling.get_outcome_display()}，待对方签署"


def _sign(*, actor: User, obj: Breach, values: dict[str, Any]) -> str:
    ruling = selectors.unsigned_ruling(obj.pk, contracts.side_of(actor))
    if ruling is None:
        raise Conflict("没有待您签署的裁定", way_out="请刷新页面；需要时可另提裁定。", code="ruling_signed")
    rulings.sign(actor=actor, ruling=ruling)
    return f"已签署{ruling.get_outcome_display()}"


def _signed(side: str) -> Any:
    def value(ruling: Ruling) -> str:
        return presenting.signature(ruling, side)

    return value


TONES = {
    "未裁定": "draft", "维持": "back", "免责": "done", "撤销": "void", "待甲方签署": "wait", "待乙方签署": "wait",
    "待双方签署": "wait",
}  # fmt: skip

BREACHES = RegisterScreen(
    key="operations.breach",
    model=Breach,
    title="超时与裁定",
    icon="gavel",
    url="operations/breaches",
    codes={"view": selectors.VIEW, "export": selectors.VIEW, "edit": rulings.PERMISSION},
    scope_field="ticket__org_unit",
    queryset=selectors.all_breaches,
    editable=False,
    creatable=False,
    history=False,
    ordering=("-due", "-pk"),
    columns=(
        Column("ticket__number", title="工单号", kind="code", fixed=True, card="title", link=lambda row: reverse("operations.ticket.detail", args=[row.ticket_id])),
        Column("standing", title="裁定", kind="state", value=presenting.standing, tones=TONES, card="tag"),
        Column("ticket__title", title="事项", card="line"),
        Column("ticket__module", title="系统", hidden=True),
        Column("ticket__org_unit__name", title="报修科室", card="meta"),
        Column("level", title="级别", sort=True),
        Column("kind", title="时钟", card="meta"),
        Column("start", title="起算", hidden=True, kind="code", value=lambda row: presenting.second(row.start)),
        Column("due", title="时限", sort=True, kind="code", value=lambda row: presenting.second(row.due), card="meta"),
        Column("found_at", title="写入", kind="code", value=lambda row: presenting.second(row.found_at)),
        Column("detected_late", title="迟发现"),
    ),
    filters=(
        Filter("ticket", title="工单", kind="text", lookups=("ticket__number__icontains", "ticket__title__icontains"), placeholder="工单号、事项"),
        Filter("kind", title="时钟"),
        Filter("level", title="级别", kind="choice", choices=lambda actor: presenting.level_choices()),
        Filter("ticket__module", title="系统", kind="choice", choices=lambda actor: [(one, one) for one in presenting.modules()]),
        Filter("outcome", title="裁定", kind="choice", choices=OUTCOMES),
        Filter("due", title="时限"),
        Filter("detected_late", title="迟发现"),
    ),
    tabs=(
        Tab("hospital", "待甲方签署", {"awaits__in": ["hospital", "both"]}),
        Tab("supplier", "待乙方签署", {"awaits__in": ["supplier", "both"]}),
        Tab("open", "未提裁定", {"awaits": "none"}),
        Tab("ruled", "已裁定", {"outcome__isnull": False}),
    ),
    fields=(
        Field("ticket", title="工单", span=2), "kind", "level", "start", "due", "found_at", "detected_late",
    ),
    panels=(
        Panel(
            "rulings", "裁定", lambda breach, actor: selectors.rulings(breach),
            (
                Column("proposed_at", title="提出时间"), Column("side", title="提出方"),
                Column("proposed_by", title="提出人", value=lambda row: row.proposed_by.display_name),
                Column("outcome", title="裁定"), Column("reason", title="理由"), Column("evidence", title="依据"),
                Column("hospital", title="甲方签署", kind="text", value=_signed("hospital")),
                Column("supplier", title="乙方签署", kind="text", value=_signed("supplier")),
            ),
            model=Ruling, empty="双方尚未提出裁定；超时照常计入",
        ),
        Panel(
            "told", "预警与通知", lambda breach, actor: selectors.escalations(breach),
            (
                Column("percent", title="用时", kind="text", value=lambda row: "超时" if row.percent == MISSED else f"{row.percent}%"),
                Column("at", title="应通知", kind="code", value=lambda row: presenting.second(row.at)),
                Column("found_at", title="写入", kind="code", value=lambda row: presenting.second(row.found_at)),
                Column("detected_late", title="迟发现"),
                Column("roles", title="角色", kind="text", value=lambda row: "、".join(row.roles)),
            ),
            model=Escalation, empty="没有预警",
        ),
    ),
    actions=(
        Action(
            "sign", "签署裁定", _sign, permission=rulings.PERMISSION, icon="signature", style="primary",
            confirm="签署后不可撤回；双方均签署后生效，取代此前的裁定。", shown=lambda breach: breach.awaits not in ("none", "nobody"),
        ),
        Action(
            "propose", "提出裁定", _propose, permission=rulings.PERMISSION, icon="gavel", model=Ruling,
            fields=(Field("outcome", required=True), Field("reason", required=True, span=3), Field("evidence", span=3, help="话务记录号、截图编号、会议纪要等")),
        ),
    ),
    search=("ticket__number__icontains",),
    exact=(),
    label=lambda breach: f"{breach.ticket.number} {breach.get_kind_display()}",
)  # fmt: skip
