"""What documents leave behind: estimates opened and settled, payables, and the share of differences that was consumed."""

from __future__ import annotations

from django.db import models

from hrp.logistics.documents.stock_receipt import StockReceiptLine
from hrp.logistics.models import Item, Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number
from hrp.platform.ledger.models import Account, Period
from hrp.platform.org.models import Campus, OrgUnit


class Estimate(AppendOnlyModel):
    """暂估 of a receipt line: positive when goods came without invoice, negative when one (or a return) settles it."""

    receipt_line = models.ForeignKey(
        StockReceiptLine, models.PROTECT, related_name="+", verbose_name="入库明细"
    )
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    source = models.CharField("来源", max_length=100, db_index=True)
    quantity = QuantityField("数量")
    amount = MoneyField("金额")
    date = models.DateField("日期")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    posted_at = models.DateTimeField("过账时间")

    class Meta:
        verbose_name = "暂估"
        db_table = "logistics_estimate"
        indexes = [models.Index(fields=["supplier", "receipt_line"], name="logistics_estimate_key")]
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity", "amount"), name="logistics_estimate_is_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount}"


class Payable(AppendOnlyModel):
    """应付: an item owed to a supplier (``settles`` empty), or what settles one (payment, reversal) with the other sign."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "发票"
        RECEIPT = "receipt", "票到入库"
        ADJUSTMENT = "adjustment", "运费与折扣"
        RETURN = "return", "退货"
        SETTLEMENT = "settlement", "使用结算"
        PAYMENT = "payment", "付款"
        REVERSAL = "reversal", "红冲"

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    source = models.CharField("来源", max_length=100, db_index=True)
    kind = models.CharField("性质", max_length=10, choices=Kind.choices)
    reference = models.CharField("发票 / 回单号", max_length=60, blank=True)
    amount = MoneyField("金额")
    date = models.DateField("日期")
    due = models.DateField("到期日", null=True, blank=True)
    settles = models.ForeignKey(
        "self", models.PROTECT, related_name="settled_by", null=True, blank=True, verbose_name="核销"
    )
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    posted_at = models.DateTimeField("过账时间")

    class Meta:
        verbose_name = "应付账款"
        db_table = "logistics_payable"
        indexes = [models.Index(fields=["supplier", "date"], name="logistics_payable_key")]
        constraints = [
            models.CheckConstraint(condition=is_number("amount"), name="logistics_payable_is_a_number"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="logistics_payable_amount"),
            models.CheckConstraint(
                condition=~models.Q(kind__in=("payment", "reversal")) | models.Q(settles__isnull=False),
                name="logistics_payment_settles_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference} {self.amount:,.2f}"


class Consumed(AppendOnlyModel):
    """What a difference added to the expense of a department, because the goods it belongs to were used already."""

    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="费用科目")
    amount = MoneyField("金额")
    date = models.DateField("日期")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    posted_at = models.DateTimeField("过账时间")

    class Meta:
        verbose_name = "已耗用差异"
        db_table = "logistics_consumed"
        constraints = [
            models.CheckConstraint(condition=is_number("amount"), name="logistics_consumed_is_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount}"
