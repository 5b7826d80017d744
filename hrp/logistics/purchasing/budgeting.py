"""What plans and orders hold of the purchase budget of the department whose store they buy for.

A plan reserves what stands in no order in force; an order commits what has not come. A new version takes the place of the
one before, a receipt spends what it brings (:mod:`hrp.logistics.budget.spending`), what goes back is not spent any more.
"""

from __future__ import annotations

from typing import Any

from hrp.logistics import gates
from hrp.logistics.budget import services
from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.logistics.budget.services import Want
from hrp.logistics.purchasing.positions import RECEIVED_SQL
from hrp.platform.base import sql
from hrp.platform.documents.spec import PostingContext

PURCHASE = BudgetLine.Basis.PURCHASE

# ``but`` is an order that is being taken back, ``also`` one that is coming into force
UNORDERED_SQL = """
SELECT i.material_class_id, l.amount, l.position FROM logistics_plan_line l JOIN logistics_item i ON i.id = l.item_id
WHERE l.document_id = %s AND l.amount > 0 AND NOT EXISTS (SELECT FROM logistics_plan_closing c WHERE c.plan_id = l.document_id)
  AND NOT EXISTS (
    SELECT FROM logistics_order_line x JOIN logistics_order o ON o.id = x.document_id
    WHERE x.plan_line_id = l.id AND o.id <> %s AND (o.state = 'posted' OR o.id = %s))
"""

PLANS_SQL = """
SELECT DISTINCT p.id, s.org_unit_id, p.business_date FROM logistics_order_line x
JOIN logistics_plan_line l ON l.id = x.plan_line_id JOIN logistics_plan p ON p.id = l.document_id AND p.state = 'posted'
JOIN logistics_store s ON s.id = p.store_id WHERE x.document_id = %s ORDER BY p.id
"""

# ``sign`` counts the lines of the receipt that is just coming (1) or being taken back (-1)
TO_COME_SQL = f"""
SELECT i.material_class_id, round(l.amount * greatest(l.quantity - coalesce(g.quantity, 0) - coalesce(n.quantity, 0), 0) / l.quantity, 2),
       l.position
FROM logistics_order_line l JOIN logistics_item i ON i.id = l.item_id
LEFT JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(l.root_id, l.id)
LEFT JOIN (SELECT coalesce(x.root_id, x.id) AS root, %s * sum(rl.quantity) AS quantity
           FROM logistics_receipt_line rl JOIN logistics_order_line x ON x.id = rl.order_line
           JOIN logistics_receipt r ON r.id = rl.document_id JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine'
           WHERE rl.document_id = %s GROUP BY 1) n ON n.root = coalesce(l.root_id, l.id)
WHERE l.document_id = %s AND l.quantity > 0 ORDER BY l.position
"""  # noqa: S608 - put together from our own statements

# the orders in force whose goods a receipt brings, whatever version it names; those closed wait for nothing
WAITING_SQL = """
SELECT DISTINCT o.id, s.org_unit_id, o.business_date FROM logistics_receipt_line rl
JOIN logistics_order_line x ON x.id = rl.order_line
JOIN logistics_order_line l ON coalesce(l.root_id, l.id) = coalesce(x.root_id, x.id)
JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted' JOIN logistics_store s ON s.id = o.store_id
WHERE rl.document_id = %s
  AND NOT EXISTS (SELECT FROM logistics_order_event e WHERE e.order_id = o.id AND e.kind = 'closed')
  AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
ORDER BY o.id
"""

RETURNED_SQL = """
SELECT i.material_class_id, l.amount, l.position FROM logistics_supplier_return_line l
JOIN logistics_item i ON i.id = l.item_id
WHERE l.document_id = %s AND EXISTS (SELECT FROM logistics_budget_entry e WHERE e.source = %s AND e.state = 'actual')
"""


def plan(document: Any, ctx: PostingContext) -> None:
    """An approved plan takes effect. Raises Conflict (``over_budget``)."""
    _reserve(document.pk, document.store.org_unit_id, document.business_date, ctx)


