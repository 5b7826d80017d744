"""Drivers: the statistics by which cost is shared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Account


class Grain(models.TextChoices):
    """Whether a value belongs to one department, or to a pair of server and receiver."""

    DEPARTMENT = "dept", "科室"
    PAIR = "pair", "服务科室与受益科室"


@tracked()
class Driver(models.Model):
    """A driver (分摊参数). Its value for a month is what the stat account holds for the receiver in that month."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    grain = models.CharField("粒度", max_length=4, choices=Grain.choices, default=Grain.DEPARTMENT)
    account = models.OneToOneField(Account, models.PROTECT, related_name="+", verbose_name="统计量科目")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "分摊参数"
        db_table = "costing_driver"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(condition=Q(grain__in=Grain.values), name="costing_driver_grain")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
