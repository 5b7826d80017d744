"""Closed months of materials, and the snapshot each left; stores whose opening is done."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Book, Period


@tracked()
class MaterialClose(models.Model):
    """月结 of one month of a book. 反结账 marks it; closing again makes a new one with its own snapshot."""

    book = models.ForeignKey(Book, models.PROTECT, related_name="+", verbose_name="账套")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="结账人"
    )
    closed_at = models.DateTimeField("结账时间")
    checks = models.JSONField("检查结果", default=list)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="反结账人",
    )
    reopened_at = models.DateTimeField("反结账时间", null=True, blank=True)
    reopen_reason = models.CharField("反结账原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "物资月结"
        db_table = "logistics_close"
        ordering = ("-period__first_day", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=models.Q(reopened_at=None), name="logistics_closed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(reopened_by=None) | ~models.Q(reopened_by=models.F("closed_by")),
                name="logistics_another_reopens",
            ),
            models.CheckConstraint(
                condition=models.Q(reopened_by=None, reopened_at=None)
                | models.Q(reopened_by__isnull=False, reopened_at__isnull=False),
                name="logistics_reopening_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} 物资月结"


class PeriodBalance(AppendOnlyModel):
    """收发存 of one batch in one store over a closed month. What did not exist and did not move has no row.

    Where an item is valued by average or FIFO, amounts mean something per item and store: batches only count pieces.
    """

    close = models.ForeignKey(MaterialClose, models.PROTECT, related_name="balances", verbose_name="月结")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    opening_quantity = QuantityField("期初数量")
    opening_amount = MoneyField("期初金额")
    in_quantity = QuantityField("收入数量")
    in_amount = MoneyField("收入金额")
    out_quantity = QuantityField("发出数量")
    out_amount = MoneyField("发出金额")
    closing_quantity = QuantityField("期末数量")
    closing_amount = MoneyField("期末金额")

    class Meta:
        verbose_name = "期间结存"
        db_table = "logistics_period_balance"
        constraints = [
            models.UniqueConstraint(
                fields=["close", "store", "item", "batch"], name="logistics_period_balance_once"
            ),
            not_negative("closing_quantity", name="logistics_period_closing"),
            models.CheckConstraint(
                condition=models.Q(
                    closing_quantity=models.F("opening_quantity")
                    + models.F("in_quantity")
                    - models.F("out_quantity"),
                    closing_amount=models.F("opening_amount")
                    + models.F("in_amount")
                    - models.F("out_amount"),
                ),
                name="logistics_period_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.closing_quantity}"


class StoreOpening(AppendOnlyModel):
    """启用: from here on a store takes no opening stock any more."""

    store = models.OneToOneField(Store, models.PROTECT, related_name="+", verbose_name="库房")
    enabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="启用人"
    )
    enabled_at = models.DateTimeField("启用时间")

    class Meta:
        verbose_name = "库房启用"
        db_table = "logistics_store_opening"

    def __str__(self) -> str:
        return str(self.store)
