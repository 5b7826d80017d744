"""Reads of training: sessions with their figures, and how one person stands in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Avg, Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from hrp.operations.training.models import Attempt, Attendance, Material, Question, Rating, Session
from hrp.operations.training.rules import Asked
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import NotFound

VIEW, EDIT, ATTEND = "operations.training.view", "operations.training.edit", "operations.training.attend"


@dataclass(frozen=True)
class Standing:
    """How one person stands in a session."""

    attendance: Attendance | None
    attempts: list[Attempt]
    rating: Rating | None

    @property
    def best(self) -> int | None:
        return max((one.score for one in self.attempts), default=None)

    @property
    def passed(self) -> bool:
        return any(one.passed for one in self.attempts)


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    """The number that ``rows``, grouped by session, hold in their one column; 0 without a row."""
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)


def sessions() -> QuerySet[Session]:
    """Sessions with how many signed, passed, and the mean rating."""
    signed = Attendance.objects.filter(session=OuterRef("pk")).order_by().values("session")
    passed = Attempt.objects.filter(session=OuterRef("pk"), passed=True).order_by().values("session")
    rated = Rating.objects.filter(session=OuterRef("pk")).order_by().values("session")
    return (
        Session.objects.select_related("material")
        .defer("material__content")
        .annotate(
            signed=_number(signed.annotate(n=Count("pk")).values("n")),
            passed=_number(passed.annotate(n=Count("user", distinct=True)).values("n")),
            rated=Subquery(rated.annotate(mean=Avg("score")).values("mean")),
        )
    )


def session(actor: User, pk: int) -> Session:
    scope.require(actor, VIEW)
    found = sessions().filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到这场培训", way_out="请返回培训列表刷新。")
    return found


def whole_session(actor: User, pk: int, code: str) -> Session:
    """One session for what names people of all departments. Raises Forbidden; NotFound for who sees some of them only."""
    scope.require(actor, code)
    found = session(actor, pk)
    if not scope.everywhere(actor, code):
        raise NotFound("没有找到这场培训的全院名单", way_out="签到名单汇总全院，请主办培训的人员查阅。")
    return found


def token(found: Session) -> str:
    """What the code on the wall proves: that somebody stood before it."""
    return signing.Signer(salt="operations.training").signature(str(found.pk))


def join_path(found: Session) -> str:
    return f"{reverse('operations.training.join', args=[found.pk])}?k={token(found)}"


def standing(found: Session, user: User) -> Standing:
    return Standing(
        Attendance.objects.filter(session=found, user=user).first(),
        list(Attempt.objects.filter(session=found, user=user).order_by("number")),
        Rating.objects.filter(session=found, user=user).first(),
    )


def questions(material_id: int) -> list[Asked]:
    """The questions of a material in use, in order."""
    rows = Question.objects.filter(material_id=material_id, is_active=True).order_by("position")
    return [Asked(row.pk, row.text, tuple(row.options), frozenset(row.right)) for row in rows]


def materials() -> QuerySet[Material]:
    return Material.objects.select_related("uploaded_by").defer("content")


def attendances(found: Session) -> list[Attendance]:
    """Who came, each with ``best`` (highest score or None) and ``tries``."""
    rows = list(Attendance.objects.filter(session=found).select_related("user", "org_unit"))
    tried: dict[int, list[int]] = {}
    for user, score in Attempt.objects.filter(session=found).values_list("user_id", "score"):
        tried.setdefault(user, []).append(score)
    for row in rows:
        scores = tried.get(row.user_id or 0, [])
        row.best, row.tries = max(scores, default=None), len(scores)  # type: ignore[attr-defined]
    return rows


def attendances_for(actor: User, found: Session) -> list[Attendance]:
    """As :func:`attendances`, of the departments ``actor`` may see: marks are nobody else's business."""
    seen = scope.units(actor, VIEW)
    return [row for row in attendances(found) if seen is None or row.org_unit_id in seen]


def ratings(found: Session) -> list[Rating]:
    return list(Rating.objects.filter(session=found).select_related("user"))
