"""A small hospital that buys: a buyer, two inspectors, a keeper and the goods they meet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item, Store
from hrp.logistics.purchasing.documents.inspection import Inspection
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.selectors import progress
from hrp.logistics.purchasing.services import ordering, receiving
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.access.models import User
from hrp.platform.base import clock, health
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

NOON = clock.at(DAY, 12)


def all_of(*kinds: str) -> list[str]:
    return [f"logistics.{kind}.{act}" for kind in kinds for act in ACTS]


class Market:
    """People and goods; everything happens at noon of the tests' day unless told otherwise."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.room = Stockroom(self.world)
        self.store, self.supplier, self.fund = self.room.store, self.room.supplier, self.room.fund
        common = {"campus": self.world.campus, "org_unit": self.world.unit}
        self.bad = Store.objects.create(code="Q", name="不合格品库", kind="quarantine", **common)
        self.buyer = self.world.user(
            "m-buyer", "采购甲", *all_of("purchase_plan", "purchase_order", "delivery_note", "supplier_return", "inspection"),
            "logistics.stocking_rule.edit", "logistics.inspection.sign",
        )  # fmt: skip
        inspecting = [*all_of("inspection"), "logistics.inspection.sign", "logistics.stock_receipt.edit"]
        self.inspector = self.world.user("m-inspector", "验收乙", *inspecting)
        self.second = self.world.user("m-second", "验收丙", *inspecting)
        self.keeper = self.world.user(
            "m-keeper", "库管丁", *all_of("stock_receipt", "stock_issue", "supplier_return")
        )
        self.head = self.world.user(
            "m-head", "科长戊", "logistics.concession.decide", "logistics.stock_receipt.view"
        )
        self.gauze, self.syringe = self.room.gauze, self.room.syringe
        Item.objects.filter(pk=self.syringe.pk).update(device_class="2", sterile=True)
        self.stent = Item.objects.create(
            code="HC09", name="药物支架", spec="3.0×24", unit="个", kind="high_value", material_class=self.gauze.material_class,
            device_class="3", implant=True, sterile=True,
        )  # fmt: skip

    def line(self, item: Item, quantity: Any = 10, price: Any = "2.00", **more: Any) -> dict[str, Any]:
        return {"item": item.pk, "quantity": str(quantity), "price": str(price), **more}

    def order(self, *lines: dict[str, Any], due: dt.date | None = None, post: bool = True) -> PurchaseOrder:
        header = {
            "campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY, "supplier": self.supplier.pk,
            "store": self.store.pk, "due_on": due or DAY + dt.timedelta(days=7),
        }  # fmt: skip
        draft = services.save_draft(
            PurchaseOrder, actor=self.buyer, header=header, lines=lines or [self.line(self.gauze)]
        )
        return self.post(draft, self.buyer) if post else draft

    def post(self, document: Any, actor: User) -> Any:
        return posting.post(services.submit(document, actor=actor), actor=actor)

    def sent(self, *lines: dict[str, Any], due: dt.date | None = None) -> PurchaseOrder:
        order = self.order(*lines, due=due)
        ordering.send(actor=self.buyer, order=order)
        return order

    def inspection(self, order: PurchaseOrder, **changes: Any) -> Inspection:
        """A draft of everything still to come, all judged well; ``changes`` go into every line."""
        rows = [self.dated(row) | changes for row in receiving.expected(order, None)]
        header = receiving.header_of(self.store, supplier=self.supplier.pk, note_number="SH1")
        failing = changes.pop("failing", {})
        rows = [{k: v for k, v in row.items() if k != "failing"} for row in rows]
        found, _ = receiving.inspect(
            actor=self.inspector, header=header, rows=receiving.judged_rows(rows, failing), finish=False
        )
        return found

    def dated(self, row: dict[str, Any]) -> dict[str, Any]:
        """Lot and dates for goods that have them: made a month ago, good for three years."""
        item = Item.objects.get(pk=row["item"])
        if not item.lot_required:
            return row
        return row | {
            "lot": "L1", "produced": DAY - dt.timedelta(days=30), "expiry": DAY + dt.timedelta(days=1065),
        }  # fmt: skip

    def accepted(self, order: PurchaseOrder, **changes: Any) -> list[StockReceipt]:
        """Inspected by one, signed by another where two must, with its draft receipts."""
        document = services.submit(self.inspection(order, **changes), actor=self.inspector)
        if any(line.item.implant for line in document.lines.select_related("item")):
            receiving.put_signature(actor=self.second, inspection=document)
        document = posting.post(document, actor=self.inspector)
        return receiving.draft_receipts(actor=self.inspector, inspection=document)

    def received(self, order: PurchaseOrder, **changes: Any) -> StockReceipt:
        return self.post_receipt(self.accepted(order, **changes)[0])

    def post_receipt(self, receipt: StockReceipt) -> StockReceipt:
        return self.post(receipt, self.keeper)

    def direct(self, *lines: dict[str, Any], post: bool = True, **header: Any) -> StockReceipt:
        """A receipt typed by the keeper, without an inspection."""
        draft = services.save_draft(
            StockReceipt, actor=self.keeper, header={**self.room.receipt_header(), **header}, lines=lines
        )
        return self.post_receipt(draft) if post else draft

    def status(self, order: PurchaseOrder) -> str:
        found = progress.of(order.pk)
        return found.status if found else ""

    def received_of(self, order: PurchaseOrder) -> list[Decimal]:
        return [line.received for line in progress.lines_of(order.pk)]

    def check(self) -> None:
        assert [(o.id, o.rows, o.detail) for o in health.run("logistics") if o.state != "ok"] == []
