"""单机效益: what a machine earned and did in a month, what it cost beside depreciation, repairs and contracts, and what was hoped."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.history import tracked


class MachineRevenue(AppendOnlyModel):
    """Income and volume of a machine in a month (signed: a correction is a further row)."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    month = models.DateField("月份（当月 1 日）")
    revenue = MoneyField("收入（元）")
    volume = models.IntegerField("检查 / 治疗人次")
    positive = models.IntegerField("阳性例数", null=True, blank=True)
    used_hours = models.DecimalField("开机使用小时", max_digits=10, decimal_places=2, null=True, blank=True)
    note = models.CharField("来源", max_length=100, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "单机收入"
        db_table = "assets_machine_revenue"
        ordering = ("-month", "-id")
        indexes = [models.Index(fields=["asset", "month"], name="assets_machine_revenue_asset")]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="assets_machine_revenue_first_day"),
            models.CheckConstraint(condition=is_number("revenue"), name="assets_machine_revenue_number"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.month:%Y-%m} {self.revenue:,.2f}"


class MachineCost(AppendOnlyModel):
    """A cost of a machine in a month that no other fact knows (signed)."""

    class Kind(models.TextChoices):
        CONSUMABLES = "consumables", "耗材"
        STAFF = "staff", "人员"
        ENERGY = "energy", "水电"
        SPACE = "space", "房屋"
        INDIRECT = "indirect", "间接费用"
        OTHER = "other", "其他"

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    month = models.DateField("月份（当月 1 日）")
    kind = models.CharField("项目", max_length=12, choices=Kind.choices)
    amount = MoneyField("金额（元）")
    variable = models.BooleanField("随工作量变动", default=False)
    note = models.CharField("来源", max_length=100, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "单机成本"
        db_table = "assets_machine_cost"
        ordering = ("-month", "-id")
        indexes = [models.Index(fields=["asset", "month"], name="assets_machine_cost_asset")]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="assets_machine_cost_first_day"),
            models.CheckConstraint(condition=is_number("amount"), name="assets_machine_cost_number"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.month:%Y-%m} {self.get_kind_display()} {self.amount:,.2f}"


@tracked()
class Forecast(models.Model):
    """What the feasibility study promised of a machine, a year."""

    asset = models.OneToOneField(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    volume = models.PositiveIntegerField("年人次")
    revenue = MoneyField("年收入（元）")
    cost = MoneyField("年成本（元）")
    payback_years = models.DecimalField(
        "静态回收期（年）", max_digits=6, decimal_places=2, null=True, blank=True
    )
    study = models.CharField("论证文号", max_length=100, blank=True)

    class Meta:
        verbose_name = "效益预测"
        db_table = "assets_forecast"
        ordering = ("-id",)
        constraints = [
            not_negative("revenue", name="assets_forecast_revenue"),
            not_negative("cost", name="assets_forecast_cost"),
        ]

    def __str__(self) -> str:
        return str(self.asset)
