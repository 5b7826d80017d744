"""Allocation rules, kept in numbered versions. A version used by a posted run cannot be changed any more."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.costing.models.drivers import Driver
from hrp.costing.models.items import CostItem, Item7
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit, Setting, UnitCategory
from hrp.platform.org.models.units import ends_after_start


class Level(models.IntegerChoices):
    SHARED = 0, "公摊"
    ADMIN = 1, "一级（行政后勤）"
    AUXILIARY = 2, "二级（医疗辅助）"
    MEDTECH = 3, "三级（医疗技术）"


@tracked()
class RuleSet(models.Model):
    """One version of the hospital's allocation rules."""

    version = models.PositiveIntegerField("版本", unique=True)
    title = models.CharField("名称", max_length=60)
    basis = models.CharField("依据", max_length=200, blank=True, help_text="批准文件或会议纪要")
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "分摊规则版本"
        db_table = "costing_rule_set"
        ordering = ("-version",)
        constraints = [ends_after_start("costing_rule_set_validity")]

    def __str__(self) -> str:
        return f"第 {self.version} 版 {self.title}"


@tracked()
class AllocationRule(models.Model):
    """Which driver shares which items of which sources.

    The more particular rule wins: one unit before a whole category, one item before one of the seven, one of the
    seven before all; among equals the smaller ``rank``.
    """

    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="rules", verbose_name="规则版本")
    level = models.PositiveSmallIntegerField("级次", choices=Level.choices)
    rank = models.PositiveSmallIntegerField("顺序", default=100)
    source_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="分摊科室", null=True, blank=True,
        help_text="空为该级次的所有科室",
    )  # fmt: skip
    item = models.ForeignKey(
        CostItem, models.PROTECT, related_name="+", verbose_name="成本项目", null=True, blank=True
    )
    item7 = models.CharField("七项之一", max_length=1, choices=Item7.choices, blank=True)
    driver = models.ForeignKey(Driver, models.PROTECT, related_name="+", verbose_name="分摊参数")
    receiver_category = models.CharField(
        "接收科室类别", max_length=10, choices=UnitCategory.choices, blank=True, help_text="空为下级全部类别"
    )
    receiver_setting = models.CharField(
        "接收门诊/住院", max_length=10, choices=Setting.choices, blank=True, help_text="空为不限"
    )

    class Meta:
        verbose_name = "分摊规则"
        db_table = "costing_rule"
        ordering = ("rule_set", "level", "rank", "id")
        constraints = [
            models.CheckConstraint(condition=Q(level__in=Level.values), name="costing_rule_level"),
            models.CheckConstraint(
                condition=Q(item__isnull=True) | Q(item7=""), name="costing_rule_one_item_selector"
            ),
            models.CheckConstraint(
                condition=~Q(level=Level.SHARED) | Q(source_unit__isnull=False),
                name="costing_rule_shared_needs_unit",
            ),
            models.CheckConstraint(
                condition=Q(level__in=[Level.SHARED, Level.ADMIN])
                | Q(level=Level.AUXILIARY, receiver_category__in=["", "clinical", "medtech"])
                | Q(level=Level.MEDTECH, receiver_category__in=["", "clinical"]),
                name="costing_rule_flows_down",
            ),
            models.CheckConstraint(
                condition=~Q(receiver_category="excluded") & ~Q(level=Level.ADMIN, receiver_category="admin"),
                name="costing_rule_receivers",
            ),
        ]

    def __str__(self) -> str:
        return f"R{self.pk}"


@tracked()
class RuleFallback(models.Model):
    """An approved substitute, taken when the driver before it sums to zero. Every posting tells how deep it went."""

    rule = models.ForeignKey(
        AllocationRule, models.CASCADE, related_name="fallbacks", verbose_name="分摊规则"
    )
    position = models.PositiveSmallIntegerField("次序")
    driver = models.ForeignKey(Driver, models.PROTECT, related_name="+", verbose_name="备用参数")
    approval = models.CharField("批准依据", max_length=100)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="批准人"
    )

    class Meta:
        verbose_name = "备用参数"
        db_table = "costing_rule_fallback"
        ordering = ("rule", "position")
        constraints = [
            models.UniqueConstraint(fields=["rule", "position"], name="costing_rule_fallback_position"),
            models.CheckConstraint(
                condition=Q(position__gte=1) & ~Q(approval=""), name="costing_rule_fallback_approved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}/{self.position}"
