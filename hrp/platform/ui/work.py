"""工作台: what waits for a person, what they started, what was said to them. Reads across all document types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, Model, QuerySet, Value

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.documents import approvals, registry
from hrp.platform.documents.models import ApprovalTask, State
from hrp.platform.ui import reach, screens

OPEN_STATES = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)
_FIELDS = (
    "paper_kind",
    "pk",
    "number",
    "business_date",
    "state",
    "total",
    "updated_at",
    "paper_unit",
    "paper_person",
)


@dataclass(frozen=True)
class Paper:
    """One document of any type."""

    kind: str
    pk: int
    number: str
    title: str
    date: dt.date
    state: str
    state_title: str
    total: Decimal
    updated_at: dt.datetime
    unit: str
    person: str
    url: str


def _of_type(rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """The columns of a paper, named so that no field of any document type has the same name."""
    return (
        rows.order_by()
        .annotate(
            paper_kind=Value(kind, output_field=CharField()),
            paper_unit=F("org_unit__name"),
            paper_person=F("maker__display_name"),
        )
        .values_list(*_FIELDS)
    )


def _union(parts: Iterable[QuerySet[Any]], *, order: str, limit: int) -> list[Paper]:
    """One query over many tables, newest first."""
    first, *rest = parts
    rows = first.union(*rest, all=True) if rest else first
    return [_paper(row) for row in rows.order_by(f"-{order}")[:limit]]


def _paper(row: tuple[Any, ...]) -> Paper:
    kind, pk, number, date, state, total, updated_at, unit, person = row
    found = registry.types[kind]
    return Paper(
        kind, pk, number or f"草稿#{pk}", found.spec.title, date, state, str(State(state).label), total, updated_at,
        unit, person, registry.url_for(f"{kind}:{pk}"),
    )  # fmt: skip


def started_by(actor: User, *, open_only: bool = False, limit: int = 50) -> list[Paper]:
    """Documents the person made and may still see, newest first."""
    parts = []
    for one in registry.types:
        mine = one.model._default_manager.filter(maker=actor)
        rows = scope.filter(actor, one.spec.permission("view"), mine)
        parts.append(_of_type(rows.filter(state__in=OPEN_STATES) if open_only else rows, one.spec.kind))
    return _union(parts, order="updated_at", limit=limit) if parts else []


def by_number(actor: User, text: str, *, limit: int) -> list[Paper]:
    """Documents whose number begins with ``text``, of the types and units the person may see."""
    parts = []
    for one in registry.types:
        code = one.spec.permission("view")
        if scope.has(actor, code):
            rows = scope.filter(
                actor, code, one.model._default_manager.filter(number__startswith=text.upper())
            )
            parts.append(_of_type(rows, one.spec.kind))
    return _union(parts, order="updated_at", limit=limit) if parts else []


def todo(actor: User) -> QuerySet[ApprovalTask]:
    """待办审批, oldest first."""
    return approvals.tasks_for(actor)


def todo_count(actor: User) -> int:
    return todo(actor).count()


def url_of(task: ApprovalTask) -> str:
    return registry.url_for(f"{task.kind}:{task.document_id}")


def kind_title(kind: str) -> str:
    found = registry.types.get(kind)
    return found.spec.title if found else kind


def registers_matching(
    actor: User, text: str, *, limit: int
) -> list[tuple[screens.RegisterScreen, list[Model]]]:
    """Rows of the registers the person may see that ``text`` names, register by register."""
    from hrp.platform.ui.lookups import Source

    found = []
    for screen in screens.registers():
        code = reach.code_of(screen, actor, "view")
        if screen.search and scope.has(actor, code):
            matching = Source(screen).search_rows(actor, text)
            hits = list(reach.narrowed(screen, actor, code, matching)[:limit])
            if hits:
                found.append((screen, hits))
    return found
