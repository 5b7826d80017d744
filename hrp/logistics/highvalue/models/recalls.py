"""Recalls, what a freeze held, and adverse events."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.highvalue.models.units import TraceUnit
from hrp.logistics.models import Batch, Freeze, Item, Store, Supplier
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit


class FreezeBatch(AppendOnlyModel):
    """A batch a freeze found and held, and the hold it had before."""

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="batches", verbose_name="冻结")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    before = models.CharField("原限制", max_length=10, choices=Batch.Hold.choices, blank=True)

    class Meta:
        verbose_name = "冻结批次"
        db_table = "logistics_freeze_batch"
        constraints = [
            models.UniqueConstraint(fields=["freeze", "batch"], name="logistics_freeze_batch_once")
        ]

    def __str__(self) -> str:
        return f"{self.freeze_id} {self.batch_id}"


@tracked()
class Recall(models.Model):
    """One recall, or a drill of one: what is recalled, by when users must be told, and how long the list took."""

    class Level(models.TextChoices):
        ONE = "1", "一级"
        TWO = "2", "二级"
        THREE = "3", "三级"

    class State(models.TextChoices):
        OPEN = "open", "处理中"
        CLOSED = "closed", "已结案"

    number = models.CharField("召回编号", max_length=32, unique=True)
    title = models.CharField("事由", max_length=200)
    level = models.CharField("级别", max_length=1, choices=Level.choices)
    is_drill = models.BooleanField("演练", default=False)
    item = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="物资"
    )
    lot = models.CharField("批号", max_length=40, blank=True)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="供应商"
    )
    registration_number = models.CharField("注册证号", max_length=40, blank=True)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    decided_on = models.DateField("召回决定日期")
    notice_due = models.DateField("通知期限")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    entered_at = models.DateTimeField("登记时间")
    listed_at = models.DateTimeField("清单完成时间", null=True, blank=True)
    list_ms = models.PositiveIntegerField("清单用时（毫秒）", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="结案人",
    )
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    conclusion = models.CharField("结论", max_length=300, blank=True)

    class Meta:
        verbose_name = "召回"
        db_table = "logistics_recall"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(item__isnull=False)
                | models.Q(supplier__isnull=False)
                | ~models.Q(registration_number=""),
                name="logistics_recall_names_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class RecallPlace(models.Model):
    """One place the recalled goods were found at when the list was made; told, and acknowledged by somebody there."""

    class Kind(models.TextChoices):
        ON_HAND = "on_hand", "在库"
        CONSIGNED = "consigned", "寄售在柜"
        TRANSIT = "transit", "在途"
        DEPARTMENT = "department", "已发科室"
        PATIENT = "patient", "已用于患者"
        OUT = "out", "已退出"

    recall = models.ForeignKey(Recall, models.PROTECT, related_name="places", verbose_name="召回")
    kind = models.CharField("去向", max_length=10, choices=Kind.choices)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", null=True, verbose_name="库房")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", null=True, verbose_name="科室")
    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="+", null=True, verbose_name="唯一码")
    visit_no = models.CharField("就诊号", max_length=40, blank=True)
    patient = models.CharField("患者", max_length=20, blank=True)
    note = models.CharField("说明", max_length=100, blank=True)
    quantity = QuantityField("数量")
    notified_at = models.DateTimeField("通知时间", null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name="签收人"
    )
    acknowledged_at = models.DateTimeField("签收时间", null=True)
    answer = models.CharField("回复", max_length=200, blank=True)

    class Meta:
        verbose_name = "召回去向"
        db_table = "logistics_recall_place"
        ordering = ("kind", "id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(acknowledged_by=None, acknowledged_at=None)
                | models.Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="logistics_recall_place_acknowledged_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}"


class RecallDisposal(AppendOnlyModel):
    """What was done with recalled goods found in the hospital."""

    class How(models.TextChoices):
        RETURNED = "returned", "退回供应商"
        DESTROYED = "destroyed", "监督销毁"
        FOLLOWED = "followed", "患者随访"
        OTHER = "other", "其他"

    recall = models.ForeignKey(Recall, models.PROTECT, related_name="disposals", verbose_name="召回")
    place = models.ForeignKey(RecallPlace, models.PROTECT, related_name="disposals", verbose_name="去向")
    how = models.CharField("处置", max_length=10, choices=How.choices)
    quantity = QuantityField("数量")
    note = models.CharField("说明", max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "召回处置"
        db_table = "logistics_recall_disposal"
        ordering = ("id",)
        constraints = [not_negative("quantity", name="logistics_recall_disposal_quantity")]

    def __str__(self) -> str:
        return f"{self.get_how_display()} {self.quantity}"


@tracked()
class AdverseEvent(models.Model):
    """An adverse event with a device (医疗器械不良事件), to be reported by a day that depends on how bad it was."""

    class Severity(models.TextChoices):
        DEATH = "death", "死亡"
        SERIOUS = "serious", "严重伤害"
        OTHER = "other", "其他"
        GROUP = "group", "群体事件"

    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="批次"
    )
    unit = models.ForeignKey(
        TraceUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="唯一码"
    )
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="发生科室")
    severity = models.CharField("严重程度", max_length=10, choices=Severity.choices)
    description = models.CharField("事件经过", max_length=500)
    visit_no = models.CharField("就诊号", max_length=40, blank=True)
    occurred_on = models.DateField("发生日期")
    known_on = models.DateField("获知日期")
    due_on = models.DateField("上报期限")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    recorded_at = models.DateTimeField("登记时间")
    reported_on = models.DateField("上报日期", null=True, blank=True)
    report_no = models.CharField("上报编号", max_length=60, blank=True)
    freeze = models.ForeignKey(
        Freeze, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="冻结"
    )

    class Meta:
        verbose_name = "不良事件"
        db_table = "logistics_adverse_event"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(known_on__gte=models.F("occurred_on")),
                name="logistics_adverse_known_after",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.item}"
