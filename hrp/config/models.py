"""What the installation remembers about itself."""

from __future__ import annotations

from django.db import models


class InstallationMark(models.Model):
    """A step of the installation and how far it came, e.g. ``demo: wanted | loaded``. Written by the owner alone."""

    name = models.CharField("步骤", max_length=50, primary_key=True)
    value = models.CharField("状态", max_length=100)
    marked_at = models.DateTimeField("时间", auto_now=True)

    class Meta:
        verbose_name = "安装标记"
        db_table = "config_installation_mark"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
