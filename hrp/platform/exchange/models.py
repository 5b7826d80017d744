"""What was imported and what waits to be downloaded. The files themselves lie under MEDIA_ROOT with random names."""

from __future__ import annotations

from django.conf import settings
from django.db import models


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
