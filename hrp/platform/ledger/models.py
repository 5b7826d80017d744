"""Tables of the journal. Amounts are yuan, signed, debit positive; one currency."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number
from hrp.platform.org.models import Hospital, OrgUnit


class Fund(models.Model):
    """Funding source (经费性质), the dimension that defines the cost ranges: F1 to F4."""

    code = models.CharField("编码", max_length=4, unique=True)
    name = models.CharField("名称", max_length=50)

    class Meta:
        verbose_name = "经费性质"
        db_table = "ledger_fund"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """An account of the chart: money of an accounting element, or a statistic with its measure."""

    class Element(models.TextChoices):
        ASSET = "asset", "资产"
        LIABILITY = "liability", "负债"
        NET = "net", "净资产"
        INCOME = "income", "收入"
        EXPENSE = "expense", "费用"
        STAT = "stat", "统计量"

    code = models.CharField("科目编码", max_length=32, unique=True)
    name = models.CharField("科目名称", max_length=100)
    element = models.CharField("类别", max_length=10, choices=Element.choices)
    measure = models.CharField(
        "计量单位", max_length=20, blank=True, help_text="统计量科目的单位，如 人、人次、例"
    )
    needs_unit = models.BooleanField("须填科室", default=False)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "会计科目"
        db_table = "ledger_account"
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Book(models.Model):
    """The accounts of one hospital (账套)."""

    hospital = models.OneToOneField(Hospital, models.PROTECT, related_name="+", verbose_name="医院")
    name = models.CharField("名称", max_length=100)

    class Meta:
        verbose_name = "账套"
        db_table = "ledger_book"

    def __str__(self) -> str:
        return self.name


class Period(models.Model):
    """An accounting month of a book. A closed period takes no entry; the database itself refuses."""

    class State(models.TextChoices):
        OPEN = "open", "未结账"
        CLOSED = "closed", "已结账"

    book = models.ForeignKey(Book, models.PROTECT, related_name="+", verbose_name="账套")
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    state = models.CharField("状态", max_length=6, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField("结账时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="结账人",
    )

    class Meta:
        verbose_name = "会计期间"
        db_table = "ledger_period"
        ordering = ("first_day",)
        constraints = [
            models.UniqueConstraint(fields=["book", "first_day"], name="ledger_period_once"),
            models.CheckConstraint(
                condition=models.Q(last_day__gt=models.F("first_day")), name="ledger_period_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"


class Entry(AppendOnlyModel):
    """A journal entry (凭证). ``source`` is the document behind it, as ``"logistics.stock_issue:4711"``."""

    class Kind(models.TextChoices):
        POST = "post", "过账"
        REVERSE = "reverse", "红冲"

    book = models.ForeignKey(Book, models.PROTECT, related_name="+", verbose_name="账套")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    date = models.DateField("日期")
    source = models.CharField("来源", max_length=100)
    kind = models.CharField("性质", max_length=8, choices=Kind.choices)
    part = models.PositiveSmallIntegerField("分录序号", default=1, help_text="一张单据产生多张凭证时的序号")
    text = models.CharField("摘要", max_length=200)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="记账人"
    )
    recorded_at = models.DateTimeField("记账时间", db_index=True)
    xact_id = models.BigIntegerField(editable=False)

    class Meta:
        verbose_name = "凭证"
        db_table = "ledger_entry"
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "part"], name="ledger_entry_once_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.text} #{self.pk}"


class Line(AppendOnlyModel):
    """A journal line (分录)."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lines", verbose_name="凭证")
    position = models.PositiveSmallIntegerField("行号")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="科目")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", null=True, verbose_name="科室")
    counter_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", null=True, verbose_name="对方科室"
    )
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", null=True, verbose_name="经费性质")
    amount = MoneyField("金额", default=0)
    quantity = QuantityField("数量", default=0)
    memo = models.CharField("摘要", max_length=200, blank=True)

    class Meta:
        verbose_name = "分录"
        db_table = "ledger_line"
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="ledger_line_position"),
            models.CheckConstraint(condition=is_number("amount", "quantity"), name="ledger_line_is_a_number"),
        ]
        indexes = [models.Index(fields=["account", "org_unit"], name="ledger_line_account_unit")]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.position}"
