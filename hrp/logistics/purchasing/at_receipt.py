"""The gate of purchasing at 入库: what was ordered, at its price, inspected, and with life enough left."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import Origin, StockReceipt, StockReceiptLine
from hrp.logistics.models import Item, Store
from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.purchase_order import received
from hrp.logistics.purchasing.models import Concession
from hrp.logistics.rules.expiry import NO_EXPIRY, enough_life, last_usable_day
from hrp.logistics.rules.matching import may_receive
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import PostingContext

ZERO = Decimal(0)

# The version of each ordered line that is in force, found by the line of any version.
CURRENT_SQL = """
SELECT a.id, coalesce(l.root_id, l.id), l.item_id, l.quantity, l.price, o.number, o.supplier_id,
       EXISTS (SELECT FROM logistics_order_event e WHERE e.order_id = o.id AND e.kind = 'closed')
FROM logistics_order_line a
JOIN logistics_order_line l ON coalesce(l.root_id, l.id) = coalesce(a.root_id, a.id)
JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
WHERE a.id = ANY(%s)
  AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
"""

LOCK_SQL = """
SELECT o.id FROM logistics_order o WHERE o.id IN (
    SELECT l.document_id FROM logistics_order_line a
    JOIN logistics_order_line l ON coalesce(l.root_id, l.id) = coalesce(a.root_id, a.id) WHERE a.id = ANY(%s))
ORDER BY o.id FOR UPDATE
"""

ACCEPTED_SQL = """
SELECT l.order_line_id, l.lot, CASE WHEN %s THEN l.quantity - l.accepted ELSE l.accepted END, l.disposal
FROM logistics_inspection_receipt m
JOIN logistics_inspection d ON d.id = m.inspection_id AND d.state = 'posted'
JOIN logistics_inspection_line l ON l.document_id = d.id
WHERE m.receipt = %s
"""


@dataclass(frozen=True)
class Ordered:
    """The line of the order in force that a receipt line names."""

    root: int
    item_id: int
    quantity: Decimal
    price: Decimal
    number: str
    supplier_id: int
    is_closed: bool


def ordered(order_lines: Sequence[int]) -> dict[int, Ordered]:
    """By the line a receipt names; absent when no version of it is in force."""
    return {pk: Ordered(*row) for pk, *row in sql.rows(CURRENT_SQL, [sorted(set(order_lines))])}


def on_order(order_lines: Sequence[int]) -> dict[int, gates.Ordered]:
    """What invoices are compared with."""
    return {pk: gates.Ordered(of.quantity, of.price, of.number) for pk, of in ordered(order_lines).items()}


def check(document: Document, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """What is wrong with the orders the lines name. Price, life and inspection may still be settled until posting."""
    if not isinstance(document, StockReceipt):  # consigned goods come without an order
        return []
    named = [line.order_line for line in lines if line.order_line is not None]
    if not named:
        return []
    found = ordered(named)
    problems = []
    for place, line in enumerate(lines):
        if line.order_line is not None:
            problems += _against_order(document, line, found.get(line.order_line), place)
    if not problems and document.store.kind != Store.Kind.QUARANTINE:
        problems += _over(lines, found)
    return problems


def _against_order(document: StockReceipt, line: Any, of: Ordered | None, place: int) -> list[Problem]:
    if of is None:
        return [Problem("订单尚未生效或已红冲", field="order_line", line=place)]
    if document.origin != Origin.PURCHASE:
        return [Problem("捐赠物资不对应订单", field="order_line", line=place)]
    if of.is_closed:
        return [Problem(f"订单 {of.number} 已关闭，不能再收货", field="order_line", line=place)]
    if of.supplier_id != document.supplier_id:
        return [Problem(f"订单 {of.number} 属于其他供应商", field="order_line", line=place)]
    if of.item_id != line.item_id:
        return [Problem(f"与订单 {of.number} 的物资不符", field="order_line", line=place)]
    return []


def _over(lines: Sequence[Any], found: dict[int, Ordered]) -> list[Problem]:
    """Not more than ordered and the item's allowance, over all receipts of the line."""
    got = received([of.root for of in found.values()])
    items = Item.objects.in_bulk({of.item_id for of in found.values()})
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    problems = []
    for place, line in enumerate(lines):
        of = found.get(line.order_line)
        if of is None:
            continue
        wanted[of.root] += line.quantity
        allowed = items[of.item_id].over_receive_percent
        before = got.get(of.root, ZERO)
        most = may_receive(ordered=of.quantity, received_before=before, over_percent=allowed)
        if wanted[of.root] > most:
            more = f"（含允许超收 {allowed.normalize():f}%）" if allowed else ""
            said = f"订单 {of.number} 订 {of.quantity.normalize():f}，已收 {before.normalize():f}，最多再收 {most.normalize():f}{more}"
            problems.append(Problem(said, field="quantity", line=place))
    return problems


def apply(document: StockReceipt, ctx: PostingContext) -> None:
    """The last word, under the locks of the orders."""
    if document.origin != Origin.PURCHASE:
        return
    lines = list(
        StockReceiptLine.objects.filter(document_id=document.pk).select_related("item").order_by("position")
    )
    named = [line.order_line for line in lines if line.order_line is not None]
    if named:
        sql.rows(LOCK_SQL, [named])
        problems = check(document, lines, ctx.on)
        if problems:
            raise Conflict(
                "与采购订单不符", problems=problems, code="not_as_ordered",
                way_out="请按订单修改数量；确需多收的，请采购员先变更订单。",
            )  # fmt: skip
        _require_inspected(document, lines, ctx.on)
    if document.store.kind != Store.Kind.QUARANTINE:
        _require_conceded(document, lines, ctx.on)


