"""调拨收货单 (transfer receipt): the other store confirms what arrived; it enters at the amount it left with.

What is short stays on its way until it arrives later, the transfer is sent back, or the loss is written off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import subledger
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.models import Batch, Item
from hrp.logistics.rules.valuation import value_out
from hrp.logistics.subledger.transit import OnTheWay, open_of, transit_store
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext

AMOUNTS_SQL = """
UPDATE logistics_transfer_receipt_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


class TransferReceipt(Document):
    """Header of what arrived of one transfer; ``org_unit`` keeps the store it arrives in."""

    spec = DocumentSpec(
        kind="logistics.transfer_receipt",
        title="调拨收货单",
        prefix="DS",
        header_fields=("transfer", "receiver"),
        line_fields=("transfer_position", "item", "batch", "quantity"),
    )

    transfer = models.ForeignKey(
        StockTransfer, models.PROTECT, related_name="receipts", verbose_name="调拨单"
    )
    receiver = models.CharField("收货人", max_length=50, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "调拨收货单"
        db_table = "logistics_transfer_receipt"

    def validate(self, lines: Sequence[Any]) -> None:
        problems = [
            Problem("数量必须大于零", field="quantity", line=place)
            for place, line in enumerate(lines)
            if line.quantity <= 0
        ]
        if self.transfer.state != State.POSTED:
            problems.append(Problem("调拨单尚未过账或已红冲", field="transfer"))
        if self.transfer.to_store.org_unit_id != self.org_unit_id:
            to = self.transfer.to_store
            problems.append(Problem(f"{to} 由{to.org_unit}管理", field="org_unit"))
        if problems:
            raise Invalid(
                f"收货单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        """Out of 在途 and into the store, at the share of what is left of the dispatch."""
        sql.row("SELECT id FROM logistics_transfer WHERE id = %s FOR UPDATE", [self.transfer_id])
        lines = list(self.lines.order_by("position"))
        way = {(o.position, o.batch_id): o for o in open_of(self.transfer_id, self.transfer.source)}
        amounts, arriving, problems = {}, [], []
        for line in lines:
            key = line.transfer_position, line.batch_id
            left = way.get(key)
            if left is None or left.quantity < line.quantity:
                there = left.quantity if left else Decimal(0)
                problems.append(
                    Problem(
                        f"在途只有 {there.normalize():f}，不能收 {line.quantity.normalize():f}",
                        field="quantity",
                        line=line.position - 1,
                    )
                )
                continue
            amount = value_out(left.quantity, left.amount, line.quantity)
            way[key] = OnTheWay(
                *key[:1], left.item_id, left.batch_id, left.quantity - line.quantity, left.amount - amount
            )
            amounts[line.position] = amount
            arriving.append(
                subledger.Move(line.transfer_position, line.item_id, line.batch_id, line.quantity, amount)
            )
        if problems:
            raise Conflict(
                "收货数量超过在途数量", problems=problems, code="more_than_sent",
                way_out="请按实际发出的数量收货；多收的请由调出方补一张调拨单。",
            )  # fmt: skip
        leaving = [
            subledger.Move(m.position, m.item_id, m.batch_id, -m.quantity, -m.amount) for m in arriving
        ]
        transit, store = transit_store(self.transfer.store.campus_id), self.transfer.to_store_id
        subledger.expect(store, [(m.item_id, m.batch_id) for m in arriving])
        subledger.hold({transit: [m.item_id for m in leaving]})
        subledger.write(leaving, store_id=transit, kind="transfer_arrival", ctx=ctx)
        subledger.write(_merged(arriving), store_id=store, kind="transfer_in", ctx=ctx)
        self.total = sum(amounts.values(), Decimal(0))
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])

    def mirror(self, ctx: PostingContext) -> None:
        sql.row("SELECT id FROM logistics_transfer WHERE id = %s FOR UPDATE", [self.transfer_id])
        subledger.mirror(kind="transfer_receipt_reversal", ctx=ctx)


def _merged(moves: Sequence[subledger.Move]) -> list[subledger.Move]:
    """One move per line and batch."""
    sums: dict[tuple[int, int, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for m in moves:
        sums[m.position, m.item_id, m.batch_id][0] += m.quantity
        sums[m.position, m.item_id, m.batch_id][1] += m.amount
    return [subledger.Move(*key, quantity, amount) for key, (quantity, amount) in sorted(sums.items())]


class TransferReceiptLine(DocumentLine):
    """One batch that arrived; ``transfer_position`` is the line of the transfer it was sent by."""

    document = models.ForeignKey(
        TransferReceipt, models.CASCADE, related_name="lines", verbose_name="调拨收货单"
    )
    transfer_position = models.PositiveSmallIntegerField("调拨单行")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    quantity = QuantityField("实收数量")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "调拨收货明细"
        db_table = "logistics_transfer_receipt_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_transfer_receipt_line_position"
            ),
            not_negative("quantity", name="logistics_transfer_receipt_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
