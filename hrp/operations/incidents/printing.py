"""The review on paper, and the parts of it that the chain tells by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hrp.operations.desk import presenting
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.incidents import selectors
from hrp.platform.base import clock
from hrp.platform.exchange import pdf
from hrp.platform.exchange.dossiers import Prose, Rows, Signature, dossier

SILENCE = dt.timedelta(minutes=30)
MILESTONES = frozenset(
    {
        "CONTACT", "REOPEN_CONTACT", "RESPONSE", "RECLASS", "EMERGENCY_FLAG", "EMERGENCY_STARTED", "STATUS_UPDATE", "DECISION",
        "REMOTE_FAILED", "DISPATCHED", "ONSITE_ETA", "ONSITE_ARRIVED", "PENDING", "RESOLVED", "EMERGENCY_ENDED", "RECORD_WRITTEN",
        "CONFIRMED",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A line of the automatic timeline: when, how long after the first contact, how long after the line before."""

    at: dt.datetime
    title: str
    text: str
    who: str
    since: str
    gap: str
    slow: bool


def moments(ticket: Ticket) -> list[Moment]:
    """What happened, in the order in which it happened."""
    start = selectors.cycle_contact(ticket)
    events = sorted(
        (event for event in selectors.cycle_events(ticket) if event.type in MILESTONES),
        key=lambda event: (event.at, event.seq),
    )
    lines, before = [], start
    for event in events:
        gap = event.at - before
        before = event.at
        said = ("text", "decided", "reason", "summary", "plan", "person", "place", "note")
        lines.append(
            Moment(
                event.at,
                event.get_type_display(),
                "；".join(str(event.payload[name]) for name in said if event.payload.get(name)),
                f"{event.get_side_display()} {event.actor.display_name}",
                f"+{presenting.duration((event.at - start).total_seconds())}" if event.at > start else "0",
                presenting.duration(gap.total_seconds()) if gap > dt.timedelta(0) else "",
                gap >= SILENCE,
            )
        )
    return lines


def delays(ticket: Ticket) -> list[str]:
    """What the clocks and the silences say about delay, for whoever writes the review."""
    found = [
        f"{row.get_kind_display()}超时 {presenting.duration(row.margin_s or 0)}"
        for row in desk.clocks(ticket)
        if row.cycle == ticket.cycle and row.verdict == "breached"
    ]
    found += [
        f"{line.title}之前有 {line.gap} 没有动静"
        for line in moments(ticket)
        if line.slow and (ticket.resolved_at is None or line.at <= ticket.resolved_at)
    ]
    found += [
        f"进展通报迟于 {clock.local(row.due):%m-%d %H:%M}"
        for row in selectors.reminders(ticket)
        if row.kind == "update"
    ]
    return found


def review(ticket: Ticket) -> bytes:
    """The review last written, with the timeline and the clocks, as PDF/A."""
    written, approved = selectors.written_review(ticket), selectors.approved_review(ticket)
    assert written is not None  # noqa: S101 - the page refuses before there is one
    contract = ticket.contract_version.contract
    situation = selectors.situation(ticket)
    data = dossier(
        hospital=contract.hospital.name,
        title="紧急事件复盘",
        number=ticket.number,
        subject=ticket.title,
        foot=f"复盘事件散列　{written.hash}",
        watermark="" if approved else "待甲方认可",
        facts=(
            ("系统", ticket.module),
            ("报修科室", ticket.org_unit.name),
            ("级别", f"{ticket.level}级"),
            ("首次联系", _wall(selectors.cycle_contact(ticket))),
            ("解决", _wall(ticket.resolved_at)),
            ("应急结束", _wall(situation.ended.at if situation.ended else None)),
            ("指挥", situation.roles.get("commander", "")),
            ("所用预案", situation.started_with("plan")),
        ),
        sections=_sections(ticket, written.payload),
        signatures=(
            Signature("乙方提交", written.actor.display_name, _wall(written.recorded_at)),
            Signature("甲方认可", approved.actor.display_name, _wall(approved.recorded_at))
            if approved
            else Signature("甲方认可"),
        ),
    )
    return pdf.render("dossier", data, archival=True)


def _sections(ticket: Ticket, payload: dict[str, object]) -> list[Prose | Rows]:
    cards = [card for card in presenting.clocks(ticket) if card.row.cycle == ticket.cycle]
    rows = payload["actions"]
    assert isinstance(rows, list)  # noqa: S101 - written so by reviewing.write_review
    return [
        Rows(
            "经过", ("时间", "距首次联系", "事件", "内容", "办理"), (30, 24, 24, 0, 30),
            [(_wall(line.at), line.since, line.title, line.text, line.who) for line in moments(ticket)],
        ),
        Rows(
            "合同时钟", ("时钟", "时限", "停止", "结论", "余量"), (30, 36, 36, 20, 0),
            [
                (card.row.get_kind_display(), _wall(card.row.due), _wall(card.row.stop) or "—", card.row.get_verdict_display(), card.margin)
                for card in cards
            ],
        ),
        Prose("根本原因", str(payload["root_cause"])),
        Prose("耽误环节", str(payload["delays"])),
        Rows("改进措施", ("措施", "责任人", "完成期限"), (0, 34, 30), [(row["what"], row["owner"], row["due"]) for row in rows]),
    ]  # fmt: skip


def _wall(instant: dt.datetime | None) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M}" if instant else ""
