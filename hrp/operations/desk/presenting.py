"""Words and shapes for the pages of the desk: nothing here decides anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.contracts.rules import Level, Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import CHANNELS, OUTCOMES, Breach, Clock, Ruling, Ticket, TicketEvent
from hrp.operations.desk.rules import wizard
from hrp.operations.desk.rules.lifecycle import OPEN_STATES, STATE_TITLES
from hrp.operations.desk.services.handling import DOWN_BASES, UP_BASES
from hrp.operations.desk.services.paging import source_of
from hrp.operations.duty import presenting as duty
from hrp.operations.duty import selectors as selectors_of_duty
from hrp.platform.access.models import User
from hrp.platform.base import clock

STATE_TONES = {
    "new": "back", "responded": "check", "working": "check", "dispatched": "wait", "onsite": "check",
    "resolved": "wait", "recorded": "wait", "review": "wait", "confirmed": "info", "closed": "done",
    "merged": "draft", "cancelled": "void",
}  # fmt: skip
VERDICT_TONES = {
    "met": "done",
    "breached": "back",
    "running": "check",
    "superseded": "draft",
    "moot": "draft",
}
PRIORITIES = {"1": "P1", "A": "P2", "B": "P3", "C": "P4"}
"""The colour block of a level of the default contract; an unknown level is drawn as the mildest."""

FLAGS = {
    "auto_reply_ignored": "自动应答不计响应",
    "channel_rejected": "渠道不符，暂管",
    "supplier_detected": "监控先发现",
    "abandoned_call_unattributed": "有未识别的弃呼",
    "duplicate_linked": "多次来电",
    "clock_start_moved_earlier": "起算已前移",
    "downgrade_rejected": "乙方降级被拒",
    "earlier_breach_excused_pending_ruling": "此前超时待裁定",
    "earlier_verdicts_stand": "此前结论不变",
    "emergency_flag": "紧急事件",
    "eta_agreed": "已约定到场",
    "eta_rejected_over_limit": "约定超限被拒",
    "deferred_by_hospital": "甲方延后",
    "reopened": "重开",
    "shadow_no_annual_contract": "空档期（影子时钟）",
    "close_rejected_no_maintenance_record": "无维护记录不得关闭",
    "calendar_official": "按国务院放假安排",
    "calendar_provisional": "放假安排未导入，暂定日期",
    "cancelled_by_hospital": "甲方撤销",
    "merged": "已并入他单",
}
_HOT = {"channel_rejected", "downgrade_rejected", "emergency_flag", "shadow_no_annual_contract"}

_FACTS = {
    "channel": "方式", "direction": "方向", "level": "级别", "answered_at": "接听", "caller": "号码", "dept": "科室",
    "told_by": "来电人", "late_reason": "补录依据", "via": "方式", "note": "说明", "commander": "指挥", "staff": "人员",
    "plan": "预案", "bridge": "会议电话", "by": "提出方", "reason": "理由", "kind": "类型", "to": "调整为",
    "basis": "依据", "approval": "甲方同意记录", "eta": "约定到场", "agreed_by": "甲方同意人",
    "hospital_waiver": "甲方延后单", "place": "地点", "witness": "见证", "summary": "结果", "record": "维护记录",
    "sha256": "内容散列", "pdf_sha256": "PDF 散列", "opinion": "甲方意见", "first_call_at": "来电时间",
    "source": "来源", "text": "内容", "owner": "处理人", "root_cause": "根本原因", "delays": "耽误环节", "ticket": "工单",
    "answers": "向导", "proposed": "向导建议", "page": "页面", "error": "出错", "contact_at": "首次联系",
    "reporter": "报修人", "to_whom": "呼叫对象", "person": "人员", "expected": "预计到达", "decided": "决定", "score": "评分",
    "about": "超时", "outcome": "裁定", "evidence": "依据",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "channel": dict(CHANNELS),
    "via": {**dict(CHANNELS), "onsite": "当面"},
    "direction": {"in": "呼入", "out": "呼出"},
    "by": {"hospital": "甲方", "supplier": "乙方", "system": "系统"},
    "basis": {**UP_BASES, **DOWN_BASES},
    "kind": {"human": "人员响应", "auto": "自动应答"},
    "outcome": dict(OUTCOMES),
}
_INSTANTS = {"answered_at", "eta", "first_call_at", "expected", "contact_at"}


@dataclass(frozen=True)
class Tab:
    key: str
    title: str
    where: dict[str, Any]
    ordering: tuple[str, ...]
    count: int
    on: bool


@dataclass(frozen=True)
class Row:
    """A ticket of the list with what the columns show."""

    ticket: Ticket
    tone: str
    due: dt.datetime | None


@dataclass(frozen=True)
class ClockCard:
    """A clock as drawn: ``percent`` of its time used up, None once it has stopped."""

    row: Clock
    tone: str
    percent: int | None
    target: str
    margin: str


@dataclass(frozen=True)
class Entry:
    """One event of the timeline."""

    event: TicketEvent
    tone: str
    facts: list[tuple[str, str]]
    late: str


@dataclass(frozen=True)
class Step:
    title: str
    note: str
    mark: str  # ok | now | ""


@dataclass(frozen=True)
class Duty:
    """A role the level calls for, and the people who fill it (empty: nobody would be told)."""

    title: str
    people: list[str] = field(default_factory=list)


_TABS: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    (
        "open",
        "处理中",
        {"state__in": list(OPEN_STATES)},
        ("pressing_due_at", "-level_rank", "first_contact_at"),
    ),
    ("record", "待维护记录", {"state": "resolved"}, ("resolved_at",)),
    ("confirm", "待甲方确认", {"state": "recorded"}, ("resolved_at",)),
    ("review", "待复盘", {"state": "review"}, ("resolved_at",)),
    ("finish", "待关闭", {"state": "confirmed"}, ("resolved_at",)),
    ("closed", "已关闭", {"state": "closed"}, ("-closed_at", "-pk")),
    ("all", "全部", {}, ("-first_contact_at", "-pk")),
)


def tabs(found: QuerySet[Ticket], wanted: str) -> list[Tab]:
    """The tabs over the list, counted in one query."""
    counts = found.aggregate(
        **{key: Count("pk", filter=Q(**where)) for key, _, where, _ in _TABS if where}, all=Count("pk")
    )
    known = wanted if wanted in counts else "open"
    return [Tab(key, title, where, order, counts[key], key == known) for key, title, where, order in _TABS]


def rows(tickets: Sequence[Ticket]) -> list[Row]:
    return [
        Row(ticket, tone(ticket), ticket.pressing_due_at if ticket.state in OPEN_STATES else None)
        for ticket in tickets
    ]


def priority(level: str) -> str:
    return PRIORITIES.get(level, "P4")


def _terms_now() -> Terms:
    version = contracts.version_in_force(clock.now())
    return contracts.terms_of(version) if version else default_terms()


def levels() -> list[Level]:
    """The levels of the version in force, gravest first."""
    return _terms_now().ranked()


def modules() -> tuple[str, ...]:
    return _terms_now().modules


def tone(ticket: Ticket) -> str:
    """The colour of the state tag."""
    return STATE_TONES.get(ticket.state, "draft")


def flags(ticket: Ticket) -> list[tuple[str, str]]:
    """(title, tone) of each flag."""
    return [(FLAGS.get(flag, flag), "hot" if flag in _HOT else "draft") for flag in ticket.flags]


def duration(seconds: float) -> str:
    """``1 天 2 小时``, ``5 分钟``, ``12 秒``: at most two units."""
    left = abs(int(seconds))
    parts = []
    for size, name in ((86400, "天"), (3600, "小时"), (60, "分"), (1, "秒")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 秒"


def clocks(ticket: Ticket) -> list[ClockCard]:
    """Clocks of the current cycle, running ones first."""
    now = clock.now()
    cards = []
    for row in selectors.clocks(ticket):
        total = (row.due - row.start).total_seconds()
        used = (now - row.start).total_seconds()
        running = row.verdict == "running" or (row.verdict == "breached" and row.stop is None)
        margin = ""
        if row.margin_s is not None:
            margin = f"{'余' if row.margin_s >= 0 else '超'} {duration(row.margin_s)}"
        cards.append(
            ClockCard(
                row,
                VERDICT_TONES[row.verdict],
                min(100, max(0, round(used / total * 100))) if running and total > 0 else None,
                duration(total),
                margin,
            )
        )
    return sorted(cards, key=lambda card: (-card.row.cycle, card.percent is None, card.row.position))


def steps(ticket: Ticket) -> list[Step]:
    """Where the ticket stands on its way."""
    way = (
        ("受理", ("new",)), ("响应", ("responded",)), ("处理", ("working", "dispatched", "onsite")),
        ("解决", ("resolved",)), ("维护记录", ("recorded",)), ("甲方确认", ("review", "confirmed")),
        ("关闭", ("closed", "merged", "cancelled")),
    )  # fmt: skip
    reached = next(place for place, (_, states) in enumerate(way) if ticket.state in states)
    notes = {
        0: _short(ticket.first_contact_at),
        3: _short(ticket.resolved_at),
        6: _short(ticket.closed_at),
        reached: STATE_TITLES[ticket.state] if ticket.state != "closed" else _short(ticket.closed_at),
    }
    return [
        Step(
            title,
            notes.get(place, ""),
            "ok" if place < reached or ticket.state == "closed" else "now" if place == reached else "",
        )
        for place, (title, _) in enumerate(way)
    ]


def timeline(ticket: Ticket) -> list[Entry]:
    return [_entry(event) for event in selectors.timeline(ticket)]


def _entry(event: TicketEvent) -> Entry:
    facts = [
        (title, _fact(name, event.payload[name]))
        for name, title in _FACTS.items()
        if event.payload.get(name) and (name, event.payload[name]) != ("kind", "human")
    ]
    gap = (event.recorded_at - event.at).total_seconds()
    tone = {"CONFIRMED": "passed", "CLOSED": "passed", "RESOLVED": "passed", "RESPONSE": "passed"}.get(
        event.type, ""
    )
    if event.type in ("REMOTE_FAILED", "EMERGENCY_FLAG", "REOPEN_CONTACT", "NO_CONTRACT"):
        tone = "rejected"
    return Entry(event, tone, facts, duration(gap) if gap > 60 else "")


def _fact(name: str, value: Any) -> str:
    if name in _INSTANTS:
        return f"{clock.local(dt.datetime.fromisoformat(value)):%m-%d %H:%M:%S}"
    if name in ("sha256", "pdf_sha256"):
        return f"{value[:16]}…"
    if name == "answers":
        return wizard.words(value)
    if name in ("level", "to", "proposed"):
        return f"{value}级"
    return _WORDS.get(name, {}).get(str(value), str(value))


def notified(ticket: Ticket) -> list[Duty]:
    """The roles the contract names for this ticket's levels, with who fills them."""
    people = contracts.people_by_title(ticket.notify)
    return [Duty(title, people.get(title, [])) for title in ticket.notify]


