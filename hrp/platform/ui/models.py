"""What the doors remember: answers already given to a program's write, so that asking twice writes once."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """A write a program asked for under its own key. Kept 30 days, longer than a month close takes."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="调用人"
    )
    key = models.CharField("幂等键", max_length=255)
    fingerprint = models.CharField("请求指纹", max_length=64)
    status = models.PositiveSmallIntegerField("应答状态", null=True)
    answer = models.JSONField("应答", null=True)
    created_at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = "幂等键"
        db_table = "ui_idempotency_key"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="ui_idempotency_once")]

    def __str__(self) -> str:
        return self.key
