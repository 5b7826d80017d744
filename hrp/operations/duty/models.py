"""Facts of the rota and of paging, and the few registers beside them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.notify.models import Message


def _user(title: str, *, optional: bool = False) -> Any:
    """A foreign key to a person, as every fact here has several."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=title,
        null=optional,
        blank=optional,
    )


@tracked()
class DutyPerson(models.Model):
    """Somebody of the supplier who may be put on the rota, and how long the way to the hospital takes."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员"
    )
    travel_minutes = models.PositiveSmallIntegerField("到院路程（分钟）", null=True, blank=True)
    home = models.CharField("常驻地", max_length=50, blank=True)
    is_active = models.BooleanField("参加值班", default=True)

    class Meta:
        verbose_name = "值班人员"
        db_table = "operations_duty_person"
        ordering = ["user_id"]

    def __str__(self) -> str:
        return self.user.display_name


class Shift(AppendOnlyModel):
    """One person in one layer for a time. What is written down late covers only from then on."""

    layer = models.CharField("层级", max_length=20)
    user = _user("值班人")
    starts_at = models.DateTimeField("起")
    ends_at = models.DateTimeField("止")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)
    recorded_by = _user("登记人")

    class Meta:
        verbose_name = "班次"
        db_table = "operations_duty_shift"
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="operations_shift_span")
        ]
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="operations_shift_when")]

    def __str__(self) -> str:
        return f"{self.layer} {clock.local(self.starts_at):%m-%d %H:%M}"


class ShiftCut(AppendOnlyModel):
    """From ``at`` on the shift no longer holds: the rota was laid anew. Never for time that has passed."""

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="cuts", verbose_name="班次")
    at = models.DateTimeField("自")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)
    recorded_by = _user("登记人")

    class Meta:
        verbose_name = "班次截短"
        db_table = "operations_duty_shift_cut"
        constraints = [
            models.CheckConstraint(condition=Q(at__gte=F("recorded_at")), name="operations_cut_not_backwards")
        ]

    def __str__(self) -> str:
        return f"{self.shift_id} {self.at}"


class Substitution(AppendOnlyModel):
    """顶班: ``into`` stands for ``out`` in a layer for a time. Holds from when it was written down."""

    layer = models.CharField("层级", max_length=20)
    out = _user("被替")
    into = _user("顶替")
    starts_at = models.DateTimeField("起")
    ends_at = models.DateTimeField("止")
    reason = models.CharField("事由", max_length=200)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)
    recorded_by = _user("登记人")

    class Meta:
        verbose_name = "顶班"
        db_table = "operations_duty_substitution"
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="operations_substitution_span"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("recorded_at")), name="operations_substitution_not_backwards"
            ),
            models.CheckConstraint(condition=~Q(out=F("into")), name="operations_substitution_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.into_id} 顶 {self.out_id}"


@tracked()
class SwapRequest(models.Model):
    """换班: asked by one, accepted by the colleague, approved by a supervisor; only then the rota changes."""

    class State(models.TextChoices):
        ASKED = "asked", "待同事接受"
        ACCEPTED = "accepted", "待主管批准"
        APPROVED = "approved", "已批准"
        DECLINED = "declined", "同事未接受"
        REJECTED = "rejected", "主管未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    layer = models.CharField("层级", max_length=20)
    asker = _user("申请人")
    colleague = _user("接班同事")
    starts_at = models.DateTimeField("起")
    ends_at = models.DateTimeField("止")
    reason = models.CharField("事由", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField("申请时间", default=clock.now)
    answered_at = models.DateTimeField("同事答复", null=True, blank=True)
    decided_at = models.DateTimeField("主管决定", null=True, blank=True)
    decided_by = _user("主管", optional=True)
    note = models.CharField("答复", max_length=200, blank=True)

    class Meta:
        verbose_name = "换班申请"
        db_table = "operations_duty_swap"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="operations_swap_span"),
            models.CheckConstraint(condition=~Q(asker=F("colleague")), name="operations_swap_two_people"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asker")),
                name="operations_swap_not_own_judge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asker} → {self.colleague} {clock.local(self.starts_at):%m-%d %H:%M}"


class HandoverNote(AppendOnlyModel):
    """交班记录: what the next one has to know."""

    layer = models.CharField("层级", max_length=20)
    written_by = _user("交班人")
    taken_by = _user("接班人", optional=True)
    at = models.DateTimeField("时间", default=clock.now)
    text = models.TextField("交班内容")

    class Meta:
        verbose_name = "交班记录"
        db_table = "operations_duty_handover"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:30]


class PagingRun(models.Model):
    """One paging for one subject. Its chain is copied at the start; what was done are the facts below it.

    ``next_at`` is when the engine must look again; empty once the run has ended.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "呼叫中"
        ACKED = "acked", "已应答"
        STOPPED = "stopped", "已停止"
        EXHAUSTED = "exhausted", "无人应答"

    source = models.CharField("来源", max_length=60)
    key = models.CharField("次", max_length=20)
    url = models.CharField("链接", max_length=300, blank=True)
    title = models.CharField("事项", max_length=200)
    level = models.CharField("级别", max_length=2)
    steps = models.JSONField("呼叫链")
    started_at = models.DateTimeField("开始")
    respond_by = models.DateTimeField("应答时限")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ACTIVE)
    position = models.PositiveSmallIntegerField("已完成步数", default=0)
    next_at = models.DateTimeField("下次处理", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    ended_by = _user("应答人", optional=True)
    end_note = models.CharField("结束说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "呼叫"
        db_table = "operations_paging_run"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="operations_paging_once"),
            models.CheckConstraint(
                condition=Q(state="active", next_at__isnull=False)
                | (~Q(state="active") & Q(next_at__isnull=True)),
                name="operations_paging_next",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="operations_paging_due", condition=Q(next_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.title


class PagingStep(AppendOnlyModel):
    """One step of a chain, done. ``collapsed``: it was overdue with later ones and was folded into the last of them."""

    run = models.ForeignKey(PagingRun, models.PROTECT, related_name="done", verbose_name="呼叫")
    position = models.PositiveSmallIntegerField("步")
    planned_at = models.DateTimeField("应在")
    at = models.DateTimeField("时间")
    collapsed = models.BooleanField("并入后一步", default=False)
    early = models.BooleanField("提前", default=False)
    people = models.PositiveSmallIntegerField("人数", default=0)

    class Meta:
        verbose_name = "呼叫步骤"
        db_table = "operations_paging_step"
        ordering = ["run_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="operations_paging_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}#{self.position}"


class PagingAttempt(AppendOnlyModel):
    """One person called through one channel; what became of it stands on the message's delivery."""

    run = models.ForeignKey(PagingRun, models.PROTECT, related_name="attempts", verbose_name="呼叫")
    position = models.PositiveSmallIntegerField("步")
    user = _user("被呼叫人")
    place = models.CharField("层级或角色", max_length=50)
    channel = models.CharField("渠道", max_length=40)
    fallback = models.BooleanField("改用", default=False)
    at = models.DateTimeField("时间")
    message = models.ForeignKey(Message, models.PROTECT, related_name="+", verbose_name="消息")
    token_sha256 = models.CharField("确认码散列", max_length=64, blank=True)

    class Meta:
        verbose_name = "呼叫记录"
        db_table = "operations_paging_attempt"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "position", "user", "channel"], name="operations_paging_attempt_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["token_sha256"], name="operations_paging_token", condition=~Q(token_sha256="")
            ),
            models.Index(fields=["message"], name="operations_paging_message"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel}"


class PagingAck(AppendOnlyModel):
    """Somebody answered a paging. The first one stops it; later ones are kept too."""

    run = models.ForeignKey(PagingRun, models.PROTECT, related_name="acks", verbose_name="呼叫")
    user = _user("应答人")
    at = models.DateTimeField("时间")
    via = models.CharField("方式", max_length=10)

    class Meta:
        verbose_name = "呼叫应答"
        db_table = "operations_paging_ack"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "user"], name="operations_paging_ack_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.user_id}"


class ContactCheck(AppendOnlyModel):
    """联系核验: a hospital counterpart was called at the number on file, and answered or not."""

    counterpart = _user("甲方人员")
    phone = models.CharField("电话", max_length=100)
    reached = models.BooleanField("联系上")
    note = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间", default=clock.now)
    checked_by = _user("核验人")

    class Meta:
        verbose_name = "联系核验"
        db_table = "operations_contact_check"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["counterpart", "-at"], name="operations_contact_check_last")]

    def __str__(self) -> str:
        return f"{self.counterpart_id} {'联系上' if self.reached else '未联系上'}"
