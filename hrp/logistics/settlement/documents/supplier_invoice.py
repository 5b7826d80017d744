"""采购发票 (supplier invoice): 单到回冲 of estimated receipts; a price difference goes where the goods are (case ACC-01).

Posting reds the estimate (2302.02) and blues the invoice (2302). What the invoice asks more or less than was estimated goes
into the value of goods still on hand and into the expense of the departments that used the rest. Lines without receipt
line are freight or discount of the invoice and are shared over the goods by amount. A red invoice takes a blue one back,
in part or whole, or grants an allowance (quantity 0). Lines of goods settled as they were used are matched to the payable
that stands already (:mod:`settled`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.documents.stock_receipt import ESTIMATED_PAYABLE, PAYABLE, StockReceiptLine
from hrp.logistics.models import Supplier
from hrp.logistics.rules.invoice_difference import open_estimate
from hrp.logistics.rules.sharing import landed
from hrp.logistics.rules.valuation import value_out
from hrp.logistics.settlement import parameters
from hrp.logistics.settlement.documents import matching, settled
from hrp.logistics.settlement.models import EInvoice, Payable
from hrp.logistics.settlement.subledger import differences, estimates, payables, whereabouts
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund

NUMBER = re.compile(r"\d{20}|\d{8}|\d{10,12}-\d{8}")  # 数电 20 digits; paper 8, or code and number

RESULT_SQL = """
UPDATE logistics_supplier_invoice_line l SET estimated = u.estimated, on_hand = u.on_hand, consumed = u.consumed
FROM unnest(%s::int[], %s::numeric[], %s::numeric[], %s::numeric[]) AS u(position, estimated, on_hand, consumed)
WHERE l.document_id = %s AND l.position = u.position
"""


@dataclass(frozen=True)
class InvoiceFacts:
    """Estimates taken back and stock changed per inventory account, expenses per (account, department), what is owed."""

    estimated: dict[str, Decimal]
    stock: dict[str, Decimal]
    expenses: dict[tuple[str, int], Decimal]
    owed: Decimal


class SupplierInvoice(Document):
    """Header of an invoice; ``org_unit`` is the office that settles it."""

    spec = DocumentSpec(
        kind="logistics.supplier_invoice",
        title="采购发票",
        prefix="FP",
        header_fields=("supplier", "invoice_number", "invoice_date", "invoice_total", "red_of", "einvoice", "fund", "difference_reason"),
        line_fields=("receipt_line", "payable", "quantity", "amount"),
    )  # fmt: skip

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    invoice_number = models.CharField("发票号码", max_length=40)
    invoice_date = models.DateField("开票日期")
    invoice_total = MoneyField("价税合计")
    red_of = models.ForeignKey(
        "self", models.PROTECT, related_name="reds", null=True, blank=True, verbose_name="红字对应的蓝字发票"
    )
    einvoice = models.ForeignKey(
        EInvoice, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="数电文件"
    )
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    difference_reason = models.CharField("差异说明", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "采购发票"
        db_table = "logistics_supplier_invoice"
        constraints = [
            models.UniqueConstraint(
                fields=["invoice_number", "supplier", "invoice_total"],
                condition=~models.Q(state__in=(State.VOID, State.REVERSED)),
                name="logistics_invoice_once",
            ),
            models.CheckConstraint(
                condition=is_number("invoice_total"), name="logistics_invoice_is_a_number"
            ),
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        problems = self._header_problems()
        found = StockReceiptLine.objects.select_related("document", "item").in_bulk(
            [line.receipt_line_id for line in lines if line.receipt_line_id]
        )
        problems += matching.line_problems(self, lines, found)
        problems += settled.problems(self, lines)
        if self.total != self.invoice_total:
            problems.append(
                Problem(
                    f"明细合计 {self.total:,.2f} 元与价税合计 {self.invoice_total:,.2f} 元不一致",
                    field="invoice_total",
                )
            )
        if not problems and self.red_of_id is None and not self.difference_reason.strip():
            problems += matching.differences(lines, found, self.business_date)
        problems += gates.problems(gates.Moment.SETTLEMENT, self, lines, self.business_date)
        problems += gates.problems(gates.Moment.INVOICE, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"发票有 {len(problems)} 处需要修改",
                problems=problems,
                way_out="请按标红处修改；价差属实的，请填写差异说明。",
            )

    def _header_problems(self) -> list[Problem]:
        problems = []
        if not NUMBER.fullmatch(self.invoice_number):
            problems.append(
                Problem("发票号码应为数电发票 20 位数字，或纸质发票 8 位号码", field="invoice_number")
            )
        if self.invoice_date > self.business_date:
            problems.append(Problem("开票日期晚于入账日期", field="invoice_date"))
        same = SupplierInvoice.objects.filter(invoice_number=self.invoice_number).exclude(
            state__in=(State.VOID, State.REVERSED)
        )
        if len(self.invoice_number) < 20:
            same = same.filter(supplier=self.supplier_id, invoice_total=self.invoice_total)
        twin = same.exclude(pk=self.pk).first()
        if twin is not None:
            problems.append(
                Problem(f"发票 {self.invoice_number} 已由 {twin} 登记，不能重复入账", field="invoice_number")
            )
        if self.red_of is not None and (
            self.red_of.state != State.POSTED or self.red_of.supplier_id != self.supplier_id
        ):
            problems.append(Problem("对应的蓝字发票未过账，或不是这个供应商的", field="red_of"))
        if self.red_of is not None and self.red_of.red_of_id is not None:
            problems.append(Problem("所选的是红字发票，请选蓝字发票", field="red_of"))
        if (self.invoice_total < 0) != (self.red_of_id is not None):
            problems.append(
                Problem("红字发票金额为负并须选择对应的蓝字发票，蓝字发票金额为正", field="invoice_total")
            )
        return problems

    def apply(self, ctx: PostingContext) -> InvoiceFacts:
        gates.require_open(ctx)
        lines: list[Any] = list(self.lines.order_by("position"))
        goods = [line for line in lines if line.receipt_line_id is not None]
        found = whereabouts.find(
            [g.receipt_line_id for g in goods]
        )  # stock is locked first, as by every document
        still = estimates.lock([g.receipt_line_id for g in goods])
        before = settled.match(self, lines)
        extra = self.total - before - sum((line.amount for line in goods), Decimal(0))
        actual = (
            landed([line.amount for line in goods], extra)
            if self.red_of_id is None
            else [g.amount for g in goods]
        )
        settle = self._reopened if self.red_of_id is not None else self._settled
        changes = settle(goods, still)
        parts = [
            differences.Part(line.position, line.receipt_line_id, -change.amount, amount)
            for line, change, amount in zip(goods, changes, actual, strict=True)
        ]
        keeper = self.org_unit_id if parameters.collected(ctx.on) else None
        placed = differences.place(parts, found, kind="invoice_difference", ctx=ctx, collected_by=keeper)
        estimates.write(changes, supplier_id=self.supplier_id, ctx=ctx)
        payables.owe(
            self.total - before, supplier_id=self.supplier_id, campus_id=self.campus_id, kind=Payable.Kind.INVOICE,
            reference=self.invoice_number, on=self.invoice_date, ctx=ctx,
        )  # fmt: skip
        estimated: dict[str, Decimal] = defaultdict(Decimal)
        for part in parts:
            estimated[placed.inventory[part.position]] += part.before
        rows = [(p.position, p.before, *placed.by_line[p.position]) for p in parts]
        if rows:
            sql.run(RESULT_SQL, [*map(list, zip(*rows, strict=True)), self.pk])
        gates.applied(gates.Moment.INVOICE, self, ctx)
        return InvoiceFacts(dict(estimated), dict(placed.stock), placed.expenses, self.total - before)

    def _settled(self, goods: Sequence[Any], still: estimates.Open) -> list[estimates.Change]:
        """What of each open estimate this invoice settles."""
        changes = []
        left = dict(still)
        for line in goods:
            quantity, amount = left.get(line.receipt_line_id, (Decimal(0), Decimal(0)))
            try:
                part = open_estimate(quantity, amount, line.quantity)
            except Invalid as refused:
                raise Conflict(
                    f"第 {line.position} 行：{refused.reason}", code=refused.code, way_out=refused.way_out,
                    problems=[Problem(refused.reason, field="quantity", line=line.position - 1)],
                ) from None  # fmt: skip
            left[line.receipt_line_id] = quantity - line.quantity, amount - part
            changes.append(estimates.Change(line.receipt_line_id, -line.quantity, -part))
        return changes

    def _reopened(self, goods: Sequence[Any], still: estimates.Open) -> list[estimates.Change]:
        """Goods a red invoice takes back are estimated again, at what the blue one had settled; an allowance opens nothing."""
        blue = self.red_of
        assert blue is not None  # noqa: S101 - asked by apply
        sources = [blue.source, *(red.source for red in blue.reds.filter(state=State.POSTED))]
        settled = estimates.settled_by([g.receipt_line_id for g in goods], sources)
        changes = []
        for line in goods:
            quantity, amount = settled.get(line.receipt_line_id, (Decimal(0), Decimal(0)))
            back = -line.quantity
            if back > quantity:
                raise Conflict(
                    f"第 {line.position} 行红字数量 {back.normalize():f} 超过蓝字发票尚未冲回的 {quantity.normalize():f}", code="more_than_invoiced",
                    way_out="请核对红字发票对应的蓝字发票与数量。",
                )  # fmt: skip
            part = value_out(quantity, amount, back) if back else Decimal(0)
            settled[line.receipt_line_id] = quantity - back, amount - part
            changes.append(estimates.Change(line.receipt_line_id, back, part))
        return changes

    def entries(self, facts: InvoiceFacts) -> list[EntryDraft]:
        """One voucher: the estimate in red, the invoice in blue."""
        fund, name = self.fund.code, self.supplier.name
        red = [
            LineDraft(account=a, amount=-v, fund=fund, memo="冲回暂估")
            for a, v in sorted(facts.estimated.items())
        ]
        red.append(
            LineDraft(
                ESTIMATED_PAYABLE, amount=sum(facts.estimated.values(), Decimal(0)), fund=fund, memo=name
            )
        )
        accounts = sorted({*facts.estimated, *facts.stock})
        worth = {a: facts.estimated.get(a, Decimal(0)) + facts.stock.get(a, Decimal(0)) for a in accounts}
        blue = [LineDraft(account=a, amount=v, fund=fund) for a, v in worth.items()]
        blue += [
            LineDraft(account=account, amount=v, org_unit_id=unit, fund=fund, memo="已耗用物资的发票差价")
            for (account, unit), v in facts.expenses.items()
        ]
        blue.append(LineDraft(account=PAYABLE, amount=-facts.owed, fund=fund, memo=name))
        lines = [line for line in (*red, *blue) if line.amount]
        return (
            [EntryDraft(self.business_date, f"采购发票 {self.invoice_number} {name}", lines)] if lines else []
        )

    def mirror(self, ctx: PostingContext) -> None:
        reds = self.reds.filter(state=State.POSTED).values_list("number", flat=True)
        if reds:
            raise Conflict(
                f"{self} 已有红字发票 {'、'.join(map(str, reds))}，不能红冲",
                code="has_red",
                way_out="请先红冲红字发票。",
            )
        gates.require_open(ctx)
        subledger.lock_moved(ctx.source)
        estimates.lock([pk for pk in self.lines.values_list("receipt_line_id", flat=True) if pk])
        gates.mirrored(gates.Moment.INVOICE, self, ctx)
        subledger.mirror(kind="invoice_difference_reversal", ctx=ctx)
        differences.mirror_spent(ctx)
        estimates.mirror(ctx)
        payables.mirror(self.supplier_id, ctx)


class SupplierInvoiceLine(DocumentLine):
    """One receipt line or settlement invoiced, or (without) freight or a discount of the whole invoice. Amounts include tax."""

    document = models.ForeignKey(
        SupplierInvoice, models.CASCADE, related_name="lines", verbose_name="采购发票"
    )
    receipt_line = models.ForeignKey(
        StockReceiptLine, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="入库明细"
    )
    payable = models.ForeignKey(
        Payable, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="使用结算单"
    )
    quantity = QuantityField("开票数量", default=0)
    amount = MoneyField("价税合计")
    estimated = MoneyField("冲回暂估", null=True, blank=True)
    on_hand = MoneyField("计入库存", null=True, blank=True)
    consumed = MoneyField("计入费用", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "发票明细"
        db_table = "logistics_supplier_invoice_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_supplier_invoice_line_position"
            ),
            models.CheckConstraint(
                condition=is_number("quantity", "amount"), name="logistics_invoice_line_is_a_number"
            ),
            models.CheckConstraint(
                condition=models.Q(receipt_line=None) | models.Q(payable=None),
                name="logistics_invoice_line_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.amount}"
