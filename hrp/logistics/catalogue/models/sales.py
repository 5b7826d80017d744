"""Sale prices: what patients are charged for a base unit, from a day on, and the stock each change of them met."""

from __future__ import annotations

from django.db import models

from hrp.logistics.models import Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, is_number, not_negative


class SalePrice(AppendOnlyModel):
    """A sale price from a day until the next one. Taken back by a row that names it (``reverses``)."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="sale_prices", verbose_name="物资")
    price = UnitPriceField("销售单价（元）")
    valid_from = models.DateField("执行日期")
    source = models.CharField("来源", max_length=100, db_index=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, related_name="taken_back", null=True, verbose_name="撤回"
    )

    class Meta:
        verbose_name = "销售价格"
        db_table = "logistics_sale_price"
        indexes = [models.Index(fields=["item", "-valid_from"], name="logistics_sale_price_day")]
        constraints = [not_negative("price", name="logistics_sale_price_amount")]

    def __str__(self) -> str:
        return f"{self.item} {self.price}"


class PriceEffect(AppendOnlyModel):
    """The moment an adjustment took effect: the stock that was there when its day began, worth so much more or less."""

    source = models.CharField("调价单", max_length=100, unique=True)
    day = models.DateField("执行日期")
    at = models.DateTimeField("交接时间")
    difference = MoneyField("差额合计", default=0)

    class Meta:
        verbose_name = "调价生效"
        db_table = "logistics_price_effect"
        constraints = [
            models.CheckConstraint(condition=is_number("difference"), name="logistics_price_effect_number")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"


class PriceTakeOver(AppendOnlyModel):
    """An item in a store at that moment, at the old and at the new sale price. Its cost is not touched."""

    effect = models.ForeignKey(PriceEffect, models.PROTECT, related_name="lines", verbose_name="调价生效")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("结存数量")
    old_price = UnitPriceField("原销售价", null=True)
    new_price = UnitPriceField("新销售价")
    difference = MoneyField("差额", default=0)

    class Meta:
        verbose_name = "调价库存交接"
        db_table = "logistics_price_take_over"
        constraints = [
            models.UniqueConstraint(
                fields=["effect", "store", "item"], name="logistics_price_take_over_once"
            ),
            models.CheckConstraint(
                condition=is_number("quantity", "difference"), name="logistics_price_take_over_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity}"
