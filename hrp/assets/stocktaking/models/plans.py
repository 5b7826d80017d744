"""A stocktake: what the books said when it began, who found what, what came of it, and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models import Asset, AssetClass, Location
from hrp.assets.stocktaking.rules import Kind
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit

KINDS = (
    (Kind.OK, "相符"), (Kind.ELSEWHERE, "地点不符"), (Kind.OTHER_UNIT, "在其他科室"), (Kind.DAMAGED, "损坏"), (Kind.IDLE, "闲置"),
    (Kind.UNLABELLED, "无标签"), (Kind.NOT_FOUND, "未找到"), (Kind.EXTRA, "账外"),
)  # fmt: skip


def _person(title: str, *, optional: bool = False) -> models.ForeignKey[object, object]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=title, null=optional, blank=optional
    )  # fmt: skip


@tracked()
class StocktakePlan(models.Model):
    """盘点计划. ``org_unit`` is the office that plans; who planned does not approve."""

    class Method(models.TextChoices):
        FULL = "full", "全面盘点"
        UNIT = "unit", "按科室"
        CLASS = "class", "按分类"
        RANDOM = "random", "随机抽盘"

    class State(models.TextChoices):
        COUNTING = "counting", "盘点中"
        RECONCILED = "reconciled", "已对账，待审批"
        APPROVED = "approved", "已审批"
        CANCELLED = "cancelled", "已取消"

    name = models.CharField("名称", max_length=60)
    method = models.CharField("方式", max_length=6, choices=Method.choices, default=Method.FULL)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="组织科室")
    of_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="盘点科室（含下级）"
    )
    of_class = models.ForeignKey(
        AssetClass, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="盘点分类"
    )
    sample = models.PositiveIntegerField("抽盘项数", null=True, blank=True)
    due_on = models.DateField("截止日期")
    frozen_at = models.DateTimeField("账面时点")
    planned_by = _person("下达人")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.COUNTING)
    reconciled_by = _person("对账人", optional=True)
    reconciled_at = models.DateTimeField("对账时间", null=True)
    approved_by = _person("审批人", optional=True)
    approved_at = models.DateTimeField("审批时间", null=True)
    opinion = models.CharField("审批意见", max_length=200, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "盘点计划"
        db_table = "assets_stocktake_plan"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (~Q(approved_by=models.F("planned_by")) & ~Q(approved_by=models.F("reconciled_by"))),
                name="assets_stocktake_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="assets_stocktake_approved_by",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


@tracked()
class StocktakeTask(models.Model):
    """What one department has to look for, and its word that this is all."""

    class State(models.TextChoices):
        COUNTING = "counting", "盘点中"
        CONFIRMED = "confirmed", "科室已确认"

    plan = models.ForeignKey(StocktakePlan, models.PROTECT, related_name="tasks", verbose_name="盘点计划")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.COUNTING)
    confirmed_by = _person("确认人", optional=True)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    note = models.CharField("科室说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "科室盘点任务"
        db_table = "assets_stocktake_task"
        ordering = ("-plan_id", "org_unit__code")
        constraints = [
            models.UniqueConstraint(fields=["plan", "org_unit"], name="assets_stocktake_task_once"),
            models.CheckConstraint(
                condition=Q(state="counting") | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="assets_stocktake_task_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.org_unit}"


class PlanLine(AppendOnlyModel):
    """One asset to be found, with what the books said of it at the instant of the plan."""

    task = models.ForeignKey(StocktakeTask, models.PROTECT, related_name="lines", verbose_name="科室盘点任务")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, verbose_name="账面地点"
    )
    cost = MoneyField("账面原值")

    class Meta:
        verbose_name = "盘点明细"
        db_table = "assets_stocktake_line"
        constraints = [
            models.UniqueConstraint(fields=["task", "asset"], name="assets_stocktake_line_once"),
            not_negative("cost", name="assets_stocktake_line_cost"),
        ]

    def __str__(self) -> str:
        return str(self.asset)


class Finding(AppendOnlyModel):
    """What somebody saw. ``uuid`` is the device's own, so that what is sent twice counts once; without an asset it is 账外."""

    uuid = models.UUIDField("录入号", unique=True)
    task = models.ForeignKey(
        StocktakeTask, models.PROTECT, related_name="findings", verbose_name="科室盘点任务"
    )
    line = models.ForeignKey(
        PlanLine, models.PROTECT, related_name="findings", null=True, verbose_name="盘点明细"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", null=True, verbose_name="资产")
    kind = models.CharField("结果", max_length=10, choices=KINDS)
    location = models.ForeignKey(
        Location, models.PROTECT, related_name="+", null=True, verbose_name="实际地点"
    )
    name = models.CharField("名称", max_length=100, blank=True)
    model = models.CharField("型号", max_length=100, blank=True)
    serial_number = models.CharField("出厂编号", max_length=60, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    photo = models.CharField("照片", max_length=200, blank=True)
    photo_sha256 = models.CharField("照片摘要", max_length=64, blank=True)
    found_at = models.DateTimeField("发现时间")
    received_at = models.DateTimeField("收到时间")
    counter = _person("盘点人")

    class Meta:
        verbose_name = "盘点发现"
        db_table = "assets_stocktake_finding"
        ordering = ("-id",)
        indexes = [models.Index(fields=["asset", "-found_at"], name="assets_stocktake_finding_asset")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="extra", asset=None, line=None) & ~Q(name="")
                | (~Q(kind="extra") & Q(asset__isnull=False)),
                name="assets_stocktake_extra_has_no_card",
            ),
            models.CheckConstraint(condition=~Q(kind="not_found"), name="assets_stocktake_found_something"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset or self.name} {self.get_kind_display()}"


class Result(AppendOnlyModel):
    """What holds of a line when the plan was reconciled; nothing was seen of what is 未找到."""

    line = models.OneToOneField(PlanLine, models.PROTECT, related_name="result", verbose_name="盘点明细")
    kind = models.CharField("结果", max_length=10, choices=KINDS)
    finding = models.ForeignKey(
        Finding, models.PROTECT, related_name="+", null=True, verbose_name="采用的发现"
    )

    class Meta:
        verbose_name = "盘点结果"
        db_table = "assets_stocktake_result"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="not_found", finding=None)
                | (~Q(kind__in=("not_found", "extra")) & Q(finding__isnull=False)),
                name="assets_stocktake_result_seen",
            )
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.get_kind_display()}"


