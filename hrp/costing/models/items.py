"""Cost items and the ledger accounts that feed them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.platform.base.history import tracked
from hrp.platform.ledger.models import Account
from hrp.platform.org.models.units import ends_after_start, no_overlap


class Item7(models.TextChoices):
    """The seven statutory cost items (成本项目), in the order of the official tables."""

    PERSONNEL = "1", "人员经费"
    MATERIALS = "2", "卫生材料费"
    DRUGS = "3", "药品费"
    DEPRECIATION = "4", "固定资产折旧费"
    AMORTISATION = "5", "无形资产摊销费"
    RISK_FUND = "6", "提取医疗风险基金"
    OTHER = "7", "其他运行费用"


class Behaviour(models.TextChoices):
    FIXED = "fixed", "固定"
    VARIABLE = "variable", "变动"
    MIXED = "mixed", "混合"


@tracked()
class CostItem(models.Model):
    """A leaf cost item. Items never mix in an allocation; reports roll them up to the seven statutory ones."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    item7 = models.CharField("成本项目", max_length=1, choices=Item7.choices)
    behaviour = models.CharField("成本习性", max_length=8, choices=Behaviour.choices, default=Behaviour.FIXED)
    variable_share = models.DecimalField(
        "变动部分占比",
        max_digits=5,
        decimal_places=4,
        default=0,
        help_text="混合成本中随业务量变动的部分，0 到 1",
    )
    chargeable = models.BooleanField("单独收费", default=False, help_text="仅卫生材料与药品")
    capital = models.BooleanField("资本性", default=False, help_text="折旧与摊销")
    hospital_only = models.BooleanField(
        "仅计入医院全成本",
        default=False,
        help_text="资产处置费用、上缴上级费用等，不计入医疗成本与医疗全成本",
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "成本项目"
        db_table = "costing_item"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(condition=Q(item7__in=Item7.values), name="costing_item_item7"),
            models.CheckConstraint(
                condition=Q(behaviour=Behaviour.FIXED, variable_share=0)
                | Q(behaviour=Behaviour.VARIABLE, variable_share=1)
                | Q(behaviour=Behaviour.MIXED, variable_share__gt=0, variable_share__lt=1),
                name="costing_item_variable_share",
            ),
            models.CheckConstraint(
                condition=Q(chargeable=False) | Q(item7__in=[Item7.MATERIALS, Item7.DRUGS]),
                name="costing_item_chargeable",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class AccountItemMap(models.Model):
    """From a day to a day, an expense account feeds a cost item; without item it is known not to be a cost.

    An expense account without any row on the day stops the collection: nothing is left out silently.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="会计科目")
    item = models.ForeignKey(
        CostItem, models.PROTECT, related_name="+", verbose_name="成本项目", null=True, blank=True,
        help_text="空为不计入成本（如专用基金列支）",
    )  # fmt: skip
    reason = models.CharField("说明", max_length=100, blank=True)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "科目与成本项目对照"
        db_table = "costing_account_item"
        ordering = ("account__code", F("valid_from").desc())
        constraints = [
            ends_after_start("costing_account_item_validity"),
            models.CheckConstraint(
                condition=Q(item__isnull=False) | ~Q(reason=""),
                name="costing_account_item_exclusion_has_reason",
            ),
            no_overlap("costing_account_item_no_overlap", "account_id"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} → {self.item_id or '不计入成本'}"
