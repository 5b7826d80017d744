"""What the patient was charged for what was used: our calls, HIS's own list, and explanations of what differs."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.highvalue.models.uses import PatientUse
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.history import tracked


@tracked()
class UseCharge(models.Model):
    """The charge of one use. It follows the use and never holds it up."""

    class State(models.TextChoices):
        NONE = "none", "不单独收费"
        WAITING = "waiting", "待收费"
        TOLD = "told", "已通知"
        CHARGED = "charged", "已收费"
        FAILED = "failed", "收费失败"
        CANCELLED = "cancelled", "已撤销"

    use = models.OneToOneField(PatientUse, models.PROTECT, related_name="charge", verbose_name="高值使用")
    state = models.CharField("收费状态", max_length=10, choices=State.choices)
    charge_item = models.CharField("收费项目", max_length=40, blank=True)
    charge_no = models.CharField("收费流水号", max_length=60, blank=True)
    error = models.CharField("最近错误", max_length=300, blank=True)
    explanation = models.CharField("差异说明", max_length=200, blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="说明人",
    )
    explained_at = models.DateTimeField("说明时间", null=True, blank=True)

    class Meta:
        verbose_name = "使用收费"
        db_table = "logistics_use_charge"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.use_id} {self.get_state_display()}"


@tracked()
class HisCharge(models.Model):
    """One charge of a traced piece as HIS reports it, to be held against what was used."""

    charge_no = models.CharField("收费流水号", max_length=60, unique=True)
    uid = models.CharField("唯一码", max_length=60, db_index=True)
    visit_no = models.CharField("就诊号", max_length=40)
    charge_item = models.CharField("收费项目", max_length=40, blank=True)
    amount = MoneyField("金额", default=0)
    charged_on = models.DateField("收费日期")
    cancelled = models.BooleanField("已退费", default=False)
    explanation = models.CharField("差异说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "HIS收费"
        db_table = "logistics_his_charge"
        ordering = ("-charged_on", "-id")

    def __str__(self) -> str:
        return self.charge_no
