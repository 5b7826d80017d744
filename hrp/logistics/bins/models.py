"""Bins of stores, the home of an item, and where a batch was put."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.history import tracked


@tracked()
class Bin(models.Model):
    """A place of a store (库区-货架-层-位). ``code`` joins the four parts and is what its label says."""

    class Kind(models.TextChoices):
        PICK = "pick", "拣货位"
        RESERVE = "reserve", "存储位"
        COLD = "cold", "冷藏位"
        LOCKED = "locked", "专柜（加锁）"
        QUARANTINE = "quarantine", "不合格品位"

    store = models.ForeignKey(Store, models.PROTECT, related_name="bins", verbose_name="库房")
    zone = models.CharField("库区", max_length=6)
    rack = models.CharField("货架", max_length=6)
    level = models.CharField("层", max_length=4)
    place = models.CharField("位", max_length=4)
    code = models.CharField("货位码", max_length=24)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.PICK)
    sequence = models.PositiveIntegerField("拣货顺序", default=0)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "货位"
        db_table = "logistics_bin"
        ordering = ("store", "sequence", "code")
        constraints = [
            models.UniqueConstraint(fields=["store", "code"], name="logistics_bin_once"),
            # what placements and homes refer to together with their store, so that both always agree
            models.UniqueConstraint(fields=["id", "store"], name="logistics_bin_of_store"),
        ]

    def __str__(self) -> str:
        return self.code


@tracked()
class HomeBin(models.Model):
    """Where an item belongs in a store, until somebody puts a batch elsewhere."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="home_bins", verbose_name="物资")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="homes", verbose_name="默认货位")

    class Meta:
        verbose_name = "默认货位"
        db_table = "logistics_home_bin"
        ordering = ("store", "item__code")
        constraints = [models.UniqueConstraint(fields=["store", "item"], name="logistics_home_bin_once")]

    def __str__(self) -> str:
        return f"{self.item} {self.bin}"


@tracked()
class Placement(models.Model):
    """A batch lies in a bin since ``placed_at``, until somebody takes it out of there. ``uuid`` is the scanner's own."""

    uuid = models.UUIDField("扫描号", unique=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="placements", verbose_name="货位")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上架人"
    )
    placed_at = models.DateTimeField("上架时间")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name="移走人"
    )
    ended_at = models.DateTimeField("移走时间", null=True)

    class Meta:
        verbose_name = "上架"
        db_table = "logistics_placement"
        ordering = ("-id",)
        indexes = [models.Index(fields=["store", "batch"], name="logistics_placement_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "bin"], condition=Q(ended_at=None), name="logistics_placement_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="logistics_placement_ended_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.bin}"
