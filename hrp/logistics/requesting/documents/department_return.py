"""科室退库单 (department_return): goods a department was issued come back to a store at the amount they left with.

Its cost goes down by that very amount, on the account it was charged to; the last piece returned takes the tail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.budget import services as budget
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.requesting.documents import durables
from hrp.logistics.requesting.models import DurableInUse
from hrp.logistics.rules.valuation import Balance, value_out
from hrp.platform.access import scope
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

# what an issue took of each batch, line by line, less what came back of it
LEFT_SQL = """
SELECT m.line_position, m.batch_id, m.quantity - coalesce(r.quantity, 0), m.amount - coalesce(r.amount, 0)
FROM (SELECT line_position, batch_id, -sum(quantity) AS quantity, -sum(amount) AS amount FROM logistics_move
      WHERE source = %s AND kind = 'issue' GROUP BY 1, 2) m
LEFT JOIN (SELECT l.issue_position, l.batch_id, sum(l.quantity) AS quantity, sum(l.amount) AS amount
           FROM logistics_department_return d JOIN logistics_department_return_line l ON l.document_id = d.id
           WHERE d.issue_id = %s AND d.state = 'posted' GROUP BY 1, 2) r
    ON r.issue_position = m.line_position AND r.batch_id = m.batch_id
ORDER BY 1, 2
"""

ACCOUNTS_SQL = """
SELECT i.id, v.code, CASE WHEN %s THEN a.code ELSE e.code END FROM logistics_item i
JOIN logistics_class c ON c.id = i.material_class_id JOIN ledger_account v ON v.id = c.inventory_account_id
JOIN ledger_account e ON e.id = c.expense_account_id JOIN ledger_account a ON a.id = c.admin_expense_account_id
WHERE i.id = ANY(%s)
"""

AMOUNTS_SQL = """
UPDATE logistics_department_return_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""

# nothing where no budget had counted the issue
SPENT_SQL = """
SELECT i.material_class_id, l.amount, coalesce(p.code, ''), l.position FROM logistics_department_return_line l
JOIN logistics_item i ON i.id = l.item_id JOIN logistics_department_return d ON d.id = l.document_id
JOIN logistics_issue o ON o.id = d.issue_id LEFT JOIN logistics_project p ON p.id = o.project_id
WHERE l.document_id = %s AND EXISTS (SELECT FROM logistics_budget_entry e WHERE e.source = %s AND e.state = 'actual')
"""


@dataclass(frozen=True)
class ReturnFacts:
    """Amounts coming back per (account, bears cost) in yuan: inventory positive, expense and carried cost negative."""

    inventory: dict[str, Decimal]
    expense: dict[str, Decimal]
    carried: Decimal
    fund: str


def left_of(issue: StockIssue) -> dict[tuple[int, int], Balance]:
    """What of an issue may still come back, by line and batch."""
    rows = sql.rows(LEFT_SQL, [issue.source, issue.pk])
    return {(position, batch): Balance(quantity, amount) for position, batch, quantity, amount in rows}


