"""送货单 (delivery note, ASN): what a supplier says is on its way, with lots, expiries and unit codes.

Created by the supplier through the portal, or typed by a buyer from its paper. Posted means shipped; arrived is what an
inspection of it makes of it. It moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrderLine, received, require_open
from hrp.platform.base import sql
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext


class DeliveryNote(Document):
    """Header of a delivery note; ``org_unit`` keeps the store it goes to."""

    spec = DocumentSpec(
        kind="logistics.delivery_note",
        title="送货单",
        prefix="SH",
        header_fields=("supplier", "store", "note_number", "carrier", "expected_on"),
        line_fields=(
            "order_line",
            "item",
            "lot",
            "produced",
            "expiry",
            "sterile_expiry",
            "quantity",
            "unit_codes",
        ),
    )

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="收货库房")
    note_number = models.CharField("供应商送货单号", max_length=40)
    carrier = models.CharField("承运", max_length=60, blank=True)
    expected_on = models.DateField("预计到货")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "送货单"
        db_table = "logistics_delivery_note"
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "note_number"],
                condition=~models.Q(state__in=["void", "reversed"]),
                name="logistics_delivery_note_once",
            )
        ]

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        wanted = {line.order_line_id for line in lines} - {None}
        ordered = PurchaseOrderLine.objects.select_related("document").in_bulk(wanted)
        problems = []
        for place, line in enumerate(lines):
            item, of = items[line.item_id], ordered.get(line.order_line_id)
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if item.lot_required and not line.lot:
                problems.append(Problem(f"{item} 管理批号，请填写批号", field="lot", line=place))
            if item.expiry_required and line.expiry is None:
                problems.append(Problem(f"{item} 管理效期，请填写有效期", field="expiry", line=place))
            codes = line.codes
            if len(set(codes)) != len(codes):
                problems.append(Problem("唯一码有重复", field="unit_codes", line=place))
            if codes and Decimal(len(codes)) != line.quantity:
                said = f"有 {len(codes)} 个唯一码，数量是 {line.quantity.normalize():f}"
                problems.append(Problem(said, field="unit_codes", line=place))
            if of is not None:
                problems += _of_order(self, line, of, place)
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}不能收货", field="store"))
        again = DeliveryNote.objects.filter(supplier_id=self.supplier_id, note_number=self.note_number)
        if again.exclude(pk=self.pk).exclude(state__in=(State.VOID, State.REVERSED)).exists():
            problems.append(Problem("该供应商的这个送货单号已登记过", field="note_number"))
        if problems:
            raise Invalid(
                f"送货单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        """Shipped: what is announced of an order must still be wanted."""
        lines = list(self.lines.select_related("item", "order_line").order_by("position"))
        orders = sorted({line.order_line.document_id for line in lines if line.order_line})
        for order in orders:
            require_open(order, act="送货")
        left = open_quantities([line.order_line_id for line in lines if line.order_line_id])
        problems = []
        for line in lines:
            if line.order_line_id is None:
                continue
            most = left[line.order_line_id] * (100 + line.item.over_receive_percent) / 100
            if line.quantity > most:
                said = f"订单未收 {left[line.order_line_id].normalize():f}，送货 {line.quantity.normalize():f} 过多"
                problems.append(Problem(said, field="quantity", line=line.position - 1))
        if problems:
            raise Conflict(
                "送货数量超过订单未收数量", problems=problems, code="too_much_sent",
                way_out="请按订单数量送货；确需多送的，请先变更订单。",
            )  # fmt: skip

    def mirror(self, ctx: PostingContext) -> None:
        found = sql.rows(
            "SELECT coalesce(number, '草稿#' || id) FROM logistics_inspection WHERE delivery_note_id = %s"
            " AND state NOT IN ('void', 'reversed')",
            [self.pk],
        )
        if found:
            raise Conflict(
                f"{self} 已验收（{'、'.join(n for (n,) in found)}），不能红冲", code="inspected",
                way_out="请先作废或红冲验收单。",
            )  # fmt: skip


def _of_order(note: DeliveryNote, line: Any, of: PurchaseOrderLine, place: int) -> list[Problem]:
    if of.document.state != State.POSTED:
        return [Problem("订单尚未生效", field="order_line", line=place)]
    if of.document.supplier_id != note.supplier_id:
        return [Problem("订单属于其他供应商", field="order_line", line=place)]
    if of.document.store_id != note.store_id:
        return [Problem(f"订单应送 {of.document.store}", field="order_line", line=place)]
    if of.item_id != line.item_id:
        return [Problem("物资与订单行不符", field="item", line=place)]
    return []


def open_quantities(order_lines: Sequence[int]) -> dict[int, Decimal]:
    """What of order lines was not received yet, by line; never below zero."""
    lines = PurchaseOrderLine.objects.in_bulk(set(order_lines))
    got = received([line.root_id or line.pk for line in lines.values()])
    return {
        pk: max(line.quantity - got.get(line.root_id or pk, Decimal(0)), Decimal(0))
        for pk, line in lines.items()
    }


class DeliveryNoteLine(DocumentLine):
    """One batch on its way; ``unit_codes`` are the codes of single pieces, one a line."""

    document = models.ForeignKey(DeliveryNote, models.CASCADE, related_name="lines", verbose_name="送货单")
    order_line = models.ForeignKey(
        PurchaseOrderLine, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="订单行"
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    produced = models.DateField("生产日期", null=True, blank=True)
    expiry = models.DateField("有效期至", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    quantity = QuantityField("送货数量")
    unit_codes = models.TextField("唯一码", blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "送货明细"
        db_table = "logistics_delivery_note_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_delivery_note_line_position"
            ),
            not_negative("quantity", name="logistics_delivery_note_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"

    @property
    def codes(self) -> list[str]:
        return self.unit_codes.split()
