"""The hospital of settlement's tests: what :class:`Business` has, and people who invoice, pay and close."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.services import closing
from hrp.logistics.tests.test_subledger import Business
from hrp.platform.access.models import User
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Line, Period

KINDS = ("supplier_invoice", "cost_adjustment", "opening_stock", "payment_request")
MORE = ("payable.view", "payable.export", "month_close.view", "opening_stock.enable", "stock.view", "stock.export",
        "budget_line.view", "budget_line.edit", "budget_line.change")  # fmt: skip


class Settling(Business):
    """``items`` are valued by batch, moving average, FIFO and month average, in that order."""

    def __init__(self) -> None:
        super().__init__()
        codes = [f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS] + [
            f"logistics.{code}" for code in MORE
        ]
        self.world.grant(self.clerk, *codes, closing.CLOSE, closing.REOPEN)
        self.period: Period = self.world.period

    def second(self, username: str = "second") -> User:
        return self.world.user(username, "另一人", closing.VIEW, closing.CLOSE, closing.REOPEN)

    def invoice(
        self, receipt: Any, total: Any, *lines: dict[str, Any], number: str = "", **header: Any
    ) -> Any:
        """Post an invoice; without lines it is for the whole receipt's first line."""
        if not lines:
            line = receipt.lines.get(position=1)
            lines = ({"receipt_line": line.pk, "quantity": str(line.quantity), "amount": str(total)},)
        given = {
            "supplier": self.room.supplier.pk, "invoice_number": number or self.number(), "invoice_date": DAY,
            "invoice_total": str(total), "fund": self.room.fund.pk, "difference_reason": "供应商调价",
        }  # fmt: skip
        return self.do(SupplierInvoice, given | header, *lines)

    def number(self) -> str:
        return f"2632{SupplierInvoice.objects.count():016d}"

    def adjust(self, *lines: dict[str, Any], **header: Any) -> Any:
        given = {"purpose": "freight", "supplier": self.room.supplier.pk, "fund": self.room.fund.pk}
        return self.do(CostAdjustment, given | header, *lines)

    def open_store(self, *lines: dict[str, Any], store: int = 0) -> Any:
        return self.do(OpeningStock, {"store": self.stores[store].pk, "fund": self.room.fund.pk}, *lines)

    def pay(self, *parts: tuple[int, Any], reference: str = "B1", **header: Any) -> Any:
        lines = [{"payable": pk, "amount": str(amount)} for pk, amount in parts]
        given = {"supplier": self.room.supplier.pk, "fund": self.room.fund.pk, "bank_reference": reference}
        return self.do(PaymentRequest, given | header, *lines)

    def issue_to(self, unit: Any, item: Any, quantity: Any) -> Any:
        from hrp.logistics.documents.stock_issue import StockIssue

        header = {"store": self.stores[0].pk, "fund": self.room.fund.pk, "org_unit": unit.pk}
        return self.do(StockIssue, header, {"item": item.pk, "quantity": str(quantity)})

    def booked(self, source: str) -> dict[tuple[str, int | None], Decimal]:
        """Sums of a document's entries by account and department."""
        sums: dict[tuple[str, int | None], Decimal] = {}
        for line in Line.objects.filter(entry__source=source).select_related("account"):
            key = line.account.code, line.org_unit_id
            sums[key] = sums.get(key, Decimal(0)) + line.amount
        return {key: amount for key, amount in sums.items() if amount}

    def next_month(self) -> Period:
        from hrp.platform.ledger import services as ledger

        return ledger.open_period(book=self.world.book, year=2026, month=12, actor=self.world.owner)


DECEMBER = dt.date(2026, 12, 5)
