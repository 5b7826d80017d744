"""术前申请单: what an operation will need, approved beforehand; posting says that the pieces scanned lie ready for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import models

from hrp.logistics import gates
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit, UnitScan
from hrp.logistics.highvalue.pieces import events
from hrp.logistics.models import Item
from hrp.platform.base.fields import QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext


class OperationRequest(Document):
    """Header: the patient (visit, masked name) and the operation. ``org_unit`` is the department of the patient."""

    spec = DocumentSpec(
        kind="logistics.operation_request",
        title="术前申请单",
        prefix="SQ",
        header_fields=("visit_no", "patient", "operation", "operator", "diagnosis", "planned_on"),
        line_fields=("item", "quantity"),
    )

    visit_no = models.CharField("就诊号", max_length=40)
    patient = models.CharField("患者", max_length=20, blank=True)
    operation = models.CharField("手术名称", max_length=100)
    operator = models.CharField("手术医生", max_length=50)
    diagnosis = models.CharField("诊断", max_length=100, blank=True)
    planned_on = models.DateField("拟手术日期")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "术前申请单"
        db_table = "logistics_operation_request"
        indexes = [models.Index(fields=["visit_no"], name="logistics_operation_visit")]

    def compute(self, lines: Sequence[Any]) -> None:
        if "*" not in self.patient:
            self.patient = rules.mask(self.patient)[:20]

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            item = items[line.item_id]
            if item.trace_mode != Item.Trace.UNIT:
                problems.append(Problem(f"{item} 不是一物一码，请走科室申领", field="item", line=place))
            if not item.is_active:
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能申请", field="item", line=place)
                )
            if line.quantity <= 0 or line.quantity != int(line.quantity):
                problems.append(Problem("数量须为正整数", field="quantity", line=place))
        problems += gates.problems(gates.Moment.REQUEST, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"术前申请单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        """The pieces scanned for it lie ready; a request without any is posted too, and used from the shelf."""
        scans = list(UnitScan.objects.filter(source=ctx.source, unit__isnull=False).select_related("unit"))
        events.lock([scan.unit_id for scan in scans if scan.unit_id])
        wanted = {line.position: line for line in self.lines.all()}
        counts = Counter(scan.line_position for scan in scans)
        over = [p for p, count in counts.items() if p not in wanted or count > wanted[p].quantity]
        if over:
            raise Conflict(
                "备用的件数超过申请", code="more_than_asked", way_out="请删除多扫的唯一码，或退回修改申请。",
                problems=[Problem(f"已扫 {counts[p]} 个", field="quantity", line=p - 1) for p in over],
            )  # fmt: skip
        steps = [
            events.Step(scan.unit_id, rules.State.PICKED, scan.unit.store_id, scan.line_position)
            for scan in scans
            if scan.unit_id and scan.unit
        ]
        events.record("pick", steps, source=ctx.source, actor=ctx.actor, note=f"就诊号 {self.visit_no}")
        TraceUnit.objects.filter(pk__in=[step.unit_id for step in steps]).update(visit_no=self.visit_no)

    def mirror(self, ctx: PostingContext) -> None:
        units = events.undo(source=ctx.source, actor=ctx.actor)
        TraceUnit.objects.filter(pk__in=units, mode__in=("bought", "consign")).update(visit_no="")


class OperationRequestLine(DocumentLine):
    """So many of one item."""

    document = models.ForeignKey(
        OperationRequest, models.CASCADE, related_name="lines", verbose_name="术前申请单"
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("数量")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "术前申请明细"
        db_table = "logistics_operation_request_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_operation_request_line_position"
            ),
            not_negative("quantity", name="logistics_operation_request_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
