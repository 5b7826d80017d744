"""出库 spends the budget of the department that uses the goods, 入库 that of the department that buys for its store."""

from __future__ import annotations

from typing import Any

from hrp.logistics import gates
from hrp.logistics.budget import services
from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.budget.services import Want
from hrp.logistics.models import Store
from hrp.platform.base import sql
from hrp.platform.documents.spec import PostingContext

# nothing is asked for a department without budget: one statement tells, and gives the cost of those with
COSTS_SQL = """
SELECT i.material_class_id, -sum(m.amount), min(m.line_position)
FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
WHERE m.source = %s AND EXISTS (
    SELECT FROM logistics_budget_line b WHERE b.org_unit_id = %s AND b.basis = 'expense' AND %s BETWEEN b.valid_from AND b.valid_to)
GROUP BY 1
"""

RECEIVED_SQL = """
SELECT i.material_class_id, sum(m.amount), min(m.line_position)
FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
WHERE m.source = %s AND EXISTS (
    SELECT FROM logistics_budget_line b WHERE b.org_unit_id = %s AND b.basis = 'purchase' AND %s BETWEEN b.valid_from AND b.valid_to)
GROUP BY 1
"""


def spend(document: Any, ctx: PostingContext) -> None:
    """At the cost the goods leave with; what a request held for them is let go first."""
    services.let_go(document, ctx)
    project = document.project.code if document.project is not None else ""
    wants = [
        Want(document.org_unit_id, group, amount, project, position)
        for group, amount, position in sql.rows(COSTS_SQL, [ctx.source, document.org_unit_id, ctx.on])
    ]
    if wants:
        services.actual(wants, source=ctx.source, on=ctx.on, actor=ctx.actor)


def buy(document: Any, ctx: PostingContext) -> None:
    """At the price the goods come in with. Gifts are not bought, and what lies rejected in 不合格品 is not accepted."""
    services.let_go(document, ctx)
    if document.origin != "purchase" or document.store.kind == Store.Kind.QUARANTINE:
        return
    wants = [
        Want(document.org_unit_id, group, amount, position=position)
        for group, amount, position in sql.rows(RECEIVED_SQL, [ctx.source, document.org_unit_id, ctx.on])
    ]
    if wants:
        services.actual(wants, source=ctx.source, on=ctx.on, actor=ctx.actor, basis=BudgetLine.Basis.PURCHASE)


def give_back(document: Any, ctx: PostingContext) -> None:
    services.undo(by=ctx.source, on=ctx.on, actor=ctx.actor)


GATES = (
    gates.Gate("budget", gates.Moment.ISSUE, apply=spend, mirror=give_back),
    gates.Gate("budget", gates.Moment.RECEIPT, apply=buy, mirror=give_back),
)
