"""Messages to users, shown by the bell."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Message(models.Model):
    """One message to one user. ``dedupe_key`` makes saying the same thing twice impossible."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="收件人"
    )
    kind = models.CharField("类型", max_length=60)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    url = models.CharField("链接", max_length=300, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    dedupe_key = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "消息"
        db_table = "notify_message"
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe_key"],
                condition=~models.Q(dedupe_key=""),
                name="notify_message_once",
            )
        ]
        indexes = [
            models.Index(fields=["recipient"], condition=models.Q(read_at=None), name="notify_message_unread")
        ]

    def __str__(self) -> str:
        return self.title
