"""What came in, as it came in, and what became of it; whom numbers and addresses belong to; the mailboxes read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.operations.desk.models import Ticket
from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit

EVENTS = [("ring", "振铃"), ("answered", "接听"), ("missed", "未接"), ("ended", "挂断")]
SOURCES = [("cti", "话务推送"), ("cdr", "话单导入")]
CALL_OUTCOMES = [
    ("opened", "登记工单"),
    ("shell", "未接自动建单"),
    ("again", "同一故障再次来电"),
    ("merged", "并入更早来电"),
    ("matched", "与人工登记对上"),
    ("dismissed", "不是报修"),
]
MAIL_KINDS = [
    ("report", "报修"),
    ("reply", "工单回信"),
    ("unknown", "发件人未登记"),
    ("auto", "自动邮件"),
    ("loop", "循环"),
    ("oversize", "超出大小"),
    ("broken", "无法解析"),
]
MAIL_OUTCOMES = [
    ("opened", "登记工单"),
    ("contact", "再次联系"),
    ("noted", "记入备注"),
    ("dismissed", "不是报修"),
]
TLS = [("ssl", "TLS（993）"), ("starttls", "STARTTLS"), ("none", "不加密（仅限本机）")]


@tracked()
class Contact(models.Model):
    """Whose telephone number or mail address this is, and which department and system they usually report for."""

    name = models.CharField("姓名", max_length=50)
    number = models.CharField("电话", max_length=30, blank=True, db_index=True)
    email = models.EmailField("邮箱", blank=True, db_index=True)
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    module = models.CharField("常用系统", max_length=50, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "报修联系人"
        db_table = "operations_intake_contact"
        constraints = [
            models.CheckConstraint(condition=~Q(number="", email=""), name="operations_contact_reachable")
        ]

    def __str__(self) -> str:
        return self.name


class Call(AppendOnlyModel):
    """A call as first heard of, written before any human acts. ``ring_at`` is the telephone system's own time.

    ``skew_ms``: how far that system's clock is behind ours (negative: ahead), known only for calls told at once.
    """

    call_id = models.CharField("话务编号", max_length=100, unique=True)
    direction = models.CharField(
        "方向", max_length=3, choices=[("in", "呼入"), ("out", "呼出")], default="in"
    )
    caller = models.CharField("来电号码", max_length=30, blank=True)
    number = models.CharField("比对号码", max_length=30, blank=True)
    callee = models.CharField("被叫", max_length=30, blank=True)
    ring_at = models.DateTimeField("振铃")
    received_at = models.DateTimeField("系统收到")
    skew_ms = models.IntegerField("话务时钟差（毫秒）", null=True, blank=True)
    source = models.CharField("来源", max_length=3, choices=SOURCES)

    class Meta:
        verbose_name = "来电"
        db_table = "operations_call"
        ordering = ["-ring_at", "-pk"]
        indexes = [
            models.Index(fields=["-ring_at"], name="operations_call_ring"),
            models.Index(fields=["number", "ring_at"], name="operations_call_number"),
        ]

    def __str__(self) -> str:
        return f"{self.caller or '匿名'} {clock.local(self.ring_at):%m-%d %H:%M:%S}"


class CallEvent(AppendOnlyModel):
    """One thing the telephone system said about a call; each kind once per source, however often it is sent."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="events", verbose_name="来电")
    kind = models.CharField("事件", max_length=10, choices=EVENTS)
    source = models.CharField("来源", max_length=3, choices=SOURCES)
    at = models.DateTimeField("时间")
    received_at = models.DateTimeField("系统收到")
    skew_ms = models.IntegerField("话务时钟差（毫秒）", null=True, blank=True)
    agent = models.CharField("座席", max_length=50, blank=True)
    raw = models.JSONField("原始内容", default=dict)

    class Meta:
        verbose_name = "来电事件"
        db_table = "operations_call_event"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["call", "kind", "source"], name="operations_call_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.get_kind_display()}"


class CallOutcome(AppendOnlyModel):
    """What became of a call: one answer, given once."""

    call = models.OneToOneField(Call, models.PROTECT, related_name="outcome", verbose_name="来电")
    kind = models.CharField("去向", max_length=10, choices=CALL_OUTCOMES)
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name="工单", null=True, blank=True
    )
    note = models.CharField("说明", max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "来电去向"
        db_table = "operations_call_outcome"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="dismissed", ticket__isnull=True)
                | (~Q(kind="dismissed") & Q(ticket__isnull=False)),
                name="operations_call_outcome_ticket",
            )
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.get_kind_display()}"


