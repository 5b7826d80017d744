"""大型医用设备: which machines need a licence, and the licences (配置许可证) a hospital holds with their quota."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.platform.base.fields import MoneyField
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Hospital
from hrp.platform.org.models.units import ends_after_start


@tracked()
class LargeClass(models.Model):
    """One entry of the catalogue in force; ``price_from`` is that of entries that go by price (首次配置的大型医疗器械)."""

    class Category(models.TextChoices):
        A = "A", "甲类（国家许可）"
        B = "B", "乙类（省级许可）"

    code = models.CharField("编码", max_length=10)
    name = models.CharField("名称", max_length=100)
    category = models.CharField("类别", max_length=1, choices=Category.choices)
    price_from = MoneyField("单价起（元，含）", null=True, blank=True)
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("依据", max_length=200)
    verified = models.BooleanField("已核对原文", default=False)

    class Meta:
        verbose_name = "大型医用设备目录"
        db_table = "assets_large_class"
        ordering = ("code",)
        constraints = [
            ends_after_start("assets_large_class_days"),
            models.UniqueConstraint(fields=["code", "valid_from"], name="assets_large_class_once"),
            models.CheckConstraint(
                condition=Q(price_from=None) | Q(price_from__gt=0), name="assets_large_class_price"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()[:2]} {self.name}"


@tracked()
class LargeLicence(models.Model):
    """A 大型医用设备配置许可证: so many machines of a class, ``occupied`` of them by machines that were there before."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", verbose_name="医院")
    number = models.CharField("许可证号", max_length=60, unique=True)
    large_class = models.ForeignKey(LargeClass, models.PROTECT, related_name="+", verbose_name="设备类别")
    quota = models.PositiveSmallIntegerField("许可台数", default=1)
    occupied = models.PositiveSmallIntegerField("建账前已占用", default=0)
    valid_from = models.DateField("发证日期")
    valid_to = models.DateField("有效期至", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "大型设备配置证"
        db_table = "assets_large_licence"
        ordering = ("number",)
        constraints = [
            ends_after_start("assets_large_licence_days"),
            models.CheckConstraint(
                condition=Q(quota__gt=0, occupied__lte=F("quota")), name="assets_large_licence_quota"
            ),
        ]

    def __str__(self) -> str:
        return self.number
