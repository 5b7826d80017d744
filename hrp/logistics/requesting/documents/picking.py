"""拣货单: what to take from which batch for a requisition, in the order of expiry, scan by scan."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Batch, Item
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number


class Picking(models.Model):
    """One round of picking for a requisition; at most one is open. ``source`` is the document it ended in."""

    class State(models.TextChoices):
        OPEN = "open", "拣货中"
        PICKED = "picked", "待复核"
        DONE = "done", "已出库"
        CANCELLED = "cancelled", "已取消"

    requisition = models.ForeignKey(
        Requisition, models.PROTECT, related_name="pickings", verbose_name="申领单"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="开单人"
    )
    made_at = models.DateTimeField("开单时间")
    picked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name="拣货人"
    )
    picked_at = models.DateTimeField("拣货时间", null=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name="复核人"
    )
    checked_at = models.DateTimeField("复核时间", null=True)
    source = models.CharField("出库单据", max_length=100, blank=True)

    class Meta:
        verbose_name = "拣货单"
        db_table = "logistics_picking"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["requisition"],
                condition=models.Q(state__in=["open", "picked"]),
                name="logistics_one_picking",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(source=""), name="logistics_picking_done"
            ),
        ]

    def __str__(self) -> str:
        return f"拣货单#{self.pk}"


class PickLine(models.Model):
    """What to take of one batch. Lines are made with the list and not changed; what was taken are its scans."""

    picking = models.ForeignKey(Picking, models.CASCADE, related_name="lines", verbose_name="拣货单")
    position = models.PositiveSmallIntegerField("行号")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    quantity = QuantityField("应拣数量")

    class Meta:
        verbose_name = "拣货明细"
        db_table = "logistics_pick_line"
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["picking", "position"], name="logistics_pick_line_position"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) & is_number("quantity"),
                name="logistics_pick_line_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


class PickScan(AppendOnlyModel):
    """One scan at the shelf; ``uuid`` is the scanner's own. A negative quantity puts back."""

    uuid = models.UUIDField("扫描号", unique=True)
    line = models.ForeignKey(PickLine, models.PROTECT, related_name="scans", verbose_name="拣货明细")
    quantity = QuantityField("数量")
    code = models.CharField("扫描内容", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="拣货人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "拣货扫描"
        db_table = "logistics_pick_scan"
        constraints = [
            models.CheckConstraint(condition=is_number("quantity"), name="logistics_pick_scan_number")
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.quantity}"
