"""What assets are classed by, how long they last, where they stand and who paid for them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models import Campus
from hrp.platform.org.models.units import ends_after_start


class Group(models.TextChoices):
    """The eight groups of GB/T 14885-2022."""

    BUILDING = "A01", "房屋和构筑物"
    EQUIPMENT = "A02", "设备"
    RELIC = "A03", "文物和陈列品"
    BOOK = "A04", "图书和档案"
    FURNITURE = "A05", "家具和用具"
    LIVING = "A06", "特种动植物"
    MATERIAL = "A07", "物资"
    INTANGIBLE = "A08", "无形资产"


class Method(models.TextChoices):
    STRAIGHT = "straight", "年限平均法"
    UNITS = "units", "工作量法"
    NONE = "none", "不计提"


@tracked()
class LifeRule(models.Model):
    """A row of a life table (折旧年限表) from a day to a day, with where it is from. Years.

    ``least`` is what nobody may go below, ``usual`` what a new card proposes; a hospital may lengthen, never shorten.
    """

    code = models.CharField("编码", max_length=20)
    name = models.CharField("类别", max_length=60)
    least = models.PositiveSmallIntegerField("最低年限")
    usual = models.PositiveSmallIntegerField("执行年限")
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("依据", max_length=200)
    verified = models.BooleanField("已核对原文", default=False)

    class Meta:
        verbose_name = "折旧年限"
        db_table = "assets_life"
        ordering = ("code", "-valid_from")
        constraints = [
            models.CheckConstraint(
                condition=Q(least__gt=0) & Q(usual__gte=F("least")), name="assets_life_not_shortened"
            ),
            models.UniqueConstraint(fields=["code", "valid_from"], name="assets_life_once"),
            ends_after_start("assets_life_days"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.usual} 年"


@tracked()
class AssetClass(models.Model):
    """A class of assets: standard codes, life, accounts, and what its machines need."""

    code = models.CharField("分类编码（2022）", max_length=20, unique=True)
    code_2010 = models.CharField("分类编码（2010）", max_length=20, blank=True)
    category_2002 = models.CharField("医疗器械分类（68）", max_length=4, blank=True)
    name = models.CharField("名称", max_length=60)
    pinyin = models.CharField("拼音码", max_length=60, blank=True)
    group = models.CharField("门类", max_length=3, choices=Group.choices)
    method = models.CharField("折旧方法", max_length=10, choices=Method.choices, default=Method.STRAIGHT)
    life_code = models.CharField("年限表编码", max_length=20, blank=True)
    threshold = MoneyField("单位价值标准（元）", default=1000)
    bulk = models.BooleanField("大批同类也入账", default=False)
    asset_account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="资产科目")
    depreciation_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="累计折旧科目"
    )
    expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="业务费用科目"
    )
    admin_expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="管理费用科目"
    )
    is_medical = models.BooleanField("医疗设备", default=False)
    needs_metrology = models.BooleanField("须计量检定", default=False)
    needs_maintenance = models.BooleanField("须预防性维护", default=False)
    life_support = models.BooleanField("急救生命支持", default=False)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "资产分类"
        db_table = "assets_class"
        ordering = ("code",)
        constraints = [
            not_negative("threshold", name="assets_class_threshold"),
            # 政府会计准则第3号 art. 16: what is never depreciated has no accounts for it either
            models.CheckConstraint(
                condition=Q(method="none")
                | Q(
                    depreciation_account__isnull=False,
                    expense_account__isnull=False,
                    admin_expense_account__isnull=False,
                ),
                name="assets_class_accounts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class FundingSource(models.Model):
    """Who paid (资金来源): its 经费性质 decides the cost range its depreciation belongs to."""

    code = models.CharField("编码", max_length=10, unique=True)
    name = models.CharField("名称", max_length=40)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "资金来源"
        db_table = "assets_source"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


@tracked()
class Location(models.Model):
    """院区-楼-层-房."""

    code = models.CharField("编码", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="+", null=True, blank=True, verbose_name="上级位置"
    )
    area = models.DecimalField("面积（㎡）", max_digits=10, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "存放地点"
        db_table = "assets_location"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="assets_location_not_in_itself")
        ]

    def __str__(self) -> str:
        return self.name
