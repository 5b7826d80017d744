"""Reads of intake: calls with what is known of them, whom a number belongs to, mails, reports from pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Exists, F, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Least

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PartyRole, Side
from hrp.operations.desk.models import ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.intake.models import Call, CallEvent, Contact, Mail, Mailbox, PageReport
from hrp.operations.intake.rules import calls as rules
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.org.models import OrgUnit

M = TypeVar("M", bound=Model)
VIEW_CALLS, VIEW_MAILS = "operations.call.view", "operations.mail.view"
PLACE = "outcome__ticket__org_unit_id"
"""Where a call or a mail belongs: to its ticket's department. What nobody has placed yet is the whole hospital's."""
POPUP_FOR = dt.timedelta(minutes=30)
KEPT_OPEN_FOR = dt.timedelta(hours=24)


def _first(*kinds: str) -> Subquery:
    events = CallEvent.objects.filter(call=OuterRef("pk"), kind__in=kinds).order_by().values("call")
    return Subquery(events.annotate(first=Min("at")).values("first"))


def calls() -> QuerySet[Call]:
    """Calls with when each rang, was answered and ended, as far as either source tells."""
    return Call.objects.annotate(
        rang_at=Least(F("ring_at"), _first("ring")),
        answered_at=_first("answered"),
        over_at=_first("missed", "ended"),
    )


def call(actor: User, pk: int, *also: str) -> Call:
    """One call with its outcome, where somebody may see it and do what ``also`` names. Raises Forbidden, NotFound."""
    rows = calls().select_related("outcome__ticket")
    found = _placed(actor, rows, VIEW_CALLS, *also).filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到该来电", way_out="请返回来电记录刷新。")
    return found


def _placed(actor: User, rows: QuerySet[M], *codes: str) -> QuerySet[M]:
    """Those of calls or mails that belong where the actor holds all of ``codes``. Raises Forbidden."""
    for code in codes:
        scope.require(actor, code)
        rows = scope.filter(actor, code, rows, PLACE)
    return rows


def story(call: Call) -> rules.Story:
    """A call folded from its events."""
    rows = CallEvent.objects.filter(call=call).values_list("kind", "at", "agent")
    return rules.story_of([rules.Said(*row) for row in rows], call.ring_at)


def worst_skew(call: Call) -> int | None:
    """The largest clock difference seen on the call in milliseconds, when it is worth showing."""
    known = [
        one
        for one in CallEvent.objects.filter(call=call).values_list("skew_ms", flat=True)
        if one is not None
    ]
    worst = max(known, key=abs, default=None)
    return worst if worst is not None and abs(worst) > rules.SKEW_SHOWN.total_seconds() * 1000 else None


def unsettled(now: dt.datetime) -> QuerySet[Call]:
    """Incoming calls of the last day of which nobody has said yet what became of them."""
    return Call.objects.filter(outcome=None, direction="in", ring_at__gt=now - KEPT_OPEN_FOR).order_by(
        "ring_at"
    )


def on_screen(actor: User) -> list[Call]:
    """Calls ringing or just answered that the agent has still to write down (来电弹屏); others' calls are left out."""
    now = clock.now()
    found = (
        calls()
        .filter(outcome=None, direction="in", ring_at__gt=now - POPUP_FOR)
        .filter(Q(answered_at__isnull=False) | Q(over_at__isnull=True))
        .order_by("-ring_at")[:5]
    )
    rows = CallEvent.objects.filter(call__in=[one.pk for one in found]).exclude(agent="").order_by("at")
    agents: dict[int, str] = dict(rows.values_list("call_id", "agent"))
    known = set(User.objects.filter(username__in=agents.values()).values_list("username", flat=True))
    return [one for one in found if agents.get(one.pk) not in known - {actor.username}]


def contact_of_number(number: str) -> Contact | None:
    """The contact a number belongs to, however it is written."""
    wanted = rules.normal(number)
    if not wanted:
        return None
    near = Contact.objects.filter(is_active=True, number__endswith=wanted[-4:]).select_related("org_unit")
    return next((one for one in near.order_by("pk") if rules.normal(one.number) == wanted), None)


def contact_of_email(address: str) -> Contact | None:
    found = Contact.objects.filter(is_active=True, email__iexact=address).exclude(email="")
    return found.select_related("org_unit").order_by("pk").first()


def member_of_email(address: str) -> User | None:
    """The active person of either party with this address."""
    people = (
        User.objects.filter(is_active=True, email__iexact=address).exclude(email="").select_related("unit")
    )
    return next((person for person in people.order_by("pk") if contracts.side_of(person)), None)


