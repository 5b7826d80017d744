"""损溢处理单 (loss_settlement): what was found too little or too much is decided upon and leaves 1902.

A loss becomes 资产处置费用 (5301), less what somebody compensates (1218). A gain becomes 其他收入 (4609) or lowers the
expense it had once been charged to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics.counting.documents.losses import PENDING_ACCOUNT
from hrp.logistics.counting.models import PendingLoss
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory

DISPOSAL, RECEIVABLE, OTHER_INCOME = "5301", "1218", "4609"

LINES_SQL = """
SELECT l.position, l.amount, l.compensation, l.payer, p.id, p.amount - p.settled, p.is_undone, f.code,
       CASE WHEN %s THEN a.code ELSE e.code END
FROM logistics_loss_settlement_line l JOIN logistics_pending_loss p ON p.id = l.pending_id
JOIN ledger_fund f ON f.id = p.fund_id JOIN logistics_item i ON i.id = p.item_id
JOIN logistics_class c ON c.id = i.material_class_id JOIN ledger_account e ON e.id = c.expense_account_id
JOIN ledger_account a ON a.id = c.admin_expense_account_id
WHERE l.document_id = %s ORDER BY p.id FOR UPDATE OF p
"""

SETTLE_SQL = """
UPDATE logistics_pending_loss p SET settled = p.settled + s.amount
FROM (SELECT pending_id, sum(CASE WHEN q.amount < 0 THEN -l.amount ELSE l.amount END) * %s AS amount
      FROM logistics_loss_settlement_line l JOIN logistics_pending_loss q ON q.id = l.pending_id
      WHERE l.document_id = %s GROUP BY 1) s
WHERE p.id = s.pending_id
"""


class Treatment(models.TextChoices):
    DISPOSAL = "disposal", "损失：计入资产处置费用"
    INCOME = "income", "盘盈：计入其他收入"
    REDUCE = "reduce", "盘盈：冲减费用"


@dataclass(frozen=True)
class Leg:
    """What one line books: what is taken off 1902 (absolute), what is compensated and by whom."""

    amount: Decimal
    compensation: Decimal
    payer: str
    fund: str
    expense: str


class LossSettlement(Document):
    """Header of a decision; ``org_unit`` bears the loss, or is relieved by the gain."""

    spec = DocumentSpec(
        kind="logistics.loss_settlement",
        title="损溢处理单",
        prefix="SY",
        header_fields=("treatment", "basis"),
        line_fields=("pending", "amount", "compensation", "payer"),
    )

    treatment = models.CharField("处理方式", max_length=10, choices=Treatment.choices)
    basis = models.CharField("处理依据", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "损溢处理单"
        db_table = "logistics_loss_settlement"

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            if line.compensation is None:
                line.compensation = Decimal(0)
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        rows = PendingLoss.objects.in_bulk({line.pending_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            row = rows[line.pending_id]
            is_loss = row.amount < 0
            if line.amount <= 0:
                problems.append(Problem("处理金额必须大于零", field="amount", line=place))
            if is_loss != (self.treatment == Treatment.DISPOSAL):
                text = "这是损失，不能按盘盈处理" if is_loss else "这是盘盈，不能计入资产处置费用"
                problems.append(Problem(text, field="pending", line=place))
            if not 0 <= line.compensation <= line.amount or (line.compensation and not is_loss):
                problems.append(
                    Problem("赔偿金额应在 0 与处理金额之间，且只用于损失", field="compensation", line=place)
                )
            if line.compensation and not line.payer.strip():
                problems.append(Problem("请写明赔偿人", field="payer", line=place))
            if row.is_undone:
                problems.append(Problem("所涉单据已红冲", field="pending", line=place))
        if problems:
            raise Invalid(
                f"损溢处理单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> list[Leg]:
        unit = org.category_map(ctx.on).get(self.org_unit_id)
        administrative = unit is not None and unit.category == UnitCategory.ADMIN
        rows = sql.rows(LINES_SQL, [administrative, self.pk])
        asked: dict[int, Decimal] = defaultdict(Decimal)
        problems = []
        for position, amount, _, _, pending, left, undone, _, _ in rows:
            asked[pending] += amount
            if undone or asked[pending] > abs(left):
                text = "所涉单据已红冲" if undone else f"待处理只有 {abs(left)} 元"
                problems.append(Problem(text, field="amount", line=position - 1))
        if problems:
            raise Conflict(
                "处理金额超过待处理金额",
                code="more_than_pending",
                problems=problems,
                way_out="请查看待处理损溢。",
            )
        sql.run(SETTLE_SQL, [1, self.pk])
        return [
            Leg(amount, compensation, payer, fund, expense)
            for _, amount, compensation, payer, _, _, _, fund, expense in rows
        ]

    def entries(self, facts: list[Leg]) -> list[EntryDraft]:
        lines: list[LineDraft] = []
        for leg in facts:
            if self.treatment == Treatment.DISPOSAL:
                lines += self._loss(leg)
            elif self.treatment == Treatment.INCOME:
                lines += [
                    LineDraft(account=PENDING_ACCOUNT, amount=leg.amount, fund=leg.fund),
                    LineDraft(account=OTHER_INCOME, amount=-leg.amount, fund=leg.fund),
                ]
            else:
                lines += [
                    LineDraft(account=PENDING_ACCOUNT, amount=leg.amount, fund=leg.fund),
                    LineDraft(
                        account=leg.expense, amount=-leg.amount, org_unit_id=self.org_unit_id, fund=leg.fund
                    ),
                ]
        return [EntryDraft(self.business_date, f"损溢处理 {self.basis}", lines)] if lines else []

    def _loss(self, leg: Leg) -> list[LineDraft]:
        lines = [LineDraft(account=PENDING_ACCOUNT, amount=-leg.amount, fund=leg.fund)]
        if leg.amount - leg.compensation:
            borne = leg.amount - leg.compensation
            lines.append(
                LineDraft(account=DISPOSAL, amount=borne, org_unit_id=self.org_unit_id, fund=leg.fund)
            )
        if leg.compensation:
            lines.append(
                LineDraft(account=RECEIVABLE, amount=leg.compensation, fund=leg.fund, memo=leg.payer)
            )
        return lines

    def mirror(self, ctx: PostingContext) -> None:
        sql.rows(LINES_SQL, [False, self.pk])
        sql.run(SETTLE_SQL, [-1, self.pk])


class LossSettlementLine(DocumentLine):
    """One loss or gain, or part of one; amounts are absolute."""

    document = models.ForeignKey(
        LossSettlement, models.CASCADE, related_name="lines", verbose_name="损溢处理单"
    )
    pending = models.ForeignKey(PendingLoss, models.PROTECT, related_name="+", verbose_name="待处理损溢")
    amount = MoneyField("处理金额")
    compensation = MoneyField("其中赔偿", default=0, blank=True)
    payer = models.CharField("赔偿人", max_length=50, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "损溢处理明细"
        db_table = "logistics_loss_settlement_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_loss_settlement_line_position"
            ),
            not_negative("amount", name="logistics_loss_settlement_line_amount"),
            not_negative("compensation", name="logistics_loss_settlement_line_compensation"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.pending}"
