"""Evidence of arrivals, gates and travel times, reminders given, and actions of reviews done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus

EVIDENCE = [("gate", "门禁扫码签到"), ("hospital", "甲方签认")]
REMINDERS = [("update", "进展通报"), ("inquiry", "到场询问"), ("review", "复盘"), ("action", "改进措施")]


def _person(title: str) -> Any:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=title)


@tracked(exclude=["code"])
class Gate(models.Model):
    """A door of the hospital with a printed code that is scanned on arrival. ``code`` is its secret."""

    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    name = models.CharField("门禁名称", max_length=50)
    place = models.CharField("位置", max_length=100)
    code = models.CharField("签到码", max_length=32, unique=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "签到点"
        db_table = "operations_gate"
        ordering = ["campus_id", "name"]
        constraints = [models.UniqueConstraint(fields=["campus", "name"], name="operations_gate_name")]

    def __str__(self) -> str:
        return self.name


@tracked()
class TravelTime(models.Model):
    """How long an engineer of the supplier needs to the hospital, door to door, at the slowest hour."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="工程师"
    )
    starts_from = models.CharField("常驻地点", max_length=100)
    minutes = models.PositiveSmallIntegerField("路程（分钟）")
    phone = models.CharField("手机", max_length=30, blank=True)
    verified_on = models.DateField("核实日期")

    class Meta:
        verbose_name = "到场路程"
        db_table = "operations_travel_time"
        ordering = ["minutes", "pk"]
        constraints = [models.CheckConstraint(condition=Q(minutes__gt=0), name="operations_travel_minutes")]

    def __str__(self) -> str:
        return f"{self.user.display_name} {self.minutes} 分钟"


class ArrivalEvidence(AppendOnlyModel):
    """What shows that somebody was at the hospital: a scan at a gate, or the word of a hospital engineer."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name="工单")
    cycle = models.PositiveSmallIntegerField("轮次")
    kind = models.CharField("凭据", max_length=10, choices=EVIDENCE)
    person = models.CharField("到场人员", max_length=50)
    at = models.DateTimeField("到场时间")
    place = models.CharField("地点", max_length=150)
    gate = models.ForeignKey(
        Gate, models.PROTECT, related_name="+", verbose_name="签到点", null=True, blank=True
    )
    note = models.CharField("说明", max_length=200, blank=True)
    photo_path = models.CharField("照片", max_length=200, blank=True)
    photo_sha256 = models.CharField("照片 SHA-256", max_length=64, blank=True)
    photo_mime = models.CharField("照片类型", max_length=50, blank=True)
    given_by = _person("出具人")
    given_at = models.DateTimeField("出具时间")

    class Meta:
        verbose_name = "到场凭据"
        db_table = "operations_arrival_evidence"
        ordering = ["given_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(at__lte=F("given_at")), name="operations_arrival_not_ahead"),
            models.CheckConstraint(
                condition=Q(kind="hospital") | Q(gate__isnull=False), name="operations_arrival_gate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.person}"


class Reminder(AppendOnlyModel):
    """That the system asked or reminded: once per due instant; ``late`` when the watch had not been kept."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name="工单")
    kind = models.CharField("种类", max_length=10, choices=REMINDERS)
    subject = models.CharField("对象", max_length=40, blank=True)
    due = models.DateTimeField("应发时间")
    sent_at = models.DateTimeField("发出时间")
    late = models.BooleanField("迟发", default=False)
    told = models.JSONField("收件人", default=list)

    class Meta:
        verbose_name = "系统提醒"
        db_table = "operations_reminder"
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind", "subject", "due"], name="operations_reminder_once"
            ),
            models.CheckConstraint(condition=Q(sent_at__gte=F("due")), name="operations_reminder_after_due"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_kind_display()}"


class ActionDone(AppendOnlyModel):
    """That an action of a review (the ``position``-th of the event) was done, and what shows it."""

    event = models.ForeignKey(TicketEvent, models.PROTECT, related_name="+", verbose_name="复盘")
    position = models.PositiveSmallIntegerField("序号")
    evidence = models.CharField("完成证据", max_length=300)
    done_by = _person("登记人")
    done_at = models.DateTimeField("完成时间")

    class Meta:
        verbose_name = "改进措施完成"
        db_table = "operations_action_done"
        constraints = [
            models.UniqueConstraint(fields=["event", "position"], name="operations_action_done_once")
        ]

    def __str__(self) -> str:
        return self.evidence[:40]
