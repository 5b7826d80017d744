"""The action log: one row per act, written in the act's own transaction, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.platform.base.append_only import AppendOnlyModel


class ActionLog(AppendOnlyModel):
    """Who did what to which thing, when. ``target`` is a source such as ``"logistics.stock_issue:4711"``."""

    at = models.DateTimeField("时间", db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name="操作人"
    )
    act = models.CharField("操作", max_length=100)
    target = models.CharField("对象", max_length=100, db_index=True)
    summary = models.CharField("摘要", max_length=500, blank=True)
    data = models.JSONField("数据", default=dict)

    class Meta:
        verbose_name = "操作日志"
        db_table = "audit_action"

    def __str__(self) -> str:
        return self.summary or self.act
