"""出库单 (stock issue): materials leave a store for the department that uses them and become its cost.

Batches are picked first expired, first out at posting; a line may name a lot. Posting books Dr expense by material
class on the using department, Cr inventory (政府会计制度 5001, for administrative departments 5101, and 1302), both on the fund;
what is for a project is on the fund of the project and names it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.models import Item, Project, Store
from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.subledger.shortages import shortage
from hrp.platform.access import scope
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Forbidden, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory

LINES_SQL = """
SELECT l.position, l.item_id, l.quantity, l.lot, x.code, v.code, f.code, s.name, s.org_unit_id,
       coalesce(p.code || ' ' || p.name, ''), i.cost_method, i.kind
FROM logistics_issue_line l JOIN logistics_item i ON i.id = l.item_id
JOIN logistics_class c ON c.id = i.material_class_id
JOIN ledger_account x ON x.id = CASE WHEN %s THEN c.admin_expense_account_id ELSE c.expense_account_id END
JOIN ledger_account v ON v.id = c.inventory_account_id
JOIN logistics_issue d ON d.id = l.document_id
JOIN ledger_fund f ON f.id = d.fund_id JOIN logistics_store s ON s.id = d.store_id
LEFT JOIN logistics_project p ON p.id = d.project_id
WHERE l.document_id = %s ORDER BY l.position
"""

AMOUNTS_SQL = """
UPDATE logistics_issue_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount)
WHERE l.document_id = %s AND l.position = a.position
"""


@dataclass(frozen=True)
class IssueFacts:
    """Amount issued per (expense account, inventory account), in yuan; fund code, store and project, what rooms above book."""

    by_accounts: dict[tuple[str, str], Decimal]
    fund: str
    store: str
    project: str = ""
    more: tuple[EntryDraft, ...] = ()


class StockIssue(Document):
    """Header of an issue; ``org_unit`` is the department that uses the goods and bears the cost."""

    spec = DocumentSpec(
        kind="logistics.stock_issue",
        title="出库单",
        prefix="CK",
        header_fields=("store", "fund", "project", "receiver"),
        line_fields=("item", "lot", "quantity"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="出库仓库")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")
    project = models.ForeignKey(
        Project, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="科教项目"
    )
    receiver = models.CharField("领用人", max_length=50, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "出库单"
        db_table = "logistics_issue"

    def compute(self, lines: Sequence[Any]) -> None:
        """What is for a project is paid from the project's money."""
        if self.project is not None:
            self.fund = self.project.fund

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = project_problems(self.project, self.business_date)
        for place, line in enumerate(lines):
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if not items[line.item_id].is_active:
                item = items[line.item_id]
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能出库", field="item", line=place)
                )
        problems += gates.problems(gates.Moment.ISSUE, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"出库单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> IssueFacts:
        unit = org.category_map(ctx.on).get(self.org_unit_id)
        administrative = unit is not None and unit.category == UnitCategory.ADMIN
        lines = sql.rows(LINES_SQL, [administrative, self.pk])
        self._require_keeper(ctx, store=lines[0][7], keeps=lines[0][8])
        wants = [subledger.Want(position, item, quantity, lot) for position, item, quantity, lot, *_ in lines]
        methods = {item: CostMethod(method) for _, item, *_, method, _ in lines}
        gates.prepared(gates.Moment.ISSUE, self, ctx)
        taken = subledger.take(wants, store_id=self.store_id, on=ctx.on, source=ctx.source, methods=methods)
        if taken.short:
            raise shortage(taken.short, store=lines[0][7], verb="出库")
        subledger.write(taken.moves, store_id=self.store_id, kind="issue", ctx=ctx, methods=methods)
        by_accounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for position, _, _, _, expense, inventory, *_ in lines:
            by_accounts[expense, inventory] += taken.amounts[position]
        self.total = sum(taken.amounts.values(), Decimal(0))
        sql.run(AMOUNTS_SQL, [list(taken.amounts), list(taken.amounts.values()), self.pk])
        more = gates.applied(gates.Moment.ISSUE, self, ctx, kinds=frozenset(line[-1] for line in lines))
        return IssueFacts(dict(by_accounts), lines[0][6], lines[0][7], lines[0][9], more)

    def _require_keeper(self, ctx: PostingContext, *, store: str, keeps: int) -> None:
        """Goods leave a store only by who may issue where it is kept, not merely where they are used."""
        if not scope.has(ctx.actor, self.spec.permission("post"), keeps):
            raise Forbidden(
                f"{store}由其他科室管理，您不能从这里出库。",
                way_out="请改选本科室的库房，或请该库房的库管员过账。",
            )

    def entries(self, facts: IssueFacts) -> list[EntryDraft]:
        fund, memo = facts.fund, f"项目 {facts.project}" if facts.project else ""
        lines: list[LineDraft] = []
        for (expense, inventory), amount in sorted(facts.by_accounts.items()):
            if amount:
                lines.append(
                    LineDraft(
                        account=expense, amount=amount, org_unit_id=self.org_unit_id, fund=fund, memo=memo
                    )
                )
                lines.append(LineDraft(account=inventory, amount=-amount, fund=fund, memo=memo))
        own = [EntryDraft(self.business_date, f"出库 {facts.store}", lines)] if lines else []
        return [*own, *facts.more]

    def mirror(self, ctx: PostingContext) -> None:
        gates.held(gates.Moment.ISSUE, self, ctx)
        subledger.lock_moved(ctx.source)
        gates.mirrored(gates.Moment.ISSUE, self, ctx)
        subledger.mirror(kind="issue_reversal", ctx=ctx)


def project_problems(project: Project | None, on: dt.date) -> list[Problem]:
    """Why nothing may be charged to a project on a day, for its field."""
    wrong = project.wrong_on(on) if project is not None else ""
    return [Problem(wrong, field="project")] if wrong else []


class StockIssueLine(DocumentLine):
    """One item wanted; ``amount`` is what its batches cost, known at posting."""

    document = models.ForeignKey(StockIssue, models.CASCADE, related_name="lines", verbose_name="出库单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("指定批号", max_length=40, blank=True)
    quantity = QuantityField("数量")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "出库明细"
        db_table = "logistics_issue_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_issue_line_position"),
            not_negative("quantity", name="logistics_issue_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
