"""From a delivery to the store: an inspection of it, who signs, and the draft 入库单 of what was accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item, Store
from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.inspection import (
    Inspection,
    InspectionLine,
    InspectionReceipt,
    needed_signers,
    sign,
    signers,
    verdict_of,
)
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.selectors import progress, waiting
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund

EDIT = "logistics.inspection.edit"
EDITABLE = (State.DRAFT, State.RETURNED)

Row = dict[str, Any]


def announced(order: PurchaseOrder) -> DeliveryNote | None:
    """The oldest delivery note of an order nobody has inspected yet."""
    found = sql.row(
        "SELECT d.id FROM logistics_delivery_note d WHERE d.state = 'posted' AND EXISTS ("
        " SELECT FROM logistics_delivery_note_line n JOIN logistics_order_line x ON x.id = n.order_line_id"
        " WHERE n.document_id = d.id AND x.document_id = %s)"
        " AND NOT EXISTS (SELECT FROM logistics_inspection q WHERE q.delivery_note_id = d.id AND q.state NOT IN ('void', 'reversed'))"
        " ORDER BY d.id LIMIT 1",
        [order.pk],
    )
    return DeliveryNote.objects.select_related("supplier", "store").get(pk=found[0]) if found else None


def expected(order: PurchaseOrder, note: DeliveryNote | None) -> list[Row]:
    """Lines to inspect: what the delivery note says, or else what of the order has not come."""
    if note is not None:
        return [
            {
                "order_line": line.order_line_id, "item": line.item_id, "lot": line.lot, "produced": line.produced,
                "expiry": line.expiry, "sterile_expiry": line.sterile_expiry, "quantity": line.quantity,
                "price": line.order_line.price if line.order_line else None,
            }
            for line in note.lines.select_related("order_line").order_by("position")
        ]  # fmt: skip
    return [
        {
            "order_line": line.id, "item": line.item_id, "lot": "", "produced": None, "expiry": None,
            "sterile_expiry": None, "quantity": line.left, "price": line.price,
        }
        for line in progress.lines_of(order.pk) if line.left
    ]  # fmt: skip


def header_of(store: Store, **more: Any) -> Row:
    """What every inspection for a store begins with."""
    fund = Fund.objects.filter(code="F1").values_list("pk", flat=True).first()
    return {
        "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": clock.today(), "store": store.pk,
        "fund": fund, **more,
    }  # fmt: skip


@transaction.atomic
def inspect(
    *, actor: User, header: Mapping[str, Any], rows: Sequence[Row], finish: bool = False
) -> tuple[Inspection, list[StockReceipt]]:
    """Write an inspection down; with ``finish`` also submit, sign and post it, and draft what may be received.

    Where a second person must sign it stays approved until that person has.
    """
    document = services.save_draft(Inspection, actor=actor, header=header, lines=rows)
    if not finish:
        return document, []
    document = services.submit(document, actor=actor)
    if document.state != State.APPROVED:
        return document, []
    lines = _lines(document)
    if needed_signers(document, lines) > 1:
        put_signature(actor=actor, inspection=document)
        return document, []
    document = posting.post(document, actor=actor)
    return document, draft_receipts(actor=actor, inspection=document)


def _lines(document: Inspection) -> list[Any]:
    return list(
        InspectionLine.objects.filter(document_id=document.pk)
        .select_related("item", "order_line__document")
        .order_by("position")
    )


@transaction.atomic
def record_checks(
    *, actor: User, inspection: Inspection, results: Mapping[int, Mapping[str, Sequence[str]]],
    values: Mapping[int, Mapping[str, Any]],
) -> Inspection:  # fmt: skip
    """逐项验收: results by the position of the line, with what was accepted and why not more."""
    fresh = services.lock(inspection)
    scope.check_object(actor, EDIT, fresh)
    if fresh.state not in EDITABLE:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能改验收结果", code="wrong_state",
            way_out="请先撤回或由审核人驳回。",
        )  # fmt: skip
    lines = _lines(fresh)
    problems = []
    for line in lines:
        given = values.get(line.position, {})
        line.checks = checklist.completed(results.get(line.position, line.checks), terms.traits_of(line.item))
        line.accepted = given.get("accepted", line.accepted)
        line.reason = str(given.get("reason", line.reason))[:200]
        line.disposal = given.get("disposal", line.disposal)
        if line.accepted is not None and not 0 <= line.accepted <= line.quantity:
            problems.append(Problem("合格数量应在零与到货数量之间", field="accepted", line=line.position - 1))
        line.verdict = verdict_of(line, line.item)
    if problems:
        raise Conflict("有合格数量不对", problems=problems, way_out="请按到货数量修改。", code="bad_quantity")
    InspectionLine.objects.bulk_update(lines, ["checks", "accepted", "reason", "disposal", "verdict"])
    fresh.version += 1
    fresh.updated_at = clock.now()
    fresh.save(update_fields=["version", "updated_at"])
    services.log(fresh, "edit", actor=actor, summary=f"逐项验收 {fresh}")
    return fresh


@transaction.atomic
def put_signature(*, actor: User, inspection: Inspection) -> str:
    """签字: vouch for the record as it stands. Says how many have signed and how many must."""
    fresh = services.lock(inspection)
    scope.check_object(actor, "logistics.inspection.sign", fresh)
    if fresh.state not in (State.SUBMITTED, State.APPROVED):
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能签字", code="wrong_state", way_out="请先提交验收单。"
        )
    lines = _lines(fresh)
    sign(fresh, lines, actor)
    have, need = signers(fresh, lines), needed_signers(fresh, lines)
    audit.record(
        actor=actor,
        act="logistics.inspection.sign",
        target=fresh.source,
        summary=f"验收签字 {fresh}（{have}/{need}）",
    )
    return f"已签字，{have} 人已签，须 {need} 人" if have < need else "已签字，可以过账"


@transaction.atomic
def draft_receipts(*, actor: User, inspection: Inspection) -> list[StockReceipt]:
    """Drafts of what an inspection lets in: the accepted into the store, what is kept back into 不合格品."""
    scope.check_object(actor, EDIT, inspection)
    fresh = services.lock(inspection)
    if not waiting.is_receivable(fresh):
        raise Conflict(
            f"{fresh} 没有待入库的物资", code="nothing_to_receive", way_out="可能已生成入库单，请刷新页面。"
        )
    lines, made = _lines(fresh), []
    good = [_receipt_row(line, line.accepted) for line in lines if line.accepted]
    bad = [
        _receipt_row(line, line.quantity - line.accepted) for line in lines
        if line.accepted is not None and line.accepted < line.quantity and line.disposal == InspectionLine.Disposal.QUARANTINE
    ]  # fmt: skip
    if good:
        made.append(_draft(actor, fresh, fresh.store, good))
    if bad:
        made.append(_draft(actor, fresh, _quarantine(fresh.store), bad))
    for receipt in made:
        InspectionReceipt.objects.create(inspection=fresh, receipt=receipt.pk)
    return made


def _receipt_row(line: Any, quantity: Decimal) -> Row:
    return {
        "item": line.item_id, "lot": line.lot, "produced": line.produced, "expiry": line.expiry,
        "sterile_expiry": line.sterile_expiry, "quantity": quantity, "price": line.price or Decimal(0),
        "order_line": line.order_line_id,
    }  # fmt: skip


def _draft(actor: User, inspection: Inspection, store: Store, rows: Sequence[Row]) -> StockReceipt:
    note = inspection.delivery_note
    return services.save_draft(
        StockReceipt,
        actor=actor,
        header={
            "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": clock.today(), "store": store.pk,
            "supplier": inspection.supplier_id, "fund": inspection.fund_id, "invoice_number": inspection.invoice_number,
            "delivery_note": inspection.note_number or (note.note_number if note else ""),
            "note": f"验收单 {inspection.number}",
        },
        lines=rows,
    )  # fmt: skip


def _quarantine(store: Store) -> Store:
    found = (
        Store.objects.filter(kind=Store.Kind.QUARANTINE, campus_id=store.campus_id, is_active=True)
        .order_by("code")
        .first()
    )
    if found is None:
        raise Conflict(
            "本院区没有“不合格品”库，不能移入", code="no_quarantine_store",
            way_out="请在 基础资料 → 库房 中建立级别为“不合格品”的库房，或改为拒收。",
        )  # fmt: skip
    return found


def judged_rows(rows: Sequence[Row], failing: Mapping[int, Mapping[str, str]]) -> list[Row]:
    """Rows with every applying check passed but those named in ``failing`` (by place), as one person declares it."""
    items = Item.objects.in_bulk({row["item"] for row in rows})
    return [
        {**row, "checks": checklist.all_passed(terms.traits_of(items[row["item"]]), failing.get(place))}
        for place, row in enumerate(rows)
    ]
