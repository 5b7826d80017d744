"""What stands on projects: locked in the order of their keys, written by documents, never more taken than gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hrp.assets.construction.models.projects import Project, ProjectMove
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext

ZERO = Decimal(0)
Amounts = Mapping[tuple[int, int], Decimal]
"""Yuan by (project, source of money)."""

FAMILY_SQL = """
WITH RECURSIVE up AS (
    SELECT id, parent_id FROM assets_project WHERE id = ANY(%s)
    UNION SELECT p.id, p.parent_id FROM assets_project p JOIN up ON p.id = up.parent_id)
SELECT id FROM up ORDER BY id
"""
LOCK_SQL = "SELECT id FROM assets_project WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
WITHIN_SQL = """
WITH RECURSIVE down AS (
    SELECT id FROM assets_project WHERE id = %s UNION SELECT p.id FROM assets_project p JOIN down ON p.parent_id = down.id)
SELECT m.paid_by_id, s.name, f.code, coalesce(sum(m.amount) FILTER (WHERE m.kind <> 'delivery' AND NOT m.back), 0),
    -coalesce(sum(m.amount) FILTER (WHERE m.kind = 'delivery' OR m.back), 0)
FROM (SELECT x.*, x.kind = 'reversal' AND EXISTS (
          SELECT FROM assets_project_move d WHERE d.source = x.source AND d.kind = 'delivery') AS back
      FROM assets_project_move x WHERE x.project_id IN (SELECT id FROM down)) m
JOIN assets_source s ON s.id = m.paid_by_id JOIN ledger_fund f ON f.id = s.fund_id
GROUP BY m.paid_by_id, s.name, f.code, s.code ORDER BY s.code
"""
LEFT_SQL = """
SELECT project_id, paid_by_id, sum(amount) FROM assets_project_move WHERE project_id = ANY(%s) GROUP BY 1, 2
"""
MIRROR_SQL = """
INSERT INTO assets_project_move (source, kind, project_id, paid_by_id, amount, date, posted_at)
SELECT source, 'reversal', project_id, paid_by_id, -sum(amount), %s, %s FROM assets_project_move WHERE source = %s
GROUP BY source, project_id, paid_by_id HAVING sum(amount) <> 0
"""


class Gathered:
    """A source's money in a project and its parts."""

    __slots__ = ("delivered", "fund", "source", "source_id", "spent")

    def __init__(self, source_id: int, source: str, fund: str, spent: Decimal, delivered: Decimal) -> None:
        self.source_id, self.source, self.fund, self.spent, self.delivered = (
            source_id, source, fund, spent, delivered,
        )  # fmt: skip

    @property
    def left(self) -> Decimal:
        return self.spent - self.delivered


def lock(project_ids: Sequence[int]) -> dict[int, Project]:
    """Projects and what they are part of, locked; a budget is one figure for all its parts."""
    family = [pk for (pk,) in sql.rows(FAMILY_SQL, [sorted(set(project_ids))])]
    sql.rows(LOCK_SQL, [family])
    return Project.objects.in_bulk(family)


def within(project_id: int) -> list[Gathered]:
    """What a project and its parts cost and delivered, by source."""
    return [Gathered(*row) for row in sql.rows(WITHIN_SQL, [project_id])]


def spent(project_id: int) -> Decimal:
    return sum((one.spent for one in within(project_id)), ZERO)


def left(project_ids: Sequence[int]) -> dict[tuple[int, int], Decimal]:
    """What each project itself still has of each source."""
    return {(project, source): amount for project, source, amount in sql.rows(LEFT_SQL, [list(project_ids)])}


def require_within_budget(projects: Mapping[int, Project], asked: Amounts) -> None:
    """Refuses (``over_budget``) what would exceed the budget of a project or of one it is part of."""
    problems = []
    for project in projects.values():
        mine = sum((amount for (pk, _), amount in asked.items() if _belongs(pk, project.pk, projects)), ZERO)
        before = spent(project.pk) if project.budget and mine else ZERO
        if project.budget and before + mine > project.budget:
            problems.append(
                Problem(
                    f"{project} 概算 {project.budget:,.2f} 元，已支出 {before:,.2f} 元，本次 {mine:,.2f} 元，"
                    f"超出 {before + mine - project.budget:,.2f} 元", field="amount",
                )
            )  # fmt: skip
    if problems:
        raise Conflict(
            problems[0].message,
            code="over_budget",
            problems=problems,
            way_out="请先按批复调整概算，再记支出。",
        )


def _belongs(pk: int, whole: int, projects: Mapping[int, Project]) -> bool:
    current: int | None = pk
    while current is not None and current != whole:
        current = projects[current].parent_id
    return current == whole


def write(amounts: Amounts, *, kind: str, ctx: PostingContext) -> None:
    ProjectMove.objects.bulk_create(
        ProjectMove(
            source=ctx.source, kind=kind, project_id=project, paid_by_id=source, amount=amount, date=ctx.on,
            posted_at=clock.now(),
        )
        for (project, source), amount in sorted(amounts.items())
        if amount
    )  # fmt: skip


def take(amounts: Amounts, *, ctx: PostingContext) -> None:
    """Take from projects what becomes cards. Refuses (``more_than_gathered``) more than a source put in, with the figures."""
    projects = lock([project for project, _ in amounts])
    have = left(list(projects))
    problems = [
        Problem(
            f"{projects[project]} 归集 {have.get((project, source), ZERO):,.2f} 元（同一资金来源），转固 {amount:,.2f} 元，"
            f"不足 {amount - have.get((project, source), ZERO):,.2f} 元"
        )
        for (project, source), amount in sorted(amounts.items())
        if amount > have.get((project, source), ZERO)
    ]
    if problems:
        raise Conflict(
            problems[0].message, code="more_than_gathered", problems=problems,
            way_out="请先用工程支出单归集成本（未结算的记应付账款-暂估），或调减卡片的资金构成。",
        )  # fmt: skip
    write({key: -amount for key, amount in amounts.items()}, kind=ProjectMove.Kind.DELIVERY, ctx=ctx)


def mirror(ctx: PostingContext) -> None:
    """Take back what a document did to projects; what has become cards since is not taken from under them."""
    ids = list(ProjectMove.objects.filter(source=ctx.source).values_list("project_id", flat=True).distinct())
    projects = lock(ids)
    sql.run(MIRROR_SQL, [ctx.on, clock.now(), ctx.source])
    short = {key: amount for key, amount in left(ids).items() if amount < 0}
    if short:
        (project, _), amount = next(iter(sorted(short.items())))
        raise Conflict(
            f"{projects[project]} 的成本已转固，红冲后短缺 {-amount:,.2f} 元", code="delivered_since",
            way_out="请先红冲其后的资产入账单或资产变动单。",
        )  # fmt: skip
