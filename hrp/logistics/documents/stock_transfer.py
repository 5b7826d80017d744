"""调拨单 (stock transfer): goods leave one store for another and are on their way until the other receives them.

They stay inventory at the very amount they left with (case STK-18), so nothing is booked. What was dispatched and never
received stays in the store 在途 as a claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.models import Item, Store
from hrp.logistics.subledger.shortages import shortage
from hrp.logistics.subledger.transit import transit_store
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

AMOUNTS_SQL = """
UPDATE logistics_transfer_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


class StockTransfer(Document):
    """Header of a transfer; ``org_unit`` keeps the store the goods leave."""

    spec = DocumentSpec(
        kind="logistics.stock_transfer",
        title="调拨单",
        prefix="DB",
        header_fields=("store", "to_store"),
        line_fields=("item", "lot", "quantity"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="调出库房")
    to_store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="调入库房")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "调拨单"
        db_table = "logistics_transfer"

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = [
            Problem("数量必须大于零", field="quantity", line=place)
            for place, line in enumerate(lines)
            if line.quantity <= 0
        ]
        problems += [
            Problem(
                f"{items[line.item_id]} {items[line.item_id].get_status_display()}，不能调拨",
                field="item",
                line=place,
            )
            for place, line in enumerate(lines)
            if not items[line.item_id].is_active
        ]
        problems += self._stores()
        problems += gates.problems(gates.Moment.TRANSFER, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"调拨单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _stores(self) -> list[Problem]:
        problems = []
        if self.store_id == self.to_store_id:
            problems.append(Problem("调出与调入是同一个库房", field="to_store"))
        for name in ("store", "to_store"):
            store = getattr(self, name)
            if store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
                problems.append(Problem(f"{store.get_kind_display()}不能调拨", field=name))
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        return problems

    def apply(self, ctx: PostingContext) -> None:
        """Out of the store and into 在途, batch by batch at the same amount."""
        lines = self.lines.order_by("position")
        wants = [subledger.Want(line.position, line.item_id, line.quantity, line.lot) for line in lines]
        to_bad = self.to_store.kind == Store.Kind.QUARANTINE
        gates.prepared(gates.Moment.TRANSFER, self, ctx)
        taken = subledger.take(
            self._batches(wants) if to_bad else wants, store_id=self.store_id, on=ctx.on, source=ctx.source,
            least_days=self.to_store.least_life_days, as_is=to_bad,
        )  # fmt: skip
        if taken.short:
            raise shortage(taken.short, store=str(self.store), verb="调出")
        subledger.write(
            taken.moves, store_id=self.store_id, kind="transfer_out", ctx=ctx, methods=taken.methods
        )
        arriving = [
            subledger.Move(m.position, m.item_id, m.batch_id, -m.quantity, -m.amount) for m in taken.moves
        ]
        subledger.write(
            arriving, store_id=transit_store(self.store.campus_id), kind="transfer_dispatch", ctx=ctx,
            methods=taken.methods,
        )  # fmt: skip
        gates.applied(gates.Moment.TRANSFER, self, ctx)
        self.total = sum(taken.amounts.values(), Decimal(0))
        sql.run(AMOUNTS_SQL, [list(taken.amounts), list(taken.amounts.values()), self.pk])

    def _batches(self, wants: Sequence[subledger.Want]) -> list[subledger.Want]:
        """Into 不合格品 goes what nobody may use any more, so each line names the lot it means."""
        found = sql.rows(
            "SELECT b.item_id, t.lot, min(b.batch_id) FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id"
            " WHERE b.store_id = %s AND b.item_id = ANY(%s) AND b.quantity > 0 GROUP BY 1, 2",
            [self.store_id, [w.item_id for w in wants]],
        )
        batch = {(item, lot): pk for item, lot, pk in found}
        problems = [
            Problem("移入不合格品须写明批号，且该批次在库", field="lot", line=w.position - 1)
            for w in wants
            if (w.item_id, w.lot) not in batch
        ]
        if problems:
            raise Conflict(
                "有批次未写明或不在库", problems=problems, way_out="请填写批号。", code="lot_needed"
            )
        return [
            subledger.Want(w.position, w.item_id, w.quantity, w.lot, batch[w.item_id, w.lot]) for w in wants
        ]

    def mirror(self, ctx: PostingContext) -> None:
        received = self.receipts.filter(state="posted").order_by("number").values_list("number", flat=True)
        if received:
            raise Conflict(
                f"{self} 已由 {'、'.join(map(str, received))} 收货，不能红冲", code="received",
                way_out="请先红冲收货单，或由调入方另制调拨单调回。",
            )  # fmt: skip
        gates.held(gates.Moment.TRANSFER, self, ctx)
        subledger.lock_moved(ctx.source)
        gates.mirrored(gates.Moment.TRANSFER, self, ctx)
        subledger.mirror(kind="transfer_reversal", ctx=ctx)


class StockTransferLine(DocumentLine):
    """One item wanted; ``amount`` is what its batches carry along, known at posting."""

    document = models.ForeignKey(StockTransfer, models.CASCADE, related_name="lines", verbose_name="调拨单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("指定批号", max_length=40, blank=True)
    quantity = QuantityField("数量")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "调拨明细"
        db_table = "logistics_transfer_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_transfer_line_position"),
            not_negative("quantity", name="logistics_transfer_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
