"""Stocking rules of items in stores, and the runs that made suggestions of them."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.purchasing.rules.suggestion import How, Model
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.history import tracked


class Method(models.TextChoices):
    MIN_MAX = How.MIN_MAX.value, "上下限"
    REORDER_POINT = How.REORDER_POINT.value, "再订货点"
    FIXED_PACK = How.FIXED_PACK.value, "定数包"
    TWO_BIN = How.TWO_BIN.value, "双箱"
    PERIODIC = How.PERIODIC.value, "定期订货"
    FORECAST = How.FORECAST.value, "预测"


class ForecastModel(models.TextChoices):
    AVERAGE_3 = Model.AVERAGE_3.value, "近 3 月平均"
    AVERAGE_6 = Model.AVERAGE_6.value, "近 6 月平均"
    SEASONAL = Model.SEASONAL.value, "去年同月"
    CROSTON = Model.CROSTON.value, "间断需求（Croston）"


@tracked()
class StockingRule(models.Model):
    """How much of an item a store keeps, and by which method it is replenished."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    method = models.CharField("补货方法", max_length=20, choices=Method.choices, default=Method.MIN_MAX)
    least = QuantityField("库存下限", default=0)
    most = QuantityField("库存上限", default=0)
    safety = QuantityField("安全库存", default=0)
    pack = models.PositiveIntegerField("补货包装", null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField("采购周期（天）", null=True, blank=True)
    review_days = models.PositiveSmallIntegerField("订货间隔（天）", default=30)
    service_factor = models.DecimalField(
        "服务系数 z", max_digits=4, decimal_places=2, default=Decimal("1.65")
    )
    forecast_model = models.CharField(
        "预测方法", max_length=20, choices=ForecastModel.choices, default=ForecastModel.AVERAGE_3
    )
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="首选供应商"
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "库存定额"
        db_table = "logistics_stocking_rule"
        ordering = ("store", "item__code")
        constraints = [
            models.UniqueConstraint(fields=["item", "store"], name="logistics_stocking_once"),
            models.CheckConstraint(
                condition=models.Q(least__lte=models.F("most")) | ~models.Q(method="min_max"),
                name="logistics_stocking_least_to_most",
            ),
            not_negative("least", name="logistics_stocking_least"),
            not_negative("most", name="logistics_stocking_most"),
            not_negative("safety", name="logistics_stocking_safety"),
            models.CheckConstraint(
                condition=models.Q(pack=None) | models.Q(pack__gt=0), name="logistics_stocking_pack"
            ),
            models.CheckConstraint(
                condition=models.Q(service_factor__gte=0), name="logistics_stocking_service"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.item}"


class ReplenishmentRun(AppendOnlyModel):
    """One calculation of a store's suggestions. A person decides what becomes of them."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    on = models.DateField("计算日")
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="计算人"
    )

    class Meta:
        verbose_name = "补货计算"
        db_table = "logistics_replenishment_run"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.store} {self.on}"


class ReplenishmentLine(AppendOnlyModel):
    """What one rule came to, with every number it stood on."""

    run = models.ForeignKey(ReplenishmentRun, models.PROTECT, related_name="lines", verbose_name="补货计算")
    rule = models.ForeignKey(StockingRule, models.PROTECT, related_name="+", verbose_name="库存定额")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    method = models.CharField("补货方法", max_length=20, choices=Method.choices)
    on_hand = QuantityField("在库")
    on_order = QuantityField("在途")
    reserved = QuantityField("占用")
    held = QuantityField("冻结待检")
    quantity = QuantityField("建议数量")
    expected = QuantityField("预计月用", null=True)
    mape = models.DecimalField("回测误差（%）", max_digits=9, decimal_places=2, null=True)
    why = models.TextField("计算依据")
    problem = models.CharField("缺少", max_length=300, blank=True)

    class Meta:
        verbose_name = "补货建议"
        db_table = "logistics_replenishment_line"
        ordering = ("id",)
        constraints = [not_negative("quantity", name="logistics_replenishment_quantity")]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity}"
