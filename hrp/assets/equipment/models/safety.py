"""设备不良事件, and notices of makers and authorities (召回、安全通知) with the cards they concern."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


@tracked()
class DeviceEvent(models.Model):
    """An adverse event with a machine, to be reported by a day that depends on how bad it was."""

    class Severity(models.TextChoices):
        DEATH = "death", "死亡"
        SERIOUS = "serious", "严重伤害"
        OTHER = "other", "其他"
        GROUP = "group", "群体事件"

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="发生科室")
    severity = models.CharField("伤害程度", max_length=10, choices=Severity.choices)
    occurred_on = models.DateField("发生日期")
    known_on = models.DateField("获知日期")
    due_on = models.DateField("上报期限", editable=False)
    visit_no = models.CharField("就诊号", max_length=40, blank=True)
    patient = models.CharField("患者情况", max_length=100, blank=True)
    event = models.TextField("事件经过", max_length=1000)
    action = models.CharField("已采取措施", max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人", editable=False
    )
    recorded_at = models.DateTimeField("登记时间", editable=False)
    reported_on = models.DateField("上报日期", null=True, blank=True)
    report_no = models.CharField("上报编号", max_length=60, blank=True)

    class Meta:
        verbose_name = "设备不良事件"
        db_table = "assets_device_event"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(known_on__gte=F("occurred_on")), name="assets_device_event_days"
            ),
            models.CheckConstraint(
                condition=Q(reported_on=None) | (Q(reported_on__gte=F("known_on")) & ~Q(report_no="")),
                name="assets_device_event_reported_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.asset}"


@tracked()
class SafetyNotice(models.Model):
    """A recall or field safety notice for machines; the cards it names are found when it is entered."""

    class Kind(models.TextChoices):
        RECALL = "recall", "召回"
        FSN = "fsn", "安全通知"

    class Level(models.TextChoices):
        ONE = "1", "一级"
        TWO = "2", "二级"
        THREE = "3", "三级"

    number = models.CharField("通知编号", max_length=60, unique=True)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    level = models.CharField("级别", max_length=1, choices=Level.choices, blank=True, default="")
    title = models.CharField("事由", max_length=200)
    issuer = models.CharField("发布方", max_length=100)
    issued_on = models.DateField("发布日期")
    manufacturer = models.CharField("生产厂家", max_length=100, blank=True)
    model = models.CharField("型号", max_length=100, blank=True)
    serial_from = models.CharField("出厂编号起", max_length=60, blank=True)
    serial_to = models.CharField("出厂编号止", max_length=60, blank=True)
    registration_number = models.CharField("注册证号", max_length=40, blank=True)
    action = models.TextField("处理要求", blank=True)
    handle_by = models.DateField("处理期限", null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人", editable=False
    )
    entered_at = models.DateTimeField("登记时间", editable=False)

    class Meta:
        verbose_name = "召回与安全通知"
        db_table = "assets_safety_notice"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(model="") | ~Q(registration_number=""),
                name="assets_safety_notice_names_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


@tracked()
class AffectedCard(models.Model):
    """A card a notice concerns, and what was done with it."""

    notice = models.ForeignKey(SafetyNotice, models.PROTECT, related_name="cards", verbose_name="通知")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    handled_on = models.DateField("处理日期", null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="处理人"
    )  # fmt: skip
    result = models.CharField("处理结果", max_length=200, blank=True)

    class Meta:
        verbose_name = "涉及设备"
        db_table = "assets_affected_card"
        ordering = ("-notice_id", "id")
        constraints = [
            models.UniqueConstraint(fields=["notice", "asset"], name="assets_affected_card_once"),
            models.CheckConstraint(
                condition=Q(handled_on=None, handled_by=None)
                | (Q(handled_on__isnull=False, handled_by__isnull=False) & ~Q(result="")),
                name="assets_affected_card_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset}"
