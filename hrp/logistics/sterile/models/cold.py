"""Cold chain: the places goods are kept cold in, and what their thermometers said."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked


@tracked()
class ColdPlace(models.Model):
    """A refrigerator, freezer or cold room of a store, and between what it must stay (°C)."""

    code = models.CharField("编号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    lowest = models.DecimalField("下限（℃）", max_digits=5, decimal_places=1)
    highest = models.DecimalField("上限（℃）", max_digits=5, decimal_places=1)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "冷链设备"
        db_table = "logistics_cold_place"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(highest__gt=models.F("lowest")), name="logistics_cold_place_range"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ColdReading(AppendOnlyModel):
    """One reading, typed or sent by a probe. ``fits`` was judged by the range of its day; one out of it says what was done."""

    place = models.ForeignKey(ColdPlace, models.PROTECT, related_name="readings", verbose_name="冷链设备")
    celsius = models.DecimalField("温度（℃）", max_digits=5, decimal_places=1)
    fits = models.BooleanField("在范围内")
    measure = models.CharField("处置", max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "温度记录"
        db_table = "logistics_cold_reading"
        ordering = ("-id",)
        indexes = [models.Index(fields=["place", "at"], name="logistics_cold_reading_at")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(fits=True) | ~models.Q(measure=""), name="logistics_cold_reading_handled"
            )
        ]

    def __str__(self) -> str:
        return f"{self.celsius} ℃"