def default_unit() -> OrgUnit:
    """Where a report of unknown origin is put until somebody knows better: the unit of the hospital's own
    system engineer, else any unit of the hospital. Raises Conflict in a hospital without units."""
    role = (
        PartyRole.objects.filter(
            title="甲方系统主管工程师", member__side=Side.HOSPITAL, member__user__unit__isnull=False
        )
        .select_related("member__user__unit")
        .order_by("pk")
        .first()
    )
    unit = role.member.user.unit if role else OrgUnit.objects.order_by("code").first()
    if unit is None:
        raise Conflict("医院还没有登记科室", way_out="请先在「组织机构」中登记科室。", code="no_unit")
    return unit


def open_shell(number: str, since: dt.datetime) -> Ticket | None:
    """The ticket an unanswered call of this number has already opened, that nobody has attended to yet."""
    if not rules.normal(number):
        return None
    return (
        Ticket.objects.filter(
            state="new",
            first_contact_at__gte=since,
            pk__in=Call.objects.filter(number=rules.normal(number), outcome__kind="shell").values(
                "outcome__ticket"
            ),
        )
        .order_by("-first_contact_at")
        .first()
    )


def phone_contacts(
    start: dt.datetime, end: dt.datetime, *, manual: bool = False
) -> list[tuple[ContactEvidence, Ticket]]:
    """Phone contacts that rang in the span with their tickets, earliest first; ``manual``: only those typed by hand."""
    events = TicketEvent.objects.filter(
        type__in=["CONTACT", "REOPEN_CONTACT"],
        evidence__channel="phone",
        evidence__direction="in",
        evidence__ring_at__gte=start,
        evidence__ring_at__lte=end,
    )
    if manual:
        events = events.filter(evidence__external_id="")
    rows = events.select_related("evidence", "ticket").order_by("evidence__ring_at", "pk")
    return [(row.evidence, row.ticket) for row in rows if row.evidence is not None]


def tickets_of_caller(actor: User, number: str) -> list[Ticket]:
    """Open tickets the same number has reported, newest first."""
    wanted = rules.normal(number)
    if not wanted or not scope.has(actor, "operations.ticket.view"):
        return []
    recent = scope.filter(actor, "operations.ticket.view", Ticket.objects.filter(state__in=OPEN_STATES))
    return [
        one
        for one in recent.order_by("-first_contact_at")[:200]
        if rules.normal(one.reporter_phone) == wanted
    ][:5]


def calls_of(ticket: Ticket) -> Sequence[Call]:
    return list(calls().filter(outcome__ticket=ticket).select_related("outcome").order_by("ring_at"))


def mails_of(ticket: Ticket) -> Sequence[Mail]:
    found = Mail.objects.filter(outcome__ticket=ticket).select_related("outcome").prefetch_related("files")
    return list(found.order_by("received_at"))


def mail(actor: User, pk: int, *also: str) -> Mail:
    """One mail with its files and outcome, as :func:`call`. Raises Forbidden, NotFound."""
    found = Mail.objects.select_related("outcome__ticket", "outcome__actor", "mailbox").prefetch_related(
        "files"
    )
    one = _placed(actor, found, VIEW_MAILS, *also).filter(pk=pk).first()
    if one is None:
        raise NotFound("没有找到该邮件", way_out="请返回邮件收取刷新。")
    return one


def may_see(actor: User, mail: Mail) -> bool:
    """Whether the mail is among those this person may see."""
    return scope.filter(actor, VIEW_MAILS, Mail.objects.filter(pk=mail.pk), PLACE).exists()


def to_triage(actor: User) -> int:
    """Mails a person must look at: those the rules could not place, and answers to tickets that are over."""
    return Mail.objects.filter(outcome=None).exclude(kind__in=["auto", "loop"]).count()


def calls_to_write(actor: User) -> int:
    """Answered calls of the last day nobody has written down."""
    answered = Exists(CallEvent.objects.filter(call=OuterRef("pk"), kind="answered"))
    return unsettled(clock.now()).filter(answered).count()


def mailboxes() -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(is_active=True).order_by("pk")


def reports_of(actor: User) -> QuerySet[PageReport]:
    """What a person has reported from pages, newest first."""
    return PageReport.objects.filter(user_id=actor.pk).select_related("ticket").order_by("-pk")


def page_report(ticket: Ticket) -> PageReport | None:
    return PageReport.objects.filter(ticket=ticket).select_related("user").first()
