"""处置审批权限: who approves a disposal of what value, by level and region, from a day to a day, with where it says so."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.assets.disposal.rules import Basis
from hrp.assets.documents.write_off import DISPOSALS, Way
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models.units import ends_after_start


@tracked()
class DisposalRule(models.Model):
    """One row of a decree. Limits differ enormously by place: rows, never constants."""

    class Level(models.TextChoices):
        CENTRAL = "central", "中央"
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"

    class Rank(models.IntegerChoices):
        HOSPITAL = 1, "医院"
        SUPERVISOR = 2, "主管部门"
        TREASURY = 3, "财政部门"

    level = models.CharField("级次", max_length=10, choices=Level.choices)
    region = models.CharField("地区", max_length=40, blank=True, help_text="空为该级次通用")
    kind = models.CharField(
        "处置方式",
        max_length=10,
        choices=[choice for choice in Way.choices if choice[0] in DISPOSALS],
        blank=True,
        help_text="空为各种方式",
    )
    basis = models.CharField(
        "价值口径", max_length=6, choices=[(Basis.SINGLE, "单项原值"), (Basis.BATCH, "批量原值")]
    )
    amount_from = MoneyField("起（元，含）")
    amount_to = MoneyField("止（元，不含）", null=True, blank=True)
    approver = models.CharField("审批机关", max_length=40)
    rank = models.PositiveSmallIntegerField("审批层级", choices=Rank.choices)
    valid_from = models.DateField("执行日期")
    valid_to = models.DateField("截止日期", null=True, blank=True)
    source = models.CharField("依据", max_length=200)
    verified = models.BooleanField("已核对原文", default=False)

    class Meta:
        verbose_name = "处置审批权限"
        db_table = "assets_disposal_rule"
        ordering = ("level", "region", "basis", "amount_from")
        constraints = [
            not_negative("amount_from", name="assets_disposal_rule_from"),
            models.CheckConstraint(
                condition=Q(amount_to=None) | Q(amount_to__gt=F("amount_from")), name="assets_disposal_rule_range"
            ),
            ends_after_start("assets_disposal_rule_days"),
            models.UniqueConstraint(
                fields=["level", "region", "kind", "basis", "amount_from", "valid_from"], name="assets_disposal_rule_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.approver} {self.amount_from:,.2f} 起"
