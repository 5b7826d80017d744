"""Marks of tickets, surveys of departments, and what people asked with every step of the answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.feedback.rules import KINDS, STATES, STEPS
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


class Rating(AppendOnlyModel):
    """满意度 of one cycle of a closed ticket, 1 to 5; three or less says why. Given once."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="ratings", verbose_name="工单")
    cycle = models.PositiveSmallIntegerField("轮次")
    score = models.PositiveSmallIntegerField("评分")
    reason = models.CharField("原因", max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="评价人")
    at = models.DateTimeField("评价时间")

    class Meta:
        verbose_name = "满意度评价"
        db_table = "operations_rating"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "cycle"], name="operations_rating_once"),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="operations_rating_score"),
            models.CheckConstraint(
                condition=Q(score__gt=3) | ~Q(reason=""), name="operations_rating_low_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score} 分"


@tracked()
class Survey(models.Model):
    """A survey of the departments. From its publication on neither it nor its questions change."""

    title = models.CharField("主题", max_length=100)
    opens_on = models.DateField("开始日")
    closes_on = models.DateField("截止日")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    class Meta:
        verbose_name = "满意度调查"
        db_table = "operations_survey"
        ordering = ["-opens_on"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="operations_survey_days")
        ]

    def __str__(self) -> str:
        return self.title


class SurveyQuestion(models.Model):
    """One question of a survey: a mark from 1 to 5, or words."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="questions", verbose_name="调查")
    position = models.PositiveSmallIntegerField("题号")
    text = models.CharField("问题", max_length=200)
    kind = models.CharField("方式", max_length=10, choices=[("score", "评分"), ("text", "文字")])

    class Meta:
        verbose_name = "调查问题"
        db_table = "operations_survey_question"
        ordering = ["survey_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "position"], name="operations_survey_position")
        ]

    def __str__(self) -> str:
        return self.text


class Invitation(AppendOnlyModel):
    """A department that was asked when the survey was published."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="invitations", verbose_name="调查")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")

    class Meta:
        verbose_name = "调查对象"
        db_table = "operations_survey_invitation"
        constraints = [
            models.UniqueConstraint(fields=["survey", "org_unit"], name="operations_survey_invited_once")
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.org_unit_id}"


class Reply(AppendOnlyModel):
    """What one department answered; ``answers`` are question texts with the mark or words, as they were put."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="replies", verbose_name="调查")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    answers = models.JSONField("回答")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="填写人")
    at = models.DateTimeField("填写时间")

    class Meta:
        verbose_name = "调查回答"
        db_table = "operations_survey_reply"
        ordering = ["org_unit__code"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "org_unit"], name="operations_survey_replied_once")
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.org_unit_id}"


class Enquiry(models.Model):
    """咨询, 疑问, 建议 or 投诉. What was asked never changes; everything below ``ticket`` follows from its steps.

    ``respond_by`` is the response of level C from when it was asked; ``responded_at`` the first step of the supplier.
    """

    kind = models.CharField("类别", max_length=10, choices=list(KINDS.items()))
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    module = models.CharField("系统", max_length=50)
    in_scope = models.BooleanField("在合同范围内", default=True)
    title = models.CharField("事项", max_length=100)
    text = models.TextField("内容")
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    asker_name = models.CharField("提出人", max_length=50)
    asked_at = models.DateTimeField("提出时间")
    respond_by = models.DateTimeField("应回应时间")
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name="相关工单", null=True, blank=True
    )

    state = models.CharField("状态", max_length=10, choices=list(STATES.items()), default="open")
    responded_at = models.DateTimeField("首次回应", null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="跟进人",
        null=True,
        blank=True,
    )
    due_on = models.DateField("完成期限", null=True, blank=True)

    class Meta:
        verbose_name = "咨询与建议"
        db_table = "operations_enquiry"
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["state", "due_on"], name="operations_enquiry_state")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        return f"YJ{self.pk:05d}"


class EnquiryStep(AppendOnlyModel):
    """One step of answering: what was said or decided, by whom and when."""

    enquiry = models.ForeignKey(Enquiry, models.PROTECT, related_name="steps", verbose_name="咨询与建议")
    seq = models.PositiveSmallIntegerField("序号")
    step = models.CharField("步骤", max_length=10, choices=list(STEPS.items()))
    text = models.TextField("内容", blank=True)
    decision = models.CharField("决定", max_length=10, blank=True)
    target = models.CharField("计划版本", max_length=50, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="跟进人",
        null=True,
        blank=True,
    )
    due_on = models.DateField("完成期限", null=True, blank=True)
    side = models.CharField("所属方", max_length=10, choices=Side.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "办理步骤"
        db_table = "operations_enquiry_step"
        ordering = ["enquiry_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["enquiry", "seq"], name="operations_enquiry_seq"),
            models.CheckConstraint(
                condition=~Q(step="decide") | Q(decision__in=["accepted", "declined"]),
                name="operations_enquiry_decision",
            ),
            models.CheckConstraint(
                condition=~Q(step="assign") | Q(owner__isnull=False, due_on__isnull=False),
                name="operations_enquiry_assigned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enquiry_id}#{self.seq} {self.get_step_display()}"
