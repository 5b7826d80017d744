"""成本费用归集单 (cost entry): costs no other module books, entered or imported by the finance office.

Posting books Dr expense account on the department and fund, Cr the counterpart of its kind (应付职工薪酬 2201 for
wages, 累计折旧 1602 for depreciation ...), one balanced entry. Modules that know better (materials, assets, payroll)
book for themselves; this document stays for what has no module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models import OrgUnit


class CostKind(models.TextChoices):
    """What is entered; decides the other side of the entry (see :data:`COUNTERPART`)."""

    PAYROLL = "payroll", "人员经费计提"
    DEPRECIATION = "depreciation", "固定资产折旧"
    AMORTISATION = "amortisation", "无形资产摊销"
    RISK_FUND = "risk_fund", "提取医疗风险基金"
    DRUGS = "drugs", "药品成本"
    MATERIALS = "materials", "卫生材料成本"
    PAYABLE = "payable", "应付费用"
    OTHER = "other", "其他待结算费用"


COUNTERPART: dict[str, str] = {
    CostKind.PAYROLL: "2201",
    CostKind.DEPRECIATION: "1602",
    CostKind.AMORTISATION: "1702",
    CostKind.RISK_FUND: "3101",
    CostKind.DRUGS: "1302.08",
    CostKind.MATERIALS: "1302.05",
    CostKind.PAYABLE: "2302",
    CostKind.OTHER: "2307",
}


@dataclass(frozen=True)
class CostFact:
    """One debit: yuan of an expense account in a department and fund."""

    account: str
    org_unit_id: int
    fund: str
    amount: Decimal
    memo: str


class CostEntry(Document):
    """Header; ``org_unit`` is the office that enters, the lines name the departments that bear the cost."""

    spec = DocumentSpec(
        kind="costing.cost_entry",
        title="成本费用归集单",
        prefix="CF",
        header_fields=("cost_kind",),
        line_fields=("bearer", "account", "fund", "amount", "memo"),
    )

    cost_kind = models.CharField("费用类别", max_length=12, choices=CostKind.choices, default=CostKind.OTHER)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "成本费用归集单"
        db_table = "costing_cost_entry"

    def validate(self, lines: Sequence[Any]) -> None:
        accounts = Account.objects.in_bulk({line.account_id for line in lines})
        units = OrgUnit.objects.in_bulk({line.bearer_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            account, unit = accounts[line.account_id], units[line.bearer_id]
            if account.element != Account.Element.EXPENSE:
                problems.append(Problem(f"{account} 不是费用科目", field="account", line=place))
            elif not account.is_active:
                problems.append(Problem(f"{account} 已停用", field="account", line=place))
            if line.amount == 0:
                problems.append(Problem("金额不能为零", field="amount", line=place))
            if not unit.is_active_on(self.business_date):
                problems.append(Problem(f"{unit} 在 {self.business_date} 不在用", field="bearer", line=place))
        if problems:
            raise Invalid(
                f"{self.spec.title}有 {len(problems)} 处需要修改",
                problems=problems,
                way_out="请按标红处修改。",
            )

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.amount or Decimal(0) for line in lines), Decimal(0))

    def apply(self, ctx: PostingContext) -> list[CostFact]:
        rows = self.lines.order_by("position").values_list(
            "account__code", "bearer_id", "fund__code", "amount", "memo"
        )
        return [CostFact(*row) for row in rows]

    def entries(self, facts: list[CostFact]) -> list[EntryDraft]:
        credits: dict[str, Decimal] = defaultdict(Decimal)
        for fact in facts:
            credits[fact.fund] += fact.amount
        counterpart = COUNTERPART[self.cost_kind]
        debit_lines = [LineDraft(f.account, f.amount, f.org_unit_id, f.fund, memo=f.memo) for f in facts]
        credit_lines = [
            LineDraft(counterpart, -amount, fund=fund) for fund, amount in sorted(credits.items()) if amount
        ]
        text = f"{CostKind(self.cost_kind).label} {self.business_date:%Y-%m}"
        return [EntryDraft(self.business_date, text, [*debit_lines, *credit_lines])]


class CostEntryLine(DocumentLine):
    """One cost of one department. Negative for a 红字 correction within the month."""

    document = models.ForeignKey(
        CostEntry, models.CASCADE, related_name="lines", verbose_name="成本费用归集单"
    )
    bearer = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="承担科室")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="费用科目")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="经费性质")
    amount = MoneyField("金额")
    memo = models.CharField("摘要", max_length=200, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "费用明细"
        db_table = "costing_cost_entry_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="costing_cost_entry_line_position"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="costing_cost_entry_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.bearer}"
