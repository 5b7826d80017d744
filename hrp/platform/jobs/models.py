"""What people see of background work, and the keys that keep effects from happening twice."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class JobRecord(models.Model):
    """One job as a person sees it. Its state is read from the queue itself (``selectors``), never copied here."""

    job_id = models.BigIntegerField("队列号", unique=True)
    task = models.CharField("任务", max_length=128)
    title = models.CharField("标题", max_length=200)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="发起人",
        null=True,
        db_constraint=False,
    )
    created_at = models.DateTimeField("发起时间")
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    done = models.PositiveIntegerField("已完成", default=0)
    total = models.PositiveIntegerField("总量", default=0)
    note = models.CharField("进度说明", max_length=200, blank=True)
    result_url = models.CharField("结果链接", max_length=300, blank=True)
    result_title = models.CharField("结果", max_length=200, blank=True)
    error = models.CharField("失败原因", max_length=500, blank=True)
    error_way_out = models.CharField("解决办法", max_length=500, blank=True)

    class Meta:
        verbose_name = "后台任务"
        db_table = "jobs_record"
        ordering = ["-id"]
        indexes = [models.Index(fields=["actor", "-id"], name="jobs_record_actor")]

    def __str__(self) -> str:
        return self.title


class JobLog(models.Model):
    """A line of a job's log."""

    class Level(models.TextChoices):
        INFO = "info", "信息"
        WARNING = "warning", "警告"
        ERROR = "error", "错误"

    record = models.ForeignKey(JobRecord, models.CASCADE, related_name="+", verbose_name="任务")
    at = models.DateTimeField("时间")
    level = models.CharField("级别", max_length=10, choices=Level, default=Level.INFO)
    text = models.TextField("内容")

    class Meta:
        verbose_name = "任务日志"
        db_table = "jobs_log"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Effect(models.Model):
    """The effect named ``key`` has happened. Written in the same transaction as the effect itself."""

    key = models.CharField("效果键", max_length=200, primary_key=True)
    job_id = models.BigIntegerField("队列号", null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "任务效果"
        db_table = "jobs_effect"
        indexes = [models.Index(fields=["at"], name="jobs_effect_at")]

    def __str__(self) -> str:
        return self.key


class Duty(models.Model):
    """A thing that must be done again and again. Due when ``next_due`` has passed, however long ago."""

    name = models.CharField("名称", max_length=80, primary_key=True)
    title = models.CharField("标题", max_length=100)
    next_due = models.DateTimeField("下次应做")
    lease_until = models.DateTimeField("租约到期", null=True)
    leased_by = models.CharField("执行者", max_length=80, blank=True)
    last_started = models.DateTimeField("上次开始", null=True)
    last_finished = models.DateTimeField("上次完成", null=True)
    seconds = models.DecimalField("上次用时（秒）", max_digits=12, decimal_places=3, null=True)
    runs = models.PositiveBigIntegerField("完成次数", default=0)
    failures = models.PositiveIntegerField("连续失败", default=0)
    last_error = models.TextField("最近错误", blank=True)

    class Meta:
        verbose_name = "定期职责"
        db_table = "jobs_duty"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title


class Heartbeat(models.Model):
    """A long-running process says it is alive. One row per name ("duties")."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    at = models.DateTimeField("时间")
    process = models.CharField("进程", max_length=80)

    class Meta:
        verbose_name = "心跳"
        db_table = "jobs_heartbeat"

    def __str__(self) -> str:
        return f"{self.name} {self.at}"


class HealthRun(models.Model):
    """One run of every registered invariant. ``outcomes`` is the list of outcomes as JSON objects."""

    at = models.DateTimeField("时间")
    cause = models.CharField("由来", max_length=40)
    seconds = models.DecimalField("用时（秒）", max_digits=12, decimal_places=3)
    ok = models.PositiveIntegerField("通过")
    broken = models.PositiveIntegerField("不符")
    unknown = models.PositiveIntegerField("未知")
    outcomes = models.JSONField("结果", default=list, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "不变量检查"
        db_table = "jobs_health_run"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at} {self.ok}/{self.broken}/{self.unknown}"
