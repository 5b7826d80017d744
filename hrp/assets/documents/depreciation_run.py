"""折旧计提单 (depreciation run): one month of every card of the hospital, once, in order.

Only who may depreciate every department posts or reverses it. Dr 5001 or 5101 by department and 经费性质, Cr 1602 / 1702 (政府会计制度). The month is that of the business date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets import parameters
from hrp.assets.rules.months import Month
from hrp.assets.subledger import running
from hrp.platform.access import scope
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org import selectors as org
from hrp.platform.org.models import Campus, Hospital, UnitCategory


@dataclass(frozen=True)
class RunFacts:
    """(expense account, accumulated account, fund, department, yuan)."""

    sums: list[running.Sum]


class DepreciationRun(Document):
    """A month's run. ``total`` is what it depreciated, ``cards`` how many funding lines bore something."""

    spec = DocumentSpec(kind="assets.depreciation_run", title="折旧计提单", prefix="ZJ", lines_required=False)

    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="+", editable=False, verbose_name="医院"
    )
    month = models.IntegerField("折旧月", editable=False)
    cards = models.PositiveIntegerField("计提行数", default=0, editable=False)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "折旧计提单"
        db_table = "assets_run"
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "month"], condition=Q(state=State.POSTED), name="assets_one_run_a_month"
            ),
        ]

    @property
    def month_name(self) -> str:
        return str(Month.holding(self.business_date))

    def compute(self, lines: Sequence[Any]) -> None:
        self.month = Month.holding(self.business_date).number
        campus = Campus.objects.filter(pk=self.campus_id).first()
        if campus is not None:
            self.hospital_id = campus.hospital_id

    def apply(self, ctx: PostingContext) -> RunFacts:
        scope.require_everywhere(ctx.actor, self.spec.permission("post"))
        month, hospital = Month.holding(ctx.on), self.campus.hospital_id
        running.hold_alone(hospital)
        with sql.over_everything():
            return self._run(ctx, hospital, month)

    def _run(self, ctx: PostingContext, hospital: int, month: Month) -> RunFacts:
        self._require_next(hospital, month)
        homeless = running.homeless(hospital, ctx.period.last_day)
        if homeless:
            raise Conflict(
                f"{len(homeless)} 张卡片在 {month} 月末的科室比例合计不是 100%", code="ratios_not_whole",
                problems=[Problem(name) for name in homeless], way_out="请在资产调拨单中补全使用科室。",
            )  # fmt: skip
        policy = parameters.transfer_policy(ctx.on)
        self.cards = running.run(
            self.pk, hospital_id=hospital, month=month, last_day=ctx.period.last_day, policy=policy
        )
        admin = [pk for pk, unit in org.category_map(ctx.on).items() if unit.category == UnitCategory.ADMIN]
        sums = running.sums(self.pk, admin)
        self.total = sum((amount for *_, amount in sums), Decimal(0))
        return RunFacts(sums)

    def _require_next(self, hospital: int, month: Month) -> None:
        last = running.last_month(hospital)
        due = last + 1 if last is not None else running.first_due(hospital)
        if last is not None and month <= last:
            raise Conflict(
                f"{month} 的折旧已计提", code="already_run", way_out=f"要重新计提，请先红冲 {last} 的折旧计提单。"
            )  # fmt: skip
        if due is not None and month > due:
            raise Conflict(
                f"{due} 的折旧尚未计提，不能先提 {month}", code="out_of_order", way_out=f"请先计提 {due}。"
            )

    def entries(self, facts: RunFacts) -> list[EntryDraft]:
        lines: list[LineDraft] = []
        for expense, accumulated, fund, unit, amount in facts.sums:
            if amount:
                lines.append(LineDraft(account=expense, amount=amount, org_unit_id=unit, fund=fund))
                lines.append(LineDraft(account=accumulated, amount=-amount, fund=fund))
        return [EntryDraft(self.business_date, f"计提折旧 {self.month_name}", lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        scope.require_everywhere(ctx.actor, self.spec.permission("reverse"))
        running.hold_alone(self.campus.hospital_id)
        last = running.last_month(self.campus.hospital_id)
        if last is not None and last.number > self.month:
            raise Conflict(
                f"{last} 的折旧已计提，不能先红冲 {Month(self.month)}", code="out_of_order",
                way_out=f"请从后往前，先红冲 {last}。",
            )  # fmt: skip
        dependent = running.dependent(self.pk)
        if dependent:
            raise Conflict(
                f"{len(dependent)} 张卡片其后的核销或变动以本次计提的累计折旧为准，不能红冲", code="changed_since",
                problems=[Problem(name) for name in dependent], way_out="请先红冲这些卡片其后的处置核销、变动、拆分、合并或分类变更单。",
            )  # fmt: skip
        running.mirror(self.pk)
