"""Tickets as chains of uneditable events, what was computed from them, and the archive of maintenance records."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.operations.contracts.models import AnnualContract, ContractVersion, Side
from hrp.operations.desk.rules.clocks import KIND_TITLES, VERDICT_TITLES
from hrp.operations.desk.rules.events import TITLES
from hrp.operations.desk.rules.lifecycle import STATE_TITLES
from hrp.platform.audit.rows import SealableModel
from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.org.models import OrgUnit

CHANNELS = [("phone", "电话"), ("web", "网络"), ("email", "电子邮件"), ("onsite", "现场")]
LINES = [("remote", "远程"), ("onsite", "现场")]
CAUSES = [
    ("software", "软件缺陷"),
    ("data", "数据问题"),
    ("configuration", "配置与参数"),
    ("interface", "接口"),
    ("database", "数据库"),
    ("environment", "服务器与网络环境"),
    ("operation", "操作与使用"),
    ("other", "其他"),
]


class NumberSeries(models.Model):
    """The last number given out per series; incremented in the transaction of the row that takes the number."""

    key = models.CharField("序列", max_length=40, primary_key=True)
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = "编号序列"
        db_table = "operations_number_series"

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class Ticket(models.Model):
    """A service ticket (工单). Everything below ``title`` ... ``reporter`` is a projection of its events.

    ``next_due_at`` is when a running clock must be looked at next, to warn or to judge; ``pressing_due_at`` the earliest
    due time nobody has met yet, past or to come. ``contract_version`` is pinned at the first contact for ever.
    ``annual_contract`` is empty in a gap between years: the clocks of such a ticket are shadow values.

    Every look at the clocks writes into all indexes of its tickets, so keys nobody searches by have none.
    """

    number = models.CharField("工单号", max_length=30, unique=True)
    contract_version = models.ForeignKey(
        ContractVersion, models.PROTECT, related_name="+", verbose_name="合同版本", db_index=False
    )
    annual_contract = models.ForeignKey(
        AnnualContract,
        models.PROTECT,
        related_name="+",
        verbose_name="年度合同",
        null=True,
        blank=True,
        db_index=False,
    )
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="报修科室", db_index=False
    )
    module = models.CharField("系统", max_length=50)
    in_scope = models.BooleanField("在合同范围内", default=True)
    title = models.CharField("事项", max_length=100)
    description = models.TextField("情况", blank=True)
    reporter_name = models.CharField("报修人", max_length=50)
    reporter_phone = models.CharField("联系电话", max_length=30, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人", db_index=False
    )
    opened_at = models.DateTimeField("登记时间")

    state = models.CharField("状态", max_length=20, choices=list(STATE_TITLES.items()))
    level = models.CharField("级别", max_length=2)
    level_rank = models.PositiveSmallIntegerField("轻重", default=0)
    reported_level = models.CharField("报修级别", max_length=2, blank=True)
    flags = models.JSONField("标记", default=list)
    notify = models.JSONField("应通知角色", default=list)
    cycle = models.PositiveSmallIntegerField("轮次", default=1)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="处理人",
        null=True,
        blank=True,
    )
    first_contact_at = models.DateTimeField("首次联系")
    resolved_at = models.DateTimeField("解决时间", null=True, blank=True)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    next_due_at = models.DateTimeField("下次须判定", null=True, blank=True)
    pressing_due_at = models.DateTimeField("最紧时限", null=True, blank=True)
    judged_at = models.DateTimeField("计算时间")
    last_seq = models.PositiveIntegerField("事件数", default=0)
    head_hash = models.CharField("链首", max_length=64)

    class Meta:
        verbose_name = "工单"
        db_table = "operations_ticket"
        ordering = ["-first_contact_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "pressing_due_at"], name="operations_ticket_board"),
            models.Index(
                fields=["next_due_at"], name="operations_ticket_due", condition=Q(next_due_at__isnull=False)
            ),
            models.Index(fields=["-first_contact_at", "-id"], name="operations_ticket_recent"),
            models.Index(fields=["org_unit", "-first_contact_at"], name="operations_ticket_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class ContactEvidence(AppendOnlyModel):
    """The raw record of one contact: a call of the telephone system, a mail, or what somebody wrote down."""

    channel = models.CharField("方式", max_length=10, choices=CHANNELS)
    direction = models.CharField(
        "方向", max_length=3, choices=[("in", "呼入"), ("out", "呼出")], default="in"
    )
    source = models.CharField("来源", max_length=10, choices=[("manual", "人工登记"), ("system", "系统收取")])
    external_id = models.CharField("话务编号", max_length=100, blank=True)
    caller = models.CharField("来电号码", max_length=30, blank=True)
    ring_at = models.DateTimeField("振铃（收到）时间")
    answered_at = models.DateTimeField("接听时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="接听人",
        null=True,
        blank=True,
    )
    entered_at = models.DateTimeField("登记时间")
    late_reason = models.CharField("补录依据", max_length=200, blank=True)
    raw = models.JSONField("原始记录", default=dict)

    class Meta:
        verbose_name = "联系凭据"
        db_table = "operations_contact_evidence"
        constraints = [
            models.CheckConstraint(
                condition=Q(ring_at__lte=F("entered_at")), name="operations_evidence_not_ahead"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("ring_at")),
                name="operations_evidence_answer_after_ring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {clock.local(self.ring_at):%Y-%m-%d %H:%M:%S}"


class TicketEvent(SealableModel):
    """One event of a ticket: the database chains it to the one before, and audit seals it in blocks.

    ``at`` is when it happened, ``recorded_at`` when it was written down; the second never runs backwards.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name="工单", db_index=False)
    seq = models.PositiveIntegerField("序号")
    type = models.CharField("类型", max_length=30, choices=list(TITLES.items()))
    at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("记录时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="记录人"
    )
    side = models.CharField("所属方", max_length=10, choices=Side.choices)
    payload = models.JSONField("内容", default=dict)
    evidence = models.ForeignKey(
        ContactEvidence, models.PROTECT, related_name="+", verbose_name="凭据", null=True, blank=True
    )
    prev_hash = models.CharField("前一散列", max_length=64)
    hash = models.CharField("散列", max_length=64)

    hashed = (
        "id",
        "ticket",
        "seq",
        "type",
        "at",
        "recorded_at",
        "actor",
        "side",
        "payload",
        "evidence",
        "prev_hash",
        "hash",
    )

    class Meta:
        verbose_name = "工单事件"
        db_table = "operations_ticket_event"
        ordering = ["ticket_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="operations_event_seq"),
            models.CheckConstraint(condition=Q(at__lte=F("recorded_at")), name="operations_event_not_ahead"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.seq} {self.get_type_display()}"


class Clock(models.Model):
    """A clock as last judged: rebuildable at any time from the events; never edited by hand."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="clocks", verbose_name="工单", db_index=False
    )
    key = models.CharField("时钟", max_length=40)
    position = models.PositiveSmallIntegerField("次序")
    cycle = models.PositiveSmallIntegerField("轮次")
    kind = models.CharField("种类", max_length=20, choices=list(KIND_TITLES.items()))
    level = models.CharField("级别", max_length=2, blank=True)
    start = models.DateTimeField("起算")
    due = models.DateTimeField("时限")
    stop = models.DateTimeField("停止", null=True, blank=True)
    verdict = models.CharField("结论", max_length=12, choices=list(VERDICT_TITLES.items()))
    margin_s = models.IntegerField("余量（秒）", null=True, blank=True)
    engine_version = models.CharField("引擎版本", max_length=10)

    class Meta:
        verbose_name = "时钟"
        db_table = "operations_clock"
        ordering = ["ticket_id", "position"]
        constraints = [models.UniqueConstraint(fields=["ticket", "key"], name="operations_clock_key")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_kind_display()}"


class Breach(AppendOnlyModel):
    """A target that was missed: written once with its true due time, whenever it was found, and never removed."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="breaches", verbose_name="工单", db_index=False
    )
    clock_key = models.CharField("时钟", max_length=40)
    kind = models.CharField("种类", max_length=20, choices=list(KIND_TITLES.items()))
    level = models.CharField("级别", max_length=2, blank=True)
    start = models.DateTimeField("起算")
    due = models.DateTimeField("时限")
    found_at = models.DateTimeField("发现时间")
    detected_late = models.BooleanField("迟发现", default=False)
    notify = models.JSONField("应通知角色", default=list)

    class Meta:
        verbose_name = "超时"
        db_table = "operations_breach"
        ordering = ["-due"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "clock_key"], name="operations_breach_once"),
            models.CheckConstraint(condition=Q(found_at__gt=F("due")), name="operations_breach_after_due"),
        ]

    def __str__(self) -> str:
        level = f"{self.level}级" if self.level else ""
        return f"{level}{self.get_kind_display()}超时 {clock.local(self.due):%m-%d %H:%M}"


