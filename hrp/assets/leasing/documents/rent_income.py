"""租金收入单 (rent_income): what came in of one instalment of rent.

Dr 1002, Cr 4605 租金收入, or 2103 应缴财政款 where the place wants it paid over (a parameter).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum

from hrp.assets.documents import checks
from hrp.assets.leasing.documents.rent_out import RentOut
from hrp.assets.leasing.parameters import RENT_ACCOUNT
from hrp.assets.leasing.rules import due_days
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund
from hrp.platform.org import parameters

BANK = "1002"


@dataclass(frozen=True)
class RentFacts:
    account: str
    fund: str


class RentIncome(Document):
    """Header only: one receipt of one instalment."""

    spec = DocumentSpec(
        kind="assets.rent_income", title="租金收入单", prefix="ZW", header_fields=("rent_out", "due_on", "received", "payer", "fund"),
        lines_required=False,
    )  # fmt: skip

    rent_out = models.ForeignKey(RentOut, models.PROTECT, related_name="incomes", verbose_name="出租出借单")
    due_on = models.DateField("租金所属应收日")
    received = MoneyField("收到金额")
    payer = models.CharField("付款单位", max_length=100, blank=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "租金收入单"
        db_table = "assets_rent_income"
        constraints = [
            models.CheckConstraint(
                condition=is_number("received") & Q(received__gt=0), name="assets_rent_income_received"
            )
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = self.received or Decimal(0)

    def validate(self, lines: Sequence[Any]) -> None:
        missing = [name for name in ("rent_out", "fund") if getattr(self, f"{name}_id") is None]
        if missing:
            problems = [Problem("请选择", field=name) for name in missing]
            raise Invalid("租金收入单没有填完整", problems=problems, way_out="请补全。")
        named = [(None, self.rent_out.org_unit_id)]
        checks.require_in_reach(self, named, field="rent_out", words="没有这张出租出借单")
        problems = []
        if self.received <= 0:
            problems.append(Problem("收到金额必须大于零", field="received"))
        contract = self.rent_out
        if contract.state != State.POSTED:
            problems.append(Problem(f"{contract} {contract.get_state_display()}", field="rent_out"))
        elif not contract.rent:
            problems.append(Problem(f"{contract} 没有租金", field="rent_out"))
        elif self.due_on not in (days := dues(contract)):
            near = "、".join(f"{day}" for day in days[:6])
            problems.append(
                Problem(f"{self.due_on} 不是应收日", field="due_on", way_out=f"应收日为 {near}{'等' if len(days) > 6 else ''}。")
            )  # fmt: skip
        if problems:
            raise Invalid("租金收入单需要修改", problems=problems, way_out="请按标红处修改。")

    def apply(self, ctx: PostingContext) -> RentFacts:
        contract = sql.lock(RentOut, self.rent_out_id)
        if contract is None or contract.state != State.POSTED:
            raise Conflict("出租出借单已红冲", code="reversed", way_out="请刷新。")
        before = received(contract).get(self.due_on, Decimal(0))
        if before + self.received > contract.rent:
            raise Conflict(
                f"{self.due_on} 一期租金 {contract.rent:,.2f} 元，已收 {before:,.2f} 元，不能再收 {self.received:,.2f} 元",
                code="more_than_due", way_out="多收的请记入下一期。",
            )  # fmt: skip
        return RentFacts(
            parameters.value(RENT_ACCOUNT, ctx.on),
            Fund.objects.values_list("code", flat=True).get(pk=self.fund_id),
        )

    def entries(self, facts: RentFacts) -> list[EntryDraft]:
        lines = [
            LineDraft(account=BANK, amount=self.received, fund=facts.fund),
            LineDraft(account=facts.account, amount=-self.received, fund=facts.fund),
        ]
        return [EntryDraft(self.business_date, f"资产租金 {self.rent_out.counterpart} {self.due_on}", lines)]

    def mirror(self, ctx: PostingContext) -> None:
        """The journal is all there is."""


def received(contract: RentOut) -> dict[Any, Decimal]:
    """Yuan that came in by due day."""
    rows = RentIncome.objects.filter(rent_out=contract, state=State.POSTED)
    return dict(rows.values_list("due_on").annotate(Sum("received")).order_by())


def dues(contract: RentOut) -> list[Any]:
    """Due days of a contract: up to the day everything was back, where that was before its end."""
    cards = list(contract.out_cards.values_list("back_on", flat=True))
    back = max((day for day in cards if day), default=None) if cards and all(cards) else None
    last = min(contract.ends_on, back) if back else contract.ends_on
    return due_days(contract.business_date, last, contract.every_months)
