"""Several reports of one fault: one ticket is worked on, every reporter stays named, the earliest call counts."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import chain
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid, NotFound

DECIDE = "operations.ticket.decide"


def find(number: str) -> Ticket:
    """The ticket with this number. Raises NotFound."""
    found = Ticket.objects.filter(number=number.strip().upper()).first()
    if found is None:
        raise NotFound(f"没有工单「{number.strip()}」", way_out="请核对工单号，例如 FW2026-00012。")
    return found


@transaction.atomic
def merge_into(*, actor: User, ticket: Ticket, master: Ticket, reason: str = "") -> Ticket:
    """Merge ``ticket`` into ``master`` for good. Returns the master.

    The master keeps its clocks, except that they start at the duplicate's first contact where that was earlier. A
    graver duplicate is refused: nothing grave may disappear into something mild.
    """
    if ticket.pk == master.pk:
        raise Invalid("不能并入自己", way_out="请填写另一张工单的编号。")
    held = {}
    for one in sorted(
        (ticket, master), key=lambda row: row.pk
    ):  # one order, so that two mergers never deadlock
        held[one.pk] = chain.hold(one, actor=actor, permission=DECIDE)
    duplicate, kept = held[ticket.pk], held[master.pk]
    lifecycle.require(duplicate.ticket.state, "MERGED_INTO", duplicate.terms.clauses)
    if kept.ticket.state not in lifecycle.OPEN_STATES:
        raise Conflict(
            f"{kept.ticket.number} 为「{kept.ticket.get_state_display()}」，不能再并入",
            way_out="只能并入尚在处理的工单；同因再次发生的，请在原工单登记「再次联系」。",
            code="merge_target_over",
        )
    if duplicate.ticket.level_rank > kept.ticket.level_rank:
        raise Conflict(
            f"{duplicate.ticket.number} 是{duplicate.ticket.level}级，比 {kept.ticket.number} 更重",
            way_out="请反过来并入，或先调整级别。",
            code="merge_graver",
        )
    _record(duplicate, kept, reason)
    chain.finish(duplicate, "merge_into", summary=f"并入 {kept.ticket.number}")
    return chain.finish(kept, "link", summary=f"并入重复报修 {duplicate.ticket.number}")


def _record(duplicate: chain.Held, kept: chain.Held, reason: str) -> None:
    first = duplicate.ticket.first_contact_at
    facts = {
        "ticket": duplicate.ticket.number,
        "reporter": f"{duplicate.ticket.reporter_name} {duplicate.ticket.reporter_phone}".strip(),
        "dept": duplicate.ticket.org_unit.name,
        "contact_at": first.isoformat(),
        "reason": reason.strip(),
    }
    chain.append(kept, "LINKED", at=kept.now, payload=facts)
    if first < kept.ticket.first_contact_at and kept.ticket.cycle == 1:
        earlier = {"first_call_at": first.isoformat(), "source": f"并入工单 {duplicate.ticket.number}"}
        chain.append(kept, "MERGE_EARLIER_CALL", at=kept.now, payload=earlier)
    into = {"ticket": kept.ticket.number, "reason": reason.strip()}
    chain.append(duplicate, "MERGED_INTO", at=duplicate.now, payload=into)


@transaction.atomic
def cancel(*, actor: User, ticket: Ticket, reason: str) -> Ticket:
    """The hospital takes its report back, saying why. What was already missed stays on record."""
    held = chain.hold(ticket, actor=actor, permission=DECIDE)
    chain.require_side(held.side, Side.HOSPITAL, "撤销报修")
    if not reason.strip():
        raise Invalid("请写明撤销报修的原因", way_out="例如误报、已自行恢复。", code="cancel_reason")
    chain.append(held, "CANCELLED", at=held.now, payload={"reason": reason.strip(), "by": held.side})
    return chain.finish(held, "cancel", summary=f"甲方撤销：{reason.strip()}")
