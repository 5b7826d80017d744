"""处置收入单 (disposal_income): what a disposal brought in, less what it cost, owed to the treasury.

Dr 1002 what is left, Cr 2103 应缴财政款 (4609 where the place allows it); costs beyond what came in are 5301.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.disposal.documents.disposal_request import DisposalRequest, Execution
from hrp.assets.disposal.parameters import PROCEEDS
from hrp.assets.documents import checks
from hrp.platform.base.fields import MoneyField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund
from hrp.platform.org import parameters

BANK, EXPENSE = "1002", "5301"


@dataclass(frozen=True)
class ProceedsFacts:
    """Yuan left after costs (negative: paid on top), the account it is owed to, and the fund."""

    left: Decimal
    account: str
    fund: str


class DisposalIncome(Document):
    """Header only: one receipt of one disposal."""

    spec = DocumentSpec(
        kind="assets.disposal_income", title="处置收入单", prefix="ZI",
        header_fields=("request", "payer", "received", "fees", "fund"), lines_required=False,
    )  # fmt: skip

    request = models.ForeignKey(DisposalRequest, models.PROTECT, related_name="+", verbose_name="处置申请单")
    payer = models.CharField("付款单位", max_length=100)
    received = MoneyField("收到金额")
    fees = MoneyField("处置费用", default=0)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "处置收入单"
        db_table = "assets_disposal_income"
        constraints = [
            not_negative("received", name="assets_disposal_income_received"),
            not_negative("fees", name="assets_disposal_income_fees"),
            models.CheckConstraint(
                condition=Q(received__gt=0) | Q(fees__gt=0), name="assets_disposal_income_something"
            ),
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = self.received or Decimal(0)

    def validate(self, lines: Sequence[Any]) -> None:
        named = [(None, self.request.org_unit_id)]
        checks.require_in_reach(self, named, field="request", words="没有这张处置申请单")
        problems = []
        if not (self.received or self.fees):
            problems.append(Problem("收到金额与处置费用不能都是零", field="received"))
        if not Execution.objects.filter(request=self.request_id).exists():
            problems.append(Problem("该处置申请还没有执行", field="request"))
        if problems:
            raise Invalid("处置收入单需要修改", problems=problems, way_out="请按标红处修改。")

    def apply(self, ctx: PostingContext) -> ProceedsFacts:
        if not Execution.objects.filter(request=self.request_id).exists():
            raise Conflict("该处置申请还没有执行", code="not_executed", way_out="请先登记执行。")
        fund = Fund.objects.values_list("code", flat=True).get(pk=self.fund_id)
        return ProceedsFacts(self.received - self.fees, parameters.value(PROCEEDS, ctx.on), fund)

    def entries(self, facts: ProceedsFacts) -> list[EntryDraft]:
        if not facts.left:
            return []
        lines = [LineDraft(account=BANK, amount=facts.left, fund=facts.fund)]
        if facts.left > 0:
            lines.append(LineDraft(account=facts.account, amount=-facts.left, fund=facts.fund))
        else:
            lines.append(
                LineDraft(account=EXPENSE, amount=-facts.left, org_unit_id=self.org_unit_id, fund=facts.fund)
            )
        return [EntryDraft(self.business_date, f"资产处置收入 {self.payer}", lines)]

    def mirror(self, ctx: PostingContext) -> None:
        """The journal is all there is."""
