"""处置核销单 (write-off): an asset leaves the books with its cost and what was depreciated.

Dr 1602, Dr by the way of disposal for the net value, Cr 1601 (政府会计制度: 5301 资产处置费用, 1902 for what is missing or
damaged until decided, 3401 for what is transferred free). The month of leaving bears no depreciation (government) or the
whole of it (enterprise). Who must approve is the affair of the room of disposals, by a gate.
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
from hrp.assets.documents.booking import stop
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.models.cards import Way as CardWay
from hrp.assets.rules.months import Month
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

ZERO = Decimal(0)
GONE_SQL = """
UPDATE assets_asset SET status = 'disposed', disposed_on = %s WHERE id = ANY(%s)
"""
BACK_SQL = """
UPDATE assets_asset a SET status = u.status, disposed_on = NULL
FROM unnest(%s::bigint[], %s::text[]) AS u(id, status) WHERE a.id = u.id
"""
AMOUNTS_SQL = """
UPDATE assets_write_off_line l SET cost = u.cost, accumulated = u.accumulated, net = u.cost - u.accumulated
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS u(asset, cost, accumulated)
WHERE l.document_id = %s AND l.asset_id = u.asset
"""


class Way(models.TextChoices):
    SCRAP = "scrap", "报废"
    SALE = "sale", "转让出售"
    EXCHANGE = "exchange", "置换"
    DONATION = "donation", "对外捐赠"
    TRANSFER = "transfer", "无偿划转"
    LOSS = "loss", "盘亏毁损"
    RETURN = "return", "租赁投放退还"


VALUE_KINDS = (*subledger.VALUED, "transferred")
# what is given back to who owns it is no disposal: no approval, no limits
DISPOSALS = tuple(way for way in Way.values if way != Way.RETURN)
OWNED_BY_OTHERS = (CardWay.LEASED, CardWay.RENTED, CardWay.PLACED)
# a financed lease given back ends with its debt (长期应付款)
NET_ACCOUNT = {Way.LOSS: "1902", Way.TRANSFER: "3401", Way.RETURN: "2502"}
EXPENSE = "5301"


@dataclass(frozen=True)
class WriteOffFacts:
    """Yuan by (account, fund)."""

    amounts: dict[tuple[str, str], Decimal]
    count: int


class WriteOff(Document):
    """Header of a write-off; ``approval_number`` is the approval from outside where one was needed."""

    spec = DocumentSpec(
        kind="assets.write_off", title="处置核销单", prefix="ZC",
        header_fields=("way", "approval_number", "reason"), line_fields=("asset",),
    )  # fmt: skip

    way = models.CharField("处置方式", max_length=10, choices=Way.choices, default=Way.SCRAP)
    approval_number = models.CharField("批复文号", max_length=60, blank=True)
    reason = models.CharField("处置原因", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "处置核销单"
        db_table = "assets_write_off"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.asset.cost for line in lines if line.asset_id), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = [] if self.reason.strip() else [Problem("请填写处置原因", field="reason")]
        seen: set[int] = set()
        for place, line in enumerate(lines):
            if line.asset_id is None:
                problems.append(Problem("请选择资产", field="asset", line=place))
            elif line.asset.status not in HELD:
                problems.append(
                    Problem(f"{line.asset} {line.asset.get_status_display()}", field="asset", line=place)
                )
            elif self.way == Way.RETURN and line.asset.way not in OWNED_BY_OTHERS:
                problems.append(
                    Problem(f"{line.asset} 是{line.asset.get_way_display()}，不是租入或投放的", field="asset", line=place)
                )  # fmt: skip
            elif line.asset_id in seen:
                problems.append(Problem("同一资产重复", field="asset", line=place))
            elif line.asset.booked_on and self.business_date < line.asset.booked_on:
                problems.append(
                    Problem(f"处置日期早于入账日期 {line.asset.booked_on}", field="asset", line=place)
                )
            seen.add(line.asset_id)
        problems += gates.problems(gates.Moment.WRITE_OFF, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"核销单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> WriteOffFacts:
        month = months.effective(ctx.on)
        last = parameters.convention(ctx.on).last(Month.holding(ctx.on))
        months.require_not_run(self.campus.hospital_id, month)
        ids = list(self.lines.order_by("position").values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=month)
        gone = [card.asset for card in cards.values() if card.asset.status not in HELD]
        if gone:
            raise Conflict(f"{gone[0]} {gone[0].get_status_display()}", code="not_held", way_out="请刷新。")
        subledger.require_in_order(ids, ctx.on, kinds=VALUE_KINDS)
        months.require_depreciated(cards.values(), last, self.campus.hospital_id)
        accounts = checks.class_accounts([card.asset.asset_class_id for card in cards.values()])
        amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        moves, plans, events, rows = [], [], [], []
        for pk, card in cards.items():
            inventory, depreciation = accounts[card.asset.asset_class_id]
            for line in card.lines:
                taken = line.accumulated(last)
                moves.append(subledger.Moved(pk, line.id, -line.cost, -taken))
                plans.append(stop(line, month))
                amounts[inventory, line.fund] -= line.cost
                if depreciation is not None:
                    amounts[depreciation, line.fund] += taken
                amounts[NET_ACCOUNT.get(Way(self.way), EXPENSE), line.fund] += line.cost - taken
            rows.append((pk, card.cost, card.accumulated(last)))
            events.append(
                subledger.Said(
                    pk, "written_off", f"{self.get_way_display()}：{self.reason}",
                    before={"status": card.asset.status, "cost": card.cost},
                    after={"accumulated": card.accumulated(last), "net": card.net(last)},
                )
            )  # fmt: skip
        subledger.write_moves(moves, kind="write_off", ctx=ctx)
        subledger.write_plans(plans, ctx=ctx)
        sql.run(AMOUNTS_SQL, [*[list(column) for column in zip(*rows, strict=True)], self.pk])
        sql.run(GONE_SQL, [ctx.on, ids])
        subledger.write_events(events, on=ctx.on, ctx=ctx)
        gates.applied(gates.Moment.WRITE_OFF, self, ctx)
        return WriteOffFacts(dict(amounts), len(cards))

    def entries(self, facts: WriteOffFacts) -> list[EntryDraft]:
        lines = [
            LineDraft(
                account=account, amount=amount, fund=fund,
                org_unit_id=self.org_unit_id if account == EXPENSE else None,
            )
            for (account, fund), amount in sorted(facts.amounts.items())
            if amount
        ]  # fmt: skip
        text = f"资产{self.get_way_display()} {facts.count} 项"
        return [EntryDraft(self.business_date, text, lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        month = months.effective(self.business_date)
        months.require_not_run(self.campus.hospital_id, month)
        before = subledger.before(self.source, "written_off")
        ids = sorted(before)
        subledger.lock(ids, month=month)
        subledger.require_last(ids, self.source)
        gates.mirrored(gates.Moment.WRITE_OFF, self, ctx)
        subledger.mirror_moves(kind="write_off_reversal", ctx=ctx)
        subledger.restore_plans(ctx=ctx)
        sql.run(BACK_SQL, [ids, [before[pk]["status"] for pk in ids]])
        subledger.write_events(
            [subledger.Said(pk, "un-written_off", "红冲处置核销") for pk in ids], on=ctx.on, ctx=ctx
        )


class WriteOffLine(DocumentLine):
    """One asset written off, with what it was worth."""

    document = models.ForeignKey(WriteOff, models.CASCADE, related_name="lines", verbose_name="处置核销单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    cost = MoneyField("原值", null=True, blank=True)
    accumulated = MoneyField("累计折旧", null=True, blank=True)
    net = MoneyField("净值", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "核销明细"
        db_table = "assets_write_off_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_write_off_line_position")
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
