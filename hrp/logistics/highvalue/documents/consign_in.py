"""寄售入库单: a supplier's goods enter our cabinet, piece by piece. A memo only: nothing is owed, nothing is in 1302.

Also for goods brought for one operation (跟台) and for loaner sets: they are then kept for that visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.pieces import events, labels, memo
from hrp.logistics.highvalue.pieces.labels import Code, Piece
from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.rules.valuation import line_amount
from hrp.logistics.subledger.writing import Lot, batch_ids
from hrp.platform.base.fields import QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext


class ConsignIn(Document):
    """Header: which cabinet, whose goods, how they came. ``org_unit`` keeps the cabinet."""

    class Mode(models.TextChoices):
        CONSIGN = "consign", "寄售备货"
        CARRIED = "carried", "跟台"
        LOANER = "loaner", "租借器械包"

    spec = DocumentSpec(
        kind="logistics.consign_in",
        title="寄售入库单",
        prefix="JR",
        header_fields=("store", "supplier", "mode", "delivery_note", "visit_no", "tray"),
        line_fields=("item", "lot", "produced", "expiry", "sterile_expiry", "quantity", "price", "udi"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="寄售柜")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    mode = models.CharField("方式", max_length=10, choices=Mode.choices, default=Mode.CONSIGN)
    delivery_note = models.CharField("送货单号", max_length=40, blank=True)
    visit_no = models.CharField("就诊号（跟台）", max_length=40, blank=True)
    tray = models.CharField("器械包号", max_length=40, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "寄售入库单"
        db_table = "logistics_consign_in"

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            if line.expiry is None:
                line.expiry = NO_EXPIRY
        self.total = sum(
            (
                line_amount(line.quantity, line.price)
                for line in lines
                if None not in (line.quantity, line.price)
            ),
            Decimal(0),
        )

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = [
            p for place, line in enumerate(lines) for p in self._line(place, line, items[line.item_id])
        ]
        if self.store.kind != Store.Kind.CONSIGNMENT:
            problems.append(Problem(f"{self.store} 不是寄售柜", field="store"))
        elif self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.mode != self.Mode.CONSIGN and not self.visit_no.strip():
            problems.append(Problem("跟台与租借须写明为哪位患者（就诊号）", field="visit_no"))
        problems += gates.problems(gates.Moment.RECEIPT, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"寄售入库单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _line(self, place: int, line: Any, item: Item) -> list[Problem]:
        found = []
        if not item.is_active:
            found.append(Problem(f"{item} {item.get_status_display()}，不能寄售", field="item", line=place))
        if item.trace_mode != Item.Trace.UNIT:
            found.append(Problem(f"{item} 不是一物一码，不能寄售", field="item", line=place))
        if line.quantity <= 0 or line.quantity != int(line.quantity):
            found.append(Problem("数量须为正整数", field="quantity", line=place))
        if line.price is None or line.price <= 0:
            found.append(Problem("请填写协议价", field="price", line=place))
        if item.lot_required and not line.lot:
            found.append(Problem(f"{item} 管理批号，请填写批号", field="lot", line=place))
        if item.expiry_required and line.expiry == NO_EXPIRY:
            found.append(Problem(f"{item} 管理效期，请填写有效期", field="expiry", line=place))
        elif line.expiry < self.business_date:
            found.append(Problem(f"已于 {line.expiry} 过期，不能入柜", field="expiry", line=place))
        if line.udi.strip():
            if line.quantity != 1:
                found.append(Problem("写了唯一码的一行只能是 1 个", field="quantity", line=place))
            try:
                labels.code_of(line.udi, item)
            except Invalid as refusal:
                found.append(Problem(refusal.reason, field="udi", line=place))
        return found

    def apply(self, ctx: PostingContext) -> None:
        lines = list(
            ConsignInLine.objects.filter(document_id=self.pk).select_related("item").order_by("position")
        )
        lots = [
            Lot(x.item_id, x.lot, x.expiry or NO_EXPIRY, self.supplier_id, x.produced, x.sterile_expiry)
            for x in lines
        ]
        batches = batch_ids(lots)
        pieces = [
            Piece(
                x.item_id, batches[lot.key], x.position,
                labels.code_of(x.udi, x.item) if x.udi.strip() else Code(), x.price,
            )
            for x, lot in zip(lines, lots, strict=True)
            for _ in range(int(x.quantity))
        ]  # fmt: skip
        units = labels.register(
            pieces, owner=TraceUnit.Owner.SUPPLIER, mode=self.mode, source=ctx.source, tray=self.tray,
            visit_no="" if self.mode == self.Mode.CONSIGN else self.visit_no.strip(),
        )  # fmt: skip
        steps = [
            events.Step(unit.pk, rules.State.IN_CONSIGN, self.store_id, unit.line_position) for unit in units
        ]
        events.record("consign", steps, source=ctx.source, actor=ctx.actor)
        for unit in units:
            unit.store_id = self.store_id
        memo.write(units, 1, kind="consign_in", source=ctx.source, on=ctx.on)

    def mirror(self, ctx: PostingContext) -> None:
        events.undo(source=ctx.source, actor=ctx.actor)
        memo.mirror(source=ctx.source, on=ctx.on)


class ConsignInLine(DocumentLine):
    """Pieces of one batch at one agreed price, or one piece with its own code."""

    document = models.ForeignKey(ConsignIn, models.CASCADE, related_name="lines", verbose_name="寄售入库单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    produced = models.DateField("生产日期", null=True, blank=True)
    expiry = models.DateField("有效期至", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    quantity = QuantityField("数量")
    price = UnitPriceField("协议价")
    udi = models.CharField("唯一码（扫 UDI）", max_length=200, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "寄售入库明细"
        db_table = "logistics_consign_in_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_consign_in_line_position"
            ),
            not_negative("quantity", name="logistics_consign_in_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
