"""The working calendar as the State Council announces it, one year at a time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hrp.platform.org.rules.calendar import DayKind


class CalendarYear(models.Model):
    """A year whose every day is known. A year that is not here has no working days to reckon with."""

    year = models.PositiveSmallIntegerField("年度", primary_key=True)
    source_doc = models.CharField("依据文件", max_length=60, help_text="如 国办发明电〔2025〕7号")
    verified = models.BooleanField("已与原文核对", default=False)
    revision = models.PositiveIntegerField("版本", default=1, help_text="每次重新导入加一")
    imported_by = models.CharField("导入人", max_length=50)
    imported_at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = "日历年度"
        db_table = "org_calendar_year"

    def __str__(self) -> str:
        return f"{self.year} 年（{self.source_doc}）"


class CalendarDay(models.Model):
    """One day of a known year."""

    date = models.DateField("日期", primary_key=True)
    year = models.ForeignKey(CalendarYear, models.PROTECT, related_name="+", verbose_name="年度")
    kind = models.CharField("性质", max_length=10, choices=[(kind.value, kind.label) for kind in DayKind])
    name = models.CharField("节日", max_length=30, blank=True)
    source = models.CharField("依据文件", max_length=60, blank=True, help_text="由其他年度的通知改动时注明")

    class Meta:
        verbose_name = "日历日"
        db_table = "org_calendar_day"
        constraints = [
            models.CheckConstraint(
                condition=Q(date__year=models.F("year_id")), name="org_calendar_day_in_year"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in DayKind]), name="org_calendar_day_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()}"
