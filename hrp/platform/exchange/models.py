"""What was imported, what waits to be downloaded, and what partners are told.

The files themselves lie under MEDIA_ROOT with random names.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.platform.base.history import tracked


class ImportRun(models.Model):
    """One uploaded sheet, from preview to commit. A file is committed once per kind of import unless confirmed again."""

    class State(models.TextChoices):
        PREVIEW = "preview", "待确认"
        COMMITTED = "committed", "已导入"
        DISCARDED = "discarded", "已放弃"

    spec = models.CharField("导入类型", max_length=80)
    title = models.CharField("名称", max_length=80)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="导入人"
    )
    file_name = models.CharField("文件名", max_length=120)
    path = models.CharField("存放位置", max_length=120, blank=True)
    sha256 = models.CharField("文件指纹", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PREVIEW)
    row_count = models.PositiveIntegerField("行数")
    problem_count = models.PositiveIntegerField("问题数")
    problems = models.JSONField("问题", default=list)
    warnings = models.JSONField("提示", default=list)
    totals = models.JSONField("合计", default=dict)
    sample = models.JSONField("前若干行", default=list)
    repeats = models.ForeignKey(
        "self", models.PROTECT, related_name="+", null=True, blank=True, verbose_name="重复导入"
    )
    created_at = models.DateTimeField("上传时间")
    committed_at = models.DateTimeField("导入时间", null=True, blank=True)

    class Meta:
        verbose_name = "导入记录"
        indexes = [models.Index(fields=["spec", "sha256"]), models.Index(fields=["actor", "-created_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["spec", "sha256"],
                condition=models.Q(state="committed", repeats=None),
                name="import_once_per_file",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="committed")
                | models.Q(committed_at__isnull=False, problem_count=0),
                name="import_committed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.file_name}"


class ExportFile(models.Model):
    """A file made for one person, kept in the 下载中心 until it expires."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人"
    )
    title = models.CharField("名称", max_length=80)
    file_name = models.CharField("文件名", max_length=120)
    path = models.CharField("存放位置", max_length=120, unique=True)
    mime = models.CharField("类型", max_length=100)
    sha256 = models.CharField("文件指纹", max_length=64)
    size = models.PositiveBigIntegerField("字节数")
    row_count = models.PositiveIntegerField("行数", null=True, blank=True)
    created_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("有效期至")
    downloaded_at = models.DateTimeField("最近下载", null=True, blank=True)

    class Meta:
        verbose_name = "下载文件"
        indexes = [models.Index(fields=["actor", "-created_at"]), models.Index(fields=["expires_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="export_expires_later"
            )
        ]

    def __str__(self) -> str:
        return self.title


@tracked(exclude=["secret"])
class Partner(models.Model):
    """A system of somebody else that we call by HTTP (HIS, 电子病历, a supplier's platform).

    ``secret`` is sealed and never shown again; with one, every call is signed. Nothing but ``base_url`` is ever called.
    """

    code = models.SlugField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    base_url = models.CharField("接口地址", max_length=300)
    secret = models.TextField("密钥（密文）", blank=True)
    timeout_s = models.PositiveSmallIntegerField("超时（秒）", default=10)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "接口伙伴"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timeout_s__gte=1, timeout_s__lte=60), name="partner_timeout"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_secret(self) -> bool:
        return bool(self.secret)


class Message(models.Model):
    """One thing a partner must be told, kept until it was. The same ``kind`` and ``key`` are told a partner once."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name="接口伙伴")
    kind = models.CharField("类别", max_length=60)
    key = models.CharField("业务键", max_length=120)
    body = models.JSONField("内容")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    created_at = models.DateTimeField("时间")
    tried_at = models.DateTimeField("最近尝试", null=True, blank=True)
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    answer = models.TextField("对方回答", blank=True)
    error = models.CharField("最近错误", max_length=500, blank=True)

    class Meta:
        verbose_name = "接口消息"
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "partner"], name="message_state")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "kind", "key"], name="message_once"),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False), name="message_sent_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
