"""复盘: what happened in an emergency, why, what delayed it, and who does what by when. The closing waits for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Clock, Ticket, TicketEvent
from hrp.operations.desk.services import chain
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid, Problem


@dataclass(frozen=True)
class ReviewAction:
    """One thing to be done so that it does not happen again."""

    what: str
    owner: str
    due: dt.date


def parse_actions(text: str) -> list[ReviewAction]:
    """Measures written one a line as ``what；who；2026-12-01``. Raises Invalid naming the line."""
    actions = []
    for place, line in enumerate((row for row in text.splitlines() if row.strip()), start=1):
        parts = [part.strip() for part in line.replace(";", "；").split("；")]
        try:
            what, owner, due = parts
            actions.append(ReviewAction(what, owner, dt.date.fromisoformat(due)))
        except ValueError as error:
            raise Invalid(
                f"改进措施第 {place} 行应为「措施；责任人；完成日期」",
                way_out="用分号隔开三部分，日期写成 2026-12-01。",
                problems=[Problem("格式不对", field="actions")],
                code="review_actions",
            ) from error
    return actions


def is_due(ticket: Ticket, act: str) -> bool:
    """Whether the review of the current cycle is to be written, or to be approved, now."""
    owed = Clock.objects.filter(ticket=ticket, cycle=ticket.cycle, kind="emergency_start").exclude(
        verdict="superseded"
    )
    if not owed.exists():
        return False
    last = (
        TicketEvent.objects.filter(
            ticket=ticket, type__in=["REVIEW_WRITTEN", "REVIEW_APPROVED", "REOPEN_CONTACT"]
        )
        .order_by("-seq")
        .values_list("type", flat=True)
        .first()
    )
    return (
        last == "REVIEW_WRITTEN"
        if act == "approve_review"
        else last in (None, "REOPEN_CONTACT", "REVIEW_WRITTEN")
    )


@transaction.atomic
def write_review(
    *, actor: User, ticket: Ticket, root_cause: str, delays: str, actions: Sequence[ReviewAction]
) -> Ticket:
    """The supplier lays the review before the hospital. Written anew, it must be approved anew."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.work")
    chain.require_side(held.side, Side.SUPPLIER, "提交复盘")
    problems = [
        Problem(message, field=field)
        for field, value, message in (
            ("root_cause", root_cause, "请写明根本原因"),
            ("delays", delays, "请写明哪些环节耽误了处理；没有的写「无」"),
        )
        if not value.strip()
    ]
    if not actions:
        problems.append(Problem("至少要有一项改进措施", field="actions"))
    if problems:
        raise Invalid(
            f"复盘不完整（合同 {held.terms.clauses['emergency']}）",
            problems=problems,
            way_out="请补齐标红的各项。",
        )
    payload = {
        "root_cause": root_cause.strip(),
        "delays": delays.strip(),
        "actions": [{"what": a.what, "owner": a.owner, "due": a.due.isoformat()} for a in actions],
    }
    chain.append(held, "REVIEW_WRITTEN", at=held.now, payload=payload)
    return chain.finish(held, "write_review", summary="提交复盘")


@transaction.atomic
def approve_review(*, actor: User, ticket: Ticket, opinion: str = "") -> Ticket:
    """The hospital accepts the review last written."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.confirm")
    chain.require_side(held.side, Side.HOSPITAL, "认可复盘")
    written = TicketEvent.objects.filter(ticket=held.ticket, type="REVIEW_WRITTEN").order_by("-seq").first()
    if written is None:
        raise Conflict("还没有复盘可供认可", way_out="请乙方先提交复盘。", code="review_missing")
    payload = {"review": written.hash, "opinion": opinion.strip()}
    chain.append(held, "REVIEW_APPROVED", at=held.now, payload=payload)
    return chain.finish(held, "approve_review", summary="认可复盘")
