"""设备付款申请 (acquisition_payment): a milestone of a contract that is fulfilled is asked to be paid.

It says which milestone is fulfilled and by what; more than what is fulfilled so far is refused with the figures. It moves no
money: finance pays by its own voucher.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum

from hrp.assets.acquisition.documents import flows
from hrp.assets.acquisition.documents.contract import (
    AcquisitionContract,
    PayMilestone,
    require_in_force,
)
from hrp.assets.acquisition.rules.milestones import Milestone, earned, months_later
from hrp.assets.documents import checks
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
# yuan of goods of a contract that have come (their arrival is written down), with the acceptances that say so
CAME_SQL = """
SELECT d.id, coalesce(d.number, '草稿#' || d.id), d.total, d.state, d.business_date FROM assets_acquisition_acceptance d
WHERE d.contract_id = %s AND d.state IN ('submitted', 'approved', 'posted') AND EXISTS (
    SELECT FROM assets_acquisition_step s WHERE s.acceptance_id = d.id AND s.submission = d.submitted_at AND s.stage = 'arrival')
ORDER BY d.business_date, d.id
"""


@dataclass(frozen=True)
class Reached:
    """How far a milestone is fulfilled: yuan that may be paid, in which words, and when the rest falls due."""

    payable: Decimal
    words: str
    due_on: dt.date | None = None


def reached(milestone: PayMilestone, *, on: dt.date) -> Reached:
    """What may be paid of a milestone on a day."""
    contract = milestone.contract
    if milestone.kind == Milestone.ADVANCE:
        return Reached(milestone.amount, f"合同 {contract.contract_number} 已生效")
    rows = sql.rows(CAME_SQL, [contract.pk])
    due = None
    if milestone.kind != Milestone.ARRIVAL:
        rows = [row for row in rows if row[3] == "posted"]
    if milestone.kind == Milestone.RETENTION:
        whole = sum((row[2] for row in rows), ZERO) >= contract.total
        due = months_later(max(row[4] for row in rows), contract.retention_months) if rows and whole else None
        rows = [row for row in rows if months_later(row[4], contract.retention_months) <= on]
    came = sum((row[2] for row in rows), ZERO)
    what = {"arrival": "到货", "acceptance": "验收合格", "retention": "质保期满"}[milestone.kind]
    share = (came * 100 / contract.total).quantize(Decimal("0.01")) if contract.total else ZERO
    names = "、".join(f"{row[1]}（{row[4]}）" for row in rows) or "无"
    words = f"{what} {came:,.2f} 元，占合同 {share}%：{names}"
    return Reached(earned(milestone.amount, came, contract.total), words, due)


class AcquisitionPayment(Document):
    """Header only: one payment of one milestone."""

    spec = DocumentSpec(
        kind="assets.acquisition_payment", title="设备付款申请", prefix="ZK",
        header_fields=("contract", "milestone", "amount", "invoice_number", "bank", "bank_account"), lines_required=False,
    )  # fmt: skip

    contract = models.ForeignKey(
        AcquisitionContract, models.PROTECT, related_name="+", verbose_name="购置合同"
    )
    milestone = models.ForeignKey(PayMilestone, models.PROTECT, related_name="+", verbose_name="付款节点")
    amount = MoneyField("本次付款")
    fulfilled = models.CharField("节点完成情况", max_length=300, blank=True)
    invoice_number = models.CharField("发票号", max_length=60, blank=True)
    bank = models.CharField("收款开户行", max_length=100, blank=True)
    bank_account = models.CharField("收款账号", max_length=40, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "设备付款申请"
        db_table = "assets_acquisition_payment"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & is_number("amount"), name="assets_acquisition_payment_amount"
            )
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = self.amount or ZERO
        if self.milestone_id:
            self.fulfilled = reached(self.milestone, on=self.business_date).words[:300]

    def validate(self, lines: Sequence[Any]) -> None:
        buyer = [(None, self.contract.org_unit_id)]
        checks.require_in_reach(self, buyer, field="contract", words="没有这份合同")
        problems = require_in_force(self.contract)
        if self.contract.campus.hospital_id != self.campus.hospital_id:
            problems = [Problem("没有这份合同", field="contract")]
        elif self.milestone.contract_id != self.contract_id:
            problems.append(Problem("不是这份合同的付款节点", field="milestone"))
        elif not self.amount or self.amount <= 0:
            problems.append(Problem("付款金额应大于 0", field="amount"))
        else:
            problems += self._beyond()
        if problems:
            raise Invalid(
                f"付款申请有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _beyond(self) -> list[Problem]:
        """More than is fulfilled, over all requests that stand."""
        asked = (
            AcquisitionPayment.objects.filter(milestone=self.milestone, state__in=flows.LIVE)
            .exclude(pk=self.pk)
            .aggregate(asked=Sum("amount"))["asked"]
            or ZERO
        )
        now = reached(self.milestone, on=self.business_date)
        over = asked + self.amount - now.payable
        if over <= 0:
            return []
        due = f"，{now.due_on} 到期" if now.due_on is not None else ""
        return [
            Problem(
                f"{self.milestone}{due}，{now.words}，可付 {now.payable:,.2f} 元，已申请 {asked:,.2f} 元，本次 {self.amount:,.2f} 元，超出 {over:,.2f} 元",
                field="amount", way_out="请核减金额，或待节点完成后再申请。",
            )
        ]  # fmt: skip

    def apply(self, ctx: PostingContext) -> None:
        AcquisitionContract.objects.select_for_update().get(pk=self.contract_id)
        try:
            self.validate([])
        except Invalid as refused:
            raise Conflict(
                f"{self} 不能付款", code="not_fulfilled", problems=refused.problems, way_out=refused.way_out
            ) from None

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        """What was asked for is asked for no more."""