class Outcome(AppendOnlyModel):
    """What was done about a result: a card put right, or the document that was drafted."""

    class Way(models.TextChoices):
        LOCATION = "location", "更正地点"
        IDLE = "idle", "转为闲置"
        TRANSFER = "transfer", "拟调拨单"
        LOSS = "loss", "拟盘亏核销单"

    result = models.ForeignKey(Result, models.PROTECT, related_name="outcomes", verbose_name="盘点结果")
    way = models.CharField("处理", max_length=10, choices=Way.choices)
    source = models.CharField("单据", max_length=100, blank=True)
    by = _person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "盘点处理"
        db_table = "assets_stocktake_outcome"
        constraints = [
            models.UniqueConstraint(fields=["result", "source"], name="assets_stocktake_outcome_once")
        ]

    def __str__(self) -> str:
        return f"{self.result} {self.get_way_display()}"


class FoundCard(AppendOnlyModel):
    """The draft card a thing without one was given, and how its value was arrived at."""

    class Basis(models.TextChoices):
        SIMILAR = "similar", "同类资产价格"
        ASSESSED = "assessed", "评估价值"
        PAPERS = "papers", "有关凭据"
        NOMINAL = "nominal", "名义金额"

    finding = models.OneToOneField(Finding, models.PROTECT, related_name="card", verbose_name="盘点发现")
    asset = models.OneToOneField(Asset, models.PROTECT, related_name="+", verbose_name="资产卡片")
    basis = models.CharField("计价依据", max_length=10, choices=Basis.choices)
    papers = models.CharField("依据说明", max_length=200)
    value = MoneyField("入账价值")
    by = _person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "盘盈估值"
        db_table = "assets_stocktake_found_card"
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="assets_stocktake_found_card_value")
        ]

    def __str__(self) -> str:
        return f"{self.finding} {self.value}"
