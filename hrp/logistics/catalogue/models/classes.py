"""Classifications: independent trees an item is mapped into, each mapping holding from a day on."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item
from hrp.platform.base.history import tracked


class Scheme(models.TextChoices):
    DEVICE_2002 = "device_2002", "器械分类（2002版）"
    DEVICE_2017 = "device_2017", "器械分类（2017版）"
    OWN = "own", "院内分类"
    BUDGET = "budget", "预算分类"
    INSURANCE = "insurance", "医保分类"


@tracked()
class ClassNode(models.Model):
    """One class of one scheme. The database keeps a parent within its own scheme."""

    scheme = models.CharField("体系", max_length=12, choices=Scheme.choices)
    code = models.CharField("编码", max_length=20)
    name = models.CharField("名称", max_length=100)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="children", null=True, blank=True, verbose_name="上级分类"
    )
    source = models.CharField("依据", max_length=200, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "分类"
        db_table = "logistics_class_node"
        ordering = ("scheme", "code")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="logistics_class_node_once"),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="logistics_class_node_not_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@tracked()
class ItemClass(models.Model):
    """The class of an item in one scheme from a day on, until the next row of that scheme takes over."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="classes", verbose_name="物资")
    scheme = models.CharField("体系", max_length=12, choices=Scheme.choices)
    node = models.ForeignKey(ClassNode, models.PROTECT, related_name="+", verbose_name="分类")
    valid_from = models.DateField("生效日期")

    class Meta:
        verbose_name = "物资归类"
        db_table = "logistics_item_class"
        ordering = ("item", "scheme", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=["item", "scheme", "valid_from"], name="logistics_item_class_once")
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.node}"
