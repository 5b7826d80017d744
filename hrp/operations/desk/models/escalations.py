"""Who had to be told of a clock and when, what still waits to be told, and when nobody was watching the clocks."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.operations.desk.models.tickets import Ticket
from hrp.platform.base.append_only import AppendOnlyModel


class Escalation(AppendOnlyModel):
    """A step of escalation that was reached: ``percent`` of a clock's time was used up (100: it was missed).

    ``at`` is the true instant of the step, whenever it was found.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="escalations", verbose_name="工单", db_index=False
    )
    clock_key = models.CharField("时钟", max_length=40)
    percent = models.PositiveSmallIntegerField("用时（%）")
    at = models.DateTimeField("应通知时间")
    found_at = models.DateTimeField("写入时间")
    detected_late = models.BooleanField("迟发现", default=False)
    roles = models.JSONField("应通知角色", default=list)

    class Meta:
        verbose_name = "升级通知"
        db_table = "operations_escalation"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "clock_key", "percent"], name="operations_escalation_once"
            ),
            models.CheckConstraint(
                condition=Q(found_at__gte=F("at")), name="operations_escalation_not_ahead"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.clock_key} {self.percent}%"


class PendingNotice(models.Model):
    """An escalation nobody has been told of yet: removed in the transaction that writes the messages."""

    escalation = models.OneToOneField(
        Escalation, models.PROTECT, related_name="+", primary_key=True, verbose_name="升级通知"
    )

    class Meta:
        verbose_name = "待发升级通知"
        db_table = "operations_pending_notice"

    def __str__(self) -> str:
        return str(self.pk)


class Watch(models.Model):
    """When the clocks were last looked at: one row, moved forward by every look."""

    key = models.CharField("对象", max_length=20, primary_key=True)
    seen_at = models.DateTimeField("上次检查")

    class Meta:
        verbose_name = "时钟检查"
        db_table = "operations_watch"

    def __str__(self) -> str:
        return f"{self.key} {self.seen_at}"


class WatchGap(AppendOnlyModel):
    """A stretch of time in which nobody looked at the clocks; what fell due in it was found late."""

    began_at = models.DateTimeField("停止", unique=True)
    ended_at = models.DateTimeField("恢复")

    class Meta:
        verbose_name = "时钟检查中断"
        db_table = "operations_watch_gap"
        ordering = ["began_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gt=F("began_at")), name="operations_gap_forward")
        ]

    def __str__(self) -> str:
        return f"{self.began_at} {self.ended_at}"