class DepartmentReturn(Document):
    """Header of a return; ``org_unit`` is the department that brings it back."""

    spec = DocumentSpec(
        kind="logistics.department_return",
        title="科室退库单",
        prefix="TK",
        header_fields=("issue", "store", "reason"),
        line_fields=("issue_position", "item", "batch", "quantity", "intact"),
    )

    issue = models.ForeignKey(StockIssue, models.PROTECT, related_name="+", verbose_name="原出库单")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="退入库房")
    reason = models.CharField("退库原因", max_length=100)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "科室退库单"
        db_table = "logistics_department_return"

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        batches = Batch.objects.in_bulk({line.batch_id for line in lines})
        problems = [
            problem
            for place, line in enumerate(lines)
            for problem in self._line(place, line, items[line.item_id], batches[line.batch_id])
        ]
        if self.issue.state != State.POSTED:
            problems.append(Problem("原出库单尚未过账或已红冲", field="issue"))
        if self.issue.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"原出库单的领用科室是{self.issue.org_unit}", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}不能退入", field="store"))
        if problems:
            raise Invalid(
                f"退库单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _line(self, place: int, line: Any, item: Item, batch: Batch) -> list[Problem]:
        found = []
        bad = self.store.kind == Store.Kind.QUARANTINE
        if line.quantity <= 0:
            found.append(Problem("数量必须大于零", field="quantity", line=place))
        if batch.item_id != item.pk:
            found.append(Problem("该批号不是这种物资的", field="batch", line=place))
        if item.sterile and not line.intact and not bad:
            found.append(Problem("无菌物品包装已破损，只能退入不合格品库", field="intact", line=place))
        if batch.expiry < self.business_date and not bad:
            found.append(Problem(f"已于 {batch.expiry} 过期，只能退入不合格品库", field="batch", line=place))
        return found

    def apply(self, ctx: PostingContext) -> ReturnFacts:
        if not scope.has(ctx.actor, self.spec.permission("post"), self.store.org_unit_id):
            raise Forbidden(
                f"{self.store} 由其他科室管理，您不能收退库。", way_out="请由该库房的库管员验收过账。"
            )
        sql.row("SELECT id FROM logistics_issue WHERE id = %s FOR UPDATE", [self.issue_id])
        lines = list(self.lines.order_by("position"))
        amounts = self._amounts(lines)
        moves = [
            subledger.Move(x.position, x.item_id, x.batch_id, x.quantity, amounts[x.position]) for x in lines
        ]
        subledger.write(moves, store_id=self.store_id, kind="department_return", ctx=ctx)
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])
        self.total = sum(amounts.values(), Decimal(0))
        carried = self._take_out_of_use(lines, ctx)
        self._give_back(ctx)
        administrative = durables.bears_administration(self.org_unit_id, self.issue.business_date)
        accounts = {
            item: codes
            for item, *codes in sql.rows(ACCOUNTS_SQL, [administrative, [x.item_id for x in lines]])
        }
        inventory: dict[str, Decimal] = defaultdict(Decimal)
        expense: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            stock, cost = accounts[line.item_id]
            inventory[stock] += amounts[line.position]
            expense[cost] += amounts[line.position] - carried.get(line.position, Decimal(0))
        return ReturnFacts(
            dict(inventory), dict(expense), sum(carried.values(), Decimal(0)), self.issue.fund.code
        )

    def _amounts(self, lines: Sequence[Any]) -> dict[int, Decimal]:
        """Each line at the amount its goods were issued for. Raises Conflict for more than is left of the issue."""
        left, amounts, problems = left_of(self.issue), {}, []
        for line in lines:
            key = (line.issue_position, line.batch_id)
            held = left.get(key, Balance())
            if line.quantity > held.quantity:
                problems.append(
                    Problem(
                        f"原出库单第 {line.issue_position} 行该批号可退 {held.quantity.normalize():f}，"
                        f"不能退 {line.quantity.normalize():f}",
                        field="quantity", line=line.position - 1,
                    )
                )  # fmt: skip
                continue
            amount = value_out(held.quantity, held.amount, line.quantity)
            left[key] = Balance(held.quantity - line.quantity, held.amount - amount)
            amounts[line.position] = amount
        if problems:
            raise Conflict(
                "退库数量超过已领未退的数量", code="more_than_issued", problems=problems,
                way_out="请按原出库单实际领用的批号与数量退库。",
            )  # fmt: skip
        return amounts

    def _give_back(self, ctx: PostingContext) -> None:
        """The budget the issue had spent is free again by what came back."""
        issue = self.issue
        wants = [
            budget.Want(issue.org_unit_id, group, amount, project, position)
            for group, amount, project, position in sql.rows(SPENT_SQL, [self.pk, issue.source])
        ]
        if wants:
            budget.take_back(
                wants,
                source=issue.source,
                day=issue.business_date,
                by=ctx.source,
                on=ctx.on,
                actor=ctx.actor,
            )

    def _take_out_of_use(self, lines: Sequence[Any], ctx: PostingContext) -> dict[int, Decimal]:
        """Durables that come back are not in use any more; the cost still carried, by line."""
        found = DurableInUse.objects.filter(source=self.issue.source)
        rows = dict(found.values_list("line_position", "pk"))
        held = durables.lock(list(rows.values()))
        carried, changes = {}, []
        for line in lines:
            pk = rows.get(line.issue_position)
            if pk is None:
                continue
            now = held[pk]
            if line.quantity > now.quantity:
                raise Conflict(
                    "所退低值易耗品已报废或退回", code="not_in_use", way_out="请查看在用低值易耗品。",
                    problems=[Problem(f"在用 {now.quantity.normalize():f}", field="quantity", line=line.position - 1)],
                )  # fmt: skip
            cost = value_out(now.quantity, now.cost, line.quantity)
            expensed = value_out(now.quantity, now.expensed, line.quantity)
            held[pk] = type(now)(now.quantity - line.quantity, now.cost - cost, now.expensed - expensed)
            carried[line.position] = cost - expensed
            changes.append(durables.Change(pk, line.position, -line.quantity, -cost, -expensed))
        durables.write(changes, source=ctx.source, on=ctx.on)
        return carried

    def entries(self, facts: ReturnFacts) -> list[EntryDraft]:
        fund = facts.fund
        memo = f"项目 {self.issue.project}" if self.issue.project is not None else ""
        lines = [
            LineDraft(account=a, amount=v, fund=fund, memo=memo)
            for a, v in sorted(facts.inventory.items())
            if v
        ]
        lines += [
            LineDraft(account=a, amount=-v, org_unit_id=self.org_unit_id, fund=fund, memo=memo)
            for a, v in sorted(facts.expense.items())
            if v
        ]
        if facts.carried:
            lines.append(LineDraft(account=durables.IN_USE_ACCOUNT, amount=-facts.carried, fund=fund))
        return [EntryDraft(self.business_date, f"科室退库 {self.store}", lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        sql.row("SELECT id FROM logistics_issue WHERE id = %s FOR UPDATE", [self.issue_id])
        subledger.mirror(kind="department_return_reversal", ctx=ctx)
        durables.undo(source=ctx.source, on=ctx.on)
        budget.undo(by=ctx.source, on=ctx.on, actor=ctx.actor)


class DepartmentReturnLine(DocumentLine):
    """One batch brought back; ``issue_position`` is the line of the issue it left by."""

    document = models.ForeignKey(
        DepartmentReturn, models.CASCADE, related_name="lines", verbose_name="科室退库单"
    )
    issue_position = models.PositiveSmallIntegerField("原出库单行")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    quantity = QuantityField("退库数量")
    intact = models.BooleanField("包装完好", default=False)
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "科室退库明细"
        db_table = "logistics_department_return_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_department_return_line_position"
            ),
            not_negative("quantity", name="logistics_department_return_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


def keep_what_came_back(document: Any, ctx: PostingContext) -> None:
    """An issue goods came back from cannot be undone as if they had not."""
    numbers = DepartmentReturn.objects.filter(issue_id=document.pk, state=State.POSTED).values_list(
        "number", flat=True
    )
    if numbers:
        raise Conflict(
            f"{document} 已由 {'、'.join(map(str, numbers))} 退库，不能红冲", code="returned",
            way_out="请先红冲退库单，或对其余部分另办退库。",
        )  # fmt: skip


def register() -> None:
    gates.register(gates.Gate("returns", gates.Moment.ISSUE, mirror=keep_what_came_back))
