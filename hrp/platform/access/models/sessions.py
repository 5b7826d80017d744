"""Sessions as their owner sees them."""

from __future__ import annotations

from django.db import models

from hrp.platform.access.models.users import User
from hrp.platform.base import clock


class UserSession(models.Model):
    """One signed-in browser. Deleting the Django session of ``session_key`` ends it at once."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="用户")
    session_key = models.CharField("会话标识", max_length=40, unique=True)
    ip = models.GenericIPAddressField("登录地址", null=True, blank=True)
    browser = models.CharField("浏览器", max_length=200, blank=True)
    started_at = models.DateTimeField("登录时间", default=clock.now)
    seen_at = models.DateTimeField("最近活动", default=clock.now)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.CharField("结束原因", max_length=50, blank=True)

    class Meta:
        verbose_name = "会话"
        db_table = "access_user_session"
        indexes = [models.Index(fields=["user", "-seen_at"], name="access_user_session_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M}"
