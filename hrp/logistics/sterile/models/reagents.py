"""Reagents: opened vials, what one test takes, what the laboratory counted; and hazardous goods under two locks."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number, not_negative
from hrp.platform.base.history import tracked


@tracked()
class ReagentNorm(models.Model):
    """What one test of an instrument takes of a reagent, how a kit of it counts and keeps once opened, and the store the
    instrument is served from."""

    instrument = models.CharField("仪器", max_length=40)
    test_code = models.CharField("检验项目", max_length=40)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="试剂")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="领用库房")
    per_test = QuantityField("每测试用量（测试）", default=1)
    tests_per_kit = models.PositiveIntegerField("每包装测试数")
    open_days = models.PositiveSmallIntegerField("开瓶稳定期（天）")

    class Meta:
        verbose_name = "试剂定额"
        db_table = "logistics_reagent_norm"
        ordering = ("instrument", "test_code")
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "test_code", "item"], name="logistics_reagent_norm_once"
            ),
            models.CheckConstraint(
                condition=models.Q(per_test__gt=0, tests_per_kit__gt=0, open_days__gt=0)
                & is_number("per_test"),
                name="logistics_reagent_norm_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.test_code} {self.item}"


class ReagentVial(models.Model):
    """One kit opened on an instrument: usable to the earlier of its label and its stability once opened."""

    class Closing(models.TextChoices):
        OPEN = "", "使用中"
        EMPTY = "empty", "用完"
        EXPIRED = "expired", "过期弃用"
        LOST = "lost", "损耗"

    instrument = models.CharField("仪器", max_length=40)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="试剂")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    tests = models.PositiveIntegerField("测试数")
    opened_on = models.DateField("开瓶日期")
    opened_at = models.DateTimeField("开瓶时间")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="开瓶人"
    )
    in_use_expiry = models.DateField("开瓶效期至")
    closing = models.CharField(
        "状态", max_length=10, choices=Closing.choices, blank=True, default=Closing.OPEN
    )
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="结束人",
    )

    class Meta:
        verbose_name = "开瓶试剂"
        db_table = "logistics_reagent_vial"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(in_use_expiry__gte=models.F("opened_on")),
                name="logistics_reagent_vial_usable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.item} {self.batch}"


class ReagentLog(AppendOnlyModel):
    """A change of lot, a calibration or a quality control of a reagent on an instrument."""

    class Kind(models.TextChoices):
        LOT = "lot", "换批"
        CALIBRATION = "calibration", "定标"
        CONTROL = "control", "质控"

    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    instrument = models.CharField("仪器", max_length=40)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="试剂")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    passed = models.BooleanField("合格", default=True)
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "试剂日志"
        db_table = "logistics_reagent_log"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.instrument}"


@tracked()
class LisCount(models.Model):
    """How many tests an instrument did on a day, as the laboratory system counts them."""

    instrument = models.CharField("仪器", max_length=40)
    test_code = models.CharField("检验项目", max_length=40)
    day = models.DateField("日期")
    patients = models.PositiveIntegerField("患者测试数")
    controls = models.PositiveIntegerField("质控测试数", default=0)
    reruns = models.PositiveIntegerField("复查测试数", default=0)

    class Meta:
        verbose_name = "LIS测试数"
        db_table = "logistics_lis_count"
        ordering = ("-day", "instrument", "test_code")
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "test_code", "day"], name="logistics_lis_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.test_code} {self.day}"


class BackFlush(models.Model):
    """One period of a store back-flushed: which days, by what was done, and the 出库单 drafted for it."""

    class Kind(models.TextChoices):
        REAGENT = "reagent", "试剂（按测试数）"
        PACK = "pack", "包耗材（按包装数）"

    kind = models.CharField("依据", max_length=8, choices=Kind.choices, default=Kind.REAGENT)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    first_day = models.DateField("起")
    last_day = models.DateField("止")
    source = models.CharField("出库单", max_length=100)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "定额倒冲"
        db_table = "logistics_back_flush"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="logistics_back_flush_days"
            )
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.first_day}—{self.last_day}"


class HazardEntry(models.Model):
    """Hazardous goods under two locks: one person writes down, another confirms; only then does it count."""

    class Kind(models.TextChoices):
        IN = "in", "入柜"
        OUT = "out", "领出"
        CHECK = "check", "盘点"

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="危化品")
    kind = models.CharField("类型", max_length=6, choices=Kind.choices)
    day = models.DateField("日期")
    quantity = QuantityField("数量")
    balance = QuantityField("结存", null=True, blank=True)
    purpose = models.CharField("用途", max_length=100, blank=True)
    first = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人（一）"
    )
    first_at = models.DateTimeField("登记时间")
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="复核人（二）",
    )
    second_at = models.DateTimeField("复核时间", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=100, blank=True)

    class Meta:
        verbose_name = "危化品双锁登记"
        db_table = "logistics_hazard_entry"
        ordering = ("-id",)
        indexes = [models.Index(fields=["store", "item", "day"], name="logistics_hazard_day")]
        constraints = [
            not_negative("quantity", name="logistics_hazard_quantity"),
            not_negative("balance", name="logistics_hazard_balance"),
            models.CheckConstraint(
                condition=models.Q(second=None) | ~models.Q(second=models.F("first")),
                name="logistics_hazard_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(second=None, second_at=None, balance=None)
                | models.Q(second__isnull=False, second_at__isnull=False, balance__isnull=False),
                name="logistics_hazard_confirmed_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(voided_at=None) | models.Q(second=None),
                name="logistics_hazard_void_or_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.get_kind_display()} {self.quantity}"
