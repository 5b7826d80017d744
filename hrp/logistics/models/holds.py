"""What keeps stock from being taken: promised to somebody, or frozen."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models.items import Item
from hrp.logistics.models.ledger import Batch
from hrp.logistics.models.partners import Supplier
from hrp.logistics.models.stores import Store
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.history import tracked


class Reservation(models.Model):
    """Quantity of an item in a store promised to one line of a document that was approved and not yet served."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    source = models.CharField("来源", max_length=100)
    line_position = models.PositiveSmallIntegerField("单据行")
    quantity = QuantityField("未领数量")
    made_at = models.DateTimeField("占用时间")

    class Meta:
        verbose_name = "库存占用"
        db_table = "logistics_reservation"
        indexes = [models.Index(fields=["store", "item"], name="logistics_reservation_key")]
        constraints = [
            models.UniqueConstraint(fields=["source", "line_position"], name="logistics_reservation_once"),
            not_negative("quantity", name="logistics_reservation_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity}"


@tracked()
class Freeze(models.Model):
    """A hold on everything that matches: one batch, an item, a supplier's goods, or a registration number.

    Who froze does not release. The batches it holds carry the mark themselves, so that picking reads one column.
    """

    kind = models.CharField("限制", max_length=10, choices=Batch.Hold.choices, default=Batch.Hold.FROZEN)
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="批次"
    )
    item = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="物资"
    )
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="供应商"
    )
    registration_number = models.CharField("注册证号", max_length=40, blank=True)
    reason = models.CharField("原因", max_length=300)
    source = models.CharField("来源", max_length=100, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="冻结人"
    )
    frozen_at = models.DateTimeField("冻结时间")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="解冻人",
    )
    released_at = models.DateTimeField("解冻时间", null=True, blank=True)
    release_reason = models.CharField("解冻原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "冻结"
        db_table = "logistics_freeze"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(batch__isnull=False)
                | models.Q(item__isnull=False)
                | models.Q(supplier__isnull=False)
                | ~models.Q(registration_number=""),
                name="logistics_freeze_names_something",
            ),
            models.CheckConstraint(
                condition=models.Q(released_by=None) | ~models.Q(released_by=models.F("frozen_by")),
                name="logistics_another_releases",
            ),
            models.CheckConstraint(
                condition=models.Q(released_by=None, released_at=None)
                | models.Q(released_by__isnull=False, released_at__isnull=False),
                name="logistics_release_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
