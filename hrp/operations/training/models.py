"""Materials and questions, sessions, and the facts of each: who signed, who tried the quiz, what they thought."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from hrp.operations.training.rules import AUDIENCES
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit

STATES = [("planned", "已安排"), ("held", "已举办"), ("cancelled", "已取消")]


class Material(AppendOnlyModel):
    """One version of a training material: the file itself with its SHA-256. A new version is a new row."""

    title = models.CharField("教材", max_length=100)
    version = models.CharField("版本", max_length=20)
    module = models.CharField("系统", max_length=50)
    file_name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("文件")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "培训教材"
        db_table = "operations_training_material"
        ordering = ["title", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["title", "version"], name="operations_material_version")
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


@tracked()
class Question(models.Model):
    """A question on a material. ``right`` holds the places of the right options, counted from 0."""

    material = models.ForeignKey(Material, models.PROTECT, related_name="questions", verbose_name="教材")
    position = models.PositiveSmallIntegerField("题号")
    text = models.CharField("题目", max_length=300)
    options = models.JSONField("选项")
    right = models.JSONField("正确选项")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "测验题"
        db_table = "operations_training_question"
        ordering = ["material_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["material", "position"], name="operations_question_position")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.text}"


@tracked()
class Session(models.Model):
    """A training session (培训). Once held or cancelled nothing of it changes."""

    title = models.CharField("主题", max_length=100)
    audience = models.CharField("对象", max_length=10, choices=list(AUDIENCES.items()))
    module = models.CharField("系统", max_length=50)
    in_scope = models.BooleanField("在合同范围内", default=True)
    material = models.ForeignKey(Material, models.PROTECT, related_name="+", verbose_name="教材")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    place = models.CharField("地点", max_length=100)
    trainer = models.CharField("讲师", max_length=50)
    pass_score = models.PositiveSmallIntegerField(
        "合格分", default=60, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    tries = models.PositiveSmallIntegerField(
        "可测验次数", default=3, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    state = models.CharField("状态", max_length=10, choices=STATES, default="planned")
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "培训"
        db_table = "operations_training_session"
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="operations_training_ends"),
            models.CheckConstraint(
                condition=Q(pass_score__range=(1, 100), tries__range=(1, 9)),
                name="operations_training_quiz",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Attendance(AppendOnlyModel):
    """Somebody who came: signed on their own phone, or entered from the paper list by whoever ran the session."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="attendances", verbose_name="培训")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="账号",
        null=True,
        blank=True,
    )
    name = models.CharField("姓名", max_length=50)
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="科室", null=True, blank=True
    )
    via = models.CharField("签到方式", max_length=10, choices=[("phone", "扫码"), ("list", "签到表")])
    signed_at = models.DateTimeField("签到时间")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )

    class Meta:
        verbose_name = "签到"
        db_table = "operations_training_attendance"
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"], condition=Q(user__isnull=False), name="operations_attended_once"
            ),
            models.UniqueConstraint(
                fields=["session", "name", "org_unit"],
                condition=Q(user__isnull=True),
                name="operations_listed_once",
            ),
            models.UniqueConstraint(
                fields=["session", "name"],
                condition=Q(user__isnull=True, org_unit__isnull=True),
                name="operations_guest_listed_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Attempt(AppendOnlyModel):
    """One try of the quiz: the paper as it was put and answered, and its score."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="attempts", verbose_name="培训")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="答题人"
    )
    number = models.PositiveSmallIntegerField("第几次")
    paper = models.JSONField("答卷")
    score = models.PositiveSmallIntegerField("得分")
    passed = models.BooleanField("合格")
    at = models.DateTimeField("交卷时间")

    class Meta:
        verbose_name = "测验"
        db_table = "operations_training_attempt"
        ordering = ["session_id", "user_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["session", "user", "number"], name="operations_attempt_number"),
            models.CheckConstraint(condition=Q(score__range=(0, 100)), name="operations_attempt_score"),
        ]

    def __str__(self) -> str:
        return f"{self.score} 分"


class Rating(AppendOnlyModel):
    """What somebody who came thought of a session, 1 to 5; said once."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="ratings", verbose_name="培训")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="评价人"
    )
    score = models.PositiveSmallIntegerField("评分")
    comment = models.CharField("意见", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "培训评价"
        db_table = "operations_training_rating"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="operations_training_rated_once"),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="operations_training_score"),
        ]

    def __str__(self) -> str:
        return f"{self.score} 分"
