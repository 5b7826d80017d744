"""待处理资产损溢: what missing and found assets left on 1902 until somebody decides who bears it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.ledger.models import Fund


class PendingLoss(models.Model):
    """One asset and fund on account 1902: a loss negative, a gain positive; ``settled`` of the same sign and no more."""

    source = models.CharField("来源单据", max_length=100)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    amount = MoneyField("金额")
    settled = MoneyField("已处理金额", default=0)
    date = models.DateField("日期")
    is_undone = models.BooleanField("已红冲", default=False)

    class Meta:
        verbose_name = "待处理资产损溢"
        db_table = "assets_pending_loss"
        constraints = [
            models.UniqueConstraint(fields=["source", "asset", "fund"], name="assets_pending_loss_once"),
            models.CheckConstraint(
                condition=is_number("amount", "settled")
                & (
                    Q(amount__gte=0, settled__gte=0, settled__lte=F("amount"))
                    | Q(amount__lte=0, settled__lte=0, settled__gte=F("amount"))
                ),
                name="assets_pending_loss_settled",
            ),
            models.CheckConstraint(condition=Q(is_undone=False) | Q(settled=0), name="assets_pending_loss_undone"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset} {self.amount}"