def _require_inspected(document: StockReceipt, lines: Sequence[Any], on: dt.date) -> None:
    bad = document.store.kind == Store.Kind.QUARANTINE
    accepted: dict[tuple[int | None, str], Decimal] = defaultdict(Decimal)
    rows = sql.rows(ACCEPTED_SQL, [bad, document.pk])
    for order_line, lot, quantity, disposal in rows:
        if not bad or disposal == "quarantine":
            accepted[order_line, lot] += quantity or ZERO
    problems = []
    for line in lines:
        if line.order_line is None:
            continue
        left = accepted.get((line.order_line, line.lot))
        if left is None and not rows and not terms.needs_inspection(line.item, on):
            continue
        if left is None:
            said = f"{line.item} {'批号 ' + line.lot if line.lot else ''} 没有验收记录"
            problems.append(Problem(said, field="lot", line=line.position - 1))
        elif line.quantity > left:
            said = (
                f"验收{'不' if bad else ''}合格 {left.normalize():f}，入库 {line.quantity.normalize():f} 过多"
            )
            problems.append(Problem(said, field="quantity", line=line.position - 1))
        else:
            accepted[line.order_line, line.lot] = left - line.quantity
    if problems:
        raise Conflict(
            "到货须先验收，且入库不多于合格数量", problems=problems, code="not_inspected",
            way_out="请在“到货验收单”中验收后，由验收单生成入库单。",
        )  # fmt: skip


# -- what needs a concession ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objection:
    """One rule that speaks against one line, and whether somebody let it in already."""

    kind: str
    line: Any
    words: str
    conceded: bool


def objections(document: StockReceipt, lines: Sequence[Any], on: dt.date) -> list[Objection]:
    """Too little life left, or a price other than ordered, line by line."""
    found = ordered([line.order_line for line in lines if line.order_line is not None])
    raised = []
    for line in lines:
        short = _short_life(line, on)
        if short:
            raised.append((Concession.Kind.LIFE, line, short))
        of = found.get(line.order_line) if line.order_line is not None else None
        if of is not None and of.price != line.price:
            said = f"订单 {of.number} 价 {_shown(of.price)}，入库价 {_shown(line.price)}"
            raised.append((Concession.Kind.PRICE, line, said))
    if not raised:
        return []
    let = _conceded(document.supplier_id, [line.item_id for _, line, _ in raised])
    return [Objection(kind, line, words, _key(kind, line) in let) for kind, line, words in raised]


def _short_life(line: Any, on: dt.date) -> str:
    least = terms.least_life(on)
    if not least or line.produced is None or line.expiry in (None, NO_EXPIRY) or line.produced >= line.expiry:
        return ""
    end = last_usable_day(line.expiry, sterile_expiry=line.sterile_expiry, mode=line.item.expiry_mode)
    if end > line.produced and enough_life(produced=line.produced, expiry=end, on=on, least=least):
        return ""
    whole, left = (end - line.produced).days, (end - on).days
    return f"有效期至 {end}，剩 {left} 天，不足全效期 {whole} 天的 {least}"


def _key(kind: str, line: Any) -> tuple[Any, ...]:
    if kind == Concession.Kind.LIFE:
        return kind, line.item_id, line.lot, line.expiry
    return kind, line.item_id, line.price


def _conceded(supplier_id: int, item_ids: Sequence[int]) -> set[tuple[Any, ...]]:
    found = Concession.objects.filter(supplier_id=supplier_id, item_id__in=item_ids)
    return {
        (row.kind, row.item_id, row.lot, row.expiry)
        if row.kind == Concession.Kind.LIFE
        else (row.kind, row.item_id, row.price)
        for row in found
    }


def _require_conceded(document: StockReceipt, lines: Sequence[Any], on: dt.date) -> None:
    problems = [
        Problem(
            f"{one.line.item} {one.words}",
            field="expiry" if one.kind == Concession.Kind.LIFE else "price",
            line=one.line.position - 1,
        )
        for one in objections(document, lines, on)
        if not one.conceded
    ]
    if problems:
        raise Conflict(
            f"有 {len(problems)} 处须特批后才能入库", problems=problems, code="needs_concession",
            way_out="请有特批权限的人员在 采购 → 到货特批 中放行，或退回供应商。",
        )  # fmt: skip


def _shown(price: Decimal) -> str:
    return f"{price.normalize():f}"


def mirror(document: StockReceipt, ctx: PostingContext) -> None:
    """What has gone back to the supplier is not taken out a second time."""
    numbers = sql.rows(
        "SELECT number FROM logistics_supplier_return WHERE receipt_id = %s AND state = 'posted' ORDER BY id",
        [document.pk],
    )
    if numbers:
        raise Conflict(
            f"{document} 已退货（{'、'.join(n for (n,) in numbers)}），不能红冲", code="returned",
            way_out="请先红冲退货单。",
        )  # fmt: skip


GATE = gates.Gate("purchasing", gates.Moment.RECEIPT, check=check, apply=apply, mirror=mirror)
