"""盘亏盘盈处理单 (loss_decision): what missing or found assets left on 1902 is decided upon and leaves it.

A loss becomes 资产处置费用 (5301), less what somebody compensates (1218). A gain goes where the hospital's parameter says:
以前年度盈余调整 (3501), or 其他收入 (4609).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.assets.documents import checks
from hrp.assets.stocktaking.models import PendingLoss
from hrp.assets.stocktaking.parameters import GAIN_ACCOUNT
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org import parameters

PENDING, EXPENSE, RECEIVABLE = "1902", "5301", "1218"
ZERO = Decimal(0)

LINES_SQL = """
SELECT l.position, l.amount, l.compensation, l.payer, p.id, p.amount, p.amount - p.settled, p.is_undone, f.code
FROM assets_loss_decision_line l JOIN assets_pending_loss p ON p.id = l.pending_id JOIN ledger_fund f ON f.id = p.fund_id
WHERE l.document_id = %s ORDER BY p.id FOR UPDATE OF p
"""
SETTLE_SQL = """
UPDATE assets_pending_loss p SET settled = p.settled + s.amount
FROM (SELECT pending_id, sum(CASE WHEN q.amount < 0 THEN -l.amount ELSE l.amount END) * %s AS amount
      FROM assets_loss_decision_line l JOIN assets_pending_loss q ON q.id = l.pending_id
      WHERE l.document_id = %s GROUP BY 1) s
WHERE p.id = s.pending_id
"""


@dataclass(frozen=True)
class Leg:
    """What one line books, in yuan: taken off 1902 (absolute), of which somebody compensates so much."""

    is_loss: bool
    amount: Decimal
    compensation: Decimal
    payer: str
    fund: str


@dataclass(frozen=True)
class DecisionFacts:
    """``gains`` is the account a gain goes to."""

    legs: list[Leg]
    gains: str


class LossDecision(Document):
    """Header of a decision; ``org_unit`` bears the loss, ``approval_number`` is who decided so."""

    spec = DocumentSpec(
        kind="assets.loss_decision", title="盘亏盘盈处理单", prefix="ZP", header_fields=("basis", "approval_number"),
        line_fields=("pending", "amount", "compensation", "payer"),
    )  # fmt: skip

    basis = models.CharField("处理依据", max_length=200)
    approval_number = models.CharField("批复文号", max_length=60, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "盘亏盘盈处理单"
        db_table = "assets_loss_decision"

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            if line.compensation is None:
                line.compensation = ZERO
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        rows = PendingLoss.objects.select_related("asset").in_bulk({line.pending_id for line in lines})
        named = [(place, rows[line.pending_id].asset.org_unit_id) for place, line in enumerate(lines)]
        checks.require_in_reach(self, named, field="pending", words="没有这笔待处理损溢")
        problems = []
        for place, line in enumerate(lines):
            row = rows[line.pending_id]
            if line.amount <= 0:
                problems.append(Problem("处理金额必须大于零", field="amount", line=place))
            if not 0 <= line.compensation <= line.amount or (line.compensation and row.amount > 0):
                problems.append(
                    Problem("赔偿金额应在 0 与处理金额之间，且只用于盘亏", field="compensation", line=place)
                )
            if line.compensation and not line.payer.strip():
                problems.append(Problem("请写明赔偿人", field="payer", line=place))
            if row.is_undone:
                problems.append(Problem("所涉单据已红冲", field="pending", line=place))
        if problems:
            raise Invalid(
                f"处理单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> DecisionFacts:
        rows = sql.rows(LINES_SQL, [self.pk])
        asked: dict[int, Decimal] = defaultdict(Decimal)
        problems = []
        for position, amount, _, _, pending, _, left, undone, _ in rows:
            asked[pending] += amount
            if undone or asked[pending] > abs(left):
                text = (
                    "所涉单据已红冲"
                    if undone
                    else f"处理 {asked[pending]:,.2f} 元，待处理只有 {abs(left):,.2f} 元"
                )
                problems.append(Problem(text, field="amount", line=position - 1))
        if problems:
            raise Conflict(
                "处理金额超过待处理金额", code="more_than_pending", problems=problems, way_out="请查看待处理资产损溢。"
            )  # fmt: skip
        sql.run(SETTLE_SQL, [1, self.pk])
        legs = [
            Leg(whole < 0, amount, compensation, payer, fund)
            for _, amount, compensation, payer, _, whole, _, _, fund in rows
        ]
        return DecisionFacts(legs, parameters.value(GAIN_ACCOUNT, ctx.on))

    def entries(self, facts: DecisionFacts) -> list[EntryDraft]:
        lines: list[LineDraft] = []
        for leg in facts.legs:
            lines += self._loss(leg) if leg.is_loss else self._gain(leg, facts.gains)
        return [EntryDraft(self.business_date, f"盘亏盘盈处理 {self.basis}", lines)]

    def _gain(self, leg: Leg, account: str) -> list[LineDraft]:
        return [
            LineDraft(account=PENDING, amount=leg.amount, fund=leg.fund),
            LineDraft(account=account, amount=-leg.amount, fund=leg.fund),
        ]

    def _loss(self, leg: Leg) -> list[LineDraft]:
        lines = [LineDraft(account=PENDING, amount=-leg.amount, fund=leg.fund)]
        borne = leg.amount - leg.compensation
        if borne:
            lines.append(
                LineDraft(account=EXPENSE, amount=borne, org_unit_id=self.org_unit_id, fund=leg.fund)
            )
        if leg.compensation:
            lines.append(
                LineDraft(account=RECEIVABLE, amount=leg.compensation, fund=leg.fund, memo=leg.payer)
            )
        return lines

    def mirror(self, ctx: PostingContext) -> None:
        sql.rows(LINES_SQL, [self.pk])
        sql.run(SETTLE_SQL, [-1, self.pk])


class LossDecisionLine(DocumentLine):
    """One loss or gain, or part of one; amounts are absolute."""

    document = models.ForeignKey(
        LossDecision, models.CASCADE, related_name="lines", verbose_name="盘亏盘盈处理单"
    )
    pending = models.ForeignKey(PendingLoss, models.PROTECT, related_name="+", verbose_name="待处理资产损溢")
    amount = MoneyField("处理金额")
    compensation = MoneyField("其中赔偿", default=0, blank=True)
    payer = models.CharField("赔偿人", max_length=50, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "处理明细"
        db_table = "assets_loss_decision_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_loss_decision_line_position"
            ),
            not_negative("amount", name="assets_loss_decision_line_amount"),
            not_negative("compensation", name="assets_loss_decision_line_compensation"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.pending}"
