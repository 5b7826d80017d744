"""One hospital in which everything that moves materials can be done: three stores, five items, four lots, every method."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.logistics.counting.documents.scrap import Scrap
from hrp.logistics.counting.models import PendingLoss
from hrp.logistics.counting.services import concluding, counting, planning, scrapping
from hrp.logistics.counting.services.counting import Entry
from hrp.logistics.counting.tests.world import Counted
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.use_booking import UseBooking
from hrp.logistics.highvalue.models import ConsignMove, PatientUse, TraceUnit
from hrp.logistics.highvalue.services import using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item, Layer, Reservation, StockBalance, Store, Valuation
from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn, received_lines
from hrp.logistics.requesting.documents.department_return import DepartmentReturn, left_of
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.services import delivering
from hrp.logistics.settlement.tests.world import Settling
from hrp.logistics.subledger.transit import open_of
from hrp.platform.base import clock, health
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document, State
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Line

KINDS = (
    "supplier_return", "department_return", "consign_in", "use_booking", "requisition", "stocktake", "scrap",
)  # fmt: skip
MORE = (
    "theatre.use", "unit.pick", "unit.edit", "patient_use.cancel", "month_close.view", "delivery.hand_over", "count.work",
)  # fmt: skip
LOTS = {
    "A": dt.date(2027, 1, 31),
    "B": dt.date(2027, 6, 30),
    "C": dt.date(2028, 1, 31),
    "D": dt.date(2029, 1, 31),
}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Use:
    """A consigned piece used for a patient: undone by cancelling it, not by a reversal."""

    row: PatientUse


class Hospital(Settling, Counted):
    """``items`` are valued by batch, moving average, FIFO and month average; ``stent`` is followed piece by piece.

    ``stores`` are three; ``cabinet`` holds the supplier's stents.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world.grant(
            self.clerk, *(f"logistics.{code}" for code in MORE),
            *(f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS),
        )  # fmt: skip
        common = {"campus": self.world.campus, "org_unit": self.world.unit}
        self.stores.append(Store.objects.create(code="S3", name="手术室库", kind="second", **common))
        self.cabinet = Store.objects.create(
            code="J1", name="寄售柜", kind="consignment", parent=self.store, **common
        )
        self.stent = Item.objects.create(
            code="GZ01", name="药物洗脱支架", spec="3.0×24mm", unit="个", kind="high_value", trace_mode="unit", consigned=True,
            material_class=self.room.gauze.material_class, chargeable=True, charge_item="S-3001", implant=True,
            registration_number="国械注准20203130001", manufacturer="杏康医疗器械有限公司", barcode="06901234567892",
        )  # fmt: skip

    # -- what people do --------------------------------------------------------------------------------------------

    def receive_lot(self, item: Item, quantity: Any, amount: Any, lot: str = "A", store: int = 0) -> Any:
        return self.receive(item, quantity, amount, lot, store, expiry=str(LOTS[lot]))

    def send_to(self, item: Item, quantity: Any, store: int, to: int) -> Any:
        header = {"store": self.stores[store].pk, "to_store": self.stores[to].pk}
        return self.do(StockTransfer, header, {"item": item.pk, "quantity": str(quantity)})

    def arrive(self, transfer: StockTransfer, part: Decimal = Decimal(1)) -> Any:
        """A share of what is on its way; all of it where a share would be nothing."""
        nothing = not any(_share(one.quantity, part) for one in open_of(transfer.pk, transfer.source))
        return super().arrive(transfer, Decimal(1) if nothing else part)

    def bring_back(self, issue: StockIssue, part: Decimal = Decimal(1)) -> Any:
        """A share of all that is left of an issue, batch by batch; None when nothing is."""
        items = {line.position: line.item_id for line in issue.lines.all()}
        lines = [
            {
                "issue_position": place,
                "item": items[place],
                "batch": batch,
                "quantity": str(q),
                "intact": True,
            }
            for (place, batch), left in left_of(issue).items()
            if (q := _share(left.quantity, part))
        ]
        header = {"issue": issue.pk, "store": issue.store_id, "reason": "多领", "org_unit": issue.org_unit_id}
        return self.do(DepartmentReturn, header, *lines) if lines else None

    def send_back(self, receipt: StockReceipt, part: Decimal = Decimal(1)) -> Any:
        """A share of what is left of a receipt goes back to its supplier; None when nothing is left."""
        lines = [
            {"receipt_position": line.position, "item": line.item_id, "quantity": str(q)}
            for line in received_lines(receipt.pk).values()
            if (q := _share(line.left, part))
        ]
        header = {"receipt": receipt.pk, "store": receipt.store_id, "reason": "质量问题"}
        return self.do(SupplierReturn, header, *lines) if lines else None

    def freight(self, receipt: StockReceipt, amount: Decimal) -> Any:
        return self.adjust({"receipt_line": receipt.lines.get().pk, "amount": str(amount)})

    def count_with(self, store: int, difference: Decimal) -> Any:
        """A store counted by two: the first batch differs, all others are as the books say. None when empty."""
        if not StockBalance.objects.filter(store=self.stores[store], quantity__gt=0).exists():
            return None
        task = planning.freeze(self.stores[store], actor=self.planner, counters=[self.first, self.second])
        lines = list(task.lines.order_by("position"))
        for counter in (self.first, self.second):
            found = [
                Entry(uuid.uuid4(), max(line.book + (difference if place == 0 else 0), Decimal(0)), clock.now(), line.pk)
                for place, line in enumerate(lines)
            ]  # fmt: skip
            counting.record(task, found, actor=counter)
        draft = concluding.conclude(task, actor=self.planner)
        return None if draft is None else self.book(draft)

    def damage(self, store: int, item: Item, quantity: Decimal) -> Any:
        """Some of the first batch of an item is broken, examined by another and written off. None when there is none."""
        held = StockBalance.objects.filter(store=self.stores[store], item=item, quantity__gt=0).order_by("pk")
        row = held.first()
        if row is None:
            return None
        header = self.header(store=row.store_id, fund=self.room.fund.pk, cause="broken")
        line = {"item": row.item_id, "batch": row.batch_id, "quantity": str(min(quantity, row.quantity))}
        draft = services.save_draft(Scrap, actor=self.planner, header=header, lines=[line])
        draft = services.submit(draft, actor=self.planner)
        scrapping.appraise(draft, actor=self.appraiser, opinion="包装破损")
        return posting.post(draft, actor=self.planner)

    def consign(self, quantity: int, lot: str = "A") -> Any:
        header = {"store": self.cabinet.pk, "supplier": self.room.supplier.pk, "mode": "consign"}
        line = {
            "item": self.stent.pk, "lot": lot, "expiry": str(LOTS[lot]), "quantity": str(quantity), "price": "798.33",
        }  # fmt: skip
        return self.do(ConsignIn, header, line)

    def use(self, unit: TraceUnit | None = None) -> Use | None:
        """The oldest piece in the cabinet is opened for a patient. None when the cabinet is empty."""
        unit = unit or TraceUnit.objects.filter(store=self.cabinet, state="in_consign").order_by("pk").first()
        if unit is None:
            return None
        visit = Visit(f"ZY{unit.pk:08d}", "张三", "冠脉支架植入术", "陈医生", self.world.unit.pk)
        return Use(using.use(actor=self.clerk, visit=visit, code=unit.uid))

    def book_use(self, use: Use) -> Any:
        return self.do(UseBooking, {"store": self.store.pk, "fund": self.room.fund.pk}, {"use": use.row.pk})

    def ask(self, item: Item, quantity: Any) -> Any:
        """A request granted whole, and what gives it out, posted."""
        header = self.header(store=self.store.pk)
        line = {"item": item.pk, "quantity": str(quantity)}
        draft = services.save_draft(Requisition, actor=self.clerk, header=header, lines=[line])
        granted = posting.post(services.submit(draft, actor=self.clerk), actor=self.clerk)
        return posting.post(delivering.deliver(granted, actor=self.clerk), actor=self.clerk)

    # -- undoing and looking ---------------------------------------------------------------------------------------

    def undo(self, done: Any) -> None:
        """Raises Conflict when something later keeps it."""
        if isinstance(done, Use):
            using.cancel(actor=self.clerk, use=done.row, reason="撤销")
            return
        actor = self.planner if done.spec.kind in ("logistics.stocktake", "logistics.scrap") else self.clerk
        posting.reverse(done, actor=actor, reason="撤销", on=DAY)

    def open_transfers(self) -> list[StockTransfer]:
        sent = StockTransfer.objects.filter(state=State.POSTED).order_by("pk")
        return [one for one in sent if open_of(one.pk, one.source)]

    def broken(self) -> list[str]:
        """What does not hold, in the words people read."""
        return [o.words() for o in health.run("logistics") if o.state != "ok"]

    def leftovers(self) -> list[str]:
        """What is still there when everything was undone; nothing must be."""
        found = [
            f"{model.__name__} {row.quantity} {row.amount}"
            for model in (StockBalance, Valuation, Layer)
            for row in model._default_manager.exclude(quantity=0, amount=0)
        ]
        found += [f"占用 {row.quantity}" for row in Reservation.objects.all()]
        found += [f"待处理 {row.amount}" for row in PendingLoss.objects.filter(is_undone=False)]
        if (memo := sum(ConsignMove.objects.values_list("quantity", flat=True))) != 0:
            found.append(f"寄售 {memo}")
        found += [f"唯一码 {unit.uid}" for unit in TraceUnit.objects.exclude(store=None)]
        sums: dict[tuple[str, int | None], Decimal] = {}
        for code, unit, amount in Line.objects.values_list("account__code", "org_unit", "amount"):
            sums[code, unit] = sums.get((code, unit), Decimal(0)) + amount
        return found + [f"{code} {unit} {amount}" for (code, unit), amount in sums.items() if amount]


def _share(whole: Decimal, part: Decimal) -> Decimal:
    return whole if part == 1 else (whole * part).quantize(CENT)


def posted(documents: Sequence[Any], kind: type[Document]) -> list[Any]:
    return [one for one in documents if isinstance(one, kind)]
