"""Store rooms: a tree of first, second and department stores, and the places goods are in between."""

from __future__ import annotations

from django.db import models

from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit


@tracked()
class Store(models.Model):
    """A store room (库房); ``org_unit`` keeps it.

    What leaves for a store whose ``on_issue`` is transfer stays inventory (调拨, still 1302); what leaves for a
    department, or a store that expenses, becomes its cost (领用).
    """

    class Kind(models.TextChoices):
        CENTRAL = "central", "一级库"
        SECOND = "second", "二级库"
        DEPARTMENT = "department", "科室库"
        CONSIGNMENT = "consignment", "寄售柜"
        TRANSIT = "transit", "在途"
        QUARANTINE = "quarantine", "不合格品"

    class OnIssue(models.TextChoices):
        TRANSFER = "transfer", "调拨（仍为库存）"
        EXPENSE = "expense", "领用（计入费用）"

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    kind = models.CharField("级别", max_length=20, choices=Kind.choices, default=Kind.CENTRAL)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="children", null=True, blank=True, verbose_name="上级库房"
    )
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="管理科室")
    on_issue = models.CharField("领入方式", max_length=10, choices=OnIssue.choices, default=OnIssue.TRANSFER)
    least_life_days = models.PositiveSmallIntegerField("领入最短剩余效期（天）", default=0)
    count_cycle_days = models.PositiveSmallIntegerField("盘点周期（天）", default=30)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "库房"
        db_table = "logistics_store"
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(
                fields=["campus"], condition=models.Q(kind="transit"), name="logistics_one_transit_a_campus"
            ),
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("id")),
                name="logistics_store_not_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name
