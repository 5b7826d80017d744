"""What was imported, what waits to be downloaded, and what was said to and by partners.

Files themselves lie under MEDIA_ROOT with random names.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.platform.base.append_only import AppendOnlyModel
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
    """A system of somebody else that we exchange messages with. What it sends is done by ``user``, within its rights."""

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=100)
    url = models.CharField("接口地址", max_length=300, blank=True)
    allowed = models.TextField("允许连接的地址", blank=True)
    timeout_s = models.PositiveSmallIntegerField("超时（秒）", default=10)
    secret = models.TextField("密钥", blank=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="代表用户",
    )
    is_active = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = "接口伙伴"
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timeout_s__gte=1, timeout_s__lte=60), name="exchange_partner_timeout"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_secret(self) -> bool:
        return bool(self.secret)


class PartnerMessage(models.Model):
    """One message to or from a partner. ``key`` is its identity: told twice, it is one message.

    What was said never changes; how far it has come does.
    """

    class Direction(models.TextChoices):
        OUT = "out", "发出"
        IN = "in", "收到"

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        DELIVERED = "delivered", "已送达"
        EXHAUSTED = "exhausted", "多次失败"
        HANDLED = "handled", "已处理"
        REFUSED = "refused", "已拒绝"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name="接口伙伴")
    direction = models.CharField("方向", max_length=3, choices=Direction.choices)
    kind = models.CharField("类型", max_length=60)
    key = models.CharField("幂等键", max_length=200)
    source = models.CharField("来源单据", max_length=100, blank=True, db_index=True)
    body = models.JSONField("内容")
    state = models.CharField("状态", max_length=10, choices=State.choices)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    answer = models.JSONField("回答", null=True, blank=True)
    error = models.CharField("错误", max_length=500, blank=True)
    created_at = models.DateTimeField("时间")
    settled_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "接口消息"
        ordering = ("-id",)
        indexes = [models.Index(fields=["state", "-id"], name="exchange_message_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "direction", "kind", "key"], name="exchange_message_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.kind} {self.key}"


class PartnerAttempt(AppendOnlyModel):
    """One try at delivering a message, as it went."""

    message = models.ForeignKey(PartnerMessage, models.PROTECT, related_name="tries", verbose_name="接口消息")
    at = models.DateTimeField("时间")
    ok = models.BooleanField("成功")
    took_ms = models.PositiveIntegerField("用时（毫秒）")
    said = models.TextField("回答", blank=True)
    error = models.CharField("错误", max_length=500, blank=True)

    class Meta:
        verbose_name = "发送记录"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.message} {self.at}"
