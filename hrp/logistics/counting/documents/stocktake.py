"""盘点单 (stocktake): the differences a count found are posted as differences, never as a new balance (case ACC-04).

A loss costs what an issue of that batch would; a gain is valued at the batch, else at the average, else at the latest
price. Both go to 待处理财产损溢 (1902) until somebody decides who bears them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import subledger
from hrp.logistics.counting.documents import costs, losses
from hrp.logistics.counting.models import CountResult, CountTask
from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.rules import stocktake
from hrp.logistics.subledger.taking import Shortage
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft
from hrp.platform.ledger.models import Fund

AMOUNTS_SQL = """
UPDATE logistics_stocktake_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""

POSTED_SQL = (
    "SELECT number FROM logistics_stocktake WHERE task_id = %s AND id <> %s AND state = 'posted' LIMIT 1"
)


class Reason(models.TextChoices):
    UNKNOWN = "unknown", "待查"
    CLERICAL = "clerical", "收发差错"
    MEASURE = "measure", "计量差异"
    WASTE = "waste", "自然损耗"
    BROKEN = "broken", "破损"
    LOST = "lost", "丢失"
    OTHER = "other", "其他"


class Stocktake(Document):
    """Header of a stocktake; ``org_unit`` keeps the store. It is made from a concluded count, never typed."""

    spec = DocumentSpec(
        kind="logistics.stocktake",
        title="盘点单",
        prefix="PD",
        header_fields=("task", "store", "fund"),
        line_fields=("item", "batch", "book", "moved", "counted", "reason", "reason_note", "price"),
    )

    task = models.ForeignKey(CountTask, models.PROTECT, related_name="stocktakes", verbose_name="盘点任务")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "盘点单"
        db_table = "logistics_stocktake"

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            if None not in (line.counted, line.book, line.moved):
                line.difference = line.counted - line.book - line.moved

    def validate(self, lines: Sequence[Any]) -> None:
        """The lines are exactly the differences the count found: nothing is added, dropped or changed."""
        results = (
            CountResult.objects.filter(line__task=self.task_id)
            .exclude(difference=0)
            .select_related("line__item")
        )
        wanted = {r.line.batch_id: r for r in results}
        problems = []
        for place, line in enumerate(lines):
            found = wanted.pop(line.batch_id, None)
            if found is None:
                problems.append(Problem("不在盘点结果中", field="batch", line=place))
            elif (line.book, line.moved, line.counted) != (found.line.book, found.moved, found.counted):
                problems.append(Problem("与盘点结果不一致", field="counted", line=place))
            if line.reason == Reason.OTHER and not line.reason_note.strip():
                problems.append(Problem("请写明原因", field="reason_note", line=place))
        problems += [Problem(f"缺少盘点差异：{r.line.item}", field="lines") for r in wanted.values()]
        if self.task.store_id != self.store_id or self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem("库房或管理科室与盘点任务不一致", field="store"))
        if problems:
            raise Invalid(
                f"盘点单有 {len(problems)} 处需要修改",
                problems=problems,
                way_out="盘点结果不能改，只填写原因；有误请重新盘点。",
            )

    def apply(self, ctx: PostingContext) -> losses.Booked:
        sql.row("SELECT id FROM logistics_count_task WHERE id = %s FOR UPDATE", [self.task_id])
        posted = sql.row(POSTED_SQL, [self.task_id, self.pk])
        if posted is not None:
            raise Conflict(f"该盘点任务已由 {posted[0]} 入账", code="posted_before", way_out="请作废本单。")
        lines: list[Any] = list(self.lines.order_by("position"))
        self._require_reasons(lines)
        held = subledger.hold({self.store_id: [line.item_id for line in lines]})
        taken = self._losses(lines, ctx, held)
        gained = self._gains([line for line in lines if line.difference > 0], taken)
        moves = [*taken.moves, *gained]
        subledger.write(moves, store_id=self.store_id, kind="stocktake", ctx=ctx, methods=taken.methods)
        amounts: dict[int, Decimal] = {}
        for move in moves:
            amounts[move.position] = amounts.get(move.position, Decimal(0)) + move.amount
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])
        self.total = sum(amounts.values(), Decimal(0))
        found = [losses.Found(x.position, x.item_id, x.difference, amounts[x.position]) for x in lines]
        return losses.record(
            found,
            source=ctx.source,
            store_id=self.store_id,
            fund_id=self.fund_id,
            fund=self.fund.code,
            on=ctx.on,
        )

    def _require_reasons(self, lines: Sequence[Any]) -> None:
        problems = [
            Problem("请查明差异原因", field="reason", line=line.position - 1)
            for line in lines
            if line.reason == Reason.UNKNOWN
        ]
        if problems:
            raise Conflict(
                f"{self} 有 {len(problems)} 行差异原因待查", code="reason_unknown", problems=problems,
                way_out="请驳回或撤回，填写原因后再提交。",
            )  # fmt: skip

    def _losses(self, lines: Sequence[Any], ctx: PostingContext, held: Set[int]) -> subledger.Taken:
        """What is missing leaves as it is, whatever its expiry."""
        wants = [
            subledger.Want(x.position, x.item_id, -x.difference, batch_id=x.batch_id)
            for x in lines
            if x.difference < 0
        ]
        methods = subledger.methods_of([x.item_id for x in lines])
        taken = subledger.take(
            wants,
            store_id=self.store_id,
            on=ctx.on,
            source=ctx.source,
            as_is=True,
            methods=methods,
            held=held,
        )
        if taken.short:
            raise Conflict(
                "盘亏多于账面现存", code="loss_exceeds_book", problems=list(map(_gone, taken.short)),
                way_out="盘点之后库存已减少，请重新盘点这些批次。",
            )  # fmt: skip
        return taken

    def _gains(self, lines: Sequence[Any], taken: subledger.Taken) -> list[subledger.Move]:
        if not lines:
            return []
        known = costs.of_batches(self.store_id, [(x.item_id, x.batch_id) for x in lines], taken.methods)
        moves, problems = [], []
        for line in lines:
            cost = known[line.batch_id]
            try:
                amount = stocktake.value(line.difference, cost.held, latest_price=cost.price or line.price)
            except Invalid as refused:
                problems.append(
                    Problem(refused.reason, field="price", line=line.position - 1, way_out=refused.way_out)
                )
                continue
            moves.append(subledger.Move(line.position, line.item_id, line.batch_id, line.difference, amount))
        if problems:
            raise Conflict(
                "有盘盈没有可参照的成本", code="no_price", problems=problems, way_out="请填写单价。"
            )
        return moves

    def entries(self, facts: losses.Booked) -> list[EntryDraft]:
        return losses.entries(facts, on=self.business_date, text=f"盘点损溢 {self.store}")

    def mirror(self, ctx: PostingContext) -> None:
        subledger.lock_moved(ctx.source)
        losses.undo(source=ctx.source)
        subledger.mirror(kind="stocktake_reversal", ctx=ctx)


