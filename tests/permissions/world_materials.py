"""The rooms of materials in the hospital of the matrix: what lies in a department once in every place, the rest once.

Documents, and what follows from them, come about through the product's own services; a register that is only kept by
hand is a row.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.catalogue.models import (
    Authorisation,
    ClassNode,
    License,
    LicenseFile,
    OneOffPurchase,
    Override,
    PriceAgreement,
    ScanRecord,
    SupplyVersion,
    VolumeContract,
)
from hrp.logistics.catalogue.services import life
from hrp.logistics.counting.documents.loss_settlement import LossSettlement
from hrp.logistics.counting.documents.scrap import Scrap
from hrp.logistics.counting.models import PendingLoss
from hrp.logistics.counting.services import concluding, counting, planning
from hrp.logistics.counting.services.counting import Entry
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.documents.transfer_receipt import TransferReceipt
from hrp.logistics.models import Item, StockBalance, StockMove, Store, Supplier
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.inspection import Inspection
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn
from hrp.logistics.purchasing.models import Concession, StockingRule
from hrp.logistics.purchasing.services import ordering, replenishing
from hrp.logistics.requesting.documents.department_return import DepartmentReturn
from hrp.logistics.requesting.documents.durable_scrap import DurableScrap
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.models import DepartmentQuota, DurableInUse, QuotaCard, UseAuthority
from hrp.logistics.requesting.services import picking
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import EInvoice, MaterialClose, Payable
from hrp.logistics.subledger.transit import open_of
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.documents.testing import DAY, SINCE
from hrp.platform.ledger.models import Period
from tests.permissions import world_theatre
from tests.permissions.places import canary, common, heavy

if TYPE_CHECKING:
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Builder

YEAR_END = dt.date(2026, 12, 31)
BEFORE = 5_000_000  # ids of documents from before this system: no page has them


def furnish(builder: Builder, *, file: str) -> None:
    """Fill every room; ``file`` is a stored file to serve as an original."""
    materials = _Materials(builder)
    materials.catalogue(file)
    materials.settled()
    theatre = world_theatre.Theatre(builder)
    for place, unit in builder.hospital.units.items():
        store = builder.hospital.stores[place]
        materials.stock(place, unit, store)
        materials.transfers(place, unit, store)
        materials.wishes(place, unit)
        materials.purchases(place, unit, store)
        materials.settlement(place, unit, store)
        materials.limits(place, unit, store)
        materials.requests(place, unit, store)
        materials.given(place, unit, store)
        materials.counted(place, unit, store)
        materials.lost(place, unit, store)
        theatre.works(place, unit, store)
    theatre.recalled()


class _Materials:
    """``actor`` does everything anywhere, ``other`` what two people must do."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.hospital = builder.hospital
        self.room = builder.room
        self.actor = builder.builder
        self.other = self.hospital.people["fi"]
        self.now = clock.now()
        self.counters = [
            self.hospital.people["cn"], builder.base.user("counter", "盘点人", "logistics.count.work")
        ]  # fmt: skip

    def _item(self, code: str, **more: Any) -> Item:
        return Item.objects.create(
            code=code, name=code, unit="个", material_class=self.room.gauze.material_class,
            **{"kind": "consumable", "lot_required": False, "expiry_required": False} | more,
        )  # fmt: skip

    # -- stock -------------------------------------------------------------------------------------------------------

    def stock(self, place: str, unit: OrgUnit, store: Store) -> None:
        """Goods that came and lie there; a receipt and an issue that are being written."""
        word, put, goods = canary(place), self.hospital.put, self.room.gauze.pk
        head = common(place, unit, store=store.pk, fund=self.room.fund.pk)
        receipt = {**head, "supplier": self.room.supplier.pk, "invoice_number": word}
        line = {"item": goods, "lot": word, "quantity": "9", "price": "1.00", "amount": "9.00"}
        posted = self.builder.post(StockReceipt, receipt, [line])
        put("logistics.move", place, StockMove.objects.get(source=posted.source))
        put("logistics.balance", place, StockBalance.objects.get(store=store))
        self.builder.draft(StockReceipt, place, receipt, [line])
        self.builder.draft(StockIssue, place, {**head, "receiver": word}, [{"item": goods, "quantity": "1"}])

    def transfers(self, place: str, unit: OrgUnit, store: Store) -> None:
        """Between two stores of the place: one on its way to be received, one not sent yet."""
        word, kept = canary(place), {"campus": unit.campus, "org_unit": unit}
        second = Store.objects.create(code=f"S2-{place}", name=f"二级库 {word}", kind="second", **kept)
        office = self.builder.costing.office
        Store.objects.get_or_create(
            kind="transit", campus=unit.campus,
            defaults={"code": f"T{unit.campus_id}", "name": "在途", "org_unit": office},
        )  # fmt: skip
        header = common(place, unit, store=store.pk, to_store=second.pk)
        line = {"item": self.room.gauze.pk, "quantity": "2"}
        sent = self.builder.post(StockTransfer, header, [line])
        for door in ("one", "scan"):
            self.hospital.put(f"logistics.handheld.receive.{door}", place, sent)
        [way] = open_of(sent.pk, sent.source)
        arrived = {"transfer_position": 1, "item": way.item_id, "batch": way.batch_id, "quantity": "2"}
        receipt = common(place, unit, transfer=sent.pk, receiver=word)
        self.builder.draft(TransferReceipt, place, receipt, [arrived])
        self.builder.draft(StockTransfer, place, header, [{**line, "quantity": "1"}])

    # -- the catalogue: the whole hospital's ---------------------------------------------------------------------------

    def catalogue(self, file: str) -> None:
        """Items in every stage of their life, papers, prices and what the committee decides."""
        put, actor, room = self.hospital.put, self.actor, self.room
        for stage in life.Stage:
            life.begin(actor=actor, item=self._item(f"ML-{stage}", status=life.STATUS[stage]), stage=stage)
        paper = License.objects.create(
            kind="business", number="XK-1", supplier=room.supplier, valid_from=SINCE
        )
        put("logistics.license.file", "own", LicenseFile.objects.create(
            license=paper, name="证.txt", path=file, sha256="0" * 64, size=2, mime="text/plain", uploaded_by=actor,
            uploaded_at=self.now,
        ))  # fmt: skip
        Authorisation.objects.create(
            manufacturer="晨星", grantee=Supplier.objects.get(), valid_from=SINCE, valid_to=YEAR_END
        )
        Override.objects.create(
            check_code="price", supplier=room.supplier, reason="急用", valid_from=SINCE, valid_to=YEAR_END, asked_by=actor,
            asked_at=self.now,
        )  # fmt: skip
        PriceAgreement.objects.create(
            supplier=room.supplier, item=room.gauze, price="9", valid_from=SINCE, source="tender"
        )
        VolumeContract.objects.create(
            code="JC-1", name="集采", agreed="10", unit="个", valid_from=SINCE, valid_to=YEAR_END
        )
        SupplyVersion.objects.create(
            code="ML-1", meeting="第一次会议", meeting_date=SINCE, effective_from=YEAR_END, made_by=actor
        )
        ClassNode.objects.create(scheme="own", code="01", name="耗材")
        ScanRecord.objects.create(raw="CF2026", outcome="unknown", scanned_by=actor, scanned_at=self.now)

    # -- what a department wishes for --------------------------------------------------------------------------------

    def wishes(self, place: str, unit: OrgUnit) -> None:
        """A budget, and something outside the catalogue."""
        word, put = canary(place), self.hospital.put
        ended = {"valid_from": SINCE, "valid_to": DAY - dt.timedelta(days=1)}
        put(
            "logistics.budget_line",
            place,
            BudgetLine.objects.create(org_unit=unit, amount="100", project=word, **ended),
        )
        put("logistics.one_off", place, OneOffPurchase.objects.create(
            item=self.room.gauze, org_unit=unit, quantity="1", reason=word, valid_to=YEAR_END, asked_by=self.actor,
            asked_at=self.now,
        ))  # fmt: skip

    # -- purchasing --------------------------------------------------------------------------------------------------

    def purchases(self, place: str, unit: OrgUnit, store: Store) -> None:
        """From what a store should hold to what goes back: each paper once, and an order that was sent."""
        word, put, goods = canary(place), self.hospital.put, self.room.gauze.pk
        head = common(place, unit, store=store.pk)
        put("logistics.stocking_rule", place, StockingRule.objects.create(
            item=self.room.gauze, store=store, method="two_bin", pack=1, supplier=self.room.supplier
        ))  # fmt: skip
        run = replenishing.calculate(actor=self.actor, store=store)
        put("logistics.purchasing.replenishment.plan", place, run)
        put("logistics.purchasing.replenishment.run", place, store)
        plan = {"origin": "manual", "needed_on": YEAR_END, "reason": word}
        self.builder.draft(
            PurchasePlan, place, {**head, **plan}, [{"item": goods, "wanted": "1", "quantity": "1"}]
        )
        ordered = {**head, "supplier": self.room.supplier.pk, "due_on": YEAR_END, "contact": word}
        line = {"item": goods, "quantity": "1", "price": "1"}
        self.builder.draft(PurchaseOrder, place, ordered, [line])
        order = self.builder.post(PurchaseOrder, ordered, [line])
        ordering.send(actor=self.actor, order=order, text=word)
        put("logistics.purchasing.receive", place, order)
        note = {"supplier": self.room.supplier.pk, "note_number": f"SH-{word}", "expected_on": DAY}
        self.builder.draft(
            DeliveryNote, place, {**head, **note}, [{"item": goods, "lot": word, "quantity": "1"}]
        )
        self.builder.post(
            DeliveryNote, {**head, **note, "note_number": f"SH2-{word}"}, [{"item": goods, "quantity": "1"}]
        )
        arrived = {**head, "supplier": self.room.supplier.pk, "note_number": word, "fund": self.room.fund.pk}
        seen = {"item": goods, "lot": word, "quantity": "1", "accepted": "1", "price": "1"}
        put("logistics.purchasing.checks", place, self.builder.draft(Inspection, place, arrived, [seen]))
        receipt = StockReceipt.objects.get(store=store, state=State.POSTED)
        back = {**head, "receipt": receipt.pk, "reason": word}
        self.builder.draft(
            SupplierReturn, place, back, [{"receipt_position": 1, "item": goods, "quantity": "1"}]
        )
        waits = StockReceipt.objects.get(store=store, state=State.DRAFT)
        put("logistics.purchasing.concede", place, waits)

    # -- settlement --------------------------------------------------------------------------------------------------

    def settled(self) -> None:
        """What the whole hospital has once: an invoice file, a concession, a month."""
        put, actor = self.hospital.put, self.actor
        EInvoice.objects.create(
            number="2" * 20, issued_on=DAY, seller_name="测试供应商", seller_tax_number="91", supplier=self.room.supplier,
            untaxed="1", tax="0", total="1", file_name="a.xml", sha256="0" * 64, imported_by=actor, imported_at=self.now,
        )  # fmt: skip
        Concession.objects.create(
            kind="price", item=self.room.gauze, supplier=self.room.supplier, price="1", source="logistics.stock_receipt:1",
            reason="急用", asked_by=actor, decided_by=self.other, decided_at=self.now,
        )  # fmt: skip
        month = self.builder.base.period
        put("logistics.month_close", "own", month)
        closed = Period.objects.create(
            book=month.book,
            first_day=dt.date(2026, 9, 1),
            last_day=dt.date(2026, 9, 30),
            state=Period.State.CLOSED,
        )
        MaterialClose.objects.create(
            book=month.book, period=closed, closed_by=actor, closed_at=self.now, checks=[]
        )
        put("logistics.month_close.reopen", "own", closed)
        put("logistics.stock_ledger", "own", self.room.gauze)
        put("logistics.payables", "own", self.room.supplier)

    def settlement(self, place: str, unit: OrgUnit, store: Store) -> None:
        """Goods that wait for their invoice, and each paper once."""
        word, goods, supplier = canary(place), self.room.gauze.pk, self.room.supplier.pk
        fund = {"fund": self.room.fund.pk}
        head = common(place, unit, **fund)
        line = {"item": goods, "lot": f"{word}2", "quantity": "1", "price": "1"}
        unpaid = self.builder.post(StockReceipt, {**head, "store": store.pk, "supplier": supplier}, [line])
        position = unpaid.lines.get()
        invoice = {
            "supplier": supplier, "invoice_number": f"{unit.pk:020d}", "invoice_date": DAY, "invoice_total": heavy(place, "1"),
            "difference_reason": word,
        }  # fmt: skip
        self.builder.draft(
            SupplierInvoice,
            place,
            {**head, **invoice},
            [{"receipt_line": position.pk, "quantity": "1", "amount": heavy(place, "1")}],
        )
        spread = {"purpose": "freight", "supplier": supplier, "reference": word}
        self.builder.draft(
            CostAdjustment,
            place,
            {**head, **spread},
            [{"receipt_line": position.pk, "amount": heavy(place, "1")}],
        )
        opening = {"item": goods, "supplier": supplier, "lot": word, "quantity": "1", "price": "1"}
        self.builder.draft(OpeningStock, place, {**head, "store": store.pk}, [opening])
        owed = Payable.objects.get(reference=word)
        bank = {"supplier": supplier, "bank": word, "bank_account": "1", "bank_reference": word}
        self.builder.draft(PaymentRequest, place, {**head, **bank}, [{"payable": owed.pk, "amount": "1"}])

    # -- what departments ask for and are given ----------------------------------------------------------------------

    def limits(self, place: str, unit: OrgUnit, store: Store) -> None:
        """What a department may ask for, the card at its shelf, and what it has in use."""
        word, put, gauze = canary(place), self.hospital.put, self.room.gauze
        since = {"org_unit": unit, "valid_from": SINCE}
        put(
            "logistics.department_quota",
            place,
            DepartmentQuota.objects.create(item=gauze, quantity=heavy(place, "100"), **since),
        )
        put("logistics.use_authority", place, UseAuthority.objects.create(level="3", basis=word, **since))
        put("logistics.handheld.cards", place, unit)
        put("logistics.quota_card", place, QuotaCard.objects.create(
            code=f"K-{word}", org_unit=unit, item=gauze, quantity="1", store=store, place=word, state="empty"
        ))  # fmt: skip
        durable = DurableInUse.objects.create(
            source=f"logistics.stock_issue:{BEFORE + unit.pk}", line_position=1, org_unit=unit, item=gauze, fund=self.room.fund,
            since=DAY, quantity="1", cost=heavy(place, "1"), expensed="0",
        )  # fmt: skip
        put("logistics.durable", place, durable)
        header = common(place, unit, reason=word)
        self.builder.draft(DurableScrap, place, header, [{"durable": durable.pk, "quantity": "1"}])

    def requests(self, place: str, unit: OrgUnit, store: Store) -> None:
        """One being written, one the store has to answer, one that is picked."""
        put, goods = self.hospital.put, [{"item": self.room.gauze.pk, "quantity": "1"}]
        header = common(place, unit, store=store.pk, purpose=canary(place))
        self.builder.draft(Requisition, place, header, goods)
        asked, granted = (
            services.submit(
                services.save_draft(Requisition, actor=self.actor, header=header, lines=goods),
                actor=self.actor,
            )
            for _ in range(2)
        )
        put("logistics.requisition.grant", place, asked)
        granted = posting.post(granted, actor=self.actor)
        put("logistics.handheld.pick.start", place, granted)
        list_ = picking.start(granted, actor=self.actor)
        for kind in ("logistics.picking", "logistics.handheld.pick.one", "logistics.handheld.pick.scan"):
            put(kind, place, list_)

    def given(self, place: str, unit: OrgUnit, store: Store) -> None:
        """An issue the department has not signed for yet, and what comes back of it."""
        goods = self.room.gauze.pk
        header = common(place, unit, store=store.pk, receiver=canary(place), fund=self.room.fund.pk)
        issue = self.builder.post(StockIssue, header, [{"item": goods, "quantity": "1"}])
        self.hospital.put("logistics.deliveries.sign", place, issue)
        batch = StockMove.objects.get(source=issue.source).batch_id
        back = common(place, unit, store=store.pk, issue=issue.pk, reason=canary(place))
        line = {"issue_position": 1, "item": goods, "batch": batch, "quantity": "1", "intact": True}
        self.builder.draft(DepartmentReturn, place, back, [line])

    # -- what is counted and lost ------------------------------------------------------------------------------------

    def counted(self, place: str, unit: OrgUnit, store: Store) -> None:
        """A count that found one piece less, and another that goes on."""
        put, word = self.hospital.put, canary(place)
        done = planning.freeze(store, actor=self.actor, counters=self.counters, note=word)
        lines = list(done.lines.order_by("position"))
        for counter in self.counters:
            found = [
                Entry(uuid.uuid4(), line.book - (line is lines[0]), self.now, line=line.pk) for line in lines
            ]
            counting.record(done, found, actor=counter)
        made = concluding.conclude(done, actor=self.actor)
        assert made is not None
        put("logistics.count.result", place, done)
        header = common(place, unit, task=done.pk, store=store.pk, fund=made.fund_id)
        [missing] = made.lines.all()
        names = ("item_id", "batch_id", "book", "moved", "counted")
        line = {name.removesuffix("_id"): getattr(missing, name) for name in names}
        self.builder.keep(made, place, header, [{**line, "reason": "clerical"}])
        goes_on = planning.freeze(store, actor=self.actor, counters=self.counters, note=word)
        put("logistics.count", place, goes_on)
        for page in ("", ".sheet", ".sync"):
            put(f"logistics.handheld.count{page}", place, goes_on)

    def lost(self, place: str, unit: OrgUnit, store: Store) -> None:
        """What is written off, and what nobody has decided upon yet."""
        word, goods = canary(place), self.room.gauze
        batch = StockBalance.objects.filter(store=store, quantity__gt=0).earliest("pk").batch_id
        scrap = common(place, unit, store=store.pk, fund=self.room.fund.pk, cause="broken", description=word)
        self.builder.draft(Scrap, place, scrap, [{"item": goods.pk, "batch": batch, "quantity": "1"}])
        pending = PendingLoss.objects.create(
            source=f"logistics.stocktake:{BEFORE + unit.pk}", line_position=9, store=store, item=goods, fund=self.room.fund,
            quantity="-1", amount="-1", date=DAY,
        )  # fmt: skip
        self.hospital.put("logistics.pending_loss", place, pending)
        line = {"pending": pending.pk, "amount": "1", "compensation": "0", "payer": word}
        self.builder.draft(
            LossSettlement, place, common(place, unit, treatment="disposal", basis=word), [line]
        )
