"""工程支出单 (construction_cost): what a project cost, by part, kind and source of money.

Dr 1613 在建工程 by 经费性质, Cr what paid for it. What it exceeds of a project's budget is refused with the figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from hrp.assets.construction import subledger as gathering
from hrp.assets.construction.models.projects import Project, ProjectMove
from hrp.assets.documents import checks
from hrp.assets.models import FundingSource
from hrp.platform.base.fields import MoneyField, is_number
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

CONSTRUCTION = "1613"


class Counter(models.TextChoices):
    PAYABLE = "2302", "应付账款"
    ESTIMATED = "2302.02", "应付账款-暂估"
    BANK = "1002", "银行存款"
    TREASURY = "1011", "零余额账户用款额度"


@dataclass(frozen=True)
class CostFacts:
    """Yuan by fund."""

    amounts: dict[str, Decimal]


class ConstructionCost(Document):
    """Header: to whom, against what."""

    spec = DocumentSpec(
        kind="assets.construction_cost", title="工程支出单", prefix="ZG", header_fields=("counter", "payee", "voucher"),
        line_fields=("project", "item", "source", "amount", "text"),
    )  # fmt: skip

    counter = models.CharField("对方科目", max_length=8, choices=Counter.choices, default=Counter.PAYABLE)
    payee = models.CharField("收款单位", max_length=100)
    voucher = models.CharField("原始凭证号", max_length=60, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "工程支出单"
        db_table = "assets_construction_cost"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        named = [(place, line.project.org_unit_id) for place, line in enumerate(lines) if line.project_id]
        checks.require_in_reach(self, named, field="project", words="没有这个项目")
        problems = [] if self.payee.strip() else [Problem("请填写收款单位", field="payee")]
        hospital = self.campus.hospital_id
        for place, line in enumerate(lines):
            if line.project_id is None or line.source_id is None:
                problems.append(Problem("请选择项目与资金来源", field="project", line=place))
                continue
            if line.amount is None or line.amount <= 0:
                problems.append(Problem("金额必须大于零", field="amount", line=place))
            if line.project.state == Project.State.SETTLED:
                problems.append(Problem(f"{line.project} 已决算", field="project", line=place))
            if line.project.campus.hospital_id != hospital:
                problems.append(Problem("项目不属于单据所在的医院", field="project", line=place))
        if problems:
            raise Invalid(
                f"工程支出单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> CostFacts:
        lines = list(self.lines.order_by("position").select_related("source__fund"))
        projects = gathering.lock([line.project_id for line in lines])
        settled = [project for project in projects.values() if project.state == Project.State.SETTLED]
        if settled:
            raise Conflict(
                f"{settled[0]} 已决算，不能再记支出", code="settled", way_out="决算后的支出请直接计入费用。"
            )
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        asked: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for line in lines:
            asked[line.project_id, line.source_id] += line.amount
            amounts[line.source.fund.code] += line.amount
        gathering.require_within_budget(projects, asked)
        gathering.write(asked, kind=ProjectMove.Kind.COST, ctx=ctx)
        return CostFacts(dict(amounts))

    def entries(self, facts: CostFacts) -> list[EntryDraft]:
        lines = []
        for fund, amount in sorted(facts.amounts.items()):
            lines.append(LineDraft(account=CONSTRUCTION, amount=amount, fund=fund))
            lines.append(LineDraft(account=self.counter, amount=-amount, fund=fund, memo=self.payee))
        return [EntryDraft(self.business_date, f"在建工程 {self.payee}", lines)]

    def mirror(self, ctx: PostingContext) -> None:
        gathering.mirror(ctx)


class ConstructionCostLine(DocumentLine):
    """One cost of one project paid by one source."""

    class Item(models.TextChoices):
        BUILDING = "building", "建筑安装工程"
        EQUIPMENT = "equipment", "设备投资"
        COMMON = "common", "待摊投资"
        OTHER = "other", "其他投资"

    document = models.ForeignKey(
        ConstructionCost, models.CASCADE, related_name="lines", verbose_name="工程支出单"
    )
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name="在建工程")
    item = models.CharField("支出内容", max_length=10, choices=Item.choices, default=Item.BUILDING)
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name="资金来源")
    amount = MoneyField("金额")
    text = models.CharField("说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "支出明细"
        db_table = "assets_construction_cost_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_construction_cost_line_position"
            ),
            models.CheckConstraint(
                condition=is_number("amount") & Q(amount__gt=0), name="assets_construction_cost_line_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.project}"
