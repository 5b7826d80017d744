"""The supply catalogue (供应目录) by committee meeting, and purchases outside of it (临时采购)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.logistics.models import Item, Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, UnitPriceField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


@tracked()
class SupplyVersion(models.Model):
    """A version of the catalogue, decided by a meeting. Once published, neither it nor its lines change any more."""

    code = models.CharField("版次", max_length=20, unique=True)
    meeting = models.CharField("会议", max_length=100, help_text="例如 2026 年第 3 次医用耗材管理委员会")
    meeting_date = models.DateField("会议日期")
    effective_from = models.DateField("执行日期")
    note = models.CharField("说明", max_length=300, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="编制人"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="发布人",
    )
    published_at = models.DateTimeField("发布时间", null=True, editable=False)

    class Meta:
        verbose_name = "供应目录"
        db_table = "logistics_supply_version"
        ordering = ("-effective_from",)
        constraints = [
            models.UniqueConstraint(
                fields=["effective_from"], condition=Q(published_at__isnull=False), name="logistics_supply_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(published_by=F("made_by")), name="logistics_supply_another_publishes"
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True, published_at__isnull=True)
                | Q(published_by__isnull=False, published_at__isnull=False),
                name="logistics_supply_published_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("meeting_date")), name="logistics_supply_after_its_meeting"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.meeting}"


class SupplyLine(models.Model):
    """An item of a version."""

    version = models.ForeignKey(SupplyVersion, models.PROTECT, related_name="lines", verbose_name="版次")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    note = models.CharField("限定（科室、用途）", max_length=100, blank=True)

    class Meta:
        verbose_name = "目录品种"
        db_table = "logistics_supply_line"
        constraints = [models.UniqueConstraint(fields=["version", "item"], name="logistics_supply_line_once")]

    def __str__(self) -> str:
        return str(self.item)


@tracked()
class OneOffPurchase(models.Model):
    """Leave to buy some of an item outside the catalogue, once. ``used`` counts what was received under it."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="供应商（空为不限）"
    )
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="申请科室")
    quantity = QuantityField("批准数量")
    price = UnitPriceField("最高单价（元）", null=True, blank=True)
    reason = models.CharField("理由", max_length=300)
    valid_to = models.DateField("有效期至")
    used = QuantityField("已使用", default=0, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间", editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="批准人",
    )
    approved_at = models.DateTimeField("批准时间", null=True, editable=False)

    class Meta:
        verbose_name = "临时采购"
        db_table = "logistics_one_off"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity", "used") & Q(quantity__gt=0, used__gte=0, used__lte=F("quantity")),
                name="logistics_one_off_used",
            ),
            not_negative("price", name="logistics_one_off_price"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("asked_by")), name="logistics_one_off_another_approves"
            ),
            models.CheckConstraint(
                condition=Q(used=0) | Q(approved_by__isnull=False), name="logistics_one_off_used_when_approved"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} {self.quantity.normalize():f}"


class OneOffUse(AppendOnlyModel):
    """What one document took of a one-off purchase (positive) or gave back when it was reversed (negative)."""

    one_off = models.ForeignKey(OneOffPurchase, models.PROTECT, related_name="uses", verbose_name="临时采购")
    source = models.CharField("来源", max_length=100, db_index=True)
    quantity = QuantityField("数量")

    class Meta:
        verbose_name = "临时采购使用"
        db_table = "logistics_one_off_use"

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"
