"""Service reports as archived, and the signatures of both parties. Nothing here is ever changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hrp.operations.acceptance.rules.spans import KIND_TITLES
from hrp.operations.contracts.models import PARTIES, Contract, Side
from hrp.platform.base.append_only import AppendOnlyModel


class ServiceReport(AppendOnlyModel):
    """A 服务报告: what the facts said about a span of days at ``as_of``, in four files that carry each other's hashes."""

    number = models.CharField("报告编号", max_length=30, unique=True)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", verbose_name="运维合同")
    kind = models.CharField("种类", max_length=10, choices=list(KIND_TITLES.items()))
    first_day = models.DateField("起")
    last_day = models.DateField("止")
    as_of = models.DateTimeField("数据截至")
    body = models.TextField("报告数据")
    body_sha256 = models.CharField("数据 SHA-256", max_length=64)
    pdf = models.BinaryField("PDF")
    pdf_sha256 = models.CharField("PDF SHA-256", max_length=64)
    docx = models.BinaryField("Word")
    docx_sha256 = models.CharField("Word SHA-256", max_length=64)
    archive = models.BinaryField("证据包")
    archive_sha256 = models.CharField("证据包 SHA-256", max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="生成人"
    )
    made_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = "服务报告"
        db_table = "operations_service_report"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="operations_service_report_days"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"


class ReportSignature(AppendOnlyModel):
    """One party's signature under one report, over the hash of its evidence archive."""

    report = models.ForeignKey(
        ServiceReport, models.PROTECT, related_name="signatures", verbose_name="服务报告"
    )
    side = models.CharField("所属方", max_length=10, choices=Side.choices)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="签署人"
    )
    signed_at = models.DateTimeField("签署时间")
    opinion = models.CharField("意见", max_length=200, blank=True)
    archive_sha256 = models.CharField("所签证据包", max_length=64)

    class Meta:
        verbose_name = "报告签署"
        db_table = "operations_report_signature"
        constraints = [
            models.UniqueConstraint(fields=["report", "side"], name="operations_report_signed_once"),
            models.CheckConstraint(condition=Q(side__in=PARTIES), name="operations_report_signature_side"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.signer}"
