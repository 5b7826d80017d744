"""购置预算: what a source gives for equipment in a year."""

from __future__ import annotations

from django.db import models

from hrp.assets.models import FundingSource
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Hospital


@tracked()
class AcquisitionBudget(models.Model):
    """Plans of a year never exceed it (a trigger says so at commit)."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", verbose_name="医院")
    year = models.PositiveSmallIntegerField("年度")
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    project = models.CharField("项目", max_length=60, blank=True)
    amount = MoneyField("预算金额")
    approval = models.CharField("批复文号", max_length=60, blank=True)

    class Meta:
        verbose_name = "购置预算"
        db_table = "assets_acquisition_budget"
        ordering = ("-year", "source")
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "year", "source", "project"], name="assets_acquisition_budget_once"
            ),
            not_negative("amount", name="assets_acquisition_budget_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年 {self.source}{f' {self.project}' if self.project else ''}"
