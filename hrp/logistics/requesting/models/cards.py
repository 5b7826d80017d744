"""定数卡: a card hangs at a fixed pack of goods; scanned when the pack is empty, it asks for another."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


@tracked()
class QuotaCard(models.Model):
    """One card; ``request`` is the source of the requisition, or the purchase plan, that refills it.

    A card of a department is refilled by ``store``; one that hangs in ``store`` itself is refilled by purchasing.
    """

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "科室申领补货"
        STORE = "store", "库房采购补货"

    class State(models.TextChoices):
        FULL = "full", "在位"
        EMPTY = "empty", "已空"
        ASKED = "asked", "补货中"

    code = models.CharField("卡号", max_length=40, unique=True)
    kind = models.CharField("补货方式", max_length=10, choices=Kind.choices, default=Kind.DEPARTMENT)
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("每包数量")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="补货库房")
    place = models.CharField("摆放位置", max_length=50, blank=True)
    state = models.CharField("状态", max_length=5, choices=State.choices, default=State.FULL)
    request = models.CharField("补货单据", max_length=100, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "定数卡"
        db_table = "logistics_quota_card"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) & is_number("quantity"),
                name="logistics_quota_card_quantity",
            ),
            models.CheckConstraint(
                condition=models.Q(state="asked") ^ models.Q(request=""), name="logistics_quota_card_request"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CardScan(AppendOnlyModel):
    """A card scanned as empty. ``uuid`` is the scanner's own, so that a scan sent twice counts once."""

    uuid = models.UUIDField("扫描号", unique=True)
    card = models.ForeignKey(QuotaCard, models.PROTECT, related_name="scans", verbose_name="定数卡")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="扫描人")
    at = models.DateTimeField("时间")
    counted = models.BooleanField("有效")  # False: the card was empty already

    class Meta:
        verbose_name = "定数卡扫描"
        db_table = "logistics_quota_card_scan"

    def __str__(self) -> str:
        return f"{self.card} {self.at}"
