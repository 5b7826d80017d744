"""Every read of high-value goods that has a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from hrp.logistics.catalogue.models import License
from hrp.logistics.catalogue.models.licenses import PRODUCT_KINDS
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.models import (
    EmergencyUse,
    HisCharge,
    PatientUse,
    TraceUnit,
    UnitEvent,
    UseCharge,
)
from hrp.logistics.highvalue.pieces import labels
from hrp.logistics.models import Batch, Freeze, Item
from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionReceipt
from hrp.platform.base import clock, sql
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import load, split, url_for
from hrp.platform.ledger.models import Period
from hrp.platform.org import parameters

MOST = 200

Units = Collection[int] | None  # of departments; None: everywhere


def reached(rows: QuerySet[TraceUnit], held: Units) -> QuerySet[TraceUnit]:
    """Of pieces those that lie in these departments or were used there."""
    if held is None:
        return rows
    used = PatientUse.objects.filter(unit=OuterRef("pk"), org_unit__in=held)
    return rows.filter(Q(store__org_unit__in=held) | Q(Exists(used)))


def uses() -> QuerySet[PatientUse]:
    return PatientUse.objects.select_related(
        "unit__item",
        "unit__batch__supplier",
        "unit__store",
        "org_unit",
        "nurse",
        "cancel__actor",
        "charge",
        "emergency_case",
    )


def requests_of(visit_no: str) -> QuerySet[OperationRequest]:
    """Posted or approved requests of a visit, the newest first."""
    return OperationRequest.objects.filter(
        visit_no=visit_no, state__in=(State.POSTED, State.APPROVED)
    ).select_related("org_unit").order_by("-pk")  # fmt: skip


def picked_for(visit_no: str) -> QuerySet[TraceUnit]:
    """Pieces that lie ready for a visit."""
    return TraceUnit.objects.filter(visit_no=visit_no, state__in=("picked", "in_consign")).select_related(
        "item", "batch", "store"
    )


def uses_of(visit_no: str) -> QuerySet[PatientUse]:
    return uses().filter(visit_no=visit_no).order_by("-pk")


# -- charges ---------------------------------------------------------------------------------------------------


def used_not_charged(*, upto: dt.date | None = None) -> QuerySet[UseCharge]:
    """Living uses of what is charged separately that were not charged in time and that nobody explained."""
    hours = parameters.value("highvalue.charge_grace_hours", clock.today())
    said = HisCharge.objects.filter(
        cancelled=False, uid=OuterRef("use__unit__uid"), visit_no=OuterRef("use__visit_no")
    )
    found = UseCharge.objects.filter(
        ~Exists(said), state__in=("waiting", "told", "failed"), explanation="", use__cancel=None,
        use__used_at__lt=clock.now() - dt.timedelta(hours=hours),
    )  # fmt: skip
    if upto is not None:
        found = found.filter(use__used_on__lte=upto)
    return found.select_related("use__unit__item", "use__org_unit", "use__nurse").order_by("use_id")


def charged_not_used(*, upto: dt.date | None = None) -> QuerySet[HisCharge]:
    """Charges of HIS for pieces that no living use of that visit stands behind and that nobody explained."""
    living = PatientUse.objects.filter(cancel=None, unit__uid=OuterRef("uid"), visit_no=OuterRef("visit_no"))
    found = HisCharge.objects.filter(~Exists(living), cancelled=False, explanation="")
    if upto is not None:
        found = found.filter(charged_on__lte=upto)
    return found.order_by("charged_on", "pk")


def closing_day() -> dt.date | None:
    """The last day of the month that closes next."""
    return (
        Period.objects.filter(state=Period.State.OPEN)
        .order_by("first_day")
        .values_list("last_day", flat=True)
        .first()
    )


def waiting_cases() -> QuerySet[EmergencyUse]:
    return EmergencyUse.objects.filter(decision="").select_related(
        "use__unit__item", "use__org_unit", "asked_by"
    )


# -- tracing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Origin:
    """Where a piece came from: the document and what it says."""

    title: str
    number: str
    url: str
    date: dt.date | None
    supplier: str
    note: str = ""
    inspection: Inspection | None = None


@dataclass
class Trace:
    """One piece on one screen, both ways."""

    unit: TraceUnit
    origin: Origin | None
    uses: list[PatientUse] = field(default_factory=list)
    events: list[UnitEvent] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    certificates: list[License] = field(default_factory=list)


def find(text: str, held: Units) -> list[TraceUnit]:
    """Pieces within reach by code, serial, lot, visit, registration number or item; those used come first."""
    text = text.strip()
    if not text:
        return []
    units = TraceUnit.objects.exclude(state="labelled")
    spelled = {text, text.upper()}
    batches = Batch.objects.filter(lot__in=spelled).values("pk")
    items = Item.objects.filter(Q(code__in=spelled) | Q(registration_number=text)).values("pk")
    # one query a way of asking, each by its index: an OR over all of them would read every piece there is
    ways = (
        units.filter(uid__in=spelled), units.filter(serial__in=spelled), units.filter(batch__in=batches),
        units.filter(item__in=items), units.filter(tray=text),
        units.filter(pk__in=PatientUse.objects.filter(visit_no__in=spelled).values("unit_id")),
    )  # fmt: skip
    near = reached(units, held)
    found = {pk for way in ways for pk in (way & near).order_by("-pk").values_list("pk", flat=True)[:MOST]}
    rows = units.filter(pk__in=found).select_related("item", "batch__supplier", "store")
    return list(rows.order_by("-pk")[:MOST])


def find_any(text: str, held: Units) -> list[TraceUnit]:
    """As :func:`find`; a scanned label is taken apart when nothing is called like it."""
    units = find(text, held)
    if not units and text:
        unit = labels.find(text)
        units = list(reached(TraceUnit.objects.filter(pk=unit.pk), held)) if unit is not None else []
    return units


def uses_within(held: Units) -> QuerySet[PatientUse]:
    """Uses in these departments: whose patient it was is told to no other."""
    return uses() if held is None else uses().filter(org_unit__in=held)


def uses_by_unit(units: list[TraceUnit], held: Units) -> dict[int, list[PatientUse]]:
    """Uses of pieces, in one query."""
    found: dict[int, list[PatientUse]] = {}
    for use in uses_within(held).filter(unit__in=[unit.pk for unit in units]).order_by("pk"):
        found.setdefault(use.unit_id, []).append(use)
    return found


def trace(unit: TraceUnit, held: Units) -> Trace:
    """Everything of one piece, with its patients in these departments."""
    return Trace(
        unit,
        origin_of(unit),
        list(uses_within(held).filter(unit=unit).order_by("pk")),
        list(
            UnitEvent.objects.filter(unit=unit).select_related("store", "from_store", "actor").order_by("pk")
        ),
        list(
            Freeze.objects.filter(
                Q(batch=unit.batch)
                | Q(item=unit.item, batch=None)
                | Q(supplier=unit.batch.supplier, batch=None, item=None)
            ).select_related("frozen_by", "released_by")
        ),
        certificates=certificates_of(unit.item),
    )


def certificates_of(item: Item) -> list[License]:
    """The registrations on file under an item's number, the one that holds longest first."""
    number = item.registration_number
    return (
        list(License.objects.filter(kind__in=PRODUCT_KINDS, number=number).order_by("-valid_to"))
        if number
        else []
    )