def _gone(short: Shortage) -> Problem:
    text = f"盘亏 {short.want.quantity.normalize():f}，账面现存 {short.usable.normalize():f}"
    return Problem(text, field="counted", line=short.want.position - 1)


class StocktakeLine(DocumentLine):
    """One batch that differs; ``difference`` is counted less book less what moved in between."""

    document = models.ForeignKey(Stocktake, models.CASCADE, related_name="lines", verbose_name="盘点单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批号")
    book = QuantityField("账面数量")
    moved = QuantityField("时点后收发", default=0)
    counted = QuantityField("实盘数量")
    difference = QuantityField("差异数量", default=0)
    amount = MoneyField("差异金额", null=True, blank=True)
    price = UnitPriceField("评估单价", null=True, blank=True)
    reason = models.CharField("原因", max_length=10, choices=Reason.choices, default=Reason.UNKNOWN)
    reason_note = models.CharField("原因说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "盘点差异"
        db_table = "logistics_stocktake_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_stocktake_line_position"
            ),
            models.UniqueConstraint(fields=["document", "batch"], name="logistics_stocktake_line_batch"),
            not_negative("counted", name="logistics_stocktake_line_counted"),
            models.CheckConstraint(
                condition=models.Q(difference=models.F("counted") - models.F("book") - models.F("moved")),
                name="logistics_stocktake_line_difference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