@tracked(
    exclude=["secret", "uid_validity", "last_uid", "checked_at", "failing_since", "last_error", "alerted_at"]
)
class Mailbox(models.Model):
    """A mailbox reports may be sent to. The password is kept sealed and never shown again."""

    name = models.CharField("名称", max_length=50)
    address = models.EmailField("报修邮箱", unique=True)
    host = models.CharField("IMAP 服务器", max_length=200)
    port = models.PositiveIntegerField("端口", default=993)
    tls = models.CharField("加密", max_length=10, choices=TLS, default="ssl")
    username = models.CharField("登录名", max_length=200)
    secret = models.TextField("口令（密文）", blank=True)
    folder = models.CharField("文件夹", max_length=100, default="INBOX")
    max_bytes = models.PositiveIntegerField("单封上限（字节）", default=20 * 1024 * 1024)
    is_active = models.BooleanField("启用", default=True)

    uid_validity = models.BigIntegerField("UIDVALIDITY", default=0)
    last_uid = models.BigIntegerField("已收到 UID", default=0)
    checked_at = models.DateTimeField("最近收取", null=True, blank=True)
    failing_since = models.DateTimeField("收取失败始于", null=True, blank=True)
    last_error = models.CharField("最近错误", max_length=300, blank=True)
    alerted_at = models.DateTimeField("已告警", null=True, blank=True)

    class Meta:
        verbose_name = "报修邮箱"
        db_table = "operations_mailbox"
        constraints = [
            models.CheckConstraint(condition=Q(port__gt=0, port__lt=65536), name="operations_mailbox_port")
        ]

    def __str__(self) -> str:
        return self.address


class Mail(AppendOnlyModel):
    """A mail as taken in. ``received_at`` is when the hospital's mail server had it: its clock starts there."""

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name="邮箱")
    message_id = models.CharField("Message-ID", max_length=250)
    uid = models.BigIntegerField("UID")
    sender = models.CharField("发件人", max_length=254)
    sender_name = models.CharField("发件人姓名", max_length=100, blank=True)
    subject = models.CharField("主题", max_length=300, blank=True)
    body = models.TextField("正文", blank=True)
    kind = models.CharField("类别", max_length=10, choices=MAIL_KINDS)
    why = models.CharField("归类依据", max_length=200, blank=True)
    hot_words = models.JSONField("紧急用语", default=list)
    received_at = models.DateTimeField("服务器收到")
    taken_at = models.DateTimeField("收取")
    size = models.PositiveIntegerField("字节")
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = "邮件"
        db_table = "operations_mail"
        ordering = ["-received_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["mailbox", "message_id"], name="operations_mail_once")]
        indexes = [
            models.Index(fields=["-received_at"], name="operations_mail_received"),
            models.Index(fields=["sender", "-received_at"], name="operations_mail_sender"),
        ]

    def __str__(self) -> str:
        return self.subject or "（无主题）"


class MailFile(AppendOnlyModel):
    """A file that came with a mail, or the mail itself as received. One that was not kept says why."""

    mail = models.ForeignKey(Mail, models.PROTECT, related_name="files", verbose_name="邮件")
    name = models.CharField("文件名", max_length=120)
    path = models.CharField("存放位置", max_length=120, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField("字节")
    mime = models.CharField("类型", max_length=100, blank=True)
    refused = models.CharField("未保存的原因", max_length=200, blank=True)
    is_source = models.BooleanField("原始邮件", default=False)

    class Meta:
        verbose_name = "邮件附件"
        db_table = "operations_mail_file"
        constraints = [
            models.CheckConstraint(
                condition=Q(path="") ^ Q(refused=""), name="operations_mail_file_kept_or_refused"
            )
        ]

    def __str__(self) -> str:
        return self.name


class MailOutcome(AppendOnlyModel):
    """What became of a mail: one answer, given once, by the rules or by a person at triage."""

    mail = models.OneToOneField(Mail, models.PROTECT, related_name="outcome", verbose_name="邮件")
    kind = models.CharField("去向", max_length=10, choices=MAIL_OUTCOMES)
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name="工单", null=True, blank=True
    )
    note = models.CharField("说明", max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "邮件去向"
        db_table = "operations_mail_outcome"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="dismissed", ticket__isnull=True)
                | (~Q(kind="dismissed") & Q(ticket__isnull=False)),
                name="operations_mail_outcome_ticket",
            )
        ]

    def __str__(self) -> str:
        return f"{self.mail_id} {self.get_kind_display()}"


class PageReport(AppendOnlyModel):
    """A report made with the button every page carries: by whom, and what the page knew at that moment."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="+", verbose_name="工单")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="报修人"
    )
    page = models.CharField("页面", max_length=300, blank=True)
    version = models.CharField("产品版本", max_length=50, blank=True)
    browser = models.CharField("浏览器", max_length=300, blank=True)
    error = models.JSONField("最近一次出错", default=dict)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "页面报修"
        db_table = "operations_page_report"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user", "-id"], name="operations_page_report_mine")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.page}"
