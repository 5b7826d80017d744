"""Putting durables in use, and everything that changes what is in use (五五摊销).

An issue of a durable expenses its first share; the rest moves to 在用低值易耗品 (1302.09) and is expensed when the thing
is scrapped. With a first share of 1 nothing is carried, and the register still knows what a department has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.logistics import gates
from hrp.logistics.models import Item
from hrp.logistics.requesting import parameters
from hrp.logistics.requesting.models import DurableInUse, DurableUse
from hrp.logistics.rules.amortisation import InUse, put_in_use
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory
from hrp.platform.org.parameters import value

IN_USE_ACCOUNT = "1302.09"

ISSUED_SQL = """
SELECT l.position, l.item_id, l.quantity, l.amount,
       CASE WHEN %s THEN a.code ELSE e.code END, f.code
FROM logistics_issue_line l JOIN logistics_issue d ON d.id = l.document_id JOIN ledger_fund f ON f.id = d.fund_id
JOIN logistics_item i ON i.id = l.item_id AND i.kind = %s JOIN logistics_class c ON c.id = i.material_class_id
JOIN ledger_account e ON e.id = c.expense_account_id JOIN ledger_account a ON a.id = c.admin_expense_account_id
WHERE l.document_id = %s ORDER BY l.position
"""

LOCK_SQL = """
SELECT id, quantity, cost, expensed FROM logistics_durable WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""

CHANGE_SQL = """
UPDATE logistics_durable d SET quantity = d.quantity + c.quantity, cost = d.cost + c.cost, expensed = d.expensed + c.expensed
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[]) AS c(id, quantity, cost, expensed)
WHERE d.id = c.id AND d.quantity + c.quantity >= 0 AND d.cost + c.cost >= 0 AND d.expensed + c.expensed >= 0
  AND d.cost + c.cost >= d.expensed + c.expensed AND (d.quantity + c.quantity > 0 OR d.cost + c.cost = 0)
"""


@dataclass(frozen=True)
class Change:
    """A signed change of one thing in use by one line of a document."""

    durable_id: int
    position: int
    quantity: Decimal
    cost: Decimal
    expensed: Decimal
    reverses_id: int | None = None


def bears_administration(org_unit_id: int, on: Any) -> bool:
    unit = org.category_map(on).get(org_unit_id)
    return unit is not None and unit.category == UnitCategory.ADMIN


def lock(ids: Sequence[int]) -> dict[int, InUse]:
    """What is in use, by id, locked in order."""
    return {pk: InUse(*held) for pk, *held in sql.rows(LOCK_SQL, [sorted(set(ids))])}


def write(changes: Sequence[Change], *, source: str, on: Any) -> None:
    """Record changes and bring the register along. Raises Conflict when what is taken is not in use any more."""
    if not changes:
        return
    DurableUse.objects.bulk_create(
        DurableUse(
            durable_id=c.durable_id, source=source, line_position=c.position, quantity=c.quantity, cost=c.cost,
            expensed=c.expensed, date=on, reverses_id=c.reverses_id,
        )
        for c in changes
    )  # fmt: skip
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for c in changes:
        held = sums[c.durable_id]
        sums[c.durable_id] = [held[0] + c.quantity, held[1] + c.cost, held[2] + c.expensed]
    ids = sorted(sums)
    changed = sql.run(CHANGE_SQL, [ids, *([sums[i][n] for i in ids] for n in range(3))])
    if changed != len(ids):
        raise Conflict(
            "在用品已退回或报废，数量不足",
            code="not_in_use",
            way_out="请查看在用低值易耗品，先红冲其后的退库或报废。",
        )


def undo(*, source: str, on: Any) -> None:
    """Mirror every change a document made."""
    made = DurableUse.objects.filter(source=source, reverses=None).order_by("durable_id", "pk")
    changes = [Change(u.durable_id, u.line_position, -u.quantity, -u.cost, -u.expensed, u.pk) for u in made]
    lock([c.durable_id for c in changes])
    write(changes, source=source, on=on)


def issued(document: Any, ctx: PostingContext) -> list[EntryDraft]:
    """What an issue puts in use, and the part of its cost that is not expensed yet."""
    administrative = bears_administration(document.org_unit_id, ctx.on)
    found = sql.rows(ISSUED_SQL, [administrative, Item.Kind.DURABLE, document.pk])
    if not found:
        return []
    share = value(parameters.FIRST_SHARE, ctx.on)
    carried: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for position, item, quantity, amount, account, fund in found:
        held = put_in_use(quantity, amount, first_share=share)
        row, _ = DurableInUse.objects.get_or_create(
            source=ctx.source, line_position=position,
            defaults={
                "org_unit_id": document.org_unit_id, "item_id": item, "fund_id": document.fund_id, "since": ctx.on,
                "quantity": 0, "cost": 0, "expensed": 0,
            },
        )  # fmt: skip
        write(
            [Change(row.pk, position, held.quantity, held.cost, held.expensed)], source=ctx.source, on=ctx.on
        )
        carried[account, fund] += held.carried
    lines = [
        line
        for (account, fund), amount in sorted(carried.items())
        if amount
        for line in (
            LineDraft(account=IN_USE_ACCOUNT, amount=amount, org_unit_id=document.org_unit_id, fund=fund),
            LineDraft(account=account, amount=-amount, org_unit_id=document.org_unit_id, fund=fund),
        )
    ]
    return [EntryDraft(document.business_date, "低值易耗品待摊销", lines)] if lines else []


def taken_back(document: Any, ctx: PostingContext) -> None:
    undo(source=ctx.source, on=ctx.on)


def register() -> None:
    gates.register(
        gates.Gate(
            "durables",
            gates.Moment.ISSUE,
            apply=issued,
            mirror=taken_back,
            kinds=frozenset({Item.Kind.DURABLE}),
        )
    )
