"""What requests hold of their department's budget: the estimate of what was granted and is not served yet."""

from __future__ import annotations

from typing import Any

from hrp.logistics import gates
from hrp.logistics.budget import services
from hrp.logistics.budget.models import BudgetEntry
from hrp.logistics.budget.services import Want
from hrp.logistics.requesting.documents.serving import request_of
from hrp.platform.base import sql
from hrp.platform.documents.spec import PostingContext

# of the class of what is given, at the price of what was asked for
OPEN_SQL = """
SELECT i.material_class_id, round(l.amount * (l.granted - coalesce(s.served, 0)) / l.quantity, 2), l.position
FROM logistics_requisition_line l JOIN logistics_item i ON i.id = coalesce(l.substitute_id, l.item_id)
LEFT JOIN (SELECT line_position, sum(quantity) AS served FROM logistics_requisition_serving WHERE requisition_id = %s
           GROUP BY 1) s ON s.line_position = l.position
WHERE l.document_id = %s AND l.amount IS NOT NULL AND l.granted > coalesce(s.served, 0) ORDER BY l.position
"""

REQUEST_SQL = """
SELECT d.id, d.org_unit_id, d.business_date, coalesce(p.code, ''), d.state = 'posted' AND c.id IS NULL
FROM logistics_delivery v JOIN logistics_requisition d ON d.id = v.requisition_id
LEFT JOIN logistics_project p ON p.id = d.project_id LEFT JOIN logistics_requisition_closing c ON c.requisition_id = d.id
WHERE v.source = %s
"""


def hold(requisition: Any, ctx: PostingContext) -> None:
    """At 核发: the money is spoken for. Raises Conflict (``over_budget``)."""
    project = requisition.project.code if requisition.project is not None else ""
    _hold(requisition.pk, requisition.org_unit_id, requisition.business_date, project, ctx, checked=True)


def let_go(document: Any, ctx: PostingContext) -> None:
    """An issue or transfer served a request: only what is still open stays held."""
    if request_of(document, ctx) is None:
        return
    found = sql.row(REQUEST_SQL, [ctx.source])
    if found is not None:
        pk, unit, day, project, is_open = found
        if is_open:
            _hold(pk, unit, day, project, ctx, checked=True)


def hold_again(document: Any, ctx: PostingContext) -> None:
    """What had served it was undone: an open request holds again, whether or not the money is still there."""
    found = sql.row(REQUEST_SQL, [ctx.source])
    if found is not None:
        pk, unit, day, project, is_open = found
        if is_open:
            _hold(pk, unit, day, project, ctx, checked=False)


def _hold(pk: int, unit: int, day: Any, project: str, ctx: PostingContext, *, checked: bool) -> None:
    wants = [
        Want(unit, group, amount, project, position)
        for group, amount, position in sql.rows(OPEN_SQL, [pk, pk])
    ]
    services.hold(
        BudgetEntry.State.RESERVED, wants, source=f"logistics.requisition:{pk}", day=day, on=ctx.on, actor=ctx.actor,
        by=ctx.source, checked=checked,
    )  # fmt: skip


def register() -> None:
    services.predecessors.register("requisition", _let_go_of_issue)
    gates.register(gates.Gate("request-budget", gates.Moment.TRANSFER, apply=let_go))


def _let_go_of_issue(document: Any, ctx: PostingContext) -> None:
    if document.spec.kind == "logistics.stock_issue":
        let_go(document, ctx)
