"""付款申请 (payment request): which payables are to be paid; approved, then posted with the bank's return (2302, 1002)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import PAYABLE
from hrp.logistics.models import Supplier
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.subledger import payables
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund

BANK = "1002"
WAITING = (State.SUBMITTED, State.APPROVED)


class PaymentRequest(Document):
    """Header of a payment; ``bank_reference`` is the return of the bank, without which nothing is paid."""

    spec = DocumentSpec(
        kind="logistics.payment_request",
        title="付款申请",
        prefix="FK",
        header_fields=("supplier", "fund", "bank", "bank_account", "bank_reference"),
        line_fields=("payable", "amount"),
    )

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    bank = models.CharField("收款开户行", max_length=100, blank=True)
    bank_account = models.CharField("收款账号", max_length=40, blank=True)
    bank_reference = models.CharField("银行回单号", max_length=60, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "付款申请"
        db_table = "logistics_payment"
        constraints = [
            models.UniqueConstraint(
                fields=["bank_reference"], name="logistics_bank_return_once",
                condition=~Q(bank_reference="") & ~Q(state__in=(State.VOID, State.REVERSED)),
            ),
            models.CheckConstraint(
                condition=~Q(state=State.POSTED) | ~Q(bank_reference=""), name="logistics_paid_by_the_bank"
            ),
        ]  # fmt: skip

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))
        if not self.bank and not self.bank_account:
            self.bank, self.bank_account = self.supplier.bank, self.supplier.bank_account

    def validate(self, lines: Sequence[Any]) -> None:
        still = {item.id: item for item in payables.open_items(self.supplier_id)}
        asked = self._asked([line.payable_id for line in lines])
        invoiced = payables.invoiced([line.payable_id for line in lines])
        problems = []
        for place, line in enumerate(lines):
            item = still.get(line.payable_id)
            if item is None:
                problems.append(Problem("这笔应付已付清，或不是这个供应商的", field="payable", line=place))
                continue
            if item.kind == Payable.Kind.SETTLEMENT and item.id not in invoiced:
                problems.append(Problem("使用结算单的发票还没有登记，不能付款", field="payable", line=place))
            left = item.open - asked.get(line.payable_id, Decimal(0))
            problems += _beyond(place, line.amount, left)
        ids = [line.payable_id for line in lines]
        problems += [
            Problem("这笔应付在本单中重复", field="payable", line=place)
            for place, pk in enumerate(ids)
            if ids.count(pk) > 1
        ]
        if self.total <= 0:
            problems.append(Problem("付款合计必须大于零"))
        if problems:
            raise Invalid(
                f"付款申请有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _asked(self, items: Sequence[int]) -> dict[int, Decimal]:
        """What other requests on their way ask for already."""
        rows = (
            PaymentRequestLine.objects.filter(payable__in=items, document__state__in=WAITING)
            .exclude(document=self.pk)
            .values_list("payable")
            .annotate(asked=Sum("amount"))
        )
        return dict(rows)

    def apply(self, ctx: PostingContext) -> None:
        gates.require_open(ctx)
        if not self.bank_reference:
            raise Conflict(
                f"{self} 还没有银行回单号，不能过账",
                code="no_bank_return",
                way_out="请在付款后用“登记付款”写明付款日期与银行回单号。",
            )
        payables.lock_supplier(self.supplier_id)
        still = {item.id: item.open for item in payables.open_items(self.supplier_id)}
        lines = list(self.lines.order_by("position"))
        problems = [
            problem
            for line in lines
            for problem in _beyond(line.position - 1, line.amount, still.get(line.payable_id, Decimal(0)))
        ]
        if problems:
            raise Conflict(
                "付款超过应付余额",
                problems=problems,
                code="more_than_payable",
                way_out="请刷新应付余额后减少付款金额。",
            )
        payables.settle(
            [(line.payable_id, line.amount) for line in lines], supplier_id=self.supplier_id, campus_id=self.campus_id,
            reference=self.bank_reference, ctx=ctx,
        )  # fmt: skip

    def entries(self, facts: None) -> list[EntryDraft]:
        fund, name = self.fund.code, self.supplier.name
        lines = (
            LineDraft(PAYABLE, amount=self.total, fund=fund, memo=name),
            LineDraft(BANK, amount=-self.total, fund=fund, memo=self.bank_reference),
        )
        return [EntryDraft(self.business_date, f"付款 {name}", lines)]

    def mirror(self, ctx: PostingContext) -> None:
        gates.require_open(ctx)
        payables.mirror(self.supplier_id, ctx)


def _beyond(place: int, amount: Decimal, left: Decimal) -> list[Problem]:
    """A part of an item has its sign and is not more than what is left of it."""
    if amount and (amount > 0) == (left > 0) and abs(amount) <= abs(left):
        return []
    return [Problem(f"可付 {left:,.2f} 元，不能付 {amount:,.2f} 元", field="amount", line=place)]


class PaymentRequestLine(DocumentLine):
    """What is paid of one payable; a negative one is deducted."""

    document = models.ForeignKey(
        PaymentRequest, models.CASCADE, related_name="lines", verbose_name="付款申请"
    )
    payable = models.ForeignKey(Payable, models.PROTECT, related_name="+", verbose_name="应付")
    amount = MoneyField("付款金额")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "付款明细"
        db_table = "logistics_payment_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_payment_line_position"),
            models.CheckConstraint(condition=is_number("amount"), name="logistics_payment_line_is_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.amount}"
