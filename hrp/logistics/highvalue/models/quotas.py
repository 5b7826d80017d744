"""Quotas of use by surgeon or by disease: a use beyond one is told of, never refused."""

from __future__ import annotations

from django.db import models

from hrp.logistics.models import Item
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.history import tracked


@tracked()
class UseQuota(models.Model):
    """How much one surgeon may use in a month, or one patient with a disease in a stay; of one item or of all."""

    class Kind(models.TextChoices):
        OPERATOR = "operator", "手术医生（每月）"
        DIAGNOSIS = "diagnosis", "单病种（每次住院）"

    kind = models.CharField("定额对象", max_length=10, choices=Kind.choices)
    name = models.CharField("医生 / 病种", max_length=50, help_text="医生写全名；病种写诊断中的关键字")
    item = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="物资（空为全部高值）"
    )
    pieces = models.PositiveIntegerField("件数上限", null=True, blank=True)
    amount = MoneyField("金额上限", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "使用定额"
        db_table = "logistics_use_quota"
        ordering = ("kind", "name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name", "item"], name="logistics_use_quota_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(pieces__isnull=False) | models.Q(amount__isnull=False),
                name="logistics_use_quota_limits",
            ),
            models.CheckConstraint(
                condition=models.Q(amount=None) | models.Q(amount__gt=0) & is_number("amount"),
                name="logistics_use_quota_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.item or '全部高值'}"
