"""Who received which piece. Kept for ever."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.highvalue.models.units import TraceUnit
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.org.models import Campus, OrgUnit


class PatientUse(AppendOnlyModel):
    """One piece used for one patient: the least that traces it both ways. The database takes one living use a piece.

    ``patient`` is the masked name; ``client_key`` is given by a scanner that was offline, so that it may say it twice.
    """

    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="uses", verbose_name="唯一码")
    visit_no = models.CharField("就诊号", max_length=40, db_index=True)
    patient = models.CharField("患者", max_length=20, blank=True)
    operation = models.CharField("手术名称", max_length=100)
    operator = models.CharField("手术医生", max_length=50)
    diagnosis = models.CharField("诊断", max_length=100, blank=True)
    site = models.CharField("使用途径 / 部位", max_length=50, blank=True)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="使用科室")
    used_on = models.DateField("使用日期")
    used_at = models.DateTimeField("使用时间")
    nurse = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    raw = models.CharField("扫码原文", max_length=200, blank=True)
    emergency = models.BooleanField("紧急使用", default=False)
    client_key = models.UUIDField(null=True, unique=True)

    class Meta:
        verbose_name = "高值使用"
        db_table = "logistics_patient_use"
        indexes = [models.Index(fields=["used_on"], name="logistics_patient_use_day")]

    def __str__(self) -> str:
        return f"{self.visit_no} {self.unit_id}"


class UseCancel(AppendOnlyModel):
    """A use that never was: scanned in error, with a reason. The use itself stays readable."""

    use = models.OneToOneField(PatientUse, models.PROTECT, related_name="cancel", verbose_name="高值使用")
    reason = models.CharField("原因", max_length=200)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="撤销人"
    )
    at = models.DateTimeField("撤销时间")

    class Meta:
        verbose_name = "撤销使用"
        db_table = "logistics_use_cancel"

    def __str__(self) -> str:
        return self.reason


class EmergencyUse(models.Model):
    """The approval that follows an emergency use, within the hours the hospital allows."""

    class Decision(models.TextChoices):
        WAITING = "", "待补批"
        APPROVED = "approved", "同意"
        REFUSED = "refused", "不同意"

    use = models.OneToOneField(
        PatientUse, models.PROTECT, related_name="emergency_case", verbose_name="高值使用"
    )
    reason = models.CharField("紧急原因", max_length=200)
    due_at = models.DateTimeField("补批期限")
    decision = models.CharField(
        "补批", max_length=10, choices=Decision.choices, blank=True, default=Decision.WAITING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="补批人",
    )
    decided_at = models.DateTimeField("补批时间", null=True, blank=True)
    opinion = models.CharField("意见", max_length=200, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )

    class Meta:
        verbose_name = "紧急使用"
        db_table = "logistics_emergency_use"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")),
                name="logistics_emergency_another_approves",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_by=None, decided_at=None)
                | ~models.Q(decision="") & models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="logistics_emergency_decided_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
