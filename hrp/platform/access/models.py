"""Users and what they may do."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from hrp.platform.org.models import OrgUnit


class User(AbstractUser):
    """A person who signs in."""

    display_name = models.CharField("姓名", max_length=50)
    unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="所在科室", null=True, blank=True)

    class Meta:
        verbose_name = "用户"
        db_table = "access_user"

    def __str__(self) -> str:
        return self.display_name
