"""Repairs: the order, what happened to it, what it cost, and what it looked like. State and times are those of its events."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.equipment.rules import flow
from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField
from hrp.platform.base.history import tracked
from hrp.platform.org.models import Campus, OrgUnit


class State(models.TextChoices):
    REPORTED = "reported", "待派工"
    DISPATCHED = "dispatched", "待接单"
    TAKEN = "taken", "待到场"
    WORKING = "working", "维修中"
    WAITING = "waiting", "等待中"
    TO_CHECK = "to_check", "待检测"
    TO_ACCEPT = "to_accept", "待验收"
    ACCEPTED = "accepted", "已验收"
    STOPPED = "stopped", "停用结案"
    CANCELLED = "cancelled", "已撤销"


class Act(models.TextChoices):
    REPORT = "report", "报修"
    DISPATCH = "dispatch", "派工"
    TAKE = "take", "接单"
    ARRIVE = "arrive", "到场"
    WAIT = "wait", "等待"
    RESUME = "resume", "继续维修"
    FIX = "fix", "修复"
    CHECKED = "pass", "检测合格"
    FAIL = "fail", "检测不合格"
    ACCEPT = "accept", "科室验收"
    REJECT = "reject", "验收不通过"
    STOP = "stop", "停用结案"
    CANCEL = "cancel", "撤销"
    RATE = "rate", "评价"
    NOTE = "note", "说明"


class Priority(models.TextChoices):
    URGENT = "urgent", "紧急"
    NORMAL = "normal", "一般"


class Route(models.TextChoices):
    """How a machine is repaired, once it was looked at."""

    NONE = "", "未诊断"
    SELF = "self", "自修"
    VENDOR = "vendor", "外修"
    PARTS = "parts", "等配件"
    WARRANTY = "warranty", "保修"


class Cause(models.TextChoices):
    NONE = "", "未判定"
    WEAR = "wear", "老化磨损"
    PART = "part", "部件损坏"
    POWER = "power", "电源电气"
    SOFTWARE = "software", "软件参数"
    MISUSE = "misuse", "操作不当"
    ENVIRONMENT = "environment", "环境因素"
    CARE = "care", "保养不足"
    NO_FAULT = "no_fault", "未见故障"
    OTHER = "other", "其他"


@tracked()
class RepairOrder(models.Model):
    """One fault of one machine. Its state and its times follow from its events alone (a trigger writes them)."""

    number = models.CharField("维修单号", max_length=32, unique=True)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="报修科室")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.REPORTED)
    priority = models.CharField("缓急", max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    is_down = models.BooleanField("已停机", default=True)
    fault = models.CharField("故障现象", max_length=300)
    contact = models.CharField("联系电话", max_length=30, blank=True)
    origin = models.CharField("来源", max_length=60, blank=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="报修人"
    )
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="工程师"
    )  # fmt: skip
    # what the card was before, to be given back
    status_before = models.CharField("报修前状态", max_length=10, choices=Status.choices)
    # what was found and done
    route = models.CharField("维修方式", max_length=10, choices=Route.choices, blank=True, default="")
    cause = models.CharField("故障原因", max_length=12, choices=Cause.choices, blank=True, default="")
    action = models.CharField("处理措施", max_length=300, blank=True)
    vendor = models.CharField("维修商", max_length=100, blank=True)
    under_warranty = models.BooleanField("保修期内", default=False)
    extends_life = models.BooleanField("延长使用年限", default=False)
    adds_capability = models.BooleanField("提升性能", default=False)
    check_first = models.BooleanField("修后须检测", default=False)
    rating = models.PositiveSmallIntegerField("评价", null=True, blank=True)
    # times
    fault_at = models.DateTimeField("故障时间")
    reported_at = models.DateTimeField("报修时间")
    dispatched_at = models.DateTimeField("派工时间", null=True, blank=True)
    taken_at = models.DateTimeField("接单时间", null=True, blank=True)
    arrived_at = models.DateTimeField("到场时间", null=True, blank=True)
    fixed_at = models.DateTimeField("修复时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    respond_by = models.DateTimeField("响应时限")
    fix_by = models.DateTimeField("修复时限")

    class Meta:
        verbose_name = "维修单"
        db_table = "assets_repair"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["asset", "-id"], name="assets_repair_asset"),
            models.Index(fields=["org_unit", "state"], name="assets_repair_unit"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(state__in=list(flow.OPEN)), name="assets_repair_one_open"
            ),
            models.CheckConstraint(
                condition=Q(fault_at__lte=models.F("reported_at")), name="assets_repair_fault_before_report"
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="assets_repair_rating"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.asset.name}"

    @property
    def is_open(self) -> bool:
        return self.state in flow.OPEN


class RepairEvent(AppendOnlyModel):
    """Something that happened to an order."""

    order = models.ForeignKey(RepairOrder, models.PROTECT, related_name="events", verbose_name="维修单")
    act = models.CharField("事项", max_length=12, choices=Act.choices)
    from_state = models.CharField("此前", max_length=12, choices=State.choices)
    to_state = models.CharField("此后", max_length=12, choices=State.choices)
    text = models.CharField("说明", max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "维修过程"
        db_table = "assets_repair_act"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.text}".strip()


class RepairCost(AppendOnlyModel):
    """What an order cost; a wrong line is taken back by one with the opposite amount."""

    class Kind(models.TextChoices):
        PART = "part", "配件"
        VENDOR = "vendor", "外修费"
        LABOUR = "labour", "工时"
        OTHER = "other", "其他"

    order = models.ForeignKey(RepairOrder, models.PROTECT, related_name="costs", verbose_name="维修单")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    name = models.CharField("名称", max_length=100)
    quantity = QuantityField("数量 / 工时", default=1)
    amount = MoneyField("金额（元）", default=0)
    reference = models.CharField("出库单 / 发票号", max_length=60, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "维修费用"
        db_table = "assets_repair_cost"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=-10_000_000, amount__lte=10_000_000), name="assets_repair_cost_amount"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=-100_000, quantity__lte=100_000), name="assets_repair_cost_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.amount:,.2f}"


class RepairPhoto(AppendOnlyModel):
    """A picture or voice note of a fault."""

    order = models.ForeignKey(RepairOrder, models.PROTECT, related_name="photos", verbose_name="维修单")
    name = models.CharField("文件名", max_length=200)
    path = models.CharField("路径", max_length=200)
    mime = models.CharField("类型", max_length=100)
    sha256 = models.CharField("摘要", max_length=64)
    size = models.PositiveIntegerField("字节")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人"
    )
    at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "故障照片"
        db_table = "assets_repair_photo"
        ordering = ("id",)
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="assets_repair_photo_size")]

    def __str__(self) -> str:
        return self.name
