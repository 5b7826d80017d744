"""Cards of projects take their cost from what was gathered."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hrp.assets.construction import subledger as gathering
from hrp.assets.construction.models import ProjectCard
from hrp.assets.documents.revision import Counter, Kind
from hrp.assets.gates import Gate, Moment
from hrp.assets.models import FundingLine
from hrp.platform.documents.spec import PostingContext


def _projects(document: Any) -> dict[int, int]:
    """The project of each card of a document that has one."""
    ids = document.lines.values_list("asset_id", flat=True)
    return dict(ProjectCard.objects.filter(asset__in=list(ids)).values_list("asset_id", "project_id"))


def _booked(document: Any, ctx: PostingContext) -> None:
    found = _projects(document)
    amounts: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for asset, source, cost in FundingLine.objects.filter(asset__in=found).values_list(
        "asset_id", "source_id", "cost"
    ):
        amounts[found[asset], source] += cost
    if amounts:
        gathering.take(amounts, ctx=ctx)


def _unbooked(document: Any, ctx: PostingContext) -> None:
    found = _projects(document)
    if found:
        gathering.mirror(ctx)


def _revised(document: Any, ctx: PostingContext) -> None:
    """What is added to a card from 1613 leaves its project; what a revision takes off goes back there."""
    found = _projects(document)
    if not found:
        return
    if document.counter == Counter.CONSTRUCTION and document.kind == Kind.VALUE:
        amounts: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for line in document.lines.all():
            if line.amount and line.asset_id in found:
                amounts[found[line.asset_id], line.source_id] += line.amount
        gathering.take(amounts, ctx=ctx)


def _unrevised(document: Any, ctx: PostingContext) -> None:
    found = _projects(document)
    if found:
        gathering.mirror(ctx)


GATES = (
    Gate("project", Moment.BOOKING, apply=_booked, mirror=_unbooked),
    Gate("project", Moment.REVISION, apply=_revised, mirror=_unrevised),
)
