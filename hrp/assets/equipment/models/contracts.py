"""保修与技术服务合同: what is paid for which cards, and what was done for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.history import tracked


@tracked()
class ServiceContract(models.Model):
    """A contract with a vendor from a day to a day; the fee is for the whole of it."""

    class Kind(models.TextChoices):
        WARRANTY = "warranty", "质保"
        FULL = "full", "全保"
        LABOUR = "labour", "人工保"
        SERVICE = "service", "技术服务"
        PLACED = "placed", "设备投放"

    number = models.CharField("合同号", max_length=60, unique=True)
    name = models.CharField("名称", max_length=100)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    vendor = models.CharField("服务商", max_length=100)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止")
    fee = MoneyField("合同金额（元）", default=0)
    visits_a_year = models.PositiveSmallIntegerField("每年巡检次数", default=0)
    response_hours = models.PositiveSmallIntegerField("到场时限（小时）", default=0)
    parts_included = models.BooleanField("含配件", default=False)
    terms = models.TextField("服务条款", blank=True)

    class Meta:
        verbose_name = "服务合同"
        db_table = "assets_contract"
        ordering = ("-valid_to",)
        constraints = [
            not_negative("fee", name="assets_contract_fee"),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="assets_contract_days"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


@tracked()
class CoveredCard(models.Model):
    """A card a contract covers, and how much of the fee it weighs."""

    contract = models.ForeignKey(
        ServiceContract, models.CASCADE, related_name="cards", verbose_name="服务合同"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    weight = models.DecimalField("分摊权重", max_digits=18, decimal_places=4, default=1)

    class Meta:
        verbose_name = "合同设备"
        db_table = "assets_contract_card"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["contract", "asset"], name="assets_contract_card_once"),
            models.CheckConstraint(
                condition=is_number("weight") & Q(weight__gt=0), name="assets_contract_card_weight"
            ),
        ]

    def __str__(self) -> str:
        return str(self.asset)


class ContractVisit(AppendOnlyModel):
    """What a vendor did under a contract."""

    class Kind(models.TextChoices):
        VISIT = "visit", "巡检"
        REPAIR = "repair", "维修"
        TRAINING = "training", "培训"
        PART = "part", "更换配件"
        BREACH = "breach", "违约"

    contract = models.ForeignKey(
        ServiceContract, models.PROTECT, related_name="visits", verbose_name="服务合同"
    )
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    on = models.DateField("日期")
    asset = models.ForeignKey(
        Asset, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="设备"
    )
    text = models.CharField("内容", max_length=300)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "履约记录"
        db_table = "assets_contract_visit"
        ordering = ("-on", "-id")

    def __str__(self) -> str:
        return f"{self.on} {self.text}"
