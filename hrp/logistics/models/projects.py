"""Projects of research and teaching, and those the treasury pays for: what is issued for one is booked on its fund."""

from __future__ import annotations

import datetime as dt

from django.db import models

from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Fund
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.models.units import ends_after_start


@tracked()
class Project(models.Model):
    """A project (项目) with the money it is paid from; goods may be charged to it between its days."""

    class Kind(models.TextChoices):
        RESEARCH = "research", "科研"
        TEACHING = "teaching", "教学"
        FISCAL = "fiscal", "财政项目"
        OTHER = "other", "其他"

    class Status(models.TextChoices):
        ACTIVE = "active", "在研"
        SUSPENDED = "suspended", "暂停"
        CLOSED = "closed", "已结题"

    code = models.CharField("项目编号", max_length=40, unique=True)
    name = models.CharField("项目名称", max_length=100)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.RESEARCH)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    leader = models.CharField("负责人", max_length=50)
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="承担科室")
    valid_from = models.DateField("开始日期")
    valid_to = models.DateField("结束日期", null=True, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.ACTIVE)

    class Meta:
        verbose_name = "科教项目"
        db_table = "logistics_project"
        ordering = ("code",)
        constraints = [ends_after_start("logistics_project_days")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def wrong_on(self, day: dt.date) -> str:
        """Why nothing may be charged to it on a day; empty when something may."""
        if self.status != self.Status.ACTIVE:
            return f"项目 {self.code} {self.get_status_display()}，不能列支"
        if day < self.valid_from or (self.valid_to is not None and day > self.valid_to):
            return (
                f"项目 {self.code} 的执行期是 {self.valid_from} 至 {self.valid_to or '未定'}，{day} 不能列支"
            )
        return ""
