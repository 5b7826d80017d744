"""急救生命支持: daily checks whether a machine can be used, and where those of the standby pool are."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


class ReadinessCheck(AppendOnlyModel):
    """One look at one machine; the last of a day holds."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="使用科室")
    on = models.DateField("日期")
    usable = models.BooleanField("完好")
    note = models.CharField("情况", max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="检查人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "完好检查"
        db_table = "assets_readiness"
        ordering = ("-id",)
        indexes = [models.Index(fields=["asset", "-on", "-id"], name="assets_readiness_asset")]
        constraints = [
            models.CheckConstraint(condition=Q(usable=True) | ~Q(note=""), name="assets_readiness_says_why")
        ]

    def __str__(self) -> str:
        return f"{self.asset} {'完好' if self.usable else self.note}"


@tracked()
class PoolLoan(models.Model):
    """A machine of the standby pool lent to a department until it comes back."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="借用科室")
    reason = models.CharField("用途", max_length=100, blank=True)
    status_before = models.CharField(
        "借出前状态", max_length=10, choices=Status.choices, default=Status.IN_USE, editable=False
    )
    out_at = models.DateTimeField("借出时间")
    out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="借出人"
    )
    back_at = models.DateTimeField("归还时间", null=True, blank=True)
    back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="收回人"
    )  # fmt: skip

    class Meta:
        verbose_name = "备用机借用"
        db_table = "assets_pool_loan"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["asset"], condition=Q(back_at=None), name="assets_pool_loan_one"),
            models.CheckConstraint(
                condition=Q(back_at=None, back_by=None)
                | Q(back_at__gte=models.F("out_at"), back_by__isnull=False),
                name="assets_pool_loan_back_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} → {self.org_unit}"
