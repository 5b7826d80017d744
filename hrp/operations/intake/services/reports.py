"""Reports from the button on every page, the hospital's word that it has telephoned, and filling in what a ticket that
opened by itself could not know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.rules import similar
from hrp.operations.desk.services import chain, intake
from hrp.operations.intake.models import PageReport
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid, NotFound, Problem
from hrp.platform.org.models import OrgUnit

LOG = "operations.ticket.log"


@dataclass(frozen=True)
class Page:
    """What the page knew: its address, the product's version, the browser, and the last error shown there."""

    address: str = ""
    version: str = ""
    browser: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)


def _speaker(user: User, unit: OrgUnit | None = None) -> User:
    """Who acts: the person where the contract lets them, else the portal in the name of whoever works in the hospital."""
    may = scope.has(user, LOG, unit.pk if unit else None) and contracts.side_of(user)
    return user if may else system_actor("portal", title="网上报修")


@transaction.atomic
def report_from_page(*, actor: User, report: intake.Report, page: Page) -> Ticket:
    """Open a ticket for anybody signed in. A level that must be telephoned is kept provisionally (I-08)."""
    told = {
        **report.told,
        "page": page.address,
        "told_by": actor.display_name,
        "error": " ".join(str(page.error[key]) for key in ("code", "request") if page.error.get(key)),
        "error_hash": similar.error_hash(
            f"{page.error.get('code', '')} {page.error.get('heading', '')}" if page.error else ""
        ),
        "context": {"version": page.version, "browser": page.browser, "error": dict(page.error)},
    }
    told = {name: value for name, value in told.items() if value}
    ticket = intake.log_written_contact(
        actor=_speaker(actor, report.org_unit), report=replace(report, told=told), channel="web",
        receipt=intake.Call(call_at=clock.now(), raw={"user": actor.username, "page": page.address}),
    )  # fmt: skip
    PageReport.objects.create(
        ticket=ticket,
        user=actor,
        page=page.address[:300],
        version=page.version[:50],
        browser=page.browser[:300],
        error=dict(page.error),
        at=clock.now(),
    )
    return ticket


@transaction.atomic
def claim_call(
    *, actor: User, ticket: Ticket, at: dt.datetime | None = None, late_reason: str = ""
) -> Ticket:
    """「我已致电」: the hospital's own, independent time of a call (CALL_CLAIMED).

    Where the supplier typed the call's time by hand, the earlier of the two counts until the parties rule (I-03); the
    telephone system's record is moved by nobody's word.
    """
    mine = PageReport.objects.filter(ticket=ticket, user_id=actor.pk).exists()
    speaker = system_actor("portal", title="网上报修") if mine and not scope.has(actor, LOG) else actor
    held = chain.hold(ticket, actor=speaker, permission=LOG)
    if held.side == Side.SUPPLIER.value:
        raise Forbidden("致电时间只能由甲方声明", way_out="乙方接到的电话请登记「再次联系」。")
    happened = at or held.now
    chain.check_not_ahead(happened, held.now, "致电")
    chain.check_late_entry(happened, held.now, held.terms, "致电", late_reason)
    payload = {"by": "hospital", "told_by": actor.display_name, "late_reason": late_reason.strip()}
    chain.append(held, "CALL_CLAIMED", at=happened, payload=payload)
    if happened < held.ticket.first_contact_at and _typed_by_hand(held.ticket):
        earlier = {"first_call_at": happened.isoformat(), "source": "甲方声明已致电"}
        chain.append(held, "MERGE_EARLIER_CALL", at=held.now, payload=earlier)
    return chain.finish(held, "claim_call", summary=f"甲方声明 {clock.local(happened):%m-%d %H:%M:%S} 已致电")


def _typed_by_hand(ticket: Ticket) -> bool:
    """Whether the first contact is a phone call whose time somebody of the desk wrote down."""
    first = (
        TicketEvent.objects.filter(ticket=ticket, type="CONTACT")
        .select_related("evidence")
        .order_by("seq")
        .first()
    )
    if first is None or first.evidence is None or ticket.cycle != 1:
        return False
    return first.evidence.channel == "phone" and first.evidence.source == "manual"


def opened_by_itself(ticket: Ticket) -> bool:
    """Whether the ticket stems from an unanswered call or a mail, so that a person may fill in what it tells."""
    return ticket.opened_by.is_machine and ticket.opened_by.username in ("system.cti", "system.mailbox")


@transaction.atomic
def complete(*, actor: User, ticket: Ticket, report: intake.Report) -> Ticket:
    """Fill in department, system, matter and reporter once somebody knows them; what stood before stays on the chain.

    The level is not touched: raising or lowering it has its own act and its own rules.
    """
    held = chain.hold(ticket, actor=actor, permission=LOG)
    if not opened_by_itself(held.ticket):
        raise Forbidden("只有系统自动建立的工单可以补全", way_out="其他工单请写备注。")
    scope.require(actor, LOG, report.org_unit.pk)
    if not report.title.strip() or not report.reporter_name.strip() or not report.module.strip():
        raise Invalid(
            "报修信息不完整",
            way_out="请写明事项、系统和报修人。",
            problems=[Problem("请写明事项", field="title")],
        )
    fresh: dict[str, Any] = {
        "org_unit": report.org_unit,
        "module": report.module.strip(),
        "in_scope": report.module.strip() in held.terms.modules,
        "title": report.title.strip()[:100],
        "description": report.description.strip() or held.ticket.description,
        "reporter_name": report.reporter_name.strip(),
        "reporter_phone": report.reporter_phone.strip() or held.ticket.reporter_phone,
    }
    before = {name: str(getattr(held.ticket, name)) for name in fresh}
    changed = {name: value for name, value in fresh.items() if str(value) != before[name]}
    if not changed:
        raise Invalid("没有要补全的内容", way_out="与现有信息相同。")
    for name, value in changed.items():
        setattr(held.ticket, name, value)
    held.ticket.save(update_fields=list(changed))
    text = f"补全报修信息：{held.ticket.reporter_name}，{held.ticket.org_unit.name}，{held.ticket.module}，{held.ticket.title}"
    chain.append(
        held,
        "NOTE",
        at=held.now,
        payload={"text": text, "before": {name: before[name] for name in changed}},
    )
    return chain.finish(held, "complete", summary=text)


def own_report(actor: User, pk: int) -> PageReport:
    """A report of the actor's own. Raises NotFound for anybody else's."""
    found = PageReport.objects.filter(pk=pk, user_id=actor.pk).select_related("ticket").first()
    if found is None:
        raise NotFound("没有找到该报修", way_out="请返回「我的报修」刷新。")
    return found
