"""Reads of feedback: marks, survey results, and enquiries within the departments somebody may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.feedback.models import Enquiry, EnquiryStep, Invitation, Rating, Reply, Survey
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.org.models import OrgUnit

RATE = "operations.rating.give"
SURVEY, SURVEY_EDIT, SURVEY_REPLY = (
    "operations.survey.view", "operations.survey.edit", "operations.survey.reply",
)  # fmt: skip
ENQUIRY, ASK, ANSWER, JUDGE = (
    "operations.enquiry.view", "operations.enquiry.ask", "operations.enquiry.answer", "operations.enquiry.judge",
)  # fmt: skip


def rating_of(ticket: Ticket) -> Rating | None:
    """The mark of the ticket's current cycle."""
    return Rating.objects.filter(ticket=ticket, cycle=ticket.cycle).select_related("by").first()


@dataclass(frozen=True)
class Satisfaction:
    """Marks of tickets closed in some days: n of N rated, the mean, how many of each mark."""

    rated: int
    closed: int
    mean: float | None
    counts: dict[int, int]


def satisfaction(first: dt.date, last: dt.date) -> Satisfaction:
    """The marks of tickets closed from ``first`` to ``last``, both days included."""
    begins, ends = clock.start_of_day(first), clock.start_of_day(last + dt.timedelta(days=1))
    closed = Ticket.objects.filter(state="closed", closed_at__gte=begins, closed_at__lt=ends).count()
    rows = Rating.objects.filter(ticket__closed_at__gte=begins, ticket__closed_at__lt=ends)
    found = dict(rows.order_by().values_list("score").annotate(n=Count("pk")))
    counts = {score: found.get(score, 0) for score in range(5, 0, -1)}
    rated = sum(counts.values())
    mean = sum(score * n for score, n in counts.items()) / rated if rated else None
    return Satisfaction(rated, closed, mean, counts)


# -- surveys ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One question with what the departments said: marks as counts and mean, or their words."""

    text: str
    kind: str
    mean: float | None
    counts: dict[int, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    @property
    def spread(self) -> str:
        """How many gave each mark, best first: ``5 分 ×3，4 分 ×1``."""
        return "，".join(f"{score} 分 ×{n}" for score, n in self.counts.items() if n)


def results(survey: Survey, actor: User) -> list[Result]:
    """Every question in order; means are of all replies that gave a mark, words of the departments ``actor`` may see."""
    shown = set(replies(survey, actor).values_list("org_unit_id", flat=True))
    given = list(Reply.objects.filter(survey=survey).select_related("org_unit"))
    found = []
    for question in survey.questions.order_by("position"):
        said = [
            (reply.org_unit, line["value"])
            for reply in given
            for line in reply.answers
            if line["question"] == question.pk and line["value"] not in (None, "")
        ]
        if question.kind == "text":
            words = [f"{unit.name}：{value}" for unit, value in said if unit.pk in shown]
            found.append(Result(question.text, "text", None, words=words))
            continue
        marks = [int(value) for _unit, value in said]
        counts = {score: marks.count(score) for score in range(5, 0, -1)}
        found.append(Result(question.text, "score", sum(marks) / len(marks) if marks else None, counts))
    return found


def replies(survey: Survey, actor: User) -> QuerySet[Reply]:
    """What the departments ``actor`` may see have answered."""
    rows = Reply.objects.filter(survey=survey).select_related("org_unit", "by").order_by("org_unit__code")
    return scope.filter(actor, SURVEY, rows)


def survey(actor: User, pk: int) -> Survey:
    scope.require(actor, SURVEY)
    found = Survey.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到这次调查", way_out="请返回调查列表刷新。")
    return found


def unanswered(found: Survey) -> QuerySet[OrgUnit]:
    """Invited departments that have not replied."""
    invited = Invitation.objects.filter(survey=found).values("org_unit")
    replied = Reply.objects.filter(survey=found).values("org_unit")
    return OrgUnit.objects.filter(pk__in=invited).exclude(pk__in=replied).order_by("code")


def may_reply_for(actor: User, found: Survey) -> list[OrgUnit]:
    """The invited departments this person may still answer for today."""
    if found.published_at is None or not found.opens_on <= clock.today() <= found.closes_on:
        return []
    held = scope.units(actor, SURVEY_REPLY)
    rows = unanswered(found)
    return list(rows if held is None else rows.filter(pk__in=held))


# -- enquiries -------------------------------------------------------------------------------------------------


def steps(enquiry: Enquiry) -> QuerySet[EnquiryStep]:
    return EnquiryStep.objects.filter(enquiry=enquiry).select_related("by", "owner").order_by("seq")


def waiting_count(actor: User) -> int:
    """For the menu: what this person's side owes, an answer or a judgement."""
    rows = scope.filter(actor, ENQUIRY, Enquiry.objects.all())
    if contracts.side_of(actor) == Side.SUPPLIER.value:
        return rows.filter(state__in=["open", "working"]).count()
    return rows.filter(state="answered").count()


def overdue(today: dt.date) -> QuerySet[Enquiry]:
    """Followed up too slowly: past the day that was promised."""
    return (
        Enquiry.objects.filter(state__in=["working", "planned"], due_on__lt=today)
        .select_related("owner", "org_unit")
        .order_by("due_on", "pk")
    )


def of_ticket(ticket: Ticket, actor: User) -> list[Enquiry]:
    """What was asked about a ticket, as far as ``actor`` may see it."""
    return list(scope.filter(actor, ENQUIRY, Enquiry.objects.filter(ticket=ticket)).order_by("asked_at"))


def asked_between(begins: dt.datetime, ends: dt.datetime) -> QuerySet[Enquiry]:
    return Enquiry.objects.filter(asked_at__gte=begins, asked_at__lt=ends).order_by("asked_at", "pk")


def answered_ids(enquiries: QuerySet[Enquiry], as_of: dt.datetime) -> Iterator[int]:
    """Those whose last word, as of an instant, is an answer and not the asker's refusal of one."""
    rows = EnquiryStep.objects.filter(enquiry__in=enquiries, at__lte=as_of).exclude(step="assign")
    last = dict(rows.order_by("enquiry_id", "seq").values_list("enquiry_id", "step"))
    return (pk for pk, step in last.items() if step != "reopen")


def url_of(enquiry: Enquiry) -> str:
    return reverse("operations.enquiry.detail", args=[enquiry.pk])
