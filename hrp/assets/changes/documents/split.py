"""资产拆分单 (split): one card becomes several, each with its part of every source that paid.

Cost is given by the maker, the accumulated depreciation follows by the largest remainder, the months that are left are the
card's own: the parts' months add up to what the card would have borne. Departments, life and what is over of it go along.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets import subledger
from hrp.assets.changes import rules
from hrp.assets.changes.documents import rebooking
from hrp.assets.documents import checks, months
from hrp.assets.documents.replanning import elapsed_months
from hrp.assets.models import Asset, FundingLine, FundingSource
from hrp.assets.models.cards import ValueKind
from hrp.assets.models.classes import Method
from hrp.assets.rules.months import Month
from hrp.assets.subledger.cards import Card
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

ZERO = Decimal(0)


class Split(Document):
    """Header of a split: the card that ends."""

    spec = DocumentSpec(
        kind="assets.split", title="资产拆分单", prefix="ZF", header_fields=("asset", "reason"),
        line_fields=("part", "name", "quantity", "serial_number", "source", "project", "amount"),
    )  # fmt: skip

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="被拆分资产")
    reason = models.CharField("拆分原因", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产拆分单"
        db_table = "assets_split"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        problems = [] if self.reason.strip() else [Problem("请填写拆分原因", field="reason")]
        problems += self._card_problems() + self._line_problems(lines)
        if not problems:
            problems = self._sum_problems(lines) + self._quantity_problems(lines)
        if problems:
            raise Invalid(
                f"拆分单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _card_problems(self) -> list[Problem]:
        if getattr(self, "asset_id") is None:  # noqa: B009 - not yet chosen
            return [Problem("请选择要拆分的资产", field="asset")]
        asset = self.asset
        found = [
            dataclasses.replace(one, line=None)
            for one in checks.strangers(self, [SimpleNamespace(asset_id=asset.pk)])
        ]
        if found:
            return found
        if asset.status not in rebooking.SETTLED:
            found.append(Problem(f"{asset} {asset.get_status_display()}，不能拆分", field="asset"))
        if asset.value_kind == ValueKind.MEMO or not asset.cost:
            found.append(Problem(f"{asset} 没有价值，不需要拆分", field="asset"))
        if asset.asset_class.method == Method.UNITS:
            found.append(
                Problem(f"{asset} 按工作量计提，工作量按卡片登记，不能拆分", field="asset", way_out="请核销后分别入账。")
            )  # fmt: skip
        if asset.booked_on and self.business_date < asset.booked_on:
            found.append(Problem(f"{asset} 于 {asset.booked_on} 入账", field="business_date"))
        return found

    def _line_problems(self, lines: Sequence[Any]) -> list[Problem]:
        problems = []
        seen: set[tuple[int, int, str]] = set()
        for place, line in enumerate(lines):
            if line.source_id is None:
                problems.append(Problem("请选择资金来源", field="source", line=place))
            if line.amount is None or line.amount <= 0:
                problems.append(Problem("金额必须大于零", field="amount", line=place))
            key = (line.part, line.source_id, line.project.strip())
            if key in seen:
                problems.append(Problem(f"第 {line.part} 部分的同一资金来源重复", field="source", line=place))
            seen.add(key)
        if len({line.part for line in lines}) < 2:
            problems.append(Problem("至少要拆成两部分", field="part", line=0))
        return problems

    def _sum_problems(self, lines: Sequence[Any]) -> list[Problem]:
        """Each source's parts add up to what it paid."""
        paid = {
            (row.source_id, row.project): row
            for row in FundingLine.objects.filter(asset=self.asset).exclude(cost=0).select_related("source")
        }
        given: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        first: dict[tuple[int, str], int] = {}
        for place, line in enumerate(lines):
            key = (line.source_id, line.project.strip())
            given[key] += line.amount
            first.setdefault(key, place)
        problems = []
        for key in {**paid, **given}:
            whole = paid[key].cost if key in paid else ZERO
            source = paid[key].source if key in paid else lines[first[key]].source
            if given[key] != whole:
                problems.append(
                    Problem(
                        f"{source}{f'（{key[1]}）' if key[1] else ''}：各部分合计 {given[key]:,.2f} 元，卡片为 {whole:,.2f} 元，"
                        f"相差 {given[key] - whole:,.2f} 元",
                        field="amount", line=first.get(key, 0),
                    )
                )  # fmt: skip
        return problems

    def _quantity_problems(self, lines: Sequence[Any]) -> list[Problem]:
        """A batch is divided; one machine is taken apart into things that are one each."""
        count = sum(part[0].quantity for part in _parts(lines).values())
        if self.asset.quantity == 1 or count == self.asset.quantity:
            return []
        return [Problem(f"各部分数量合计 {count}，卡片数量 {self.asset.quantity}", field="quantity", line=0)]

    def apply(self, ctx: PostingContext) -> None:
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        cards = subledger.lock([self.asset_id], month=month)
        rebooking.require_settled(cards.values())
        rebooking.require_whole_books(cards, month, self.campus.hospital_id, ctx.on)
        lines = list(self.lines.order_by("position").select_related("source"))
        wrong = self._sum_problems(lines)
        if wrong:
            raise Conflict(
                f"{self.asset} 的资金构成已变动", code="changed_since", problems=wrong, way_out="请驳回后重新分配金额。"
            )  # fmt: skip
        card = cards[self.asset_id]
        made = rebooking.begin(self._parts_of(card, lines, month, ctx), kind="split", month=month, ctx=ctx)
        names = "、".join(
            str(number) for number in Asset.objects.filter(pk__in=[a.pk for a in made]).values_list("number", flat=True)
        )  # fmt: skip
        texts = {card.asset.pk: f"拆分为 {len(made)} 张卡片：{names}"}
        rebooking.end(cards, kind="split", event="split", texts=texts, month=month, ctx=ctx)

    def _parts_of(
        self, card: Card, lines: Sequence[Any], month: Month, ctx: PostingContext
    ) -> list[rebooking.NewCard]:
        parts = _parts(lines)
        worth: dict[int, list[rebooking.NewLine]] = {part: [] for part in parts}
        for funding in card.lines:
            mine = [
                x for x in lines if (x.source_id, x.project.strip()) == (funding.source_id, funding.project)
            ]
            stands = rebooking.standing(funding, month)
            for line, share in zip(mine, rules.divide(stands, [x.amount for x in mine]), strict=True):
                worth[line.part].append(rebooking.NewLine(funding.source_id, funding.project, share))
        shares, elapsed = rebooking.shares_of([card], on=ctx.on), elapsed_months(card, month)
        cards = []
        for number, rows in parts.items():
            cost = sum((one.standing.cost for one in worth[number]), ZERO)
            asset = rebooking.heir(
                card.asset, origin=self.source, cost=cost, quantity=rows[0].quantity, serial_number=rows[0].serial_number,
            )  # fmt: skip
            asset.name = rows[0].name.strip() or f"{card.asset.name}（{number}）"
            text = f"由 {card.asset} 拆分，原值 {cost:,.2f} 元，已用 {elapsed} 个月"
            cards.append(rebooking.NewCard(asset, worth[number], elapsed, shares, text))
        return cards

    def mirror(self, ctx: PostingContext) -> None:
        month = months.effective(self.business_date)
        months.require_not_run(self.campus.hospital_id, month)
        rebooking.undo(self.source, kind="split", event="split", month=month, ctx=ctx)


def _parts(lines: Sequence[Any]) -> dict[int, list[Any]]:
    """Lines by part, in the order of their numbers."""
    found: dict[int, list[Any]] = defaultdict(list)
    for line in sorted(lines, key=lambda one: (one.part, one.position)):
        found[line.part].append(line)
    return dict(found)


class SplitLine(DocumentLine):
    """What one source's money of one part is; name, quantity and serial number are read from the part's first line."""

    document = models.ForeignKey(Split, models.CASCADE, related_name="lines", verbose_name="资产拆分单")
    part = models.PositiveSmallIntegerField("部分")
    name = models.CharField("名称", max_length=100, blank=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    serial_number = models.CharField("出厂编号", max_length=60, blank=True)
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    project = models.CharField("项目", max_length=60, blank=True)
    amount = MoneyField("原值")

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "拆分明细"
        db_table = "assets_split_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_split_line_position"),
            models.UniqueConstraint(
                fields=["document", "part", "source", "project"], name="assets_split_line_once"
            ),
            models.CheckConstraint(
                condition=is_number("amount") & Q(amount__gt=0), name="assets_split_line_amount"
            ),
            models.CheckConstraint(condition=Q(part__gt=0, quantity__gt=0), name="assets_split_line_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.name} {self.source}"
