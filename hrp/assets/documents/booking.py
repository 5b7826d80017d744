"""资产入账单 (booking): draft cards become assets, with a number, a value in the ledger and a plan of depreciation.

Dr 1601 by class and fund, Cr what the way of acquisition says (:mod:`hrp.assets.rules.booking_accounts`); an opening card
also Cr 1602 what other books had depreciated (建账日期前一个月). Reversed only in the month of booking, by red ink.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.assets import gates, parameters, subledger
from hrp.assets.documents import checks, months
from hrp.assets.models import Asset
from hrp.assets.models.cards import Status, ValueKind, Way
from hrp.assets.models.classes import Method
from hrp.assets.rules import booking_accounts
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import begin
from hrp.assets.subledger import numbering
from hrp.assets.subledger.cards import Card
from hrp.platform.base import sql
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

ZERO = Decimal(0)
BOOK_SQL = """
UPDATE assets_asset a SET number = u.number, status = u.status, booked_on = %s, cost = u.cost
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::numeric[]) AS u(id, number, status, cost) WHERE a.id = u.id
"""
UNBOOK_SQL = "UPDATE assets_asset SET number = NULL, status = 'draft', booked_on = NULL WHERE id = ANY(%s)"
# whose a card is begins when it is booked; what transfers since taken back left behind goes with the booking
SHARES_SQL = "UPDATE assets_share SET valid_from = %s, valid_to = NULL WHERE asset_id = ANY(%s)"
FORGET_SHARES_SQL = "DELETE FROM assets_share WHERE asset_id = ANY(%s) AND valid_to IS NOT NULL"


@dataclass(frozen=True)
class BookingFacts:
    """Yuan by (account, fund); debits positive."""

    amounts: dict[tuple[str, str], Decimal]
    count: int


class Booking(Document):
    """Header of a booking; the cards say themselves how they came."""

    spec = DocumentSpec(
        kind="assets.booking", title="资产入账单", prefix="ZR", header_fields=("voucher",), line_fields=("asset",)
    )  # fmt: skip

    voucher = models.CharField("原始凭证号", max_length=60, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产入账单"
        db_table = "assets_booking"

    def compute(self, lines: Sequence[Any]) -> None:
        costs = checks.costs([line.asset_id for line in lines if line.asset_id])
        self.total = sum(costs.values(), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = checks.booking_problems(lines, self.business_date)
        problems += gates.problems(gates.Moment.BOOKING, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"入账单有 {len(problems)} 处需要修改", problems=problems, way_out="请在卡片上按提示补全后再入账。"
            )  # fmt: skip

    def apply(self, ctx: PostingContext) -> BookingFacts:
        lines = list(self.lines.order_by("position"))
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        cards = subledger.lock([line.asset_id for line in lines], month=month)
        drafted = [card for card in cards.values() if card.asset.status != Status.DRAFT]
        if drafted:
            raise Conflict(f"{drafted[0].asset} 已入账", code="already_booked", way_out="请刷新入账单。")
        self.validate(lines)  # a draft card may have been changed since the document was submitted
        self._write(list(cards.values()), month, ctx)
        gates.applied(gates.Moment.BOOKING, self, ctx)
        return BookingFacts(self._amounts(list(cards.values())), len(cards))

    def _write(self, cards: Sequence[Card], month: Month, ctx: PostingContext) -> None:
        numbers = numbering.draw([card.asset for card in cards], on=ctx.on)
        sql.run(
            BOOK_SQL,
            [ctx.on, [c.asset.pk for c in cards], [numbers[c.asset.pk] for c in cards],
             [Status.IN_USE if c.asset.location_id else Status.IN_STORE for c in cards], [c.cost for c in cards]],
        )  # fmt: skip
        sql.run(SHARES_SQL, [ctx.on, [c.asset.pk for c in cards]])
        subledger.write_moves(
            [
                subledger.Moved(c.asset.pk, line.id, line.cost, line.opening)
                for c in cards
                for line in c.lines
            ],
            kind="booking",
            ctx=ctx,
        )
        residual = parameters.residual_percent(ctx.on)
        subledger.write_plans(
            [plan for card in cards for plan in first_plans(card, month, residual)], ctx=ctx
        )
        subledger.write_events(
            [
                subledger.Said(
                    c.asset.pk, "booked", f"入账 {c.asset.get_way_display()} 原值 {c.cost:,.2f} 元",
                    after={"number": numbers[c.asset.pk], "cost": c.cost, "life_months": c.asset.life_months},
                )
                for c in cards
            ],
            on=ctx.on, ctx=ctx,
        )  # fmt: skip

    def _amounts(self, cards: Sequence[Card]) -> dict[tuple[str, str], Decimal]:
        amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        accounts = checks.class_accounts([card.asset.asset_class_id for card in cards])
        for card in cards:
            asset, (inventory, depreciation) = card.asset, accounts[card.asset.asset_class_id]
            for line in card.lines:
                amounts[inventory, line.fund] += line.cost
                if line.opening and depreciation is not None:
                    amounts[depreciation, line.fund] -= line.opening
                amounts[_credit(asset), line.fund] -= line.cost - line.opening
        return dict(amounts)

    def entries(self, facts: BookingFacts) -> list[EntryDraft]:
        lines = [
            LineDraft(account=account, amount=amount, fund=fund)
            for (account, fund), amount in sorted(facts.amounts.items(), key=lambda one: (one[1] < 0, one[0]))
            if amount
        ]
        return [EntryDraft(self.business_date, f"资产入账 {facts.count} 项", lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        if (ctx.on.year, ctx.on.month) != (self.business_date.year, self.business_date.month):
            raise Conflict(
                "资产入账只能在入账当月红冲", code="other_month", way_out="以后月份请用资产变动单或处置核销单。"
            )  # fmt: skip
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        ids = list(self.lines.values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=month)
        subledger.require_last(ids, self.source)
        gates.mirrored(gates.Moment.BOOKING, self, ctx)
        subledger.mirror_moves(kind="booking_reversal", ctx=ctx)
        subledger.write_plans([stop(line, month) for card in cards.values() for line in card.lines], ctx=ctx)
        sql.run(FORGET_SHARES_SQL, [ids])
        sql.run(UNBOOK_SQL, [ids])
        subledger.write_events(
            [subledger.Said(pk, "un-booked", "红冲入账，卡片退回待入账") for pk in ids], on=ctx.on, ctx=ctx
        )


def _credit(asset: Asset) -> str:
    if asset.origin and not asset.origin.startswith("assets."):
        return booking_accounts.FROM_STORE
    if asset.value_kind == ValueKind.ESTIMATE and asset.way == Way.PURCHASE:
        return booking_accounts.ESTIMATED
    return booking_accounts.CREDIT.get(asset.way, booking_accounts.ACCUMULATED_SURPLUS)


def first_plans(card: Card, month: Month, residual_percent: Decimal) -> list[subledger.Planned]:
    """The plans a card begins with; none for what is never depreciated (准则第3号 art. 16)."""
    asset = card.asset
    method = asset.asset_class.method
    if not asset.is_depreciated:
        return []
    plans = []
    for line in card.lines:
        residual = round_money(line.cost * residual_percent / 100)
        plan = begin(
            line.cost, asset.life_months or 1, month, residual=residual, accumulated=line.opening,
            elapsed=line.opening_months,
        )  # fmt: skip
        units = asset.total_units if method == Method.UNITS else None
        plans.append(subledger.Planned(line.id, month, plan, residual, units))
    return plans


def stop(line: Any, month: Month) -> subledger.Planned:
    """A plan of nothing from ``month`` on."""
    return subledger.Planned(line.id, month, begin(ZERO, 1, month))


class BookingLine(DocumentLine):
    """One draft card to be booked."""

    document = models.ForeignKey(Booking, models.CASCADE, related_name="lines", verbose_name="资产入账单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产卡片")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "入账明细"
        db_table = "assets_booking_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_booking_line_position"),
            models.UniqueConstraint(fields=["document", "asset"], name="assets_booking_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
