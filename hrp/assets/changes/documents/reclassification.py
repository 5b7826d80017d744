"""分类变更单 (reclassification): cards become another class, their value goes to its accounts.

Cost moves between the accounts of 1601 (or 1701), what was depreciated between those of 1602 (1702), by 经费性质. The life stays,
or becomes that of the new class; what is left is spread over the months that are left of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.assets import subledger
from hrp.assets.documents import checks, months
from hrp.assets.documents.replanning import elapsed_months, replan
from hrp.assets.models import Asset, AssetClass
from hrp.assets.models.cards import HELD
from hrp.assets.models.classes import Method
from hrp.assets.rules.months import Month
from hrp.assets.services import reference
from hrp.assets.subledger.cards import Card
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

APPLY_SQL = """
UPDATE assets_asset a SET asset_class_id = u.class, life_months = u.life
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS u(id, class, life) WHERE a.id = u.id
"""


class Life(models.TextChoices):
    KEEP = "keep", "保持原使用月数"
    CLASS = "class", "按新分类的执行年限"


@dataclass(frozen=True)
class ReclassificationFacts:
    """Yuan by (account, fund)."""

    amounts: dict[tuple[str, str], Decimal]
    count: int


class Reclassification(Document):
    """Header: the new class, which life holds, and why."""

    spec = DocumentSpec(
        kind="assets.reclassification", title="分类变更单", prefix="ZQ", header_fields=("asset_class", "life", "reason"),
        line_fields=("asset",),
    )  # fmt: skip

    asset_class = models.ForeignKey(AssetClass, models.PROTECT, related_name="+", verbose_name="新分类")
    life = models.CharField("使用年限", max_length=6, choices=Life.choices, default=Life.KEEP)
    reason = models.CharField("变更原因", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "分类变更单"
        db_table = "assets_reclassification"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.asset.cost for line in lines if line.asset_id), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = [] if self.reason.strip() else [Problem("请填写变更原因", field="reason")]
        if getattr(self, "asset_class_id") is None:  # noqa: B009 - not yet chosen
            problems.append(Problem("请选择新分类", field="asset_class"))
        problems += [
            Problem("请选择资产", field="asset", line=place)
            for place, line in enumerate(lines)
            if line.asset_id is None
        ]
        if not problems:
            month = months.effective(self.business_date)
            cards = subledger.read([line.asset_id for line in lines], month=month)
            ids = [line.asset_id for line in lines]
            for place, pk in enumerate(ids):
                words = ["同一资产重复"] if pk in ids[:place] else self._wrong(cards[pk], month)
                problems += [Problem(word, field="asset", line=place) for word in words]
        if problems:
            raise Invalid(
                f"分类变更单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _wrong(self, card: Card, month: Month) -> list[str]:
        """What stands against the new class of one card."""
        asset, new = card.asset, self.asset_class
        if asset.status not in HELD:
            return [f"{asset} {asset.get_status_display()}，不能变更分类"]
        if asset.booked_on and self.business_date < asset.booked_on:
            return [f"{asset} 于 {asset.booked_on} 入账"]
        if asset.asset_class_id == new.pk:
            return [f"{asset} 已是{new}"]
        if asset.asset_class.method != new.method:
            return [
                f"{asset} 现为{asset.asset_class.get_method_display()}，{new}为{new.get_method_display()}，折旧方法不同，请核销后重新入账"
            ]
        return self._life_wrong(card, month)

    def _life_wrong(self, card: Card, month: Month) -> list[str]:
        asset, new = card.asset, self.asset_class
        if not asset.is_depreciated or new.method != Method.STRAIGHT:
            return []
        life, gone = self._life_of(asset), elapsed_months(card, month)
        if life is None:
            return [f"{new}没有适用的折旧年限，请选择保持原使用月数，或先维护年限表"]
        if self.life == Life.CLASS and life <= gone:
            return [f"{new}的执行年限 {life} 个月，{asset} 已使用 {gone} 个月，请保持原使用月数"]
        rule = checks.least_of(new, self.business_date)
        bound = self.life == Life.KEEP and asset.way not in checks.USED and not asset.life_basis
        if bound and rule is not None and life < rule:
            return [f"{asset} 使用 {life} 个月，短于{new}规定的最低 {rule} 个月，请按新分类的执行年限"]
        return []

    def _life_of(self, asset: Asset) -> int | None:
        if self.life == Life.KEEP or not asset.is_depreciated or self.asset_class.method != Method.STRAIGHT:
            return asset.life_months
        return reference.usual_months(self.asset_class, self.business_date)

    def apply(self, ctx: PostingContext) -> ReclassificationFacts:
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        ids = list(self.lines.order_by("position").values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=month)
        wrong = [word for pk in ids for word in self._wrong(cards[pk], month)]
        if wrong:
            raise Conflict(
                wrong[0], code="changed_since", problems=[Problem(word) for word in wrong], way_out="请驳回后重新核对。"
            )  # fmt: skip
        subledger.require_in_order(ids, ctx.on, kinds=subledger.VALUED)
        months.require_depreciated(cards.values(), month + -1, self.campus.hospital_id)
        amounts = self._move(cards, month, ctx)
        return ReclassificationFacts(amounts, len(cards))

    def _move(
        self, cards: Mapping[int, Card], month: Month, ctx: PostingContext
    ) -> dict[tuple[str, str], Decimal]:
        """Off the accounts of the old class and onto those of the new, with plans and events."""
        accounts = checks.class_accounts(
            [self.asset_class_id, *(card.asset.asset_class_id for card in cards.values())]
        )
        new = accounts[self.asset_class_id]
        amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        gone, come, plans, events, rows = [], [], [], [], []
        for pk, card in cards.items():
            old, life = accounts[card.asset.asset_class_id], self._life_of(card.asset)
            for line in card.lines:
                worn = line.accumulated(month + -1)
                gone.append(subledger.Moved(pk, line.id, -line.cost, -worn))
                come.append(subledger.Moved(pk, line.id, line.cost, worn))
                for sign, (inventory, depreciation) in ((-1, old), (1, new)):
                    amounts[inventory, line.fund] += sign * line.cost
                    if depreciation is not None:
                        amounts[depreciation, line.fund] -= sign * worn
            plans += replan(card, card, life=life, month=month, on=ctx.on)
            rows.append((pk, self.asset_class_id, life))
            # a run before may not be taken back from under depreciation that has gone to another account
            rests = {"rests_on": month.number} if old[1] != new[1] else {}
            events.append(
                subledger.Said(
                    pk, "reclassified", f"分类由{card.asset.asset_class}变更为{self.asset_class}：{self.reason}",
                    before={"asset_class": card.asset.asset_class_id, "life_months": card.asset.life_months},
                    after={"asset_class": self.asset_class_id, "life_months": life, **rests},
                )
            )  # fmt: skip
        subledger.write_moves(gone, kind="reclass", ctx=ctx)
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        subledger.write_moves(come, kind="reclass", ctx=ctx)
        subledger.write_plans(plans, ctx=ctx)
        subledger.write_events(events, on=ctx.on, ctx=ctx)
        return dict(amounts)

    def entries(self, facts: ReclassificationFacts) -> list[EntryDraft]:
        lines = [
            LineDraft(account=account, amount=amount, fund=fund)
            for (account, fund), amount in sorted(facts.amounts.items(), key=lambda one: (one[1] < 0, one[0]))
            if amount
        ]
        text = f"资产分类变更 {facts.count} 项"
        return [EntryDraft(self.business_date, text, lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        month = months.effective(self.business_date)
        months.require_not_run(self.campus.hospital_id, month)
        before = subledger.before(self.source, "reclassified")
        ids = sorted(before)
        subledger.lock(ids, month=month)
        subledger.require_last(ids, self.source, kinds=subledger.VALUED)
        subledger.mirror_moves(kind="reclass_reversal", ctx=ctx)
        subledger.restore_plans(ctx=ctx)
        rows = [(pk, before[pk]["asset_class"], before[pk]["life_months"]) for pk in ids]
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        said = [subledger.Said(pk, "un-reclassified", "红冲分类变更") for pk in ids]
        subledger.write_events(said, on=ctx.on, ctx=ctx)


class ReclassificationLine(DocumentLine):
    """One card that becomes the new class."""

    document = models.ForeignKey(
        Reclassification, models.CASCADE, related_name="lines", verbose_name="分类变更单"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "变更明细"
        db_table = "assets_reclassification_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_reclassification_line_position"
            ),
            models.UniqueConstraint(fields=["document", "asset"], name="assets_reclassification_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
