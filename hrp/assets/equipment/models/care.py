"""Maintenance, inspection, quality control and electrical safety: templates with limits, plans by card, tasks and their results."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.assets.models import Asset
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


class Kind(models.TextChoices):
    MAINTENANCE = "pm", "预防性维护"
    INSPECTION = "inspection", "巡检"
    QUALITY = "qc", "质量控制"
    SAFETY = "safety", "电气安全"


CONTROL = (Kind.QUALITY, Kind.SAFETY)  # a failed one stops the machine


class Level(models.TextChoices):
    ONE = "1", "一级（科室）"
    TWO = "2", "二级（工程师）"
    THREE = "3", "三级（厂商）"


@tracked()
class RiskScore(models.Model):
    """The risk of a card as last judged; the score proposes how often it is maintained."""

    asset = models.OneToOneField(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    function = models.PositiveSmallIntegerField("功能（1-10）")
    physical = models.PositiveSmallIntegerField("物理风险（1-5）")
    need = models.PositiveSmallIntegerField("维护需求（1-5）")
    failures = models.PositiveSmallIntegerField("近一年故障次数", default=0)
    score = models.PositiveSmallIntegerField("风险分值", default=0)
    judged_on = models.DateField("评定日期")

    class Meta:
        verbose_name = "设备风险"
        db_table = "assets_risk"
        ordering = ("-score",)
        constraints = [
            models.CheckConstraint(
                condition=Q(function__gte=1, function__lte=10, physical__gte=1, physical__lte=5, need__gte=1, need__lte=5),
                name="assets_risk_scales",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset} {self.score}"


@tracked()
class Template(models.Model):
    """What is looked at, and within which limits."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    level = models.CharField("级别", max_length=1, choices=Level.choices, default=Level.TWO)
    standard = models.CharField("依据", max_length=100, blank=True)
    hours = models.DecimalField("计划工时", max_digits=6, decimal_places=2, default=1)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "作业模板"
        db_table = "assets_care_template"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=is_number("hours") & Q(hours__gt=0, hours__lte=1000),
                name="assets_care_template_hours",
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class TemplateItem(models.Model):
    """One point of a template: a value within limits, or a yes. What was measured by it keeps its limits."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="items", verbose_name="模板")
    position = models.PositiveSmallIntegerField("序号")
    name = models.CharField("项目", max_length=60)
    numeric = models.BooleanField("填数值", default=False)
    unit = models.CharField("单位", max_length=12, blank=True)
    low = QuantityField("下限", null=True, blank=True)
    high = QuantityField("上限", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "模板项目"
        db_table = "assets_care_item"
        ordering = ("template_id", "position")
        constraints = [
            models.UniqueConstraint(fields=["template", "position"], name="assets_care_item_once"),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lte=F("high")), name="assets_care_item_limits"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class CarePlan(models.Model):
    """A template for a card, again and again: every so many months, or days."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+", verbose_name="模板")
    months = models.PositiveSmallIntegerField("间隔（月）", default=0)
    days = models.PositiveSmallIntegerField("间隔（天）", default=0)
    first_due = models.DateField("首次日期")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "维护计划"
        db_table = "assets_care_plan"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["asset", "template"], name="assets_care_plan_once"),
            models.CheckConstraint(
                condition=Q(months__gt=0, days=0) | Q(months=0, days__gt=0), name="assets_care_plan_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.template}"


@tracked()
class Task(models.Model):
    """One time a template is due for a card. ``planned_on`` is the day first planned, ``due_on`` what postponements made of it."""

    class State(models.TextChoices):
        DUE = "due", "待执行"
        PASSED = "passed", "合格"
        FAILED = "failed", "不合格"
        CANCELLED = "cancelled", "取消"

    plan = models.ForeignKey(
        CarePlan, models.PROTECT, related_name="tasks", null=True, blank=True, verbose_name="计划"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+", verbose_name="模板")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="使用科室")
    planned_on = models.DateField("计划日期")
    due_on = models.DateField("应完成日期")
    state = models.CharField("结果", max_length=10, choices=State.choices, default=State.DUE)
    done_on = models.DateField("完成日期", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="执行人"
    )  # fmt: skip
    hours = models.DecimalField("用时（小时）", max_digits=6, decimal_places=2, null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "维护任务"
        db_table = "assets_care_task"
        ordering = ("due_on", "id")
        indexes = [
            models.Index(fields=["asset", "-due_on"], name="assets_care_task_asset"),
            models.Index(fields=["state", "due_on"], name="assets_care_task_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["plan", "planned_on"], name="assets_care_task_once"),
            models.CheckConstraint(
                condition=Q(state__in=("due", "cancelled"), done_on=None)
                | Q(state__in=("passed", "failed"), done_on__isnull=False, done_by__isnull=False),
                name="assets_care_task_done_whole",
            ),
            models.CheckConstraint(
                condition=Q(hours=None) | (is_number("hours") & Q(hours__gte=0)),
                name="assets_care_task_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.asset}"


class TaskResult(AppendOnlyModel):
    """What was found at one point, with the limits that held then."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="results", verbose_name="任务")
    item = models.ForeignKey(TemplateItem, models.PROTECT, related_name="+", verbose_name="项目")
    value = QuantityField("测量值", null=True)
    low = QuantityField("下限", null=True)
    high = QuantityField("上限", null=True)
    passed = models.BooleanField("合格")
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "作业结果"
        db_table = "assets_care_result"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["task", "item"], name="assets_care_result_once"),
            models.CheckConstraint(
                condition=Q(value=None) | is_number("value"), name="assets_care_result_value"
            ),
            # no value beyond its limits is good, whatever a program says
            models.CheckConstraint(
                condition=Q(passed=False)
                | Q(value=None)
                | ((Q(low=None) | Q(value__gte=F("low"))) & (Q(high=None) | Q(value__lte=F("high")))),
                name="assets_care_result_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.value if self.value is not None else ''}"


class Postponement(AppendOnlyModel):
    """A task put off, by whom and why."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="postponements", verbose_name="任务")
    from_day = models.DateField("原日期")
    to_day = models.DateField("改为")
    reason = models.CharField("原因", max_length=200)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "延期"
        db_table = "assets_care_postponement"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(to_day__gt=F("from_day")), name="assets_care_postponed_later"),
            models.CheckConstraint(condition=~Q(reason=""), name="assets_care_postponed_why"),
        ]

    def __str__(self) -> str:
        return f"{self.from_day} → {self.to_day} {self.reason}"
