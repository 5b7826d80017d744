"""寄售退回单: pieces of a supplier leave our cabinet again, unsold, expired, damaged or recalled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.pieces import events, memo
from hrp.logistics.models import Store, Supplier
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext


class ConsignOut(Document):
    """Header: from which cabinet, to whom, why. ``org_unit`` keeps the cabinet."""

    class Reason(models.TextChoices):
        UNSOLD = "unsold", "未用撤回"
        EXPIRED = "expired", "过期"
        DAMAGED = "damaged", "损坏"
        RECALLED = "recalled", "召回"

    spec = DocumentSpec(
        kind="logistics.consign_out",
        title="寄售退回单",
        prefix="JT",
        header_fields=("store", "supplier", "reason", "receiver"),
        line_fields=("unit",),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="寄售柜")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    reason = models.CharField("原因", max_length=10, choices=Reason.choices, default=Reason.UNSOLD)
    receiver = models.CharField("接收人", max_length=50, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "寄售退回单"
        db_table = "logistics_consign_out"

    def validate(self, lines: Sequence[Any]) -> None:
        units = TraceUnit.objects.select_related("batch").in_bulk({line.unit_id for line in lines})
        problems = []
        seen: set[int] = set()
        for place, line in enumerate(lines):
            unit = units[line.unit_id]
            if unit.pk in seen:
                problems.append(Problem(f"{unit.uid} 写了两次", field="unit", line=place))
            seen.add(unit.pk)
            if unit.owner != TraceUnit.Owner.SUPPLIER or unit.batch.supplier_id != self.supplier_id:
                problems.append(Problem(f"{unit.uid} 不是该供应商的寄售品", field="unit", line=place))
            elif unit.state not in rules.ALLOWED["withdraw"] or unit.store_id != self.store_id:
                problems.append(
                    Problem(
                        f"{unit.uid} 现为“{unit.get_state_display()}”，不在该柜", field="unit", line=place
                    )
                )
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if problems:
            raise Invalid(
                f"寄售退回单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> None:
        lines = list(self.lines.order_by("position"))
        states = events.lock([line.unit_id for line in lines])
        units = TraceUnit.objects.in_bulk(list(states))
        gone = [line for line in lines if units[line.unit_id].store_id != self.store_id]
        if gone:
            raise Conflict(
                "有唯一码已不在该柜", code="unit_state", way_out="请查看唯一码的轨迹，删除该行后再过账。",
                problems=[Problem(f"{units[x.unit_id].uid} 已不在该柜", field="unit", line=x.position - 1) for x in gone],
            )  # fmt: skip
        for line in lines:
            units[line.unit_id].line_position = line.position
        memo.write(list(units.values()), -1, kind="consign_out", source=ctx.source, on=ctx.on)
        steps = [events.Step(line.unit_id, rules.State.WITHDRAWN, None, line.position) for line in lines]
        events.record("withdraw", steps, source=ctx.source, actor=ctx.actor, note=self.get_reason_display())

    def mirror(self, ctx: PostingContext) -> None:
        events.undo(source=ctx.source, actor=ctx.actor)
        memo.mirror(source=ctx.source, on=ctx.on)


class ConsignOutLine(DocumentLine):
    """One piece that goes back."""

    document = models.ForeignKey(ConsignOut, models.CASCADE, related_name="lines", verbose_name="寄售退回单")
    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="+", verbose_name="唯一码")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "寄售退回明细"
        db_table = "logistics_consign_out_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_consign_out_line_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.unit}"
