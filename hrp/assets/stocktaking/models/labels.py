"""What was printed of an asset's label: a second one says that it is one (补打)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel


class LabelPrint(AppendOnlyModel):
    """One label of one asset."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="打印人"
    )
    printed_at = models.DateTimeField("打印时间")

    class Meta:
        verbose_name = "资产标签打印"
        db_table = "assets_label_print"
        ordering = ("-id",)

    def __str__(self) -> str:
        return str(self.asset)
