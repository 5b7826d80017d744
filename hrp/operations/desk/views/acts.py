"""What may be done with a ticket now: the buttons of its page, their questions, and the service each one calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PARTIES, Side
from hrp.operations.desk import presenting, selectors
from hrp.operations.desk.models import CAUSES, CHANNELS, LINES, OUTCOMES, Breach, MaintenanceRecord, Ticket
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import chain, closing, handling, intake, reviewing, rulings
from hrp.operations.desk.services.paging import source_of
from hrp.operations.desk.views import emergency_start, reading
from hrp.operations.desk.views.questions import Given, Question
from hrp.operations.duty import selectors as duty
from hrp.operations.duty.services import paging
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem


@dataclass(frozen=True)
class Act:
    """A button: ``event`` is what it records, which decides in which states it is offered; ``side`` who may.

    ``shown`` narrows that further; ``fill`` gives a question its choices or its first value on this ticket. An act
    with a ``page`` (an address name) is a link to it instead of a dialog.
    """

    code: str
    title: StrOrPromise
    event: str
    permission: str
    icon: str
    run: Callable[[User, Ticket, Given], object]
    questions: tuple[Question, ...] = ()
    side: str = ""
    style: Literal["", "primary", "error"] = ""
    wide: bool = False
    shown: Callable[[Ticket], bool] | None = None
    fill: Callable[[Question, Ticket], Question] | None = None
    page: str = ""


_WHEN = Question("at", _("发生时间"), "instant", hint=_("空着即为现在；早于现在 10 分钟以上须写补录依据"))
_WHY_LATE = Question("late_reason", _("补录依据"), hint=_("话务记录号、录音或在场人员"))
_RECORD_TEXTS = (
    Question("symptom", _("故障现象"), "textarea", required=True),
    Question("cause", _("原因分析"), "textarea", required=True),
    Question("actions", _("处理过程"), "textarea", required=True),
    Question("tests", _("验证情况"), "textarea", required=True),
    Question("commands", _("命令与语句"), "textarea"),
    Question("files_changed", _("变更文件及散列"), "textarea"),
    Question("version_before", _("维护前版本")),
    Question("version_after", _("维护后版本")),
    Question("data_adjustment_no", _("数据调整单号")),
    Question("remaining_risk", _("遗留风险"), "textarea"),
    Question("advice", _("建议"), "textarea"),
)


def _respond(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.respond(
        actor=actor, ticket=ticket, at=reading.instant(given, "at", "发生时间"), via=given.get("via", "phone"),
        note=reading.text(given, "note", most=500), late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _emergency(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.start_emergency(
        actor=actor, ticket=ticket, commander=reading.text(given, "commander", most=50),
        staff=reading.several(given, "staff", most=200), plan=emergency_start.checked_plan(ticket, reading.text(given, "plan", most=100)),
        bridge=reading.text(given, "bridge", most=100), at=reading.instant(given, "at", "发生时间"),
        late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _remote_failed(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.declare_remote_failed(
        actor=actor, ticket=ticket, reason=reading.text(given, "reason", most=500),
        at=reading.instant(given, "at", "发生时间"), late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _agree(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.agree_onsite_time(
        actor=actor, ticket=ticket, eta=reading.instant(given, "eta", "约定到场时间") or clock.now(),
        agreed_by=reading.text(given, "agreed_by", most=50),
        hospital_waiver=reading.text(given, "hospital_waiver", most=50),
    )  # fmt: skip


def _arrive(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.arrive_on_site(
        actor=actor, ticket=ticket, place=reading.text(given, "place", most=100),
        witness=reading.text(given, "witness", most=100), at=reading.instant(given, "at", "发生时间"),
        late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _resolve(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.resolve(
        actor=actor, ticket=ticket, summary=reading.text(given, "summary", most=500),
        at=reading.instant(given, "at", "发生时间"), late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _record(actor: User, ticket: Ticket, given: Given) -> object:
    texts = {question.name: reading.text(given, question.name) for question in _RECORD_TEXTS}
    text = closing.RecordText(mode=given.get("mode", ""), cause_class=given.get("cause_class", ""), **texts)
    return closing.write_maintenance_record(actor=actor, ticket=ticket, text=text)


def _write_review(actor: User, ticket: Ticket, given: Given) -> object:
    """Measures are written one a line: what ; who ; until when."""
    return reviewing.write_review(
        actor=actor, ticket=ticket, root_cause=reading.text(given, "root_cause"),
        delays=reading.text(given, "delays"), actions=reviewing.parse_actions(reading.text(given, "actions")),
    )  # fmt: skip


def _reclassify(actor: User, ticket: Ticket, given: Given) -> object:
    return handling.reclassify(
        actor=actor, ticket=ticket, to=given.get("to", ""), basis=given.get("basis", ""),
        reason=reading.text(given, "reason", most=500), approval=reading.text(given, "approval", most=50),
    )  # fmt: skip


def _page_ack(actor: User, ticket: Ticket, given: Given) -> object:
    run = duty.open_run_of(source_of(ticket))
    if run is None:
        raise Conflict("呼叫已有人应答", way_out="请刷新页面查看是谁。")
    return paging.acknowledge(run=run, user=actor, via="button")


def _contact(actor: User, ticket: Ticket, given: Given) -> object:
    channel = given.get("channel", "phone")
    call_at = reading.instant(given, "call_at", "来电时间") or clock.now()
    call = intake.Call(
        call_at=call_at,
        answered_at=reading.instant(given, "answered_at", "接听时间"),
        direction="out" if given.get("direction") == "out" and channel == "phone" else "in",
        caller=reading.text(given, "caller", most=30),
        late_reason=reading.text(given, "late_reason", most=200),
    )
    return intake.log_further_contact(
        actor=actor, ticket=ticket, call=call, channel=channel, level=given.get("level", ""),
        told_by=reading.text(given, "told_by", most=50),
    )  # fmt: skip


def _merge(actor: User, ticket: Ticket, given: Given) -> object:
    return intake.merge_earlier_call(
        actor=actor, ticket=ticket, source=reading.text(given, "source", most=100),
        first_call_at=reading.instant(given, "first_call_at", "来电时间") or clock.now(),
    )  # fmt: skip


def _breach(ticket: Ticket, given: Given) -> Breach:
    chosen = given.get("breach", "")
    found = Breach.objects.filter(ticket=ticket, pk=int(chosen) if chosen.isdecimal() else 0)
    breach = found.select_related("ticket").first()
    if breach is None:
        raise Invalid(
            "请选择超时记录",
            way_out="从列表中选择本工单的一项超时。",
            problems=[Problem("请选择", field="breach")],
        )
    return breach


def _propose_ruling(actor: User, ticket: Ticket, given: Given) -> object:
    return rulings.propose(
        actor=actor, breach=_breach(ticket, given), outcome=given.get("outcome", ""),
        reason=reading.text(given, "reason"), evidence=reading.text(given, "evidence"),
    )  # fmt: skip


def _sign_ruling(actor: User, ticket: Ticket, given: Given) -> object:
    ruling = selectors.unsigned_ruling(_breach(ticket, given).pk, contracts.side_of(actor))
    if ruling is None:
        raise Conflict(
            "这项超时没有待您签署的裁定", way_out="请刷新页面；需要时可另提裁定。", code="ruling_signed"
        )
    return rulings.sign(actor=actor, ruling=ruling)


ACTS: list[Act] = [
    Act("page_ack", _("应答呼叫"), "PAGE_ACKED", "operations.ticket.work", icon="bell-ringing", run=_page_ack,
        side=Side.SUPPLIER, style="primary", shown=lambda ticket: duty.open_run_of(source_of(ticket)) is not None),
    Act("respond", _("响应"), "RESPONSE", "operations.ticket.work", icon="headset", run=_respond, side=Side.SUPPLIER,
        style="primary",
        questions=(
            Question("via", _("方式"), "choice", choices=(("phone", "电话"), ("web", "网络"), ("email", "电子邮件"), ("onsite", "当面"))),
            Question("note", _("说明"), "textarea", hint=_("与谁沟通、初步判断；自动回复和留言不算响应")), _WHEN, _WHY_LATE,
        )),
    Act("start_emergency", _("启动应急服务"), "EMERGENCY_STARTED", "operations.ticket.work", icon="urgent", run=_emergency,
        side=Side.SUPPLIER, style="error",
        questions=(
            Question("commander", _("指挥"), "choice", required=True), Question("staff", _("参加人员"), "people", required=True),
            Question("plan", _("应急预案及版本"), "choice", required=True, hint=_("双方签署、正在生效的预案")),
            Question("bridge", _("会议电话"), required=True, hint=_("双方随时可以拨入的会议号或分机")), _WHEN, _WHY_LATE,
        ), shown=selectors.owes_emergency_start, fill=emergency_start.filled),
    Act("resolve", _("登记解决"), "RESOLVED", "operations.ticket.work", icon="circle-check", run=_resolve,
        side=Side.SUPPLIER, style="primary",
        questions=(Question("summary", _("如何解决"), "textarea", required=True), _WHEN, _WHY_LATE)),
    Act("write_record", _("填写维护记录"), "RECORD_WRITTEN", "operations.ticket.work", icon="file-text", run=_record,
        side=Side.SUPPLIER, style="primary", wide=True,
        questions=(
            Question("mode", _("维护方式"), "choice", required=True, choices=tuple(LINES)),
            Question("cause_class", _("原因分类"), "choice", required=True, choices=tuple(CAUSES)), *_RECORD_TEXTS,
        )),
    Act("confirm", _("确认维护记录"), "CONFIRMED", "operations.ticket.confirm", icon="signature", run=lambda actor, ticket, given: closing.confirm_by_hospital(
            actor=actor, ticket=ticket, opinion=reading.text(given, "opinion", most=200)),
        side=Side.HOSPITAL, style="primary",
        questions=(Question("opinion", _("意见"), "textarea", hint=_("确认后即归档，不可修改")),)),
    Act("write_review", _("提交复盘"), "REVIEW_WRITTEN", "operations.ticket.work", icon="report-analytics", run=_write_review,
        side=Side.SUPPLIER, wide=True,
        questions=(
            Question("root_cause", _("根本原因"), "textarea", required=True),
            Question("delays", _("哪些环节耽误了处理"), "textarea", required=True, hint=_("没有的写「无」")),
            Question("actions", _("改进措施"), "textarea", required=True, hint=_("一行一项：措施；责任人；完成日期，如「磁盘 85% 告警；周毅；2026-12-01」")),
        )),
    Act("approve_review", _("认可复盘"), "REVIEW_APPROVED", "operations.ticket.confirm", icon="checkbox", run=lambda actor, ticket, given: reviewing.approve_review(
            actor=actor, ticket=ticket, opinion=reading.text(given, "opinion", most=200)),
        side=Side.HOSPITAL, style="primary", questions=(Question("opinion", _("意见"), "textarea"),)),
    Act("close", _("关闭工单"), "CLOSED", "operations.ticket.close", icon="lock", run=lambda actor, ticket, given: closing.close(actor=actor, ticket=ticket, note=reading.text(given, "note", most=200)),
        style="primary", questions=(Question("note", _("备注")),)),
    Act("remote_failed", _("远程无法解决"), "REMOTE_FAILED", "operations.ticket.decide", icon="plug-connected-x", run=_remote_failed,
        questions=(Question("reason", _("问题性质与原因"), "textarea", required=True, hint=_("登记后到场时限开始计时")), _WHEN, _WHY_LATE)),
    Act("agree_onsite", _("约定到场"), "ONSITE_ETA", "operations.ticket.decide", icon="calendar-time", run=_agree,
        questions=(
            Question("eta", _("约定到场时间"), "instant", required=True), Question("agreed_by", _("甲方同意人"), required=True),
            Question("hospital_waiver", _("甲方书面延后单号"), hint=_("晚于合同时限时必填")),
        )),
    Act("arrive", _("登记到场"), "ONSITE_ARRIVED", "operations.ticket.work", icon="map-pin-check", run=_arrive,
        side=Side.SUPPLIER, style="primary",
        questions=(Question("place", _("到达地点"), required=True), Question("witness", _("甲方见证人或门禁记录")), _WHEN, _WHY_LATE)),
    Act("contact", _("再次联系"), "CONTACT", "operations.ticket.log", icon="phone-plus", run=_contact,
        questions=(
            Question("channel", _("方式"), "choice", choices=tuple(CHANNELS)),
            Question("direction", _("方向"), "choice", choices=(("in", "呼入"), ("out", "呼出"))),
            Question("call_at", _("来电时间"), "instant", hint=_("空着即为现在")),
            Question("answered_at", _("接听时间"), "instant", hint=_("未接听的留空；呼出须接通")),
            Question("told_by", _("来电人")), Question("caller", _("号码")),
            Question("level", _("所述级别"), "choice", hint=_("新情况更严重时选择，自此刻起按新级别计时")), _WHY_LATE,
        )),
    Act("reclassify", _("调整级别"), "RECLASS", "operations.ticket.decide", icon="arrows-up-down", run=_reclassify,
        questions=(
            Question("to", _("调整为"), "choice", required=True),
            Question("basis", _("依据"), "choice", required=True,
                     choices=tuple({**handling.UP_BASES, **handling.DOWN_BASES}.items())),
            Question("reason", _("理由"), "textarea", required=True),
            Question("approval", _("甲方同意记录号"), hint=_("乙方办理降级时必填")),
        )),
    Act("flag_emergency", _("标为紧急事件"), "EMERGENCY_FLAG", "operations.ticket.decide", icon="alert-triangle", run=lambda actor, ticket, given: handling.flag_emergency(
            actor=actor, ticket=ticket, kind=reading.text(given, "kind", most=50), note=reading.text(given, "note", most=500)),
        questions=(Question("kind", _("事件类型"), required=True, hint=_("例如疑似数据泄露、勒索病毒")), Question("note", _("说明"), "textarea"))),
    Act("merge", _("并入更早来电"), "MERGE_EARLIER_CALL", "operations.ticket.decide", icon="git-merge", run=_merge,
        questions=(Question("first_call_at", _("来电时间"), "instant", required=True), Question("source", _("来源"), required=True))),
    Act("wait", _("等待甲方"), "PENDING", "operations.ticket.work", icon="hourglass", run=lambda actor, ticket, given: handling.wait_for_hospital(actor=actor, ticket=ticket, reason=reading.text(given, "reason", most=500)),
        side=Side.SUPPLIER, questions=(Question("reason", _("等待甲方做什么"), "textarea", required=True, hint=_("仅作记录，合同时钟不暂停")),)),
    Act("note", _("备注"), "NOTE", "operations.ticket.log", icon="message-plus", run=lambda actor, ticket, given: handling.add_note(actor=actor, ticket=ticket, text=reading.text(given, "text", most=2000)),
        questions=(Question("text", _("内容"), "textarea", required=True),)),
    Act("sign_ruling", _("签署裁定"), "RULING_SIGNED", rulings.PERMISSION, icon="signature", run=_sign_ruling, style="primary",
        questions=(Question("breach", _("超时"), "choice", required=True, hint=_("双方均签署后生效，不可撤回")),)),
    Act("propose_ruling", _("提出裁定"), "RULING_PROPOSED", rulings.PERMISSION, icon="gavel", run=_propose_ruling,
        questions=(
            Question("breach", _("超时"), "choice", required=True),
            Question("outcome", _("裁定"), "choice", required=True, choices=tuple(OUTCOMES)),
            Question("reason", _("理由"), "textarea", required=True),
            Question("evidence", _("依据"), "textarea", hint=_("话务记录号、截图编号、会议纪要等")),
        )),
]  # fmt: skip
BY_CODE = {act.code: act for act in ACTS}
_OF_BREACHES = ("sign_ruling", "propose_ruling")
MAIN = ["page_ack", "respond", "start_emergency", "arrive", "resolve", "write_record", "confirm", "write_review", "approve_review", "close", "sign_ruling"]  # fmt: skip
"""Acts shown as buttons beside the title; the others are in the menu."""


def register(act: Act, *, main: bool = False) -> None:
    """Add an act of a module above the desk, from its ``apps.py``; it is offered in the states its event allows."""
    if act.code in BY_CODE:
        raise ValueError(f"act {act.code} is there already")
    ACTS.append(act)
    BY_CODE[act.code] = act
    if main:
        MAIN.append(act.code)


def lead_to(code: str, page: str) -> None:
    """Let a module above the desk do an act on a page of its own; the service behind it stays the same."""
    BY_CODE[code] = replace(BY_CODE[code], page=page)
    ACTS[[act.code for act in ACTS].index(code)] = BY_CODE[code]


def require(actor: User, ticket: Ticket, act: Act) -> None:
    """The permission and the side an act asks for, before anything of what was sent is read.

    Raises Forbidden, NotFound.
    """
    scope.check_object(actor, act.permission, ticket)
    side = chain.side_of(actor)
    if act.side:
        chain.require_side(side, Side(act.side), str(act.title))


def offered(
    actor: User, ticket: Ticket, side: str, record: MaintenanceRecord | None, breaches: Sequence[Breach] = ()
) -> list[Act]:
    """The acts this person may do with this ticket now, their questions filled with what is already known."""
    found = []
    for act in ACTS:
        event = "REOPEN_CONTACT" if act.code == "contact" and intake.ticket_is_over(ticket) else act.event
        if (act.side and act.side != side) or (act.shown is not None and not act.shown(ticket)):
            continue
        if act.code in ("write_review", "approve_review") and not reviewing.is_due(ticket, act.code):
            continue
        if lifecycle.gate(ticket.state, event) is not None or not scope.has(
            actor, act.permission, ticket.org_unit_id
        ):
            continue
        if act.shown is not None and not act.shown(ticket):
            continue
        given = _about_breaches(act, breaches, side) if act.code in _OF_BREACHES else act
        if given is None:
            continue
        filled = tuple(_filled(given, question, ticket, record) for question in given.questions)
        found.append(replace(given, questions=filled))
    return found


def _about_breaches(act: Act, breaches: Sequence[Breach], side: str) -> Act | None:
    """The act with the breaches it may be about to choose from; None when there is none."""
    if side not in PARTIES:
        return None
    wanted = [
        row
        for row in breaches
        if act.code == "propose_ruling" or getattr(row, "awaits", "") in (side, "both")
    ]
    if not wanted:
        return None
    choices = tuple((str(row.pk), presenting.breach_in_words(row)) for row in wanted)
    return replace(act, questions=(replace(act.questions[0], choices=choices), *act.questions[1:]))


def _filled(act: Act, question: Question, ticket: Ticket, record: MaintenanceRecord | None) -> Question:
    if act.fill is not None:
        return act.fill(question, ticket)
    if question.name in ("to", "level"):
        levels = contracts.terms_of(ticket.contract_version).ranked()
        shown = tuple(
            (level.code, f"{level.title}：{level.situation}")
            for level in levels
            if level.code != ticket.level
        )
        return replace(question, choices=shown if question.required else (("", "不变"), *shown))
    if act.code == "write_record" and record is not None:
        return replace(question, value=str(getattr(record, question.name)))
    if act.code == "write_record" and question.name == "symptom":
        return replace(question, value=ticket.description or ticket.title)
    return question