class MaintenanceRecord(models.Model):
    """维护记录 (三(二)1(4)): one per cycle of a ticket. Unchangeable once archived."""

    number = models.CharField("维护记录号", max_length=30, unique=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="records", verbose_name="工单")
    cycle = models.PositiveSmallIntegerField("轮次")
    clause = models.CharField("合同条款", max_length=50)
    requested_at = models.DateTimeField("报修时间")
    arrived_at = models.DateTimeField("到场时间", null=True, blank=True)
    ended_at = models.DateTimeField("完成时间")
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="维护工程师"
    )
    mode = models.CharField("维护方式", max_length=10, choices=LINES)
    version_before = models.CharField("维护前版本", max_length=50, blank=True)
    version_after = models.CharField("维护后版本", max_length=50, blank=True)
    symptom = models.TextField("故障现象")
    cause_class = models.CharField("原因分类", max_length=20, choices=CAUSES)
    cause = models.TextField("原因分析")
    actions = models.TextField("处理过程")
    commands = models.TextField("命令与语句", blank=True)
    data_adjustment_no = models.CharField("数据调整单号", max_length=50, blank=True)
    files_changed = models.TextField("变更文件及散列", blank=True)
    tests = models.TextField("验证情况")
    remaining_risk = models.TextField("遗留风险", blank=True)
    advice = models.TextField("建议", blank=True)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="甲方确认人",
        null=True,
        blank=True,
    )
    signed_at = models.DateTimeField("甲方确认时间", null=True, blank=True)
    opinion = models.CharField("甲方意见", max_length=200, blank=True)
    written_at = models.DateTimeField("填写时间")
    archived_at = models.DateTimeField("归档时间", null=True, blank=True)

    class Meta:
        verbose_name = "维护记录"
        db_table = "operations_maintenance_record"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "cycle"], name="operations_record_once"),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(signer__isnull=False, signed_at__isnull=False),
                name="operations_record_archive_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class RecordArchive(AppendOnlyModel):
    """What was archived: the canonical JSON of the record and its printed form, each with its SHA-256."""

    record = models.OneToOneField(
        MaintenanceRecord, models.PROTECT, related_name="archive", verbose_name="维护记录"
    )
    body = models.TextField("归档内容")
    body_sha256 = models.CharField("内容 SHA-256", max_length=64)
    pdf = models.BinaryField("PDF")
    pdf_sha256 = models.CharField("PDF SHA-256", max_length=64)
    archived_at = models.DateTimeField("归档时间")

    class Meta:
        verbose_name = "维护记录归档"
        db_table = "operations_record_archive"

    def __str__(self) -> str:
        return self.body_sha256
