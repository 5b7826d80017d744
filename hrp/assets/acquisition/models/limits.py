"""申购决策权限 and 采购方式限额: rows with their days and where they are from, never constants."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.assets.acquisition.rules.decisions import Basis, Step
from hrp.assets.acquisition.rules.methods import Method
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models.units import ends_after_start

STEPS = (
    (Step.OFFICE.value, "归口审核"), (Step.EXPERTS.value, "专家论证"), (Step.COMMITTEE.value, "装备委员会"),
    (Step.PRESIDENT.value, "院长办公会"), (Step.PARTY.value, "党委会"),
)  # fmt: skip
BASES = ((Basis.SINGLE.value, "单价"), (Basis.TOTAL.value, "申购合计"))
METHODS = (
    (Method.OPEN.value, "公开招标"), (Method.INVITED.value, "邀请招标"), (Method.NEGOTIATION.value, "竞争性谈判"),
    (Method.CONSULTATION.value, "竞争性磋商"), (Method.ENQUIRY.value, "询价"), (Method.SINGLE.value, "单一来源"),
    (Method.FRAMEWORK.value, "框架协议"),
)  # fmt: skip
STEP_TITLES, METHOD_TITLES = dict(STEPS), dict(METHODS)


@tracked()
class StepRule(models.Model):
    """From which amount on a step of the decision is due (三重一大 included)."""

    step = models.CharField("决策环节", max_length=10, choices=STEPS)
    basis = models.CharField("金额口径", max_length=6, choices=BASES)
    amount_from = MoneyField("起（元，含）")
    large_only = models.BooleanField("仅大型医用设备", default=False)
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("依据", max_length=200)
    verified = models.BooleanField("已核对原文", default=False)

    class Meta:
        verbose_name = "申购决策权限"
        db_table = "assets_acquisition_step_rule"
        ordering = ("basis", "amount_from")
        constraints = [
            not_negative("amount_from", name="assets_acquisition_step_rule_from"),
            ends_after_start("assets_acquisition_step_rule_days"),
            models.UniqueConstraint(
                fields=["step", "basis", "large_only", "valid_from"], name="assets_acquisition_step_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.get_basis_display()} {self.amount_from:,.2f} 元起"


@tracked()
class MethodRule(models.Model):
    """What a way of buying may be used for, by region; above its end it takes the word of the treasury."""

    region = models.CharField("地区", max_length=40, blank=True, help_text="空为通用")
    method = models.CharField("采购方式", max_length=12, choices=METHODS)
    amount_from = MoneyField("起（元，含）", default=0)
    amount_to = MoneyField("止（元，不含）", null=True, blank=True)
    least_bids = models.PositiveSmallIntegerField("最少有效投标数", default=3)
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("依据", max_length=200)
    verified = models.BooleanField("已核对原文", default=False)

    class Meta:
        verbose_name = "采购方式限额"
        db_table = "assets_acquisition_method_rule"
        ordering = ("region", "method", "amount_from")
        constraints = [
            not_negative("amount_from", name="assets_acquisition_method_from"),
            models.CheckConstraint(
                condition=Q(amount_to=None) | Q(amount_to__gt=F("amount_from")), name="assets_acquisition_method_range"
            ),
            models.CheckConstraint(condition=Q(least_bids__gt=0), name="assets_acquisition_method_bids"),
            ends_after_start("assets_acquisition_method_days"),
            models.UniqueConstraint(
                fields=["region", "method", "amount_from", "valid_from"], name="assets_acquisition_method_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount_from:,.2f} 元起"
