"""资产卡片: the card, who paid for it, and whose it is from a day to a day.

A card is the projection of the documents that booked and changed it (:class:`hrp.assets.models.facts.CardEvent`); a
draft card is typed freely, a booked one is changed by documents alone (a trigger says so for what has value).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models.classes import AssetClass, FundingSource, Location, Method
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit
from hrp.platform.org.models.units import ends_after_start, no_overlap


class Way(models.TextChoices):
    PURCHASE = "purchase", "外购"
    BUILT = "built", "自建"
    DONATED = "donated", "捐赠"
    TRANSFERRED = "transferred", "无偿调入"
    EXCHANGED = "exchanged", "置换"
    FOUND = "found", "盘盈"
    LEASED = "leased", "融资租入"
    RENTED = "rented", "经营租入（备查）"
    PLACED = "placed", "投放 / 借用（备查）"
    OPENING = "opening", "期初建账"


class ValueKind(models.TextChoices):
    COST = "cost", "原值"
    ESTIMATE = "estimate", "暂估"
    NOMINAL = "nominal", "名义金额"
    MEMO = "memo", "备查（无价值）"


class Status(models.TextChoices):
    DRAFT = "draft", "待入账"
    IN_STORE = "in_store", "在库"
    IN_USE = "in_use", "在用"
    IDLE = "idle", "闲置"
    REPAIR = "repair", "维修"
    STOPPED = "stopped", "停用"
    SEALED = "sealed", "封存"
    LENT = "lent", "外借"
    PENDING = "pending", "待处置"
    DISPOSED = "disposed", "已处置"


class LifeBasis(models.TextChoices):
    """What the life of an intangible follows (政府会计准则第4号): law, then contract, then expectation, or nothing."""

    LEGAL = "legal", "法定年限"
    CONTRACT = "contract", "合同受益期"
    EXPECTED = "expected", "预计使用期"
    INDEFINITE = "indefinite", "使用寿命不确定"


NOT_OURS = (Way.RENTED, Way.PLACED)  # held for use, worth nothing in our books
HELD = tuple(s for s in Status.values if s not in (Status.DRAFT, Status.DISPOSED))


@tracked()
class Asset(models.Model):
    """One card. ``org_unit`` is the department that keeps it; who bears its depreciation stands in the shares."""

    class DeviceClass(models.TextChoices):
        NONE = "", "非医疗器械"
        ONE = "1", "Ⅰ类"
        TWO = "2", "Ⅱ类"
        THREE = "3", "Ⅲ类"

    number = models.CharField("资产编号", max_length=30, unique=True, null=True, blank=True)
    token = models.UUIDField("二维码", default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("资产名称", max_length=100)
    pinyin = models.CharField("拼音码", max_length=100, blank=True, db_index=True)
    asset_class = models.ForeignKey(AssetClass, models.PROTECT, related_name="+", verbose_name="资产分类")
    spec = models.CharField("规格", max_length=100, blank=True)
    model = models.CharField("型号", max_length=100, blank=True)
    brand = models.CharField("品牌", max_length=60, blank=True)
    manufacturer = models.CharField("生产厂家", max_length=100, blank=True)
    country = models.CharField("产地", max_length=40, blank=True)
    serial_number = models.CharField("出厂编号", max_length=60, blank=True, db_index=True)
    udi = models.CharField("UDI", max_length=100, blank=True)
    registration_number = models.CharField("注册证号", max_length=40, blank=True)
    device_class = models.CharField(
        "器械类别", max_length=1, choices=DeviceClass.choices, blank=True, default=""
    )
    unit = models.CharField("单位", max_length=10, default="台")
    quantity = models.PositiveIntegerField("数量", default=1)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="accessories", null=True, blank=True, verbose_name="主设备"
    )
    # how it came
    way = models.CharField("取得方式", max_length=12, choices=Way.choices, default=Way.PURCHASE)
    value_kind = models.CharField(
        "价值类型", max_length=10, choices=ValueKind.choices, default=ValueKind.COST
    )
    supplier = models.CharField("供应商", max_length=100, blank=True)
    contract_number = models.CharField("合同号", max_length=60, blank=True)
    invoice_number = models.CharField("发票号", max_length=60, blank=True)
    origin = models.CharField("来源单据", max_length=100, blank=True)
    produced_on = models.DateField("生产日期", null=True, blank=True)
    accepted_on = models.DateField("验收日期", null=True, blank=True)
    booked_on = models.DateField("入账日期", null=True, blank=True)
    disposed_on = models.DateField("处置日期", null=True, blank=True)
    # what it is worth: the sum of its funding lines, kept by the documents
    cost = MoneyField("原值", default=0)
    life_months = models.PositiveSmallIntegerField("使用月数", null=True, blank=True)
    life_basis = models.CharField(
        "年限依据（无形资产）", max_length=10, choices=LifeBasis.choices, blank=True, default=""
    )
    total_units = QuantityField("总工作量", null=True, blank=True)
    # whose and where
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="使用科室")
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="保管人",
    )
    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="存放地点"
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    shared = models.BooleanField("共享设备", default=False)
    life_support = models.BooleanField("急救生命支持", default=False)
    warranty_from = models.DateField("保修起", null=True, blank=True)
    warranty_to = models.DateField("保修止", null=True, blank=True)
    technical = models.TextField("技术参数与附件", blank=True)
    note = models.CharField("备注", max_length=300, blank=True)

    class Meta:
        verbose_name = "资产卡片"
        db_table = "assets_asset"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["asset_class"], name="assets_asset_class"),
            models.Index(fields=["org_unit", "status"], name="assets_asset_unit"),
        ]
        constraints = [
            not_negative("cost", name="assets_asset_cost"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="assets_asset_quantity"),
            models.CheckConstraint(
                condition=Q(status="draft", booked_on=None)
                | (~Q(status="draft") & Q(booked_on__isnull=False, number__isnull=False)),
                name="assets_booked_has_number",
            ),
            models.CheckConstraint(
                condition=Q(disposed_on=None) | Q(status="disposed"), name="assets_disposed_has_day"
            ),
            models.CheckConstraint(condition=~Q(value_kind="memo") | Q(cost=0), name="assets_memo_is_worthless"),
            models.CheckConstraint(
                condition=~Q(way__in=("rented", "placed")) | Q(value_kind="memo"), name="assets_not_ours_is_memo"
            ),
            models.CheckConstraint(
                condition=~Q(life_basis="indefinite") | Q(life_months=None), name="assets_indefinite_has_no_life"
            ),
            models.CheckConstraint(
                condition=Q(total_units=None) | (is_number("total_units") & Q(total_units__gt=0)),
                name="assets_asset_units",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number or f'待入账#{self.pk}'} {self.name}"

    @property
    def is_held(self) -> bool:
        return self.status in HELD

    @property
    def is_depreciated(self) -> bool:
        """准则第3号 art. 16 and 准则第4号 art. 17 name what is not."""
        return (
            self.asset_class.method != Method.NONE
            and self.value_kind not in (ValueKind.NOMINAL, ValueKind.MEMO)
            and self.life_basis != LifeBasis.INDEFINITE
        )


@tracked()
class FundingLine(models.Model):
    """What one source paid for a card. Each line is depreciated to zero by itself."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="funding", verbose_name="资产")
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    project = models.CharField("项目", max_length=60, blank=True)
    cost = MoneyField("金额")
    opening = MoneyField("期初累计折旧", default=0)
    opening_months = models.PositiveSmallIntegerField("期初已提月数", default=0)

    class Meta:
        verbose_name = "资金构成"
        db_table = "assets_funding"
        constraints = [
            models.UniqueConstraint(fields=["asset", "source", "project"], name="assets_funding_once"),
            not_negative("cost", name="assets_funding_cost"),
            not_negative("opening", name="assets_funding_opening"),
            models.CheckConstraint(
                condition=Q(opening__lte=models.F("cost")), name="assets_opening_within_cost"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.cost:,.2f}"


@tracked()
class DepartmentShare(models.Model):
    """Whose cost an asset is: percent by department from a day to a day; on every day they add up to 100 (a trigger)."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="shares", verbose_name="资产")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    ratio = models.DecimalField("比例（%）", max_digits=7, decimal_places=4)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "使用科室比例"
        db_table = "assets_share"
        constraints = [
            ends_after_start("assets_share_days"),
            no_overlap("assets_share_no_overlap", "asset", "org_unit"),
            models.CheckConstraint(
                condition=is_number("ratio") & Q(ratio__gt=0, ratio__lte=100), name="assets_share_ratio"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.org_unit} {self.ratio.normalize():f}%"


class NumberSeries(models.Model):
    """Last number given of a year and class; a number is never given twice, not even after a reversal."""

    prefix = models.CharField("前缀", max_length=20, unique=True)
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = "资产编号"
        db_table = "assets_number"

    def __str__(self) -> str:
        return f"{self.prefix} {self.last}"


@tracked()
class UsageReading(models.Model):
    """Units of work of an asset in a month (km, exposures, hours), for 工作量法."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="usage", verbose_name="资产")
    month = models.DateField("月份（当月 1 日）")
    units = QuantityField("工作量")
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "工作量"
        db_table = "assets_usage"
        ordering = ("-month",)
        constraints = [
            models.UniqueConstraint(fields=["asset", "month"], name="assets_usage_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="assets_usage_first_day"),
            not_negative("units", name="assets_usage_units"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.units}"
