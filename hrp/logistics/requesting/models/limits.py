"""What a department may ask for: how much of an item a month, and items of which level."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.models.units import no_overlap


@tracked()
class DepartmentQuota(models.Model):
    """定额: how much of an item a department may ask for in a month, from a day to a day."""

    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("每月定额")
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("截止日", null=True, blank=True)

    class Meta:
        verbose_name = "科室定额"
        db_table = "logistics_department_quota"
        ordering = ("org_unit", "item", "valid_from")
        constraints = [
            not_negative("quantity", name="logistics_department_quota_quantity"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="logistics_department_quota_days",
            ),
            no_overlap("logistics_department_quota_once", "org_unit", "item"),
        ]

    def __str__(self) -> str:
        return f"{self.org_unit} {self.item}"


@tracked()
class UseAuthority(models.Model):
    """使用权限: up to which level (Ⅰ、Ⅱ、Ⅲ) a department may be given devices, from a day to a day."""

    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    level = models.CharField("最高使用级别", max_length=1, choices=[c for c in Item.Level.choices if c[0]])
    basis = models.CharField("依据", max_length=100, blank=True)
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("截止日", null=True, blank=True)

    class Meta:
        verbose_name = "使用权限"
        db_table = "logistics_use_authority"
        ordering = ("org_unit", "valid_from")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="logistics_use_authority_days",
            ),
            no_overlap("logistics_use_authority_once", "org_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.org_unit} {self.get_level_display()}"
