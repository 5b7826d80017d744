"""Emergency plans and their signed versions, what the hospital wants changed, and drills."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.operations.contracts.models import Contract, Side, signature_constraints
from hrp.operations.emergency.rules import SCENARIOS
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked

RESULTS = [("passed", "达到目标"), ("partly", "部分达到"), ("failed", "未达到")]


def _person(title: str, *, optional: bool = False) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=title,
        null=optional,
        blank=optional,
    )


class EmergencyPlan(models.Model):
    """The plan for one scenario under one contract; what it says stands in its versions."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", verbose_name="运维合同")
    scenario = models.CharField("场景", max_length=20, choices=list(SCENARIOS.items()))
    code = models.CharField("预案编号", max_length=20)

    class Meta:
        verbose_name = "应急预案"
        db_table = "operations_emergency_plan"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "scenario"], name="operations_plan_scenario"),
            models.UniqueConstraint(fields=["contract", "code"], name="operations_plan_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_scenario_display()}"


class PlanVersion(models.Model):
    """One version of a plan: a canonical JSON text and its SHA-256, signed first by the supplier, then the hospital.

    The database checks the hash and refuses every change from the first signature on. A version both have signed is
    in force until a later one is.
    """

    plan = models.ForeignKey(EmergencyPlan, models.PROTECT, related_name="versions", verbose_name="应急预案")
    number = models.PositiveIntegerField("版本")
    body = models.TextField("内容")
    sha256 = models.CharField("SHA-256", max_length=64)
    note = models.CharField("修订说明", max_length=200, blank=True)
    drafted_by = _person("拟稿人")
    drafted_at = models.DateTimeField("拟稿时间")
    supplier_signer = _person("乙方签署人", optional=True)
    supplier_signed_at = models.DateTimeField("乙方签署时间", null=True, blank=True)
    hospital_signer = _person("甲方签署人", optional=True)
    hospital_signed_at = models.DateTimeField("甲方签署时间", null=True, blank=True)

    class Meta:
        verbose_name = "预案版本"
        db_table = "operations_plan_version"
        ordering = ["plan_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="operations_plan_version_number"),
            models.CheckConstraint(
                condition=Q(hospital_signed_at__isnull=True)
                | Q(hospital_signed_at__gte=F("supplier_signed_at")),
                name="operations_plan_supplier_signs_first",
            ),
            models.CheckConstraint(
                condition=Q(hospital_signed_at__isnull=True) | Q(supplier_signed_at__isnull=False),
                name="operations_plan_two_signatures",
            ),
            *signature_constraints("operations_plan_version"),
        ]

    def __str__(self) -> str:
        return f"{self.plan.code} v{self.number}"

    @property
    def is_signed(self) -> bool:
        return self.hospital_signed_at is not None and self.supplier_signed_at is not None


class RevisionRequest(AppendOnlyModel):
    """What the hospital wants changed in a plan. ``due_at``: answered by then; empty while the calendar is unknown."""

    plan = models.ForeignKey(EmergencyPlan, models.PROTECT, related_name="+", verbose_name="应急预案")
    text = models.TextField("修订要求")
    requested_by = _person("提出人")
    requested_at = models.DateTimeField("提出时间")
    due_at = models.DateTimeField("答复期限", null=True, blank=True)

    class Meta:
        verbose_name = "预案修订请求"
        db_table = "operations_plan_request"
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return self.text[:40]


class RevisionAnswer(AppendOnlyModel):
    """The supplier's one answer to a request; ``version`` is the version that takes it up."""

    request = models.OneToOneField(
        RevisionRequest, models.PROTECT, related_name="answer", verbose_name="修订请求"
    )
    accepted = models.BooleanField("采纳")
    text = models.TextField("答复")
    version = models.ForeignKey(
        PlanVersion, models.PROTECT, related_name="+", verbose_name="体现于", null=True, blank=True
    )
    answered_by = _person("答复人")
    answered_at = models.DateTimeField("答复时间")

    class Meta:
        verbose_name = "预案修订答复"
        db_table = "operations_plan_answer"

    def __str__(self) -> str:
        return self.text[:40]


@tracked()
class Drill(models.Model):
    """A drill (演练) of a plan in force. Unchangeable from the first signature on."""

    number = models.CharField("演练编号", max_length=20, unique=True)
    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="+", verbose_name="所练预案")
    planned_on = models.DateField("计划日期")
    place = models.CharField("地点", max_length=100)
    situation = models.TextField("演练情景")
    goal = models.CharField("目标", max_length=200)
    planned_by = _person("安排人")
    planned_at = models.DateTimeField("安排时间")
    began_at = models.DateTimeField("开始时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    result = models.CharField("结果", max_length=10, choices=RESULTS, blank=True)
    summary = models.TextField("总结", blank=True)
    supplier_signer = _person("乙方签署人", optional=True)
    supplier_signed_at = models.DateTimeField("乙方签署时间", null=True, blank=True)
    hospital_signer = _person("甲方签署人", optional=True)
    hospital_signed_at = models.DateTimeField("甲方签署时间", null=True, blank=True)

    class Meta:
        verbose_name = "应急演练"
        db_table = "operations_drill"
        ordering = ["-planned_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="operations_drill_span",
            ),
            models.CheckConstraint(
                condition=Q(supplier_signed_at__isnull=True, hospital_signed_at__isnull=True)
                | (Q(began_at__isnull=False, ended_at__isnull=False) & ~Q(result="")),
                name="operations_drill_signed_with_result",
            ),
            *signature_constraints("operations_drill"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.version.plan.get_scenario_display()}"

    @property
    def is_signed(self) -> bool:
        return self.hospital_signed_at is not None and self.supplier_signed_at is not None


class DrillParticipant(AppendOnlyModel):
    """Who took part, and for whom."""

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="participants", verbose_name="演练")
    side = models.CharField(
        "所属方", max_length=10, choices=[(one.value, one.label) for one in (Side.HOSPITAL, Side.SUPPLIER)]
    )
    name = models.CharField("姓名", max_length=50)
    duty = models.CharField("担任", max_length=50)

    class Meta:
        verbose_name = "演练人员"
        db_table = "operations_drill_participant"
        ordering = ["side", "pk"]

    def __str__(self) -> str:
        return self.name


class DrillEntry(AppendOnlyModel):
    """What happened when, as written down during the drill."""

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="entries", verbose_name="演练")
    at = models.DateTimeField("时间")
    text = models.CharField("经过", max_length=300)
    recorded_by = _person("记录人")
    recorded_at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "演练经过"
        db_table = "operations_drill_entry"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(at__lte=F("recorded_at")), name="operations_drill_entry_not_ahead"
            )
        ]

    def __str__(self) -> str:
        return self.text[:40]


class DrillFinding(AppendOnlyModel):
    """What the drill brought to light: to be put right by somebody until a day."""

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="findings", verbose_name="演练")
    what = models.CharField("问题与措施", max_length=300)
    owner = models.CharField("责任人", max_length=50)
    due_on = models.DateField("完成期限")

    class Meta:
        verbose_name = "演练发现"
        db_table = "operations_drill_finding"
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.what[:40]


class FindingDone(AppendOnlyModel):
    """That a finding was put right, and what shows it."""

    finding = models.OneToOneField(DrillFinding, models.PROTECT, related_name="done", verbose_name="演练发现")
    evidence = models.CharField("完成证据", max_length=300)
    done_by = _person("登记人")
    done_at = models.DateTimeField("完成时间")

    class Meta:
        verbose_name = "演练发现完成"
        db_table = "operations_drill_finding_done"

    def __str__(self) -> str:
        return self.evidence[:40]
