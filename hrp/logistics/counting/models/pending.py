"""待处理财产损溢: what counting and scrapping found, until somebody decides who bears it."""

from __future__ import annotations

from django.db import models

from hrp.logistics.models import Item, Store
from hrp.platform.base.fields import MoneyField, QuantityField, is_number
from hrp.platform.ledger.models import Fund


class PendingLoss(models.Model):
    """One line on account 1902: a loss negative, a gain positive; ``settled`` of the same sign and no more than it."""

    source = models.CharField("来源单据", max_length=100)
    line_position = models.PositiveSmallIntegerField("单据行")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    quantity = QuantityField("数量")
    amount = MoneyField("金额")
    settled = MoneyField("已处理金额", default=0)
    date = models.DateField("日期")
    is_undone = models.BooleanField("已红冲", default=False)

    class Meta:
        verbose_name = "待处理损溢"
        db_table = "logistics_pending_loss"
        constraints = [
            models.UniqueConstraint(fields=["source", "line_position"], name="logistics_pending_loss_once"),
            models.CheckConstraint(
                condition=is_number("quantity", "amount", "settled")
                & (
                    models.Q(amount__gte=0, settled__gte=0, settled__lte=models.F("amount"))
                    | models.Q(amount__lte=0, settled__lte=0, settled__gte=models.F("amount"))
                ),
                name="logistics_pending_loss_settled",
            ),
            models.CheckConstraint(
                condition=models.Q(is_undone=False) | models.Q(settled=0),
                name="logistics_pending_loss_undone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.amount}"
