"""What was printed: so that a second print says that it is one (补打)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.platform.base.append_only import AppendOnlyModel


class LabelPrint(AppendOnlyModel):
    """Labels of one thing printed at once; ``target`` is the thing's key within its kind of label."""

    class Way(models.TextChoices):
        PDF = "pdf", "PDF"
        ZPL = "zpl", "ZPL"

    kind = models.CharField("标签", max_length=20)
    target = models.CharField("对象", max_length=80)
    code = models.CharField("条码", max_length=120)
    copies = models.PositiveSmallIntegerField("张数")
    way = models.CharField("方式", max_length=3, choices=Way.choices)
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="打印人"
    )
    printed_at = models.DateTimeField("打印时间")

    class Meta:
        verbose_name = "标签打印"
        db_table = "logistics_label_print"
        ordering = ("-id",)
        indexes = [models.Index(fields=["kind", "target"], name="logistics_label_print_key")]
        constraints = [models.CheckConstraint(condition=Q(copies__gt=0), name="logistics_label_print_copies")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} ×{self.copies}"
