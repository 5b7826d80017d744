"""资产变动单 (revision): cost up or down, a new life, an estimate settled, an error corrected.

A change is spread over what is left of the life (准则第3号应用指南): (new cost − accumulated) over (new life − elapsed), by
funding line; a cost delta carries its own source, so that an upgrade paid from own money does not raise the 财政 line. A
life that is already over is depreciated at once. Corrections of errors and settled estimates go through 以前年度盈余调整; what
was depreciated on an estimate stays, unless the hospital's parameter says that it is restated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets import gates, parameters, subledger
from hrp.assets.documents import checks, months
from hrp.assets.documents.replanning import replan, restate
from hrp.assets.models import Asset, FundingLine, FundingSource
from hrp.assets.models.cards import HELD, LifeBasis, ValueKind
from hrp.assets.rules.months import Month
from hrp.assets.subledger.cards import Card
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

ZERO = Decimal(0)
APPLY_SQL = """
UPDATE assets_asset a SET cost = u.cost, life_months = u.life, value_kind = u.kind
FROM unnest(%s::bigint[], %s::numeric[], %s::int[], %s::text[]) AS u(id, cost, life, kind) WHERE a.id = u.id
"""
COST_SQL = """
UPDATE assets_funding l SET cost = l.cost + u.delta
FROM unnest(%s::bigint[], %s::numeric[]) AS u(id, delta) WHERE l.id = u.id
"""


class Kind(models.TextChoices):
    VALUE = "value", "原值增减"
    LIFE = "life", "使用年限"
    SETTLEMENT = "settlement", "暂估转决算"
    CORRECTION = "correction", "差错更正"


class Counter(models.TextChoices):
    """What balances a change of cost."""

    CONSTRUCTION = "1613", "在建工程（改扩建转入）"
    PAYABLE = "2302", "应付账款"
    BANK = "1002", "银行存款"
    PRIOR_YEARS = "3501", "以前年度盈余调整"
    DONATION = "4603", "捐赠收入"


@dataclass(frozen=True)
class RevisionFacts:
    """Yuan by (account, fund)."""

    amounts: dict[tuple[str, str], Decimal]


class Revision(Document):
    """Header of a revision."""

    spec = DocumentSpec(
        kind="assets.revision", title="资产变动单", prefix="ZB",
        header_fields=("kind", "counter", "reason"), line_fields=("asset", "source", "project", "amount", "life_months"),
    )  # fmt: skip

    kind = models.CharField("变动类型", max_length=12, choices=Kind.choices, default=Kind.VALUE)
    counter = models.CharField(
        "对方科目", max_length=8, choices=Counter.choices, default=Counter.CONSTRUCTION
    )
    reason = models.CharField("变动原因", max_length=200)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "资产变动单"
        db_table = "assets_revision"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = [] if self.reason.strip() else [Problem("请填写变动原因", field="reason")]
        for place, line in enumerate(lines):
            problems += self._line_problems(place, line)
        if self.kind in (Kind.SETTLEMENT, Kind.CORRECTION) and self.counter != Counter.PRIOR_YEARS:
            problems.append(Problem("暂估转决算与差错更正计入以前年度盈余调整", field="counter"))
        problems += _contradictions(lines)
        problems += gates.problems(gates.Moment.REVISION, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"变动单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _line_problems(self, place: int, line: Any) -> list[Problem]:
        if line.asset_id is None:
            return [Problem("请选择资产", field="asset", line=place)]
        asset, problems = line.asset, []
        if asset.status not in HELD:
            problems.append(
                Problem(f"{asset} {asset.get_status_display()}，不能变动", field="asset", line=place)
            )
        if asset.booked_on and self.business_date < asset.booked_on:
            problems.append(Problem(f"{asset} 于 {asset.booked_on} 入账", field="asset", line=place))
        if asset.value_kind == ValueKind.MEMO and line.amount:
            problems.append(Problem(f"{asset} 是备查资产，没有价值", field="amount", line=place))
        if self.kind == Kind.LIFE and not line.life_months:
            problems.append(Problem("请填写新的使用月数（含已用）", field="life_months", line=place))
        if self.kind == Kind.LIFE and line.amount:
            problems.append(Problem("只改年限时不填金额", field="amount", line=place))
        if line.life_months and asset.life_basis == LifeBasis.INDEFINITE:
            problems.append(
                Problem(f"{asset} 使用寿命不确定，不摊销", field="life_months", line=place, way_out="寿命可以确定时，请核销后按剩余年限重新入账。")
            )  # fmt: skip
        if self.kind == Kind.VALUE and not line.amount:
            problems.append(Problem("请填写增减金额", field="amount", line=place))
        if line.amount and line.source_id is None:
            problems.append(Problem("请选择这笔金额的资金来源", field="source", line=place))
        if self.kind == Kind.SETTLEMENT and asset.value_kind != ValueKind.ESTIMATE:
            problems.append(Problem(f"{asset} 不是暂估入账", field="asset", line=place))
        by_law = asset.life_basis in (LifeBasis.LEGAL, LifeBasis.CONTRACT)
        least = None if by_law else checks.least_months(asset, self.business_date)
        if line.life_months and least is not None and line.life_months < least:
            problems.append(
                Problem(f"使用 {line.life_months} 个月，短于规定的最低 {least} 个月", field="life_months", line=place)
            )  # fmt: skip
        return problems

    def apply(self, ctx: PostingContext) -> RevisionFacts:
        lines = list(self.lines.order_by("position").select_related("source__fund"))
        month = months.effective(ctx.on)
        months.require_not_run(self.campus.hospital_id, month)
        by_asset: dict[int, list[Any]] = defaultdict(list)
        for line in lines:
            by_asset[line.asset_id].append(line)
        cards = subledger.lock(list(by_asset), month=month)
        self._require_changeable(cards, month, ctx)
        moves, amounts = self._change_cost(cards, by_asset)
        after = subledger.read(list(by_asset), month=month)
        self._replan(cards, after, by_asset, month, ctx)
        if self._restates(ctx):
            moves += self._restate(cards, after, month, ctx, amounts)
        subledger.write_moves(moves, kind="revision", ctx=ctx)
        gates.applied(gates.Moment.REVISION, self, ctx)
        return RevisionFacts(amounts)

    def _require_changeable(self, cards: Mapping[int, Card], month: Month, ctx: PostingContext) -> None:
        """What was true at submission may no longer be: others post as well."""
        for card in cards.values():
            asset = card.asset
            if asset.status not in HELD:
                raise Conflict(
                    f"{asset} {asset.get_status_display()}，不能变动", code="not_held", way_out="请刷新。"
                )
            if self.kind == Kind.SETTLEMENT and asset.value_kind != ValueKind.ESTIMATE:
                raise Conflict(f"{asset} 已不是暂估入账", code="already_settled", way_out="请刷新。")
        subledger.require_in_order(list(cards), ctx.on, kinds=subledger.VALUED)
        waiting = [
            card
            for card in cards.values()
            if self._restates(ctx) or any(line.units is not None for line in card.lines)
        ]
        months.require_depreciated(waiting, month + -1, self.campus.hospital_id)

    def _restates(self, ctx: PostingContext) -> bool:
        return self.kind == Kind.SETTLEMENT and parameters.restates(ctx.on)

    def _restate(
        self, cards: Mapping[int, Card], after: Mapping[int, Card], month: Month, ctx: PostingContext,
        amounts: dict[tuple[str, str], Decimal],
    ) -> list[subledger.Moved]:  # fmt: skip
        """Depreciate the past as if the final cost had been known: 以前年度盈余调整 against 累计折旧."""
        accounts = checks.class_accounts([card.asset.asset_class_id for card in cards.values()])
        moves, plans = [], []
        for asset_id, old in cards.items():
            _, depreciation = accounts[old.asset.asset_class_id]
            for line, delta, planned in restate(old, after[asset_id], month=month, on=ctx.on):
                moves.append(subledger.Moved(asset_id, line.id, ZERO, delta))
                plans.append(planned)
                if delta and depreciation is not None:
                    for account, amount in ((depreciation, -delta), (self.counter, delta)):
                        amounts[account, line.fund] = amounts.get((account, line.fund), ZERO) + amount
        subledger.write_plans(plans, ctx=ctx)
        return moves

    def _change_cost(
        self, cards: Mapping[int, Card], by_asset: Mapping[int, Sequence[Any]]
    ) -> tuple[list[subledger.Moved], dict[tuple[str, str], Decimal]]:
        amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        accounts = checks.class_accounts([card.asset.asset_class_id for card in cards.values()])
        moves, deltas = [], []
        for asset_id, wanted in by_asset.items():
            inventory, _ = accounts[cards[asset_id].asset.asset_class_id]
            for line in wanted:
                if not line.amount:
                    continue
                funding, _made = FundingLine.objects.get_or_create(
                    asset_id=asset_id,
                    source=line.source,
                    project=line.project.strip(),
                    defaults={"cost": ZERO},
                )
                _require_enough(cards[asset_id], funding, wanted)
                deltas.append((funding.pk, line.amount))
                moves.append(subledger.Moved(asset_id, funding.pk, line.amount))
                amounts[inventory, line.source.fund.code] += line.amount
                amounts[self.counter, line.source.fund.code] -= line.amount
        if deltas:
            sql.run(COST_SQL, [[pk for pk, _ in deltas], [delta for _, delta in deltas]])
        return moves, dict(amounts)

    def _replan(
        self, cards: Mapping[int, Card], after: Mapping[int, Card], by_asset: Mapping[int, Sequence[Any]], month: Month,
        ctx: PostingContext,
    ) -> None:  # fmt: skip
        plans, events, rows = [], [], []
        for asset_id, old in cards.items():
            asset = old.asset
            life = (
                next((x.life_months for x in by_asset[asset_id] if x.life_months), None) or asset.life_months
            )
            kind = ValueKind.COST if self.kind == Kind.SETTLEMENT else asset.value_kind
            plans += replan(old, after[asset_id], life=life, month=month, on=ctx.on)
            rows.append((asset_id, after[asset_id].cost, life, kind))
            events.append(
                subledger.Said(
                    asset_id, "revised", f"{self.get_kind_display()}：{self.reason}",
                    before={"cost": old.cost, "life_months": asset.life_months, "value_kind": asset.value_kind},
                    after={
                        "cost": after[asset_id].cost, "life_months": life, "value_kind": kind,
                        **({"rests_on": month.number} if self._restates(ctx) else {}),
                    },
                )
            )  # fmt: skip
        subledger.write_plans(plans, ctx=ctx)
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        subledger.write_events(events, on=ctx.on, ctx=ctx)

    def entries(self, facts: RevisionFacts) -> list[EntryDraft]:
        lines = [
            LineDraft(account=account, amount=amount, fund=fund)
            for (account, fund), amount in sorted(facts.amounts.items())
            if amount
        ]
        return [EntryDraft(self.business_date, f"资产变动 {self.reason}"[:100], lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        month = months.effective(self.business_date)
        months.require_not_run(self.campus.hospital_id, month)
        ids = sorted(set(self.lines.values_list("asset_id", flat=True)))
        subledger.lock(ids, month=month)
        subledger.require_last(ids, self.source, kinds=subledger.VALUED)
        gates.mirrored(gates.Moment.REVISION, self, ctx)
        subledger.mirror_moves(kind="revision_reversal", ctx=ctx)
        deltas = [
            (funding, -amount)
            for funding, amount in self._funding_deltas().items()
            if amount
        ]  # fmt: skip
        if deltas:
            sql.run(COST_SQL, [[pk for pk, _ in deltas], [delta for _, delta in deltas]])
        before = subledger.before(self.source, "revised")
        after = subledger.read(ids, month=month)
        subledger.restore_plans(ctx=ctx)
        rows = [(pk, after[pk].cost, before[pk]["life_months"], before[pk]["value_kind"]) for pk in ids]
        sql.run(APPLY_SQL, [list(column) for column in zip(*rows, strict=True)])
        subledger.write_events(
            [subledger.Said(pk, "un-revised", f"红冲变动：{self.reason}") for pk in ids], on=ctx.on, ctx=ctx
        )

    def _funding_deltas(self) -> dict[int, Decimal]:
        found: dict[int, Decimal] = defaultdict(Decimal)
        for line in self.lines.exclude(Q(amount=None) | Q(amount=0)):
            funding = FundingLine.objects.get(
                asset=line.asset_id, source=line.source_id, project=line.project.strip()
            )
            found[funding.pk] += line.amount or ZERO
        return found


def _contradictions(lines: Sequence[Any]) -> list[Problem]:
    """Two different new lives for one card."""
    lives: dict[int, int] = {}
    problems = []
    for place, line in enumerate(lines):
        if line.asset_id and line.life_months:
            known = lives.setdefault(line.asset_id, line.life_months)
            if known != line.life_months:
                problems.append(
                    Problem(f"同一资产填了 {known} 与 {line.life_months} 两个使用月数", field="life_months", line=place)
                )  # fmt: skip
    return problems


def _require_enough(card: Card, funding: FundingLine, wanted: Sequence[Any]) -> None:
    """A source cannot give back more than it paid."""
    asked = sum(
        (x.amount for x in wanted if x.amount and x.source_id == funding.source_id and x.project.strip() == funding.project),
        ZERO,
    )  # fmt: skip
    if funding.cost + asked < 0:
        raise Conflict(
            f"{card.asset} {funding.source}：原值 {funding.cost:,.2f} 元，不能调减 {-asked:,.2f} 元", code="negative_cost",
            way_out="请核对资金来源与金额。",
        )  # fmt: skip


class RevisionLine(DocumentLine):
    """One change of one card; ``amount`` signed yuan on one source, ``life_months`` the whole new life."""

    document = models.ForeignKey(Revision, models.CASCADE, related_name="lines", verbose_name="资产变动单")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    source = models.ForeignKey(
        FundingSource, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="资金来源"
    )
    project = models.CharField("项目", max_length=60, blank=True)
    amount = MoneyField("增减金额", null=True, blank=True)
    life_months = models.PositiveSmallIntegerField("使用月数", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "变动明细"
        db_table = "assets_revision_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="assets_revision_line_position"),
            models.CheckConstraint(
                condition=Q(amount=None) | is_number("amount"), name="assets_revision_line_is_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"
