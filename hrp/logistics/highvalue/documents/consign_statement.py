"""寄售对账单: what a supplier says lies in our cabinets, held against the memo ledger; a difference is explained (LOG-I11)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics.models import Batch, Item, Supplier
from hrp.platform.base import sql
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

HELD_SQL = """
SELECT m.batch_id, sum(m.quantity) FROM logistics_consign_move m JOIN logistics_batch t ON t.id = m.batch_id
WHERE t.supplier_id = %s AND m.date <= %s GROUP BY 1 HAVING sum(m.quantity) <> 0
"""

OURS_SQL = """
UPDATE logistics_consign_statement_line l SET ours = a.ours
FROM unnest(%s::int[], %s::numeric[]) AS a(position, ours) WHERE l.document_id = %s AND l.position = a.position
"""


def held(supplier_id: int, on: Any) -> dict[int, Decimal]:
    """Pieces of a supplier in our cabinets at the end of a day, by batch."""
    return dict(sql.rows(HELD_SQL, [supplier_id, on]))


class ConsignStatement(Document):
    """Header: the supplier; ``business_date`` is the day stated. ``org_unit`` is who reconciles."""

    spec = DocumentSpec(
        kind="logistics.consign_statement",
        title="寄售对账单",
        prefix="JD",
        header_fields=("supplier", "statement_no"),
        line_fields=("item", "batch", "stated", "explanation"),
    )

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    statement_no = models.CharField("供应商对账单号", max_length=40, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "寄售对账单"
        db_table = "logistics_consign_statement"

    def compute(self, lines: Sequence[Any]) -> None:
        there = held(self.supplier_id, self.business_date)
        for line in lines:
            line.ours = there.get(line.batch_id, Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        batches = Batch.objects.in_bulk({line.batch_id for line in lines})
        problems, seen = [], set()
        for place, line in enumerate(lines):
            batch = batches[line.batch_id]
            if batch.supplier_id != self.supplier_id or batch.item_id != line.item_id:
                problems.append(Problem("该批次不是这家供应商的这种物资", field="batch", line=place))
            if batch.pk in seen:
                problems.append(Problem("该批次写了两次", field="batch", line=place))
            seen.add(batch.pk)
            if line.stated < 0 or line.stated != int(line.stated):
                problems.append(Problem("数量须为整数", field="stated", line=place))
        if problems:
            raise Invalid(
                f"寄售对账单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        there = held(self.supplier_id, self.business_date)
        lines = list(self.lines.select_related("batch").order_by("position"))
        missing = set(there) - {line.batch_id for line in lines}
        problems = [
            Problem(
                f"批号 {line.batch.lot} 对方 {line.stated.normalize():f}，我方 {there.get(line.batch_id, Decimal(0)).normalize():f}，请说明差异",
                field="explanation", line=line.position - 1,
            )
            for line in lines
            if line.stated != there.get(line.batch_id, Decimal(0)) and not line.explanation.strip()
        ]  # fmt: skip
        problems += [
            Problem(f"对方未列而我方在柜：批号 {batch.lot}，{there[batch.pk].normalize():f}")
            for batch in Batch.objects.filter(pk__in=missing).order_by("pk")
        ]
        if problems:
            raise Conflict(
                "寄售对账不平",
                problems=problems,
                code="statement_differs",
                way_out="请核对实物；差异逐行写明原因，缺的批次补一行。",
            )
        sql.run(
            OURS_SQL,
            [[x.position for x in lines], [there.get(x.batch_id, Decimal(0)) for x in lines], self.pk],
        )


class ConsignStatementLine(DocumentLine):
    """One batch: what the supplier says, what we hold, and why they differ."""

    document = models.ForeignKey(
        ConsignStatement, models.CASCADE, related_name="lines", verbose_name="寄售对账单"
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    stated = QuantityField("供应商数量")
    ours = QuantityField("我方数量", default=0)
    explanation = models.CharField("差异说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "寄售对账明细"
        db_table = "logistics_consign_statement_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_consign_statement_line_position"
            ),
            not_negative("stated", name="logistics_consign_statement_line_stated"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
