"""应急演练: the register of drills and everything written down about one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from hrp.operations.emergency import printing, selectors
from hrp.operations.emergency.models import (
    RESULTS,
    Drill,
    DrillEntry,
    DrillFinding,
    DrillParticipant,
)
from hrp.operations.emergency.rules import SCENARIOS
from hrp.operations.emergency.services import drills
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "operations.drill.view": "查看应急演练",
    "operations.drill.edit": "安排与记录应急演练",
    "operations.drill.sign": "代表本方签署演练报告",
    "operations.drill.export": "导出应急演练",
}
RESULT_TONES = {"passed": "done", "partly": "wait", "failed": "back"}
_SCENARIO = Field("scenario", title="场景", kind="choice", required=True, choices=tuple(SCENARIOS.items()))


def _instant(values: dict[str, Any], name: str) -> dt.datetime | None:
    """A wall-clock time such as ``2026-11-23 10:05``. Raises Invalid when it cannot be read."""
    written = str(values.get(name) or "").strip().replace("T", " ")
    if not written:
        return None
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        try:
            return dt.datetime.strptime(f"{written} +0800", f"{pattern} %z").astimezone(clock.HOSPITAL_ZONE)
        except ValueError:
            continue
    raise Invalid(
        f"时间「{written}」看不懂",
        way_out="写成 2026-11-23 10:05。",
        problems=[Problem("时间格式不对", field=name)],
    )


def _arrange(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    made = drills.plan_drill(
        actor=actor, scenario=values["scenario"], planned_on=dt.date.fromisoformat(values["planned_on"]),
        place=values["place"], situation=values["situation"], goal=values["goal"], drill=obj,
    )  # fmt: skip
    return f"/operations/drills/{made.pk}"


def _conclude(*, actor: User, obj: Drill, values: dict[str, Any]) -> str:
    began, ended = _instant(values, "began"), _instant(values, "ended")
    if began is None or ended is None:
        raise Invalid("请填写开始和结束时间", way_out="写成 2026-11-23 10:05。")
    drills.conclude(
        actor=actor,
        drill=obj,
        began_at=began,
        ended_at=ended,
        result=values["outcome"],
        summary=values["summary"],
    )
    return "已登记演练结果"


def _sign(*, actor: User, obj: Drill, values: dict[str, Any]) -> str:
    drills.sign(actor=actor, drill=obj)
    return "已签署演练报告"


def _finish(*, actor: User, obj: Drill, values: dict[str, Any]) -> str:
    finding = DrillFinding.objects.filter(drill=obj, pk=int(values["finding"] or 0)).first()
    if finding is None:
        raise Invalid("请选择整改项", way_out="从列表中选择。")
    drills.finish_finding(actor=actor, finding=finding, evidence=values["evidence"])
    return "已登记整改完成"


def _add_participant(*, actor: User, obj: Drill, values: dict[str, Any]) -> object:
    return drills.add_participant(
        actor=actor, drill=obj, side=values["side"], name=values["name"], duty=values["duty"]
    )


def _add_event(*, actor: User, obj: Drill, values: dict[str, Any]) -> object:
    return drills.add_event(actor=actor, drill=obj, text=values["text"], at=_instant(values, "when"))


def _add_finding(*, actor: User, obj: Drill, values: dict[str, Any]) -> object:
    due = dt.date.fromisoformat(values["due_on"])
    return drills.add_finding(actor=actor, drill=obj, what=values["what"], owner=values["owner"], due_on=due)


def _open_findings(actor: Any) -> list[tuple[str, str]]:
    rows = DrillFinding.objects.filter(done__isnull=True).select_related("drill")
    return [(str(row.pk), f"{row.drill.number} {row.what}") for row in rows]


def _unsigned(drill: Drill) -> bool:
    return drill.supplier_signed_at is None and drill.hospital_signed_at is None


def _signatures(drill: Drill) -> str:
    return " / ".join(
        f"{title} {signer.display_name if signer else '—'}"
        for title, signer in (("乙方", drill.supplier_signer), ("甲方", drill.hospital_signer))
    )


_ARRANGEMENT = (
    _SCENARIO, Field("planned_on"), Field("place"), Field("goal", placeholder="例如 30 分钟内切换到备库"),
    Field("situation", kind="textarea", placeholder="例如 主库服务器突然断电，门诊收费与库房出库中断"),
)  # fmt: skip

DRILLS = RegisterScreen(
    key="operations.drill",
    model=Drill,
    title="应急演练",
    icon="target-arrow",
    url="operations/drills",
    menu=("operations", "应急"),
    order=40,
    ordering=("-planned_on", "-pk"),
    editable=False,
    creatable=False,
    queryset=lambda actor: selectors.drills(),
    columns=(
        Column("number", fixed=True, card="meta"),
        Column("version__plan__scenario", title="场景", value=lambda drill: drill.version.plan.get_scenario_display(), card="title"),
        Column("version", title="预案", value=lambda drill: str(drill.version)),
        Column("planned_on", sort=True, card="line"), "place", Column("began_at", title="举行时间"),
        Column("result", tones=RESULT_TONES, card="tag"),
        Column("signed", title="签署", value=_signatures),
    ),
    tabs=(
        Tab("all", "全部", {}), Tab("planned", "待演练", {"began_at__isnull": True}),
        Tab("signing", "待签署", {"began_at__isnull": False, "hospital_signed_at__isnull": True}),
        Tab("done", "双方已签署", {"hospital_signed_at__isnull": False, "supplier_signed_at__isnull": False}),
    ),
    filters=(
        Filter("q", title="演练", kind="text", placeholder="编号 / 地点 / 情景", lookups=("number__icontains", "place__icontains", "situation__icontains")),
        Filter("scenario", title="场景", kind="choice", choices=tuple(SCENARIOS.items()), lookups=("version__plan__scenario",)),
        Filter("result"), Filter("planned_on", kind="date_range"),
    ),
    fields=(
        "number", Field("version", title="所练预案"), "planned_on", "place", Field("goal", span=2),
        Field("situation", kind="textarea", span=3), "began_at", "ended_at", "result", Field("summary", kind="textarea", span=3),
        "supplier_signer", "supplier_signed_at", "planned_by", "hospital_signer", "hospital_signed_at",
    ),
    panels=(
        Panel(
            "participants", "双方参加人员", lambda drill, actor: DrillParticipant.objects.filter(drill=drill),
            ("side", "name", "duty"), model=DrillParticipant, fields=("side", "name", "duty"), add=_add_participant,
            add_title="登记人员", permission="operations.drill.edit",
        ),
        Panel(
            "events", "演练经过", lambda drill, actor: DrillEntry.objects.filter(drill=drill).select_related("recorded_by"),
            ("at", "text", "recorded_by"), model=DrillEntry,
            fields=(Field("text", kind="textarea"), Field("when", title="时间", kind="text", required=False, help="空着即为现在；写成 2026-11-23 10:05")),
            add=_add_event, add_title="记一条", permission="operations.drill.edit",
        ),
        Panel(
            "findings", "发现与整改", lambda drill, actor: DrillFinding.objects.filter(drill=drill).select_related("done"),
            ("what", "owner", "due_on", Column("done", title="完成", value=printing.done_text)), model=DrillFinding,
            fields=(Field("what", kind="textarea"), "owner", "due_on"), add=_add_finding, add_title="登记发现", permission="operations.drill.edit",
        ),
    ),
    actions=(
        Action("arrange", "安排演练", _arrange, permission="operations.drill.edit", icon="calendar-plus", style="primary", place="page", fields=_ARRANGEMENT),
        Action("rearrange", "改期", _arrange, permission="operations.drill.edit", icon="calendar-event", fields=_ARRANGEMENT, shown=lambda drill: drill.began_at is None),
        Action(
            "conclude", "登记结果", _conclude, permission="operations.drill.edit", icon="clipboard-check",
            fields=(
                Field("began", title="开始时间", kind="text", required=True, placeholder="2026-11-23 10:05"),
                Field("ended", title="结束时间", kind="text", required=True, placeholder="2026-11-23 11:20"),
                Field("outcome", title="结果", kind="choice", required=True, choices=tuple(RESULTS)), Field("summary", kind="textarea", required=True),
            ),
            shown=_unsigned,
        ),
        Action("sign", "签署报告", _sign, permission="operations.drill.sign", icon="signature", style="primary", confirm="代表本方签署演练报告？签署后报告不可修改。", shown=lambda drill: bool(drill.result) and not drill.is_signed),
        Action(
            "finish", "登记整改完成", _finish, permission="operations.drill.edit", icon="checks",
            fields=(Field("finding", title="整改项", kind="choice", required=True, choices=_open_findings), Field("evidence", title="完成证据", kind="textarea", required=True)),
            shown=lambda drill: DrillFinding.objects.filter(drill=drill, done__isnull=True).exists(),
        ),
    ),
    outputs=(Output("报告 PDF", lambda drill: reverse("operations.drill.pdf", args=[drill.pk])),),
    search=("number__icontains", "place__icontains"),
    exact=("number",),
)  # fmt: skip
