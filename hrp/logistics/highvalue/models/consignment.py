"""Goods of suppliers in our cabinets: quantities only, no amount (not in 1302)."""

from __future__ import annotations

from django.db import models

from hrp.logistics.highvalue.models.units import TraceUnit
from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField


class ConsignMove(AppendOnlyModel):
    """One piece of a supplier entering (+1) or leaving (-1) a cabinet. The memo ledger (备查账) of consigned goods."""

    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行", default=0)
    kind = models.CharField("业务类型", max_length=20)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="寄售柜")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="+", verbose_name="唯一码")
    quantity = QuantityField("数量")
    date = models.DateField("日期")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "寄售备查流水"
        db_table = "logistics_consign_move"
        indexes = [models.Index(fields=["store", "batch"], name="logistics_consign_move_key")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__in=(1, -1)), name="logistics_consign_move_one_piece"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"
