"""The five documents keep every promise of a document."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.inspection import Inspection
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn
from hrp.logistics.purchasing.services import receiving
from hrp.logistics.purchasing.tests.world import Market
from hrp.platform.documents.testing import DAY, DocumentContract

WEEK = dt.timedelta(days=7)


class Purchasing(DocumentContract):
    __test__ = False

    def prepare(self) -> None:
        self.market = Market(self.world)


class TestPurchasePlan(Purchasing):
    __test__ = True
    model = PurchasePlan

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "store": self.market.store.pk, "origin": "emergency", "needed_on": DAY + WEEK,
            "reason": "急救用",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "item": self.market.gauze.pk,
                "quantity": "12",
                "supplier": self.market.supplier.pk,
                "price": "1.15",
            }
        ]


class TestPurchaseOrder(Purchasing):
    __test__ = True
    model = PurchaseOrder

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "supplier": self.market.supplier.pk, "store": self.market.store.pk, "due_on": DAY + WEEK,
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [
            self.market.line(self.market.gauze, 12, "1.15"),
            self.market.line(self.market.syringe, 100, "0.62"),
        ]


class TestDeliveryNote(Purchasing):
    __test__ = True
    model = DeliveryNote

    def prepare(self) -> None:
        super().prepare()
        self.order = self.market.sent(self.market.line(self.market.gauze, 1000))
        self.notes = 0

    def header(self) -> dict[str, Any]:
        self.notes += 1
        return {
            **self.common_header(), "supplier": self.market.supplier.pk, "store": self.market.store.pk,
            "note_number": f"N{self.notes}", "expected_on": DAY,
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"item": self.market.gauze.pk, "order_line": self.order.lines.get().pk, "quantity": "10"}]


class TestInspection(Purchasing):
    __test__ = True
    model = Inspection
    max_post_queries = 30

    def prepare(self) -> None:
        super().prepare()
        self.order = self.market.sent(self.market.line(self.market.gauze, 1000))

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "supplier": self.market.supplier.pk, "store": self.market.store.pk,
            "fund": self.market.fund.pk, "note_number": "N1",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        row = {
            "item": self.market.gauze.pk,
            "order_line": self.order.lines.get().pk,
            "quantity": "10",
            "price": "2",
        }
        return receiving.judged_rows([row], {})


class TestSupplierReturn(Purchasing):
    __test__ = True
    model = SupplierReturn
    max_post_queries = 32

    def prepare(self) -> None:
        super().prepare()
        lines = [self.market.line(self.market.gauze, 300, "0.333333")]
        self.receipt = self.market.direct(*lines)

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "receipt": self.receipt.pk, "store": self.market.store.pk, "reason": "包装破损",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"receipt_position": 1, "item": self.market.gauze.pk, "quantity": "7"}]
