"""Messages, their deliveries by channel, and what each person wants to receive where."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Message(models.Model):
    """Something one person should know. ``dedupe_key`` is unique per recipient when given."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="收件人", db_index=False
    )
    kind = models.CharField("类别", max_length=60)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("正文", blank=True)
    url = models.CharField("链接", max_length=300, blank=True)
    dedupe_key = models.CharField("去重键", max_length=200, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)

    class Meta:
        verbose_name = "消息"
        db_table = "notify_message"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe_key"],
                condition=~models.Q(dedupe_key=""),
                name="notify_message_once",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notify_message_recipient"),
            models.Index(
                fields=["recipient"], name="notify_message_unread", condition=models.Q(read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One message on its way through one channel."""

    class State(models.TextChoices):
        WAITING = "waiting", "待投递"
        DELIVERED = "delivered", "已送达"
        SKIPPED = "skipped", "不适用"
        EXHAUSTED = "exhausted", "投递失败"

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries", verbose_name="消息")
    channel = models.CharField("渠道", max_length=40)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    address = models.CharField("地址", max_length=254, blank=True)
    error = models.CharField("最近错误", max_length=500, blank=True)
    tried_at = models.DateTimeField("最近尝试", null=True)
    delivered_at = models.DateTimeField("送达时间", null=True)

    class Meta:
        verbose_name = "消息投递"
        db_table = "notify_delivery"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="notify_delivery_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.get_state_display()}"


class Preference(models.Model):
    """A person's choice for one kind of message on one channel. Without a row the channel's default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="用户")
    kind = models.CharField("类别", max_length=60)
    channel = models.CharField("渠道", max_length=40)
    wanted = models.BooleanField("接收")

    class Meta:
        verbose_name = "消息偏好"
        db_table = "notify_preference"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="notify_preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.wanted}"
