"""出库 spends the budget of the department that uses the goods, at the cost they leave with."""

from __future__ import annotations

from typing import Any

from hrp.logistics import gates
from hrp.logistics.budget import services
from hrp.logistics.budget.services import Want
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


def hold(document: Any, ctx: PostingContext) -> None:
    services.hold(document.org_unit_id, on=ctx.on)


def spend(document: Any, ctx: PostingContext) -> None:
    wants = [
        Want(document.org_unit_id, group, amount, position=position)
        for group, amount, position in sql.rows(COSTS_SQL, [ctx.source, document.org_unit_id, ctx.on])
    ]
    if wants:
        services.actual(wants, source=ctx.source, on=ctx.on, actor=ctx.actor, of=services.followed(document))


def give_back(document: Any, ctx: PostingContext) -> None:
    services.undo(by=ctx.source, on=ctx.on, actor=ctx.actor)


GATE = gates.Gate("budget", gates.Moment.ISSUE, prepare=hold, apply=spend, mirror=give_back)
