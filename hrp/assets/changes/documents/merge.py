"""资产合并单 (merge): several cards of one class become one, what each source paid added up.

Cards of one age go on month by month as they would have; of different ages, only where a number of months that are left has
been agreed on. Departments bear the whole by what their cards cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets import subledger
from hrp.assets.changes import rules
from hrp.assets.changes.documents import rebooking
from hrp.assets.documents import checks, months
from hrp.assets.documents.replanning import elapsed_months
from hrp.assets.models import Asset
from hrp.assets.models.cards import ValueKind, Way
from hrp.assets.models.classes import Method
from hrp.assets.rules.months import Month
from hrp.assets.subledger.cards import Card
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

ZERO = Decimal(0)


class Merge(Document):
    """Header of a merge: what the new card is called, and the months agreed on where the ages differ."""

    spec = DocumentSpec(
        kind="assets.merge", title="资产合并单", prefix="ZH", header_fields=("name", "remaining_months", "reason"),
        line_fields=("asset",),
    )  # fmt: skip

    name = models.CharField("合并后名称", max_length=100)
    remaining_months = models.PositiveSmallIntegerField("商定剩余月数", null=True, blank=True)
    reason = models.CharField("合并原因", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产合并单"
        db_table = "assets_merge"
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining_months=None) | Q(remaining_months__gt=0), name="assets_merge_months"
            )
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.asset.cost for line in lines if line.asset_id), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = [] if self.reason.strip() else [Problem("请填写合并原因", field="reason")]
        problems += [
            Problem("请选择资产", field="asset", line=place)
            for place, line in enumerate(lines)
            if line.asset_id is None
        ]
        if not problems:
            problems = self._card_problems(lines)
        if not problems:
            month = months.effective(self.business_date)
            cards = subledger.read([line.asset_id for line in lines], month=month)
            problems = self._age_problems(cards, month)
        if problems:
            raise Invalid(
                f"合并单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _card_problems(self, lines: Sequence[Any]) -> list[Problem]:
        problems, first = [], lines[0].asset
        for place, line in enumerate(lines):
            asset = line.asset
            if asset.status not in rebooking.SETTLED:
                problems.append(
                    Problem(f"{asset} {asset.get_status_display()}，不能合并", field="asset", line=place)
                )
            elif asset.value_kind == ValueKind.MEMO or not asset.cost:
                problems.append(Problem(f"{asset} 没有价值，不需要合并", field="asset", line=place))
            elif asset.asset_class.method == Method.UNITS:
                problems.append(Problem(f"{asset} 按工作量计提，不能合并", field="asset", line=place))
            elif asset.booked_on and self.business_date < asset.booked_on:
                problems.append(Problem(f"{asset} 于 {asset.booked_on} 入账", field="asset", line=place))
            elif _kind(asset) != _kind(first):
                problems.append(
                    Problem(f"{asset} 是{_words(asset)}，第一张是{_words(first)}，不同类不能合并", field="asset", line=place)
                )  # fmt: skip
        ids = [line.asset_id for line in lines]
        problems += [
            Problem("同一资产重复", field="asset", line=place)
            for place, pk in enumerate(ids)
            if pk in ids[:place]
        ]
        if len(lines) < 2:
            problems.append(Problem("至少要两张卡片", field="asset", line=0))
        return problems

    def _age_problems(self, cards: Mapping[int, Card], month: Month) -> list[Problem]:
        """Lives and months gone that differ, with the figures; and an agreed rest that is none or too short."""
        depreciated = [card for card in cards.values() if card.asset.is_depreciated]
        ages = {(card.asset.life_months or 0, elapsed_months(card, month)) for card in depreciated}
        agreed = self.remaining_months
        if len(ages) <= 1:
            left = max((life - gone for life, gone in ages), default=0)
            if agreed is not None and agreed != left:
                text = f"各卡片的使用月数与已用月数一致，剩余 {max(left, 0)} 个月，不能改为 {agreed} 个月"
                return [
                    Problem(text, field="remaining_months", way_out="请留空；要改年限请先办理资产变动单。")
                ]
            return []
        if agreed is None:
            each = "；".join(
                f"{card.asset} 使用 {card.asset.life_months} 个月，已用 {elapsed_months(card, month)} 个月" for card in depreciated
            )  # fmt: skip
            return [
                Problem(
                    f"使用月数或已用月数不一致：{each}", field="remaining_months", way_out="请填写商定的剩余月数，或不合并。"
                )
            ]  # fmt: skip
        least = max(checks.least_months(card.asset, self.business_date) or 0 for card in depreciated[:1])
        life = max(gone for _, gone in ages) + agreed
        if life < least:
            text = f"已用最长 {life - agreed} 个月加剩余 {agreed} 个月为 {life} 个月，短于规定的最低 {least} 个月"
            return [Problem(text, field="remaining_months")]
        return []

    def apply(self, ctx: PostingContext) -> None:
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        ids = list(self.lines.order_by("position").values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=month)
        rebooking.require_settled(cards.values())
        rebooking.require_whole_books(cards, month, self.campus.hospital_id, ctx.on)
        wrong = self._age_problems(cards, month)
        if wrong or len({_kind(card.asset) for card in cards.values()}) > 1:
            raise Conflict(
                "卡片在提交后已变动，不能合并", code="changed_since", problems=wrong, way_out="请驳回后重新核对。"
            )  # fmt: skip
        new = self._whole([cards[pk] for pk in ids], month, ctx)
        [made] = rebooking.begin([new], kind="merge", month=month, ctx=ctx)
        made.refresh_from_db(fields=["number"])
        texts = dict.fromkeys(cards, f"并入 {made.number} {made.name}")
        rebooking.end(cards, kind="merge", event="merged", texts=texts, month=month, ctx=ctx)

    def _whole(self, cards: Sequence[Card], month: Month, ctx: PostingContext) -> rebooking.NewCard:
        by_source: dict[tuple[int, str], list[rules.Standing]] = defaultdict(list)
        for card in cards:
            for line in card.lines:
                by_source[line.source_id, line.project].append(rebooking.standing(line, month))
        first = cards[0].asset
        ages = {(card.asset.life_months, elapsed_months(card, month)) for card in cards}
        elapsed = max(gone for _, gone in ages)
        agreed = self.remaining_months if first.is_depreciated and len(ages) > 1 else None
        lines = [
            rebooking.NewLine(*key, rules.join(parts, months=agreed))
            for key, parts in by_source.items()
            if any(part.cost for part in parts)
        ]
        cost = sum((line.standing.cost for line in lines), ZERO)
        quantity = sum(card.asset.quantity for card in cards) if _is_batch(cards) else 1
        asset = rebooking.heir(first, origin=self.source, cost=cost, quantity=quantity)
        asset.name = self.name.strip()
        if agreed is not None:
            asset.life_months = elapsed + agreed
        text = f"由 {'、'.join(str(card.asset.number) for card in cards)} 合并，原值 {cost:,.2f} 元"
        return rebooking.NewCard(asset, lines, elapsed, rebooking.shares_of(cards, on=ctx.on), text)

    def mirror(self, ctx: PostingContext) -> None:
        month = months.effective(self.business_date)
        months.require_not_run(self.campus.hospital_id, month)
        rebooking.undo(self.source, kind="merge", event="merged", month=month, ctx=ctx)


def _kind(asset: Asset) -> tuple[Any, ...]:
    """What cards must have in common to be one."""
    return asset.asset_class_id, asset.value_kind, asset.way == Way.LEASED, asset.life_basis


def _words(asset: Asset) -> str:
    leased = "融资租入、" if asset.way == Way.LEASED else ""
    return f"{leased}{asset.asset_class}、{asset.get_value_kind_display()}"


def _is_batch(cards: Sequence[Card]) -> bool:
    """Chairs added to chairs are more chairs; parts put together are one machine."""
    return cards[0].asset.asset_class.bulk


class MergeLine(DocumentLine):
    """One card that becomes part of the new one."""

    document = models.ForeignKey(Merge, models.CASCADE, related_name="lines", verbose_name="资产合并单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "合并明细"
        db_table = "assets_merge_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_merge_line_position"),
            models.UniqueConstraint(fields=["document", "asset"], name="assets_merge_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
