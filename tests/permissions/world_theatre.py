"""High-value goods in the hospital of the matrix: a supplier's cabinet in every place, and what became of its pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.consign_out import ConsignOut
from hrp.logistics.highvalue.documents.consign_statement import ConsignStatement
from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.documents.use_booking import UseBooking
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.models import (
    AdverseEvent,
    ConsignMove,
    HisCharge,
    TraceUnit,
    UnitScan,
    UseCharge,
)
from hrp.logistics.highvalue.services import emergencies, freezing, recalls, using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item, Store
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY
from tests.permissions.places import canary, common

if TYPE_CHECKING:
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Builder


class Theatre:
    """``actor`` does everything anywhere."""

    def __init__(self, builder: Builder) -> None:
        """What the whole hospital has once: goods nobody may use, a charge of HIS."""
        self.builder = builder
        self.hospital = builder.hospital
        self.room = builder.room
        self.actor = builder.builder
        self.now = clock.now()
        self.stent = Item.objects.create(
            code="HV1", name="支架", unit="个", material_class=self.room.gauze.material_class, kind="high_value",
            trace_mode="unit", barcode="06901234567892", chargeable=True, lot_required=False, expiry_required=False,
        )  # fmt: skip
        freezing.freeze(actor=self.actor, reason="抽检", item_id=self.room.syringe.pk)
        charge = HisCharge.objects.create(charge_no="SF-1", uid="?", visit_no="?", charged_on=DAY)
        self.hospital.put("logistics.his_charge", "own", charge)

    def works(self, place: str, unit: OrgUnit, store: Store) -> None:
        """A cabinet of three pieces: one used and booked, one used, one that goes back; and one nobody had registered."""
        word, put, supplier = canary(place), self.hospital.put, self.room.supplier.pk
        cabinet = Store.objects.create(
            code=f"J-{place}",
            name=f"寄售柜 {word}",
            kind="consignment",
            parent=store,
            campus=unit.campus,
            org_unit=unit,
        )
        head = common(place, unit)
        consigned = {
            **head,
            "store": cabinet.pk,
            "supplier": supplier,
            "mode": "consign",
            "delivery_note": word,
        }
        line = {"item": self.stent.pk, "lot": "HVLOT", "quantity": "3", "price": "1"}
        came = self.builder.post(ConsignIn, consigned, [line])
        self.builder.draft(ConsignIn, place, consigned, [{**line, "quantity": "1"}])
        booked, used, back = TraceUnit.objects.filter(source=came.source).order_by("pk")
        visit = Visit(f"ZY-{place}", "张三", word, word, unit.pk)
        uses = [using.use(actor=self.actor, visit=visit, code=one.uid, site=word) for one in (booked, used)]
        spent = {**head, "store": store.pk, "fund": self.room.fund.pk}
        self.builder.post(UseBooking, spent, [{"use": uses[0].pk}])
        self.builder.draft(UseBooking, place, spent, [{"use": uses[1].pk}])
        settled = {**head, "supplier": supplier, "upto": DAY, "invoice_number": word}
        self.builder.draft(UseSettlement, place, settled, [{"unit": booked.pk}])
        returned = {**head, "store": cabinet.pk, "supplier": supplier, "receiver": word}
        self.builder.draft(ConsignOut, place, returned, [{"unit": back.pk}])
        stated = {"item": self.stent.pk, "batch": back.batch_id, "stated": "1", "explanation": word}
        self.builder.draft(
            ConsignStatement, place, {**head, "supplier": supplier, "statement_no": word}, [stated]
        )
        operation = {
            "visit_no": visit.visit_no,
            "patient": "张三",
            "operation": word,
            "operator": word,
            "planned_on": DAY,
        }
        asked = self.builder.draft(
            OperationRequest, place, {**head, **operation}, [{"item": self.stent.pk, "quantity": "1"}]
        )
        put("logistics.unit_scan.drop", place, UnitScan.objects.create(
            source=asked.source, line_position=1, unit=back, raw=back.uid, scanned_by=self.actor, scanned_at=self.now
        ))  # fmt: skip
        self.hospital.named("logistics.unit_scan.scan", place, asked.source)
        self.hospital.named("logistics.theatre.sheet", place, visit.visit_no)
        for kind in ("logistics.unit", "logistics.trace", "logistics.unit_labels"):
            put(kind, place, used)
        for kind in ("logistics.patient_use", "logistics.theatre.cancel"):
            put(kind, place, uses[1])
        charge = put("logistics.use_charge", place, UseCharge.objects.get(use=uses[1]))
        UseCharge.objects.filter(pk=charge.pk).update(state=UseCharge.State.FAILED, error=word)
        put("logistics.consign_move", place, ConsignMove.objects.filter(source=came.source).earliest("pk"))
        case = emergencies.use(
            actor=self.actor,
            visit=visit,
            code="",
            item=self.stent,
            supplier_id=supplier,
            reason=word,
            lot=word,
        )
        put("logistics.emergency_use", place, case.emergency_case)
        event = AdverseEvent.objects.create(
            item=self.stent, batch=case.unit.batch, org_unit=unit, severity="other", description=word, occurred_on=DAY, known_on=DAY, due_on=DAY,
            recorded_by=self.actor, recorded_at=self.now,
        )  # fmt: skip
        put("logistics.adverse_event", place, event)

    def recalled(self) -> None:
        """One recall, in a drill: whoever has the goods is to answer for them, in every place."""
        put = self.hospital.put
        found = recalls.enter(
            actor=self.actor, title="召回", level="1", decided_on=DAY, campus_id=self.builder.base.campus.pk,
            item_id=self.stent.pk, is_drill=True,
        )  # fmt: skip
        for place, unit in self.hospital.units.items():
            put("logistics.recall_place", place, found.places.filter(org_unit=unit).earliest("pk"))
        put("logistics.recall_report", "own", found)
