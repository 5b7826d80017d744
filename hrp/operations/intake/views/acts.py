"""What intake adds to the page of a ticket: merging, cancelling, claiming a call, filling in; and its panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules import similar
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.desk.services import intake
from hrp.operations.desk.views import reading
from hrp.operations.desk.views.acts import Act, Given, Question
from hrp.operations.intake import selectors
from hrp.operations.intake.services import merging, reports
from hrp.operations.intake.views.calls import skew_words
from hrp.platform.access.models import User


def _merge(actor: User, ticket: Ticket, given: Given) -> object:
    master = merging.find(reading.text(given, "master", most=30))
    return merging.merge_into(
        actor=actor,
        ticket=ticket,
        master=desk.ticket(actor, master.pk),
        reason=reading.text(given, "reason", most=200),
    )


def _cancel(actor: User, ticket: Ticket, given: Given) -> object:
    return merging.cancel(actor=actor, ticket=ticket, reason=reading.text(given, "reason", most=500))


def _claim(actor: User, ticket: Ticket, given: Given) -> object:
    return reports.claim_call(
        actor=actor, ticket=ticket, at=reading.instant(given, "at", "致电时间"),
        late_reason=reading.text(given, "late_reason", most=200),
    )  # fmt: skip


def _complete(actor: User, ticket: Ticket, given: Given) -> object:
    report = intake.Report(
        org_unit=reading.unit(given, "org_unit"), module=reading.text(given, "module", most=50),
        title=reading.text(given, "title"), level=ticket.level,
        reporter_name=reading.text(given, "reporter_name", most=50),
        reporter_phone=reading.text(given, "reporter_phone", most=30),
        description=reading.text(given, "description"),
    )  # fmt: skip
    return reports.complete(actor=actor, ticket=ticket, report=report)


def _known(question: Question, ticket: Ticket) -> Question:
    """The dialog starts with what the ticket holds; the systems are those of its contract."""
    if question.name == "org_unit":
        return replace(question, value=f"{ticket.org_unit.code} {ticket.org_unit.name}")
    if question.name == "module":
        modules = (*contracts.terms_of(ticket.contract_version).modules, "其他")
        return replace(question, value=ticket.module, choices=tuple((one, one) for one in modules))
    return replace(question, value=str(getattr(ticket, question.name)))


ACTS = (
    Act("complete", "补全报修信息", "NOTE", "operations.ticket.log", icon="edit", run=_complete,
        shown=lambda ticket: ticket.state in OPEN_STATES and reports.opened_by_itself(ticket), fill=_known, wide=True,
        questions=(
            Question("title", "事项", required=True), Question("module", "系统", "choice", required=True),
            Question("org_unit", "科室", required=True, hint="编码或名称"), Question("reporter_name", "报修人", required=True),
            Question("reporter_phone", "联系电话"), Question("description", "情况", "textarea"),
        )),
    Act("claim_call", "我已致电", "CALL_CLAIMED", "operations.ticket.log", icon="phone-check", run=_claim, side=Side.HOSPITAL,
        questions=(
            Question("at", "致电时间", "instant", hint="空着即为现在；这是甲方独立的时间，与乙方登记并列保存"),
            Question("late_reason", "补录依据", hint="通话截图、分机记录或在场人员"),
        )),
    Act("merge_into", "并入其他工单", "MERGED_INTO", "operations.ticket.decide", icon="arrow-merge", run=_merge,
        questions=(
            Question("master", "并入的工单号", required=True, hint="报修人会记在那张工单上；首次联系较早的，起算随之前移"),
            Question("reason", "说明", hint="并入后不能撤回，请先核对确是同一故障"),
        )),
    Act("cancel", "撤销报修", "CANCELLED", "operations.ticket.decide", icon="circle-x", run=_cancel, side=Side.HOSPITAL, style="error",
        questions=(Question("reason", "撤销原因", "textarea", required=True, hint="由甲方撤销；已发生的超时记录保留"),)),
)  # fmt: skip


def panel(actor: User, ticket: Ticket) -> Mapping[str, Any] | None:
    """Calls, mails and the page a ticket came from, and tickets that may tell of the same fault."""
    found = {
        "calls": [
            {"call": call, "skew": skew_words(selectors.worst_skew(call))}
            for call in selectors.calls_of(ticket)
        ],
        "mails": selectors.mails_of(ticket),
        "report": selectors.page_report(ticket),
        "similar": _similar(actor, ticket),
    }
    return found if any(found.values()) else None


def _similar(actor: User, ticket: Ticket) -> list[Ticket]:
    if ticket.state not in OPEN_STATES:
        return []
    report = selectors.page_report(ticket)
    error = report.error if report else {}
    return desk.similar(
        actor, module=ticket.module, title=ticket.title, but=ticket.pk,
        error_hash=similar.error_hash(f"{error.get('code', '')} {error.get('heading', '')}") if error else "",
        since=ticket.first_contact_at - similar.WINDOW,
    )  # fmt: skip
