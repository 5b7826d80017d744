"""Facts of fixed assets: value that came and went, plans of depreciation, depreciation itself, and what happened to cards."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from hrp.assets.models.cards import Asset, FundingLine
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.ledger.models import Account, Period
from hrp.platform.org.models import OrgUnit


class ValueMove(AppendOnlyModel):
    """Cost and accumulated depreciation a document put on a funding line (signed). Runs write :class:`Depreciation`."""

    source = models.CharField("来源", max_length=100, db_index=True)
    kind = models.CharField("业务类型", max_length=20)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    line = models.ForeignKey(FundingLine, models.PROTECT, related_name="+", verbose_name="资金构成")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="资产科目")
    cost = MoneyField("原值")
    accumulated = MoneyField("累计折旧")
    date = models.DateField("日期")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    posted_at = models.DateTimeField("过账时间")

    class Meta:
        verbose_name = "价值变动"
        db_table = "assets_move"
        indexes = [
            models.Index(fields=["line"], name="assets_move_line"),
            models.Index(fields=["period"], name="assets_move_period"),
        ]
        constraints = [
            models.CheckConstraint(condition=is_number("cost", "accumulated"), name="assets_move_is_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.cost}"


class Plan(AppendOnlyModel):
    """How a funding line is depreciated from a month on; the newest whose ``effective`` is reached holds.

    ``first``, ``months``, ``base`` and ``before`` are those of :class:`hrp.assets.rules.plans.Plan`; ``before`` + ``base``
    + ``residual`` is the cost. With ``units`` the base is spread over units of work instead of months. What left the
    hospital has a plan of nothing.
    """

    line = models.ForeignKey(FundingLine, models.PROTECT, related_name="+", verbose_name="资金构成")
    effective = models.IntegerField("生效月")
    first = models.IntegerField("首月")
    months = models.PositiveSmallIntegerField("月数")
    base = MoneyField("应提额")
    before = MoneyField("此前已提")
    residual = MoneyField("净残值", default=0)
    units = QuantityField("工作量", null=True)
    monthly = MoneyField("月折旧额")
    source = models.CharField("来源", max_length=100)
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "折旧计划"
        db_table = "assets_plan"
        indexes = [models.Index(fields=["line", "-id"], name="assets_plan_line")]
        constraints = [
            not_negative("base", name="assets_plan_base"),
            not_negative("before", name="assets_plan_before"),
            not_negative("monthly", name="assets_plan_monthly"),
            models.CheckConstraint(condition=Q(months__gt=0), name="assets_plan_months"),
        ]

    def __str__(self) -> str:
        return f"{self.base} / {self.months}"


class Depreciation(AppendOnlyModel):
    """One month of one funding line borne by one department; ``mirror`` rows take a reversed run back.

    A month of a million cards is one INSERT: its foreign keys are proven by the joins that made it and by invariants J2
    and J5 instead of a look-up per row, which would take most of the time.
    """

    run_id = models.BigIntegerField("折旧计提单")
    mirror = models.BooleanField("冲回", default=False)
    month = models.IntegerField("折旧月")
    line = models.ForeignKey(
        FundingLine,
        models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="资金构成",
    )
    org_unit = models.ForeignKey(
        OrgUnit,
        models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="承担科室",
    )
    amount = MoneyField("折旧额")

    class Meta:
        verbose_name = "折旧明细"
        db_table = "assets_depreciation"
        constraints = [
            models.UniqueConstraint(
                fields=["line", "month", "org_unit", "run_id", "mirror"], name="assets_depreciation_once"
            ),
            models.CheckConstraint(condition=is_number("amount"), name="assets_depreciation_is_a_number"),
        ]
        indexes = [BrinIndex(fields=["month"], name="assets_depreciation_month")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.amount}"


class CardEvent(AppendOnlyModel):
    """What happened to a card, by which document, and what it was before and after."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="events", verbose_name="资产")
    kind = models.CharField("事项", max_length=20)
    source = models.CharField("来源", max_length=100, blank=True)
    date = models.DateField("日期")
    at = models.DateTimeField("登记时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    text = models.CharField("说明", max_length=300)
    before = models.JSONField("变动前", default=dict)
    after = models.JSONField("变动后", default=dict)

    class Meta:
        verbose_name = "卡片事项"
        db_table = "assets_card_event"
        indexes = [models.Index(fields=["asset", "-id"], name="assets_card_event_asset")]

    def __str__(self) -> str:
        return self.text
