"""计量: which cards are measuring instruments, and the certificates they were given."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.history import tracked


@tracked()
class Instrument(models.Model):
    """A card that must be verified (强检) or calibrated, how often and by whom."""

    asset = models.OneToOneField(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    compulsory = models.BooleanField("强制检定", default=True)
    category = models.CharField("器具类别", max_length=60, blank=True)
    months = models.PositiveSmallIntegerField("周期（月）", default=12)
    organisation = models.CharField("检定机构", max_length=100, blank=True)
    on_site = models.BooleanField("现场检定", default=False)
    first_due = models.DateField("首次到期")
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "计量器具"
        db_table = "assets_instrument"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(months__gt=0, months__lte=120), name="assets_instrument_months"
            )
        ]

    def __str__(self) -> str:
        return str(self.asset)


class Certificate(AppendOnlyModel):
    """A certificate as it was given."""

    class Result(models.TextChoices):
        PASSED = "passed", "合格"
        LIMITED = "limited", "限用"
        FAILED = "failed", "不合格"

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="certificates", verbose_name="计量器具"
    )
    number = models.CharField("证书编号", max_length=60)
    organisation = models.CharField("检定机构", max_length=100)
    tested_on = models.DateField("检定日期")
    result = models.CharField("结论", max_length=8, choices=Result.choices)
    valid_to = models.DateField("有效期至", null=True, blank=True)
    cost = MoneyField("费用（元）", default=0)
    path = models.CharField("文件", max_length=200, blank=True)
    mime = models.CharField("类型", max_length=100, blank=True)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "计量证书"
        db_table = "assets_certificate"
        ordering = ("-tested_on", "-id")
        constraints = [
            models.UniqueConstraint(fields=["instrument", "number"], name="assets_certificate_once"),
            models.CheckConstraint(
                condition=Q(result="failed") | Q(valid_to__gt=F("tested_on")), name="assets_certificate_valid"
            ),
            models.CheckConstraint(
                condition=Q(cost__gte=0, cost__lt=10_000_000), name="assets_certificate_cost"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_result_display()}"
