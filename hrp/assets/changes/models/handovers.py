"""扫码签收: who took over what, and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel


class Handover(AppendOnlyModel):
    """Somebody took a thing over under a 移交单 or 调拨单 by scanning its label."""

    source = models.CharField("单据", max_length=100, db_index=True)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="接收人")
    at = models.DateTimeField("接收时间")
    by_label = models.BooleanField("扫标签", default=True)

    class Meta:
        verbose_name = "扫码签收"
        db_table = "assets_handover"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["source", "asset"], name="assets_handover_once"),
            models.CheckConstraint(condition=~Q(source=""), name="assets_handover_has_source"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.by}"