def _short(instant: dt.datetime | None) -> str:
    return f"{clock.local(instant):%m-%d %H:%M}" if instant else ""


_AWAITED = {"hospital": "待甲方签署", "supplier": "待乙方签署", "both": "待双方签署"}


def standing(breach: Breach) -> str:
    """How a breach counts, in words; of a breach read with :func:`selectors.with_standing`."""
    outcome, awaits = getattr(breach, "outcome", None), getattr(breach, "awaits", "none")
    said = dict(OUTCOMES).get(outcome or "", "未裁定")
    if awaits not in _AWAITED:
        return said
    return f"{said}，新提议{_AWAITED[awaits]}" if outcome else _AWAITED[awaits]


def breach_in_words(breach: Breach) -> str:
    """One breach in a list of choices; with what is proposed when it waits for a signature."""
    level = f"{breach.level}级" if breach.level else ""
    proposed = getattr(breach, "proposed", None)
    said = f"：拟{dict(OUTCOMES)[proposed]}" if proposed and getattr(breach, "awaits", "") in _AWAITED else ""
    return f"{level}{breach.get_kind_display()} 时限 {clock.local(breach.due):%m-%d %H:%M:%S}{said}"


def signature(ruling: Ruling, side: str) -> str:
    """Who signed a ruling for a side, and when."""
    signed = next((one for one in ruling.signatures.all() if one.side == side), None)
    return f"{signed.signer.display_name} {clock.local(signed.signed_at):%Y-%m-%d %H:%M}" if signed else "—"


def second(instant: dt.datetime) -> str:
    """An instant on the hospital's wall clock, to the second: misses are often that close."""
    return f"{clock.local(instant):%Y-%m-%d %H:%M:%S}"


def level_choices() -> list[tuple[str, str]]:
    """The levels a filter offers."""
    return [(level.code, level.title) for level in levels()]


def pagings(actor: User, ticket: Ticket) -> Mapping[str, Any] | None:
    """The pagings of the ticket and the warnings of its clocks, for its panel; None when there were none."""
    source = source_of(ticket)
    shown = [duty.run_card(run) for run in selectors_of_duty.runs_of(source)]
    warned = list(ticket.escalations.all())
    return {"runs": shown, "escalations": warned} if shown or warned else None
