"""A project, what went into it and out of it on 1613, and the cards that came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset, FundingSource
from hrp.assets.models.cards import HELD, Status, ValueKind
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, is_number, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit


@tracked()
class Project(models.Model):
    """A project or a part of one. Cost gathers where it is booked; a project's figures include its parts."""

    class State(models.TextChoices):
        BUILDING = "building", "在建"
        DELIVERED = "delivered", "已交付（暂估）"
        SETTLED = "settled", "已决算"

    code = models.CharField("项目编号", max_length=30, unique=True)
    name = models.CharField("项目名称", max_length=100)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="parts", null=True, blank=True, verbose_name="上级项目"
    )
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="主管科室")
    budget = MoneyField("概算", default=0, help_text="0 为不控制")
    approval_number = models.CharField("立项批复", max_length=60, blank=True)
    contractor = models.CharField("承建单位", max_length=100, blank=True)
    starts_on = models.DateField("开工日期", null=True, blank=True)
    due_on = models.DateField("计划竣工", null=True, blank=True)
    progress = models.DecimalField("形象进度（%）", max_digits=5, decimal_places=2, default=0)
    note = models.CharField("备注", max_length=300, blank=True)

    class Meta:
        verbose_name = "在建工程"
        db_table = "assets_project"
        ordering = ("code",)
        constraints = [
            not_negative("budget", name="assets_project_budget"),
            models.CheckConstraint(
                condition=is_number("progress") & Q(progress__gte=0, progress__lte=100),
                name="assets_project_progress",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="assets_project_not_in_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def state(self) -> Project.State:
        """As its cards have it: delivered once one is booked, settled once none of them is an estimate."""
        booked = self.cards.exclude(asset__status=Status.DRAFT)
        estimates = booked.filter(asset__value_kind=ValueKind.ESTIMATE, asset__status__in=HELD)
        if estimates.exists():
            return self.State.DELIVERED
        return self.State.SETTLED if booked.exists() else self.State.BUILDING


class ProjectMove(AppendOnlyModel):
    """Yuan of a source that a document put on a project (positive) or took to a card (negative)."""

    class Kind(models.TextChoices):
        COST = "cost", "支出"
        DELIVERY = "delivery", "转固"
        REVERSAL = "reversal", "红冲"

    source = models.CharField("来源", max_length=100, db_index=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    project = models.ForeignKey(Project, models.PROTECT, related_name="moves", verbose_name="在建工程")
    paid_by = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    amount = MoneyField("金额")
    date = models.DateField("日期")
    posted_at = models.DateTimeField("过账时间")

    class Meta:
        verbose_name = "工程成本"
        db_table = "assets_project_move"
        ordering = ("id",)
        indexes = [models.Index(fields=["project", "paid_by"], name="assets_project_move_project")]
        constraints = [
            models.CheckConstraint(condition=is_number("amount"), name="assets_project_move_is_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount}"


@tracked()
class ProjectCard(models.Model):
    """A card a project delivered."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="cards", verbose_name="在建工程")
    asset = models.OneToOneField(Asset, models.CASCADE, related_name="project_card", verbose_name="资产")

    class Meta:
        verbose_name = "交付资产"
        db_table = "assets_project_card"
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.asset)
