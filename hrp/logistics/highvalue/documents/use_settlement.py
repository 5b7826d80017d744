"""使用结算单: what of a supplier was used and booked, confirmed to be paid. From then on it is an ordinary payable (2302)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.documents.use_booking import CONSIGN_PAYABLE
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.pieces import events
from hrp.logistics.models import Supplier
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

PAYABLE = "2302"

# what each piece was booked at, by fund; only the booking that stands
BOOKED_SQL = """
SELECT u.unit_id, l.amount, f.code, u.used_on FROM logistics_use_booking_line l JOIN logistics_use_booking b ON b.id = l.document_id
JOIN logistics_patient_use u ON u.id = l.use_id JOIN ledger_fund f ON f.id = b.fund_id
WHERE b.state = 'posted' AND u.unit_id = ANY(%s)
"""

AMOUNTS_SQL = """
UPDATE logistics_use_settlement_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


@dataclass(frozen=True)
class Booked:
    """What a piece was booked at, under which fund, and the day it was used."""

    amount: Decimal
    fund: str
    used_on: dt.date


@dataclass(frozen=True)
class Piece:
    """One line as gates of a settlement look at it."""

    item_id: int
    amount: Decimal
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True)
class SettlementFacts:
    """Amount by fund."""

    by_fund: dict[str, Decimal]


class UseSettlement(Document):
    """Header: the supplier and what the settlement is for. ``org_unit`` is who settles."""

    spec = DocumentSpec(
        kind="logistics.use_settlement",
        title="使用结算单",
        prefix="JS",
        header_fields=("supplier", "upto"),
        line_fields=("unit",),
    )

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    upto = models.DateField("使用截止日期")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "使用结算单"
        db_table = "logistics_use_settlement"

    def compute(self, lines: Sequence[Any]) -> None:
        booked = _booked(line.unit_id for line in lines)
        for line in lines:
            found = booked.get(line.unit_id)
            line.amount = found.amount if found else None
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        units = TraceUnit.objects.select_related("batch").in_bulk({line.unit_id for line in lines})
        problems, seen = [], set()
        for place, line in enumerate(lines):
            unit = units[line.unit_id]
            if unit.owner != TraceUnit.Owner.SUPPLIER or unit.batch.supplier_id != self.supplier_id:
                problems.append(Problem(f"{unit.uid} 不是该供应商的寄售品", field="unit", line=place))
            elif unit.state != rules.State.BOOKED:
                problems.append(
                    Problem(
                        f"{unit.uid} 现为“{unit.get_state_display()}”，不能结算", field="unit", line=place
                    )
                )
            elif unit.pk in seen:
                problems.append(Problem(f"{unit.uid} 写了两次", field="unit", line=place))
            seen.add(unit.pk)
        if not problems:
            problems += self._held(lines, units)
        if problems:
            raise Invalid(
                f"使用结算单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _held(self, lines: Sequence[Any], units: dict[int, TraceUnit]) -> list[Problem]:
        """What gates find, each piece judged as of the day it was used: a price above the agreement holds the settlement."""
        booked = _booked(line.unit_id for line in lines)
        days: dict[dt.date, list[int]] = {}
        for place, line in enumerate(lines):
            if line.unit_id in booked:
                days.setdefault(booked[line.unit_id].used_on, []).append(place)
        found: dict[tuple[int | None, str], Problem] = {}
        for day, places in sorted(days.items()):
            pieces = [Piece(units[lines[p].unit_id].item_id, booked[lines[p].unit_id].amount) for p in places]
            for problem in gates.problems(gates.Moment.SETTLEMENT, self, pieces, day):
                at = None if problem.line is None else places[problem.line]
                field = problem.field if at is None else "unit"
                found.setdefault((at, problem.message), replace(problem, line=at, field=field))
        return list(found.values())

    def apply(self, ctx: PostingContext) -> SettlementFacts:
        lines = list(self.lines.order_by("position"))
        events.lock([line.unit_id for line in lines])
        booked = _booked(line.unit_id for line in lines)
        lost = [line for line in lines if line.unit_id not in booked]
        if lost:
            raise Conflict(
                "有唯一码的使用已冲销", code="unit_state", way_out="请删除这些行后再过账。",
                problems=[Problem("使用已冲销", field="unit", line=line.position - 1) for line in lost],
            )  # fmt: skip
        amounts = {line.position: booked[line.unit_id].amount for line in lines}
        by_fund: dict[str, Decimal] = {}
        for line in lines:
            one = booked[line.unit_id]
            by_fund[one.fund] = by_fund.get(one.fund, Decimal(0)) + one.amount
        steps = [events.Step(line.unit_id, rules.State.SETTLED, None, line.position) for line in lines]
        events.record("settle", steps, source=ctx.source, actor=ctx.actor)
        self.total = sum(amounts.values(), Decimal(0))
        gates.applied(gates.Moment.SETTLEMENT, self, ctx)
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])
        return SettlementFacts(by_fund)

    def entries(self, facts: SettlementFacts) -> list[EntryDraft]:
        name = self.supplier.name
        lines = [
            line
            for fund, amount in sorted(facts.by_fund.items())
            for line in (
                LineDraft(account=CONSIGN_PAYABLE, amount=amount, fund=fund, memo=name),
                LineDraft(account=PAYABLE, amount=-amount, fund=fund, memo=name),
            )
            if amount
        ]
        return [EntryDraft(self.business_date, f"使用结算 {name}", lines)] if lines else []

    def owes(self) -> list[gates.Owed]:
        """What was used becomes an ordinary payable."""
        return [gates.Owed(self.supplier_id, self.total)]

    def mirror(self, ctx: PostingContext) -> None:
        gates.mirrored(gates.Moment.SETTLEMENT, self, ctx)
        events.undo(source=ctx.source, actor=ctx.actor)


def _booked(unit_ids: Any) -> dict[int, Booked]:
    return {unit: Booked(*row) for unit, *row in sql.rows(BOOKED_SQL, [sorted(set(unit_ids))])}


class UseSettlementLine(DocumentLine):
    """One piece to be paid."""

    document = models.ForeignKey(
        UseSettlement, models.CASCADE, related_name="lines", verbose_name="使用结算单"
    )
    unit = models.ForeignKey(TraceUnit, models.PROTECT, related_name="+", verbose_name="唯一码")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "使用结算明细"
        db_table = "logistics_use_settlement_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_use_settlement_line_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.unit}"
