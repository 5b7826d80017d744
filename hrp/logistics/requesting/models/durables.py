"""在用低值易耗品: what departments have in use, and how much of its cost is expensed already."""

from __future__ import annotations

from django.db import models

from hrp.logistics.models import Item
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.ledger.models import Fund
from hrp.platform.org.models import OrgUnit


class DurableInUse(models.Model):
    """What is left in use of one line of an issue: pieces, their cost, the part expensed at issue. Σ of its uses."""

    source = models.CharField("领用单据", max_length=100)
    line_position = models.PositiveSmallIntegerField("单据行")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="使用科室")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    since = models.DateField("领用日期")
    quantity = QuantityField("在用数量")
    cost = MoneyField("原值")
    expensed = MoneyField("已摊销")

    class Meta:
        verbose_name = "在用低值易耗品"
        db_table = "logistics_durable"
        constraints = [
            models.UniqueConstraint(fields=["source", "line_position"], name="logistics_durable_once"),
            not_negative("quantity", name="logistics_durable_quantity"),
            not_negative("cost", name="logistics_durable_cost"),
            not_negative("expensed", name="logistics_durable_expensed"),
            models.CheckConstraint(
                condition=models.Q(expensed__lte=models.F("cost")), name="logistics_durable_not_over_expensed"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) | models.Q(cost=0, expensed=0),
                name="logistics_no_durable_cost_without_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity.normalize():f}"


class DurableUse(AppendOnlyModel):
    """One change of what is in use, signed: put in use, given back, scrapped, or the mirror of one of these."""

    durable = models.ForeignKey(DurableInUse, models.PROTECT, related_name="uses", verbose_name="在用品")
    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行")
    quantity = QuantityField("数量")
    cost = MoneyField("原值")
    expensed = MoneyField("已摊销")
    date = models.DateField("日期")
    reverses = models.OneToOneField("self", models.PROTECT, related_name="+", null=True, verbose_name="红冲")

    class Meta:
        verbose_name = "在用品变动"
        db_table = "logistics_durable_use"
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity", "cost", "expensed"), name="logistics_durable_use_is_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"
