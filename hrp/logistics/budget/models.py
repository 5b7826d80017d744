"""Budget lines and the ledger of what they were used for. Amounts in yuan."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from hrp.logistics.models import MaterialClass
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


def _point(expression: object) -> Func:
    """A one-point range: equality written as overlap needs no extension."""
    return Func(expression, expression, Value("[]"), function="int8range")


def _text(field: str) -> Func:
    return Func(F(field), function="hashtext", output_field=models.IntegerField())


@tracked()
class BudgetLine(models.Model):
    """What a department may spend in a span of days on one class of goods (empty: on the classes without their own line)."""

    class Basis(models.TextChoices):
        EXPENSE = "expense", "领用（费用）"
        PURCHASE = "purchase", "采购（入库）"

    class Control(models.TextChoices):
        HARD = "hard", "超预算不能办理"
        SOFT = "soft", "超预算提示"
        OFF = "off", "只记录"

    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    material_class = models.ForeignKey(
        MaterialClass,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="物资分类（空为其余各类）",
    )
    project = models.CharField("项目", max_length=40, blank=True)
    basis = models.CharField("口径", max_length=10, choices=Basis.choices, default=Basis.EXPENSE)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止")
    amount = MoneyField("预算金额")
    control = models.CharField("控制方式", max_length=4, choices=Control.choices, default=Control.SOFT)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "预算"
        db_table = "logistics_budget_line"
        ordering = ("-valid_from", "org_unit__code", "material_class__code")
        constraints = [
            not_negative("amount", name="logistics_budget_amount"),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="logistics_budget_days"),
            ExclusionConstraint(
                name="logistics_budget_no_overlap",
                expressions=[
                    (_point(F("org_unit")), RangeOperators.OVERLAPS),
                    (_point(Coalesce(F("material_class"), 0)), RangeOperators.OVERLAPS),
                    (_point(_text("project")), RangeOperators.OVERLAPS),
                    (_point(_text("basis")), RangeOperators.OVERLAPS),
                    (
                        Func(F("valid_from"), F("valid_to"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.org_unit} {self.material_class or '其余物资'} {self.valid_from:%Y-%m} 至 {self.valid_to:%Y-%m}"


class BudgetEntry(AppendOnlyModel):
    """Money of a line that changed its state. ``source`` is the document it stands for, ``by`` the one that moved it."""

    class State(models.TextChoices):
        RESERVED = "reserved", "已占用"
        COMMITTED = "committed", "已承诺"
        ACTUAL = "actual", "已执行"
        CARRIED = "carried", "结转"

    line = models.ForeignKey(BudgetLine, models.PROTECT, related_name="entries", verbose_name="预算")
    state = models.CharField("状态", max_length=10, choices=State.choices)
    amount = MoneyField("金额")
    over = MoneyField("其中超预算", default=0)
    source = models.CharField("来源", max_length=100, db_index=True)
    by = models.CharField("经办单据", max_length=100, db_index=True)
    on = models.DateField("日期")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    recorded_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "预算流水"
        db_table = "logistics_budget_entry"
        indexes = [models.Index(fields=["line", "state"], name="logistics_budget_entry_line")]
        constraints = [
            models.CheckConstraint(condition=is_number("amount", "over"), name="logistics_budget_is_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount}"
