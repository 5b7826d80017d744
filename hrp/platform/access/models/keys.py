"""Keys of programs that call the API."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hrp.platform.access.models.users import User
from hrp.platform.base import clock
from hrp.platform.base.history import tracked


@tracked(exclude=["digest", "last_used_at"])
class ApiKey(models.Model):
    """A bearer key: it may do what its user may, narrowed to ``scopes``. Only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="用户")
    name = models.CharField("用途", max_length=100)
    prefix = models.CharField("前缀", max_length=16)
    digest = models.BinaryField("SHA-256", max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=100), verbose_name="权限", default=list)
    expires_at = models.DateTimeField("到期")
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", default=clock.now)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="建立人")

    class Meta:
        verbose_name = "接口密钥"
        db_table = "access_api_key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="access_api_key_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"