def order(document: Any, ctx: PostingContext) -> None:
    """An order takes effect: its plan lets go, the version before it too. Raises Conflict (``over_budget``)."""
    for pk, unit, day in sql.rows(PLANS_SQL, [document.pk]):
        _reserve(pk, unit, day, ctx, also=document.pk)
    if document.replaces_id is not None:
        before = f"{document.spec.kind}:{document.replaces_id}"
        services.release(source=before, on=ctx.on, actor=ctx.actor, by=ctx.source)
    _commit(document.pk, document.store.org_unit_id, document.business_date, ctx)


def unorder(document: Any, ctx: PostingContext) -> None:
    """An order is taken back before anything of it came: plan and version before it hold again, asked or not."""
    services.release(source=ctx.source, on=ctx.on, actor=ctx.actor)
    before = document.replaces
    if before is not None:
        _commit(before.pk, before.store.org_unit_id, before.business_date, ctx, checked=False)
    for pk, unit, day in sql.rows(PLANS_SQL, [document.pk]):
        _reserve(pk, unit, day, ctx, but=document.pk, checked=False)


def _received(document: Any, ctx: PostingContext) -> None:
    """Goods of an order came: what is on its way is less by them."""
    if document.spec.kind == "logistics.stock_receipt":
        for pk, unit, day in sql.rows(WAITING_SQL, [document.pk]):
            _commit(pk, unit, day, ctx, receipt=document.pk, sign=1)


def _unreceived(document: Any, ctx: PostingContext) -> None:
    for pk, unit, day in sql.rows(WAITING_SQL, [document.pk]):
        _commit(pk, unit, day, ctx, receipt=document.pk, sign=-1, checked=False)


def _returned(document: Any, ctx: PostingContext) -> None:
    """What went back to the supplier is not spent any more."""
    receipt = document.receipt
    wants = [
        Want(receipt.org_unit_id, group, amount, position=position)
        for group, amount, position in sql.rows(RETURNED_SQL, [document.pk, receipt.source])
    ]
    if not wants:
        return
    services.take_back(
        wants, source=receipt.source, day=receipt.business_date, by=ctx.source, on=ctx.on, actor=ctx.actor, basis=PURCHASE
    )  # fmt: skip


def _unreturned(document: Any, ctx: PostingContext) -> None:
    services.undo(by=ctx.source, on=ctx.on, actor=ctx.actor)


def _reserve(
    pk: int, unit: int, day: Any, ctx: PostingContext, *, but: int = 0, also: int = 0, checked: bool = True
) -> None:
    wants = [
        Want(unit, group, amount, position=position)
        for group, amount, position in sql.rows(UNORDERED_SQL, [pk, but, also])
    ]
    services.hold(
        BudgetEntry.State.RESERVED, wants, source=f"logistics.purchase_plan:{pk}", day=day, on=ctx.on, actor=ctx.actor,
        basis=PURCHASE, by=ctx.source, checked=checked,
    )  # fmt: skip


def _commit(
    pk: int,
    unit: int,
    day: Any,
    ctx: PostingContext,
    *,
    receipt: int = 0,
    sign: int = 1,
    checked: bool = True,
) -> None:
    wants = [
        Want(unit, group, amount, position=position)
        for group, amount, position in sql.rows(TO_COME_SQL, [sign, receipt, pk])
    ]
    services.hold(
        BudgetEntry.State.COMMITTED, wants, source=f"logistics.purchase_order:{pk}", day=day, on=ctx.on, actor=ctx.actor,
        basis=PURCHASE, by=ctx.source, checked=checked,
    )  # fmt: skip


def register() -> None:
    services.predecessors.register("purchase_order", _received)
    gates.register(gates.Gate("order-budget", gates.Moment.RECEIPT, mirror=_unreceived))
    gates.register(
        gates.Gate("order-budget", gates.Moment.SUPPLIER_RETURN, apply=_returned, mirror=_unreturned)
    )
