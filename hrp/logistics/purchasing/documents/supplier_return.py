"""退货单 (supplier return): goods go back at the price they came in with, to the fen, and the payable goes with them.

Goods valued by batch usually leave at that very amount (case STK-19). Where the value kept is no longer the price paid,
because an average has moved or other layers were left, the difference stays visible as an expense of the store's keeper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.documents.stock_receipt import ESTIMATED_PAYABLE, PAYABLE, Origin, StockReceipt
from hrp.logistics.models import Item, Store
from hrp.logistics.purchasing.outgoing import Leaving, leave
from hrp.logistics.rules.valuation import value_out
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory

ZERO = Decimal(0)

RECEIVED_SQL = """
SELECT l.position, l.id, l.item_id, m.batch_id, l.lot, l.quantity, l.amount, v.code,
       CASE WHEN %s THEN a.code ELSE x.code END
FROM logistics_receipt_line l
JOIN logistics_move m ON m.source = 'logistics.stock_receipt:' || l.document_id AND m.line_position = l.position
    AND m.kind = 'receipt' AND m.reverses_id IS NULL
JOIN logistics_item i ON i.id = l.item_id JOIN logistics_class c ON c.id = i.material_class_id
JOIN ledger_account v ON v.id = c.inventory_account_id
JOIN ledger_account x ON x.id = c.expense_account_id JOIN ledger_account a ON a.id = c.admin_expense_account_id
WHERE l.document_id = %s ORDER BY l.position
"""

RETURNED_SQL = """
SELECT l.receipt_position, sum(l.quantity), sum(l.amount) FROM logistics_supplier_return_line l
JOIN logistics_supplier_return d ON d.id = l.document_id AND d.state = 'posted'
WHERE d.receipt_id = %s GROUP BY 1
"""

AMOUNTS_SQL = """
UPDATE logistics_supplier_return_line l SET amount = a.amount, stock_amount = a.stock, owed_account = a.account
FROM unnest(%s::int[], %s::numeric[], %s::numeric[], %s::text[]) AS a(position, amount, stock, account)
WHERE l.document_id = %s AND l.position = a.position
"""


@dataclass(frozen=True)
class ReceivedLine:
    """One line of the receipt with what of it has gone back already; amounts in yuan."""

    position: int
    line_id: int
    item_id: int
    batch_id: int
    lot: str
    quantity: Decimal
    amount: Decimal
    inventory: str
    expense: str
    returned: Decimal = ZERO
    returned_amount: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.quantity - self.returned

    def worth(self, quantity: Decimal) -> Decimal:
        """The price paid for ``quantity``: the last piece takes the tail."""
        return value_out(self.left, self.amount - self.returned_amount, quantity)


def received_lines(receipt_id: int, *, administrative: bool = False) -> dict[int, ReceivedLine]:
    """The lines of a posted receipt by position."""
    back = {
        position: (quantity, amount) for position, quantity, amount in sql.rows(RETURNED_SQL, [receipt_id])
    }
    return {
        row[0]: ReceivedLine(*[*row, *back.get(row[0], (ZERO, ZERO))])
        for row in sql.rows(RECEIVED_SQL, [administrative, receipt_id])
    }


@dataclass(frozen=True)
class ReturnFacts:
    """Yuan per inventory account that left, per expense account what the price paid differs from it, per payable."""

    stock: dict[str, Decimal]
    difference: dict[str, Decimal]
    owed: dict[str, Decimal]


class SupplierReturn(Document):
    """Header of a return; ``org_unit`` keeps the store the goods leave, ``receipt`` is what brought them."""

    spec = DocumentSpec(
        kind="logistics.supplier_return",
        title="退货单",
        prefix="TH",
        header_fields=("receipt", "store", "reason", "handler"),
        line_fields=("receipt_position", "item", "quantity"),
    )

    receipt = models.ForeignKey(StockReceipt, models.PROTECT, related_name="+", verbose_name="原入库单")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="退出库房")
    reason = models.CharField("退货原因", max_length=200)
    handler = models.CharField("供应商经手人", max_length=50, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "退货单"
        db_table = "logistics_supplier_return"

    def compute(self, lines: Sequence[Any]) -> None:
        """What the lines are worth as far as the receipt says; fixed at posting."""
        there = received_lines(self.receipt_id) if self.receipt_id else {}
        for line in lines:
            of = there.get(line.receipt_position)
            if of is not None and line.quantity is not None and 0 < line.quantity <= of.left:
                line.amount = of.worth(line.quantity)
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def validate(self, lines: Sequence[Any]) -> None:
        problems = []
        if self.receipt.state != State.POSTED:
            problems.append(Problem("原入库单尚未过账或已红冲", field="receipt"))
        if self.receipt.origin != Origin.PURCHASE:
            problems.append(
                Problem(f"{self.receipt.get_origin_display()}入库的物资不能退给供应商", field="receipt")
            )
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}不能退货", field="store"))
        there = received_lines(self.receipt_id)
        for place, line in enumerate(lines):
            problems += _against_receipt(line, there, place)
        if problems:
            raise Invalid(
                f"退货单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> ReturnFacts:
        """Out of the store whatever its expiry or hold, each line at what was paid for it."""
        sql.row("SELECT id FROM logistics_receipt WHERE id = %s FOR UPDATE", [self.receipt_id])
        if not StockReceipt.objects.filter(pk=self.receipt_id, state=State.POSTED).exists():
            raise Conflict(
                "原入库单已红冲，不能退货", code="receipt_reversed", way_out="红冲已把物资冲回，无须再退。"
            )
        unit = org.category_map(ctx.on).get(self.org_unit_id)
        administrative = unit is not None and unit.category == UnitCategory.ADMIN
        there = received_lines(self.receipt_id, administrative=administrative)
        leaving, problems = [], []
        for line in self.lines.order_by("position"):
            problems += _against_receipt(line, there, line.position - 1)
            of = there.get(line.receipt_position)
            if of is None or problems:
                continue
            leaving.append(
                Leaving(line.position, of.item_id, of.batch_id, line.quantity, of.worth(line.quantity),
                        f"logistics.stock_receipt:{self.receipt_id}", of.position, of.lot)
            )  # fmt: skip
        if problems:
            raise Conflict(
                "退货数量超过该次入库可退的数量", problems=problems, code="more_than_received",
                way_out="请按实际可退数量修改；其余的属于别的入库单。",
            )  # fmt: skip
        # before the estimates, as in every document
        held = subledger.hold({self.store_id: [one.item_id for one in leaving]})
        accounts = self._owed_accounts([(there[one.receipt_position], one) for one in leaving])
        taken = leave(leaving, store=self.store, source=ctx.source, held=held)
        subledger.write(
            taken.moves, store_id=self.store_id, kind="supplier_return", ctx=ctx, methods=taken.methods
        )
        self.total = sum((one.amount for one in leaving), ZERO)
        sql.run(
            AMOUNTS_SQL,
            [
                [o.position for o in leaving],
                [o.amount for o in leaving],
                [taken.amounts[o.position] for o in leaving],
                [accounts[o.position] for o in leaving],
                self.pk,
            ],
        )
        gates.applied(gates.Moment.SUPPLIER_RETURN, self, ctx)
        return _facts([(there[one.receipt_position], one) for one in leaving], taken.amounts, accounts)

    def _owed_accounts(self, leaving: Sequence[tuple[ReceivedLine, Leaving]]) -> dict[int, str]:
        """What each line lessens: the estimate as long as no invoice has come for it, then the payable."""
        account = self.receipt.credit_account
        still = gates.still_estimated([of.line_id for of, _one in leaving])
        if account != ESTIMATED_PAYABLE or still is None:
            return {one.position: account for _of, one in leaving}
        partly = [one.position for of, one in leaving if 0 < still.get(of.line_id, ZERO) < of.left]
        if partly:
            raise Conflict(
                f"第 {'、'.join(map(str, partly))} 行只来了部分发票，不能退货", code="partly_invoiced",
                way_out="请等其余发票登记后再退，或先红冲该行的发票。",
            )  # fmt: skip
        return {
            one.position: ESTIMATED_PAYABLE if still.get(of.line_id, ZERO) else PAYABLE for of, one in leaving
        }

    def owes(self) -> list[gates.Owed]:
        """What the supplier is owed less, line by line: of its estimate, or of what was invoiced."""
        lines = {line.position: line.pk for line in self.receipt.lines.all()}
        return [
            gates.Owed(
                self.receipt.supplier_id, -(line.amount or ZERO), -line.quantity,
                lines[line.receipt_position] if line.owed_account == ESTIMATED_PAYABLE else None,
            )
            for line in self.lines.order_by("position")
        ]  # fmt: skip

    def entries(self, facts: ReturnFacts) -> list[EntryDraft]:
        fund = self.receipt.fund.code
        lines = [
            LineDraft(account=a, amount=v, fund=fund, memo=self.receipt.supplier.name)
            for a, v in sorted(facts.owed.items()) if v
        ]  # fmt: skip
        lines += [LineDraft(account=a, amount=-v, fund=fund) for a, v in sorted(facts.stock.items()) if v]
        lines += [
            LineDraft(account=a, amount=v, org_unit_id=self.org_unit_id, fund=fund, memo="退货价差")
            for a, v in sorted(facts.difference.items()) if v
        ]  # fmt: skip
        return [EntryDraft(self.business_date, f"退货 {self.receipt.supplier.name}", lines)] if lines else []

    def mirror(self, ctx: PostingContext) -> None:
        if ReturnConfirmation.objects.filter(document_id=self.pk).exists():
            raise Conflict(
                f"{self} 供应商已确认收到退货，不能红冲", code="confirmed",
                way_out="供应商再次送来的，请重新验收入库。",
            )  # fmt: skip
        subledger.lock_moved(ctx.source)
        gates.mirrored(gates.Moment.SUPPLIER_RETURN, self, ctx)
        subledger.mirror(kind="supplier_return_reversal", ctx=ctx)


def _facts(
    leaving: Sequence[tuple[ReceivedLine, Leaving]], kept: Mapping[int, Decimal], accounts: Mapping[int, str]
) -> ReturnFacts:
    """What is booked: ``kept`` and ``accounts`` by line, the amount it was kept at and what is owed less."""
    stock: dict[str, Decimal] = defaultdict(Decimal)
    difference: dict[str, Decimal] = defaultdict(Decimal)
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for of, one in leaving:
        owed[accounts[one.position]] += one.amount
        stock[of.inventory] += kept[one.position]
        difference[of.expense] += kept[one.position] - one.amount
    return ReturnFacts(dict(stock), dict(difference), dict(owed))


def _against_receipt(line: Any, there: dict[int, ReceivedLine], place: int) -> list[Problem]:
    of = there.get(line.receipt_position)
    if of is None:
        return [Problem("原入库单没有这一行", field="receipt_position", line=place)]
    if of.item_id != line.item_id:
        return [Problem("物资与原入库单这一行不符", field="item", line=place)]
    if line.quantity <= 0:
        return [Problem("数量必须大于零", field="quantity", line=place)]
    if line.quantity > of.left:
        back = f"，已退 {of.returned.normalize():f}" if of.returned else ""
        said = f"该行入库 {of.quantity.normalize():f}{back}，不能再退 {line.quantity.normalize():f}"
        return [Problem(said, field="quantity", line=place)]
    return []


class SupplierReturnLine(DocumentLine):
    """What of one receipt line goes back. ``amount`` is what was paid for it, ``stock_amount`` what it was kept at."""

    document = models.ForeignKey(SupplierReturn, models.CASCADE, related_name="lines", verbose_name="退货单")
    receipt_position = models.PositiveSmallIntegerField("入库单行")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("退货数量")
    amount = MoneyField("退货金额", null=True, blank=True)
    stock_amount = MoneyField("账面金额", null=True, blank=True)
    owed_account = models.CharField("冲减科目", max_length=20, blank=True, default="", editable=False)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "退货明细"
        db_table = "logistics_supplier_return_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_supplier_return_line_position"
            ),
            models.UniqueConstraint(
                fields=["document", "receipt_position"], name="logistics_supplier_return_line_once"
            ),
            not_negative("quantity", name="logistics_supplier_return_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


class ReturnConfirmation(AppendOnlyModel):
    """The supplier has the goods back, and says under which paper (red invoice, receipt)."""

    document = models.OneToOneField(SupplierReturn, models.PROTECT, related_name="+", verbose_name="退货单")
    paper = models.CharField("供应商凭据", max_length=60, blank=True)
    at = models.DateTimeField("确认时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )

    class Meta:
        verbose_name = "退货确认"
        db_table = "logistics_supplier_return_confirmation"

    def __str__(self) -> str:
        return f"{self.document} {self.paper}"
