"""By what names and in what units an item is known: device identifiers, units of measure, duplicates, scans."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number
from hrp.platform.base.history import tracked


class PackageLevel(models.TextChoices):
    USE = "use", "使用单元"
    INNER = "inner", "中包装"
    CASE = "case", "外包装"


@tracked()
class ItemIdentifier(models.Model):
    """A DI of an item at one level of packing: scanning it means ``quantity`` base units."""

    class Agency(models.TextChoices):
        GS1 = "GS1", "GS1（中国物品编码中心）"
        MA = "MA", "MA（中关村工信）"
        AHM = "AHM", "AHM（阿里健康）"
        DRUG_TRACE = "drug_trace", "药品追溯码"
        OWN = "own", "院内条码"

    di = models.CharField("产品标识 DI", max_length=60, unique=True)
    item = models.ForeignKey(Item, models.PROTECT, related_name="identifiers", verbose_name="物资")
    level = models.CharField(
        "包装级别", max_length=10, choices=PackageLevel.choices, default=PackageLevel.USE
    )
    quantity = QuantityField("含基本单位数", default=1)
    agency = models.CharField("发码机构", max_length=12, choices=Agency.choices, default=Agency.GS1)
    valid_from = models.DateField("启用日期")

    class Meta:
        verbose_name = "产品标识"
        db_table = "logistics_identifier"
        ordering = ("item", "quantity")
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity") & Q(quantity__gt=0), name="logistics_identifier_quantity"
            ),
            models.CheckConstraint(condition=~Q(di=""), name="logistics_identifier_given"),
        ]

    def __str__(self) -> str:
        return self.di


@tracked()
class ItemUnit(models.Model):
    """A unit of measure of an item beside its base unit: one of it is exactly ``num / den`` base units."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="units", verbose_name="物资")
    name = models.CharField("单位", max_length=10)
    num = models.PositiveIntegerField("换算分子（基本单位数）")
    den = models.PositiveIntegerField("换算分母", default=1)
    for_purchase = models.BooleanField("默认采购单位", default=False)
    for_issue = models.BooleanField("默认发放单位", default=False)

    class Meta:
        verbose_name = "计量单位"
        db_table = "logistics_item_unit"
        ordering = ("item", "num")
        constraints = [
            models.UniqueConstraint(fields=["item", "name"], name="logistics_unit_once"),
            models.UniqueConstraint(fields=["item"], condition=Q(for_purchase=True), name="logistics_one_purchase_unit"),
            models.UniqueConstraint(fields=["item"], condition=Q(for_issue=True), name="logistics_one_issue_unit"),
            models.CheckConstraint(condition=Q(num__gt=0, den__gt=0), name="logistics_unit_factor"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ItemAlias(AppendOnlyModel):
    """``item`` was found to be ``into`` under another code. Its history stays its own; its codes lead to ``into``."""

    item = models.OneToOneField(Item, models.PROTECT, related_name="alias", verbose_name="重复的物资")
    into = models.ForeignKey(Item, models.PROTECT, related_name="merged", verbose_name="保留的物资")
    reason = models.CharField("原因", max_length=200)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="合并人"
    )
    merged_at = models.DateTimeField("合并时间")

    class Meta:
        verbose_name = "重复物资"
        db_table = "logistics_item_alias"
        constraints = [
            models.CheckConstraint(condition=~Q(item=F("into")), name="logistics_alias_of_another")
        ]

    def __str__(self) -> str:
        return f"{self.item_id} → {self.into_id}"


class ScanRecord(AppendOnlyModel):
    """What a scanner sent, exactly as it came, and what it was taken for. ``place`` is the kind of document scanned into."""

    class Outcome(models.TextChoices):
        FOUND = "found", "已识别"
        UNKNOWN = "unknown", "标识未登记"
        UNREADABLE = "unreadable", "无法读出"

    raw = models.CharField("原始内容", max_length=300)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices)
    di = models.CharField("产品标识 DI", max_length=60, blank=True, db_index=True)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", null=True, verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    serial = models.CharField("序列号", max_length=40, blank=True)
    warnings = models.CharField("提醒", max_length=500, blank=True)
    place = models.CharField("录入处", max_length=60, blank=True)
    scanned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="扫码人"
    )
    scanned_at = models.DateTimeField("扫码时间", db_index=True)

    class Meta:
        verbose_name = "扫码记录"
        db_table = "logistics_scan"
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.raw
