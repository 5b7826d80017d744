"""成本调整单 (cost adjustment): value without quantity. Freight, discounts and rebates of goods received, averages trued up.

A line names either a receipt line (the amount is split over what is on hand and who used the rest), or an item in a store:
with a department the amount moves from stock to its expense (负数 the other way), without one it changes the stock itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.documents.stock_receipt import PAYABLE, StockReceiptLine
from hrp.logistics.models import Batch, Item, Store, Supplier
from hrp.logistics.settlement import parameters
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.subledger import differences, payables, whereabouts
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund
from hrp.platform.org import selectors as org
from hrp.platform.org.models import OrgUnit, UnitCategory

PENDING_LOSSES = "1902"
ZERO = Decimal(0)

RESULT_SQL = """
UPDATE logistics_cost_adjustment_line l SET on_hand = u.on_hand, consumed = u.consumed
FROM unnest(%s::int[], %s::numeric[], %s::numeric[]) AS u(position, on_hand, consumed)
WHERE l.document_id = %s AND l.position = u.position
"""
ACCOUNTS_SQL = """
SELECT i.id, v.code, x.code, a.code FROM logistics_item i JOIN logistics_class c ON c.id = i.material_class_id
JOIN ledger_account v ON v.id = c.inventory_account_id JOIN ledger_account x ON x.id = c.expense_account_id
JOIN ledger_account a ON a.id = c.admin_expense_account_id WHERE i.id = ANY(%s)
"""
ANY_BATCH_SQL = """
SELECT DISTINCT ON (store_id, item_id) store_id, item_id, batch_id FROM logistics_balance
WHERE store_id = ANY(%s) AND item_id = ANY(%s) ORDER BY store_id, item_id, quantity = 0, batch_id
"""


class Purpose(models.TextChoices):
    FREIGHT = "freight", "运费"
    DISCOUNT = "discount", "折扣与返利"
    MONTH_AVERAGE = "month_average", "月末加权平均调整"
    OTHER = "other", "其他"


@dataclass(frozen=True)
class AdjustmentFacts:
    """Yuan by inventory account, by (expense account, department), and what balances them by account."""

    stock: dict[str, Decimal]
    expenses: dict[tuple[str, int], Decimal]
    counter: dict[str, Decimal]


class CostAdjustment(Document):
    """Header of an adjustment; with a supplier the amount is owed to (or claimed from) it, else it is 待处理财产损溢."""

    spec = DocumentSpec(
        kind="logistics.cost_adjustment",
        title="成本调整单",
        prefix="TZ",
        header_fields=("purpose", "supplier", "reference", "fund"),
        line_fields=("receipt_line", "store", "item", "batch", "department", "amount"),
    )

    purpose = models.CharField("事由", max_length=20, choices=Purpose.choices, default=Purpose.FREIGHT)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="应付单位"
    )
    reference = models.CharField("票据号", max_length=40, blank=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "成本调整单"
        db_table = "logistics_cost_adjustment"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        problems = []
        for place, line in enumerate(lines):
            if not line.amount:
                problems.append(Problem("金额不能为零", field="amount", line=place))
            problems += self._line_problems(place, line)
        by_receipt = {line.receipt_line_id is not None for line in lines}
        if len(by_receipt) > 1:
            problems.append(
                Problem("同一张单不能既分摊到入库明细又直接调整库存，请分开制单", field="purpose")
            )
        if self.purpose in (Purpose.FREIGHT, Purpose.DISCOUNT) and self.supplier_id is None:
            problems.append(Problem("运费、折扣须写明应付单位", field="supplier"))
        if problems:
            raise Invalid(
                f"调整单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _line_problems(self, place: int, line: Any) -> list[Problem]:
        if line.receipt_line_id is not None:
            receipt = line.receipt_line.document
            if receipt.state != State.POSTED:
                return [Problem(f"{receipt} 未过账或已红冲", field="receipt_line", line=place)]
            if line.item_id is not None or line.department_id is not None:
                return [Problem("已选入库明细，不再填库房、物资与科室", field="item", line=place)]
            return []
        problems = []
        if line.store_id is None or line.item_id is None:
            problems.append(Problem("请选择入库明细，或填写库房与物资", field="receipt_line", line=place))
        elif line.store.kind == Store.Kind.TRANSIT:
            problems.append(Problem("在途物资不能调整，请先收货", field="store", line=place))
        elif line.item.cost_method == Item.CostMethod.BATCH and line.batch_id is None:
            problems.append(Problem(f"{line.item} 按批次计价，请选择批号", field="batch", line=place))
        if line.batch_id is not None and line.item_id is not None and line.batch.item_id != line.item_id:
            problems.append(Problem("批号不是这个物资的", field="batch", line=place))
        return problems

    def apply(self, ctx: PostingContext) -> AdjustmentFacts:
        gates.require_open(ctx)
        lines = list(self.lines.order_by("position").select_related("item"))
        if lines[0].receipt_line_id is not None:
            facts, results = self._over_receipts(lines, ctx)
        else:
            facts, results = self._directly(lines, ctx)
        sql.run(RESULT_SQL, [*map(list, zip(*results, strict=True)), self.pk])
        owed = -facts.counter.get(PAYABLE, ZERO)
        if owed and self.supplier_id is not None:
            payables.owe(
                owed, supplier_id=self.supplier_id, campus_id=self.campus_id, kind=Payable.Kind.ADJUSTMENT,
                reference=self.reference, on=ctx.on, ctx=ctx,
            )  # fmt: skip
        return facts

    def _over_receipts(self, lines: Sequence[Any], ctx: PostingContext) -> tuple[AdjustmentFacts, list[Any]]:
        keeper = self.org_unit_id if parameters.collected(ctx.on) else None
        parts = [differences.Part(line.position, line.receipt_line_id, ZERO, line.amount) for line in lines]
        found = whereabouts.find([part.receipt_line_id for part in parts])
        placed = differences.place(parts, found, kind="cost_adjustment", ctx=ctx, collected_by=keeper)
        facts = AdjustmentFacts(dict(placed.stock), placed.expenses, {self._counter: -self.total})
        return facts, [(position, *both) for position, both in placed.by_line.items()]

    @property
    def _counter(self) -> str:
        return PAYABLE if self.supplier_id is not None else PENDING_LOSSES

    def _directly(self, lines: Sequence[Any], ctx: PostingContext) -> tuple[AdjustmentFacts, list[Any]]:
        accounts = {
            item: codes for item, *codes in sql.rows(ACCOUNTS_SQL, [[line.item_id for line in lines]])
        }
        categories = org.category_map(ctx.on)
        batches = self._batches(lines)
        stock: dict[str, Decimal] = defaultdict(Decimal)
        counter: dict[str, Decimal] = defaultdict(Decimal)
        changes, spent, results = [], [], []
        for line in lines:
            inventory, expense, admin = accounts[line.item_id]
            added = line.amount if line.department_id is None else -line.amount
            changes.append(
                subledger.Change(line.position, line.store_id, line.item_id, batches[line.position], added)
            )
            stock[inventory] += added
            if line.department_id is None:
                counter[self._counter] -= line.amount
            else:
                unit = categories.get(line.department_id)
                account = admin if unit is not None and unit.category == UnitCategory.ADMIN else expense
                spent.append(
                    differences.Spent(line.position, line.item_id, line.department_id, account, line.amount)
                )
            results.append((line.position, added, ZERO if line.department_id is None else line.amount))
        kind = "month_average" if self.purpose == Purpose.MONTH_AVERAGE else "cost_adjustment"
        subledger.adjust(changes, kind=kind, ctx=ctx)
        differences.write_spent(spent, ctx)
        expenses: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        for one in spent:
            expenses[one.account, one.org_unit_id] += one.amount
        return AdjustmentFacts(dict(stock), dict(expenses), dict(counter)), results

    def _batches(self, lines: Sequence[Any]) -> Mapping[int, int]:
        """The batch each line's move names: the one chosen, or for pooled values any the store holds."""
        rows = sql.rows(
            ANY_BATCH_SQL, [sorted({x.store_id for x in lines}), sorted({x.item_id for x in lines})]
        )
        held = {(store, item): batch for store, item, batch in rows}
        found = {x.position: x.batch_id or held.get((x.store_id, x.item_id)) for x in lines}
        empty = [place for place, batch in found.items() if batch is None]
        if empty:
            raise Conflict(
                f"第 {'、'.join(map(str, empty))} 行的库房没有这个物资", code="insufficient", way_out="请改选有库存的库房。",
                problems=[Problem("库房没有这个物资", field="item", line=place - 1) for place in empty],
            )  # fmt: skip
        return {place: batch for place, batch in found.items() if batch is not None}

    def entries(self, facts: AdjustmentFacts) -> list[EntryDraft]:
        fund = self.fund.code
        memo = self.supplier.name if self.supplier else ""
        lines = [LineDraft(account=a, amount=v, fund=fund) for a, v in sorted(facts.stock.items()) if v]
        lines += [
            LineDraft(account=a, amount=v, org_unit_id=unit, fund=fund)
            for (a, unit), v in sorted(facts.expenses.items())
            if v
        ]
        lines += [
            LineDraft(account=a, amount=v, fund=fund, memo=memo)
            for a, v in sorted(facts.counter.items())
            if v
        ]
        text = f"成本调整 {self.get_purpose_display()} {memo}".strip()
        return [EntryDraft(self.business_date, text, lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        gates.require_open(ctx)
        average = self.purpose == Purpose.MONTH_AVERAGE
        subledger.mirror(kind="month_average_reversal" if average else "cost_adjustment_reversal", ctx=ctx)
        differences.mirror_spent(ctx)
        if self.supplier_id is not None:
            payables.mirror(self.supplier_id, ctx)


class CostAdjustmentLine(DocumentLine):
    """Where one amount goes. Positive raises the cost of goods (or the department's expense), negative lowers it."""

    document = models.ForeignKey(
        CostAdjustment, models.CASCADE, related_name="lines", verbose_name="成本调整单"
    )
    receipt_line = models.ForeignKey(
        StockReceiptLine, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="入库明细"
    )
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="库房"
    )
    item = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="物资"
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="批号"
    )
    department = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="转入科室"
    )
    amount = MoneyField("金额")
    on_hand = MoneyField("计入库存", null=True, blank=True)
    consumed = MoneyField("计入费用", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "成本调整明细"
        db_table = "logistics_cost_adjustment_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_cost_adjustment_line_position"
            ),
            models.CheckConstraint(condition=is_number("amount"), name="logistics_adjustment_is_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.amount}"
