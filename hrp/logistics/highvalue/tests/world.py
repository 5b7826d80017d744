"""The smallest hospital with a theatre: a cabinet of a supplier's stents, a store above it, and people who do it all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.documents.transfer_receipt import TransferReceipt
from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.use_booking import UseBooking
from hrp.logistics.highvalue.models import PatientUse, TraceUnit
from hrp.logistics.highvalue.services import using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item, StockBalance, Store
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.access.models import User
from hrp.platform.base import clock, health
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

KINDS = (
    "stock_receipt", "stock_issue", "stock_transfer", "transfer_receipt", "consign_in", "consign_out", "operation_request",
    "use_booking", "use_settlement", "consign_statement",
)  # fmt: skip
MORE = (
    "logistics.theatre.use", "logistics.unit.view", "logistics.unit.pick", "logistics.unit.edit", "logistics.patient_use.view",
    "logistics.freeze.edit", "logistics.freeze.view", "logistics.freeze.release", "logistics.patient_use.approve", "logistics.recall.edit", "logistics.recall.view",
    "logistics.recall.acknowledge", "logistics.adverse_event.edit", "logistics.adverse_event.view", "logistics.charge.edit",
    "logistics.charge.view",
)  # fmt: skip
PERMISSIONS = (*(f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS), *MORE)
GTIN = "06901234567892"
NOON = clock.at(DAY, 12)


class Theatre:
    """``store`` keeps what the hospital bought; ``cabinet`` holds the supplier's, below it."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.room = Stockroom(self.world)
        self.store, self.supplier = self.room.store, self.room.supplier
        common = {"campus": self.world.campus, "org_unit": self.world.unit}
        self.cabinet = Store.objects.create(
            code="J1", name="手术室寄售柜", kind="consignment", parent=self.store, **common
        )
        self.second = Store.objects.create(code="S2", name="手术室二级库", kind="second", **common)
        Store.objects.create(code="T", name="在途", kind="transit", **common)
        self.stent = Item.objects.create(
            code="GZ01", name="冠状动脉药物洗脱支架", spec="3.0×24mm", unit="个", kind="high_value", trace_mode="unit",
            material_class=self.room.syringe.material_class, barcode=GTIN, chargeable=True, charge_item="S-3001",
            implant=True, registration_number="国械注准20203130001", manufacturer="杏康医疗器械有限公司", consigned=True,
        )  # fmt: skip
        self.nurse = self.world.user("nurse", "林护士", *PERMISSIONS)
        self.other = self.world.user("he", "何护士", *PERMISSIONS, "logistics.patient_use.cancel")  # fmt: skip

    def header(self, **more: Any) -> dict[str, Any]:
        return {"campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY, **more}

    def draft(self, model: type[Document], header: dict[str, Any], *lines: dict[str, Any]) -> Any:
        found = services.save_draft(model, actor=self.nurse, header=self.header(**header), lines=lines)
        return services.submit(found, actor=self.nurse)

    def do(self, model: type[Document], header: dict[str, Any], *lines: dict[str, Any]) -> Any:
        return posting.post(self.draft(model, header, *lines), actor=self.nurse)

    def consign_header(self, **more: Any) -> dict[str, Any]:
        return {"store": self.cabinet.pk, "supplier": self.supplier.pk, "mode": "consign", **more}

    def line(self, quantity: Any = 1, lot: str = "L1", **more: Any) -> dict[str, Any]:
        return {
            "item": self.stent.pk,
            "lot": lot,
            "expiry": "2028-06-30",
            "quantity": str(quantity),
            "price": "798",
            **more,
        }

    def consign(self, quantity: int = 3, lot: str = "L1", **more: Any) -> list[TraceUnit]:
        document = self.do(ConsignIn, self.consign_header(**more), self.line(quantity, lot))
        return self.units_of(document)

    def buy(self, quantity: int = 3, lot: str = "B1", amount: str = "2400") -> list[TraceUnit]:
        header = {"store": self.store.pk, "supplier": self.supplier.pk, "fund": self.room.fund.pk}
        return self.units_of(
            self.do(StockReceipt, header, self.line(quantity, lot, price="0", amount=amount))
        )

    def units_of(self, document: Document) -> list[TraceUnit]:
        return list(
            TraceUnit.objects.filter(source=document.source)
            .select_related("item", "batch", "store")
            .order_by("pk")
        )

    def visit(self, number: str = "ZY2026110001", **more: Any) -> Visit:
        values = {"patient": "张三丰", "operation": "冠脉支架植入术", "operator": "陈医生"} | more
        return Visit(number, org_unit_id=self.world.unit.pk, **values)

    def use(self, unit: TraceUnit | str, visit: Visit | None = None, actor: User | None = None) -> PatientUse:
        code = unit if isinstance(unit, str) else unit.uid
        with clock.pinned(NOON):
            return using.use(actor=actor or self.nurse, visit=visit or self.visit(), code=code)

    def book(self, *uses: PatientUse) -> UseBooking:
        header = {"store": self.store.pk, "fund": self.room.fund.pk}
        return self.do(UseBooking, header, *({"use": use.pk} for use in uses))  # type: ignore[no-any-return]

    def send(self, unit_count: int, lot: str = "") -> Any:
        header = {"store": self.store.pk, "to_store": self.second.pk}
        return self.draft(
            StockTransfer, header, {"item": self.stent.pk, "lot": lot, "quantity": str(unit_count)}
        )

    def issue(self, count: int, lot: str = "") -> Any:
        header = {"store": self.store.pk, "fund": self.room.fund.pk}
        return self.draft(StockIssue, header, {"item": self.stent.pk, "lot": lot, "quantity": str(count)})

    def arrive(self, transfer: StockTransfer, batch: int, count: int) -> Any:
        line = {"transfer_position": 1, "item": self.stent.pk, "batch": batch, "quantity": str(count)}
        return self.do(TransferReceipt, {"transfer": transfer.pk}, line)

    def post(self, document: Any) -> Any:
        return posting.post(document, actor=self.nurse)

    def reverse(self, document: Document) -> None:
        posting.reverse(document, actor=self.nurse, reason="撤销", on=DAY)

    def held(self, store: Store | None = None) -> Decimal:
        found = StockBalance.objects.filter(item=self.stent)
        found = found.filter(store=store) if store else found
        return sum(found.values_list("quantity", flat=True), Decimal(0))

    def check(self) -> None:
        with clock.pinned(NOON):
            broken = [(o.id, o.state, o.rows, o.detail) for o in health.run("logistics") if o.state != "ok"]
        assert broken == []
