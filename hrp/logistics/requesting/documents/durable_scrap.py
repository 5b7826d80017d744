"""在用品报废单 (durable_scrap): durables in use come to their end; what of their cost is still carried becomes expense."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics.requesting.documents import durables
from hrp.logistics.requesting.documents.department_return import ACCOUNTS_SQL
from hrp.logistics.requesting.models import DurableInUse
from hrp.logistics.rules import amortisation
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

AMOUNTS_SQL = """
UPDATE logistics_durable_scrap_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


class DurableScrap(Document):
    """Header of a scrapping; ``org_unit`` is the department that had the things in use and bears the rest of their cost."""

    spec = DocumentSpec(
        kind="logistics.durable_scrap",
        title="在用品报废单",
        prefix="ZF",
        header_fields=("reason",),
        line_fields=("durable", "quantity"),
    )

    reason = models.CharField("报废原因", max_length=100)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "在用品报废单"
        db_table = "logistics_durable_scrap"

    def validate(self, lines: Sequence[Any]) -> None:
        rows = DurableInUse.objects.select_related("org_unit").in_bulk({line.durable_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if rows[line.durable_id].org_unit_id != self.org_unit_id:
                unit = rows[line.durable_id].org_unit
                problems.append(Problem(f"在{unit}使用，不是本科室的", field="durable", line=place))
        if problems:
            raise Invalid(
                f"报废单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> dict[tuple[str, str], Decimal]:
        """What is expensed now, per (expense account, fund)."""
        lines = list(self.lines.select_related("durable__fund").order_by("position"))
        held = durables.lock([x.durable_id for x in lines])
        administrative = durables.bears_administration(self.org_unit_id, ctx.on)
        accounts = {
            item: cost
            for item, _, cost in sql.rows(ACCOUNTS_SQL, [administrative, [x.durable.item_id for x in lines]])
        }
        booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        changes, amounts = [], {}
        for line in lines:
            before = held[line.durable_id]
            if line.quantity > before.quantity:
                raise Conflict(
                    "报废数量超过在用数量", code="not_in_use", way_out="请查看在用低值易耗品。",
                    problems=[Problem(f"在用 {before.quantity.normalize():f}", field="quantity", line=line.position - 1)],
                )  # fmt: skip
            after, expense = amortisation.scrap(before, line.quantity)
            held[line.durable_id] = after
            amounts[line.position] = expense
            booked[accounts[line.durable.item_id], line.durable.fund.code] += expense
            changes.append(
                durables.Change(
                    line.durable_id,
                    line.position,
                    -line.quantity,
                    after.cost - before.cost,
                    after.expensed - before.expensed,
                )
            )
        durables.write(changes, source=ctx.source, on=ctx.on)
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])
        self.total = sum(amounts.values(), Decimal(0))
        return dict(booked)

    def entries(self, facts: dict[tuple[str, str], Decimal]) -> list[EntryDraft]:
        lines = [
            line
            for (account, fund), amount in sorted(facts.items())
            if amount
            for line in (
                LineDraft(account=account, amount=amount, org_unit_id=self.org_unit_id, fund=fund),
                LineDraft(account=durables.IN_USE_ACCOUNT, amount=-amount, fund=fund),
            )
        ]
        return [EntryDraft(self.business_date, "低值易耗品报废摊销", lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        durables.undo(source=ctx.source, on=ctx.on)


class DurableScrapLine(DocumentLine):
    """Pieces of one thing in use; ``amount`` is what of their cost is expensed now."""

    document = models.ForeignKey(
        DurableScrap, models.CASCADE, related_name="lines", verbose_name="在用品报废单"
    )
    durable = models.ForeignKey(DurableInUse, models.PROTECT, related_name="+", verbose_name="在用品")
    quantity = QuantityField("报废数量")
    amount = MoneyField("本次摊销", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "在用品报废明细"
        db_table = "logistics_durable_scrap_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_durable_scrap_line_position"
            ),
            not_negative("quantity", name="logistics_durable_scrap_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.durable}"
