"""购置年度计划 (acquisition_plan): which approved requests are bought in a year, and out of which money.

Posting holds it against the budget of each source; what exceeds it is refused with the figures. It books nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.acquisition.documents import flows
from hrp.assets.acquisition.documents.request import AcquisitionRequestLine
from hrp.assets.acquisition.models import AcquisitionBudget
from hrp.assets.documents import checks
from hrp.assets.models import FundingSource
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
USED_SQL = """
SELECT l.source_id, l.project, sum(l.amount) FROM assets_acquisition_plan_line l
JOIN assets_acquisition_plan d ON d.id = l.document_id AND d.state = 'posted' AND d.year = %s AND d.id <> %s
JOIN org_campus c ON c.id = d.campus_id AND c.hospital_id = %s GROUP BY 1, 2
"""


class AcquisitionPlan(Document):
    """Header of a plan: the year, and whether it is the year's first."""

    class Kind(models.TextChoices):
        ANNUAL = "annual", "年度计划"
        ADDED = "added", "追加计划"
        URGENT = "urgent", "应急购置"

    spec = DocumentSpec(
        kind="assets.acquisition_plan", title="购置年度计划", prefix="ZN", header_fields=("year", "plan_kind"),
        line_fields=("request_line", "source", "project", "amount"),
    )  # fmt: skip

    year = models.PositiveSmallIntegerField("计划年度")
    plan_kind = models.CharField("计划类别", max_length=10, choices=Kind.choices, default=Kind.ANNUAL)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "购置年度计划"
        db_table = "assets_acquisition_plan"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        problems = []
        if not self.business_date.year - 1 <= self.year <= self.business_date.year + 5:
            problems.append(Problem(f"计划年度 {self.year} 与日期 {self.business_date} 不符", field="year"))
        wanted = AcquisitionRequestLine.objects.select_related("document__campus").in_bulk(
            {line.request_line_id for line in lines}
        )
        named = [(n, wanted[line.request_line_id].document.org_unit_id) for n, line in enumerate(lines)]
        checks.require_in_reach(self, named, field="request_line", words="没有这个申购项目")
        seen: set[tuple[int, int, str]] = set()
        for place, line in enumerate(lines):
            problems += self._line(line, wanted[line.request_line_id], place)
            key = (line.request_line_id, line.source_id, line.project.strip())
            if key in seen:
                problems.append(Problem("同一项目、来源重复", field="source", line=place))
            seen.add(key)
        problems += self._above_approved(lines, wanted)
        if problems:
            raise Invalid(
                f"购置计划有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _line(self, line: Any, of: AcquisitionRequestLine, place: int) -> list[Problem]:
        if of.document.campus.hospital_id != self.campus.hospital_id:
            return [Problem("没有这个申购项目", field="request_line", line=place)]
        if of.document.state != State.POSTED:
            return [
                Problem(f"{of} {of.document.get_state_display()}，未批准", field="request_line", line=place)
            ]
        if line.amount is None or line.amount <= 0:
            return [Problem("金额应大于 0", field="amount", line=place)]
        return []

    def _above_approved(
        self, lines: Sequence[Any], wanted: dict[int, AcquisitionRequestLine]
    ) -> list[Problem]:
        """No line of a request is given more than was approved, over all its plans."""
        before = flows.planned(list(wanted), states=flows.LIVE, but=self.pk or 0)
        now: dict[int, Decimal] = defaultdict(Decimal)
        problems = []
        for place, line in enumerate(lines):
            now[line.request_line_id] += line.amount or ZERO
            of, other = wanted[line.request_line_id], before.get(line.request_line_id, ZERO)
            together = now[line.request_line_id] + other
            if together > of.amount:
                problems.append(
                    Problem(
                        f"{of.name} 批准 {of.amount:,.2f} 元，其他计划 {other:,.2f} 元，本次 {now[line.request_line_id]:,.2f} 元，"
                        f"超出 {together - of.amount:,.2f} 元",
                        field="amount", line=place, way_out="请核减金额，或重新申购。",
                    )
                )  # fmt: skip
        return problems

    def apply(self, ctx: PostingContext) -> None:
        lines = list(self.lines.select_related("source").order_by("position"))
        _lock_requests([line.request_line_id for line in lines])
        self.validate(lines)  # a request may have been reversed since this was submitted
        problems = self._above_budget(lines)
        if problems:
            raise Conflict(
                f"{self} 超出购置预算", code="over_budget", problems=problems, way_out="请核减金额、改用其他来源，或先追加预算。"
            )  # fmt: skip

    def _above_budget(self, lines: Sequence[Any]) -> list[Problem]:
        """Locks the year's budgets, so that two plans posted at once see each other."""
        hospital = self.campus.hospital_id
        budgets = AcquisitionBudget.objects.filter(hospital=hospital, year=self.year).order_by("pk")
        given = {(row.source_id, row.project): row.amount for row in budgets.select_for_update()}
        used = {
            (source, project): amount
            for source, project, amount in sql.rows(USED_SQL, [self.year, self.pk, hospital])
        }
        asked: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        first: dict[tuple[int, str], tuple[int, FundingSource]] = {}
        for place, line in enumerate(lines):
            asked[line.source_id, line.project] += line.amount
            first.setdefault((line.source_id, line.project), (place, line.source))
        problems = []
        for key, amount in asked.items():
            budget, before = given.get(key, ZERO), used.get(key, ZERO)
            over = before + amount - budget
            if over > 0:
                place, source = first[key]
                problems.append(
                    Problem(
                        f"{self.year} 年 {source}{f' {key[1]}' if key[1] else ''} 预算 {budget:,.2f} 元，已列计划 {before:,.2f} 元，"
                        f"本次 {amount:,.2f} 元，超出 {over:,.2f} 元",
                        field="amount", line=place,
                    )
                )  # fmt: skip
        return problems

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        lines = [line.request_line_id for line in self.lines.all()]
        _lock_requests(lines)
        bought = flows.bought(lines)
        if bought:
            raise Conflict(
                f"{self} 的项目已在采购单 {'、'.join(sorted(set(bought.values())))} 中，不能红冲", code="bought",
                way_out="请先红冲或作废采购单。",
            )  # fmt: skip


def _lock_requests(lines: Sequence[int]) -> None:
    """The requests behind lines stay as they are, and two plans of one request wait for each other."""
    sql.rows(
        "SELECT id FROM assets_acquisition_request WHERE id IN (SELECT document_id FROM assets_acquisition_request_line"
        " WHERE id = ANY(%s)) ORDER BY id FOR UPDATE",
        [list(lines)],
    )


class AcquisitionPlanLine(DocumentLine):
    """What one source pays for one line of a request."""

    document = models.ForeignKey(
        AcquisitionPlan, models.CASCADE, related_name="lines", verbose_name="购置年度计划"
    )
    request_line = models.ForeignKey(
        AcquisitionRequestLine, models.PROTECT, related_name="+", verbose_name="申购项目"
    )
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    project = models.CharField("项目", max_length=60, blank=True)
    amount = MoneyField("计划金额")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "购置计划明细"
        db_table = "assets_acquisition_plan_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_acquisition_plan_line_position"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & is_number("amount"), name="assets_acquisition_plan_line_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.amount:,.2f}"