def inspected(receipt: StockReceipt) -> Inspection | None:
    """The inspection goods of a receipt passed, if they came by one."""
    made = InspectionReceipt.objects.filter(receipt=receipt.pk).select_related("inspection").first()
    return made.inspection if made else None


def origin_of(unit: TraceUnit) -> Origin | None:
    """The receipt a piece came by, or who registered it in an emergency."""
    document: Any = load(unit.source)
    if isinstance(document, StockReceipt | ConsignIn):
        note = document.delivery_note and f"送货单 {document.delivery_note}"
        return Origin(
            document.spec.title, document.display_number, url_for(unit.source), document.business_date,
            document.supplier.name, note or "", inspected(document) if isinstance(document, StockReceipt) else None,
        )  # fmt: skip
    if document is not None:
        return Origin(
            document.spec.title,
            document.display_number,
            url_for(unit.source),
            document.business_date,
            unit.batch.supplier.name,
        )
    return Origin("紧急使用登记", "", "", clock.local(unit.registered_at).date(), unit.batch.supplier.name)


def page_of(source: str) -> str:
    """Where what happened to a piece was written down; "" when it has no page."""
    kind, _, key = source.partition(":")
    return f"/logistics/patient-uses/{key}" if kind == rules.THEATRE and key else url_for(source)


def words_of(source: str) -> str:
    """What made an event, as people call it, with its number."""
    document = load(source)
    return f"{document.spec.title} {document.display_number}" if document is not None else kind_of(source)


def kind_of(source: str) -> str:
    """What sort of thing made an event, as people call it."""
    found, _ = split(source)
    if found is not None:
        return found.spec.title
    kind, _, key = source.partition(":")
    if kind == rules.THEATRE:
        return "术中使用登记" if key else "紧急使用登记"
    return "唯一码登记" if kind == rules.REGISTER else ""


OF_SUPPLIERS_SQL = """
SELECT supplier, count(*) FROM (
    SELECT DISTINCT r.id, coalesce(r.supplier_id, t.supplier_id) AS supplier FROM logistics_recall r
    LEFT JOIN logistics_recall_place p ON p.recall_id = r.id LEFT JOIN logistics_batch t ON t.id = p.batch_id
    WHERE NOT r.is_drill AND r.decided_on BETWEEN %s AND %s
) x WHERE supplier IS NOT NULL GROUP BY 1
"""


def recalls_by_supplier(first: dt.date, last: dt.date) -> dict[int, int]:
    """How many recalls of a span concerned goods of each supplier, drills left out."""
    return dict(sql.rows(OF_SUPPLIERS_SQL, [first, last]))
