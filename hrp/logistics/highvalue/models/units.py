"""One piece and everything that ever happened to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.highvalue import rules
from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import UnitPriceField

STATE_CHOICES = [(str(state), title) for state, title in rules.STATES.items()]
_PLACED = sorted(rules.PLACED)


class TraceUnit(models.Model):
    """One piece (一物一码). ``state`` and ``store`` are projected from its events by the database; it is never deleted.

    ``uid`` is the serial of its UDI where there is one, else the code we printed (院内码). A piece used but not booked
    still lies in the stock of its store when it is the hospital's own.
    """

    class Owner(models.TextChoices):
        HOSPITAL = "hospital", "医院"
        SUPPLIER = "supplier", "供应商"

    class Mode(models.TextChoices):
        BOUGHT = "bought", "采购"
        CONSIGN = "consign", "寄售备货"
        CARRIED = "carried", "跟台"
        LOANER = "loaner", "租借器械包"

    uid = models.CharField("唯一码", max_length=60)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    gtin = models.CharField("DI", max_length=40, blank=True)
    serial = models.CharField("序列号", max_length=40, blank=True, db_index=True)
    raw = models.CharField("扫码原文", max_length=200, blank=True)
    owner = models.CharField("归属", max_length=10, choices=Owner.choices)
    mode = models.CharField("方式", max_length=10, choices=Mode.choices)
    state = models.CharField("状态", max_length=12, choices=STATE_CHOICES, default=rules.State.LABELLED)
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="所在库房"
    )
    price = UnitPriceField("单价", null=True, blank=True)
    tray = models.CharField("器械包号", max_length=40, blank=True, db_index=True)
    visit_no = models.CharField("备用就诊号", max_length=40, blank=True)
    source = models.CharField("来源单据", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行")
    registered_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "唯一码"
        db_table = "logistics_unit"
        indexes = [
            models.Index(fields=["batch", "state"], name="logistics_unit_batch_state"),
            models.Index(fields=["store", "item", "state"], name="logistics_unit_place"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["uid"], condition=~models.Q(uid=""), name="logistics_unit_uid"),
            models.UniqueConstraint(
                fields=["gtin", "serial"], condition=~models.Q(serial=""), name="logistics_unit_udi"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=_PLACED, store__isnull=False)
                | models.Q(state="used")
                | ~models.Q(state__in=[*_PLACED, "used"]) & models.Q(store=None),
                name="logistics_unit_one_place",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class UnitEvent(AppendOnlyModel):
    """One thing that happened to a piece: where it was before, where it is since, by which document and by whom."""

    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="events", verbose_name="唯一码")
    act = models.CharField("事件", max_length=12, choices=list(rules.ACTS.items()))
    from_state = models.CharField("原状态", max_length=12, choices=STATE_CHOICES)
    to_state = models.CharField("状态", max_length=12, choices=STATE_CHOICES)
    from_store = models.ForeignKey(Store, models.PROTECT, related_name="+", null=True, verbose_name="原库房")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", null=True, verbose_name="库房")
    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行", default=0)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "唯一码轨迹"
        db_table = "logistics_unit_event"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.unit_id} {self.get_act_display()}"


class UnitScan(models.Model):
    """A piece named for a line of a document before it is posted: which ones leave, or the codes of what arrives."""

    source = models.CharField("单据", max_length=100)
    line_position = models.PositiveSmallIntegerField("单据行")
    unit = models.ForeignKey(
        TraceUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="唯一码"
    )
    gtin = models.CharField("DI", max_length=40, blank=True)
    serial = models.CharField("序列号", max_length=40, blank=True)
    raw = models.CharField("扫码原文", max_length=200)
    scanned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="扫码人"
    )
    scanned_at = models.DateTimeField("扫码时间")

    class Meta:
        verbose_name = "单据扫码"
        db_table = "logistics_unit_scan"
        constraints = [
            models.UniqueConstraint(fields=["source", "unit"], name="logistics_unit_scan_once"),
            models.UniqueConstraint(
                fields=["source", "gtin", "serial"],
                condition=models.Q(unit=None),
                name="logistics_unit_scan_code_once",
            ),
            models.CheckConstraint(
                condition=models.Q(unit__isnull=False) | ~models.Q(serial=""),
                name="logistics_unit_scan_names_something",
            ),
        ]

    def __str__(self) -> str:
        return self.raw
