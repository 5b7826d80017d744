"""召回: freeze, find everything at once, tell everybody who has it, follow what becomes of it, close with a report."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from hrp.logistics.highvalue.models import Recall, RecallDisposal, RecallPlace, TraceUnit
from hrp.logistics.highvalue.services import freezing
from hrp.logistics.models import Batch, Freeze
from hrp.logistics.rules import recall as recalling
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.documents import numbering, registry
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters

EDIT, ACKNOWLEDGE = "logistics.recall.edit", "logistics.recall.acknowledge"
Kind = RecallPlace.Kind

# documents whose moves are what a department drew, and what it gave back
DEPARTMENTS = ("logistics.stock_issue", "logistics.department_return")

# only what is asked for stands in the statement, so that the planner knows how much of the moves it is about
_CONDITIONS = {
    "item": "t.item_id = %(item)s",
    "lot": "t.lot = %(lot)s",
    "supplier": "t.supplier_id = %(supplier)s",
    "registration": "i.registration_number = %(registration)s",
}
_BATCHES = """
b AS (SELECT t.id FROM logistics_batch t JOIN logistics_item i ON i.id = t.item_id WHERE {conditions})"""

# moves by what they were, reversals taken off; what stays in the hospital, or is told apart below, is left out
_KINDS = """
k AS MATERIALIZED (
    SELECT batch_id, regexp_replace(kind, '_reversal$', '') AS kind, sum(quantity) AS quantity FROM logistics_move
    WHERE batch_id IN (SELECT id FROM b) AND kind NOT LIKE 'transfer%%' AND kind NOT LIKE 'use\\_%%'
      AND kind NOT LIKE 'issue%%' AND kind NOT LIKE 'department\\_return%%'
    GROUP BY 1, 2
)"""

# own pieces used and not booked lie on the balance still, and with their patients already
_PLACES = """
places AS (
    SELECT CASE s.kind WHEN 'transit' THEN 'transit' ELSE 'on_hand' END AS kind, h.batch_id, h.store_id,
           s.org_unit_id, NULL::bigint AS unit_id, '' AS visit_no, '' AS patient, '' AS note,
           h.quantity - coalesce(u.pieces, 0) AS quantity
    FROM logistics_balance h JOIN logistics_store s ON s.id = h.store_id
    LEFT JOIN (SELECT store_id, batch_id, count(*) AS pieces FROM logistics_unit
               WHERE state = 'used' AND owner = 'hospital' GROUP BY 1, 2) u
        ON u.store_id = h.store_id AND u.batch_id = h.batch_id
    WHERE h.batch_id IN (SELECT id FROM b) AND h.quantity > coalesce(u.pieces, 0)
    UNION ALL
    SELECT 'consigned', c.batch_id, c.store_id, s.org_unit_id, NULL, '', '', '', sum(c.quantity)
    FROM logistics_consign_move c JOIN logistics_store s ON s.id = c.store_id
    WHERE c.batch_id IN (SELECT id FROM b) GROUP BY 2, 3, 4 HAVING sum(c.quantity) > 0
    UNION ALL
    SELECT 'department', d.batch_id, NULL, d.org_unit_id, NULL, '', '', '', -sum(d.quantity) FROM ({departments}) d
    GROUP BY 2, 4 HAVING sum(d.quantity) < 0
    UNION ALL
    SELECT 'patient', u.batch_id, NULL, p.org_unit_id, u.id, p.visit_no, p.patient,
           left(p.operation || ' ' || p.operator || ' ' || to_char(p.used_on, 'YYYY-MM-DD'), 100), 1
    FROM logistics_patient_use p JOIN logistics_unit u ON u.id = p.unit_id
    WHERE u.batch_id IN (SELECT id FROM b) AND NOT EXISTS (SELECT FROM logistics_use_cancel c WHERE c.use_id = p.id)
    UNION ALL
    SELECT 'out', k.batch_id, NULL, NULL, NULL, '', '', k.kind, -k.quantity FROM k WHERE k.quantity < 0
)"""
_OF_DEPARTMENT = """
SELECT m.batch_id, d.org_unit_id, m.quantity FROM logistics_move m
JOIN "{table}" d ON d.id = CASE WHEN m.source LIKE '{kind}:%%' THEN substr(m.source, {begins})::bigint END
WHERE m.batch_id IN (SELECT id FROM b) AND m.source LIKE '{kind}:%%'
"""
_RECEIVED = " SELECT coalesce(sum(quantity), 0) FROM k WHERE quantity > 0"
_INSERT = """
INSERT INTO logistics_recall_place
    (recall_id, kind, batch_id, store_id, org_unit_id, unit_id, visit_no, patient, note, quantity, notified_at,
     acknowledged_by_id, acknowledged_at, answer)
SELECT %(recall)s, kind, batch_id, store_id, org_unit_id, unit_id, visit_no, patient, note, quantity, NULL, NULL, NULL, ''
FROM places ORDER BY kind, batch_id, store_id, org_unit_id, visit_no
"""


def _with(row: Recall) -> str:
    asked = keys(row)
    conditions = " AND ".join(text for name, text in _CONDITIONS.items() if asked[name])
    return f"WITH {_BATCHES.format(conditions=conditions)}, {_KINDS}"


def list_sql(row: Recall) -> str:
    """Everything a recall has to know as one ``WITH … places``: what lies where, what is on the way, what departments drew
    and did not give back, what patients received, and what has left the hospital otherwise."""
    tables = [
        (kind, known.model._meta.db_table) for kind in DEPARTMENTS if (known := registry.types.get(kind))
    ]
    departments = " UNION ALL ".join(
        _OF_DEPARTMENT.format(kind=kind, table=table, begins=len(kind) + 2) for kind, table in tables
    )
    return f"{_with(row)}, {_PLACES.format(departments=departments)}"


def keys(row: Recall) -> dict[str, Any]:
    """What a recall names, as the statements want it."""
    return {
        "recall": row.pk, "item": row.item_id, "lot": row.lot, "supplier": row.supplier_id,
        "registration": row.registration_number,
    }  # fmt: skip


@transaction.atomic
def enter(
    *,
    actor: User,
    title: str,
    level: str,
    decided_on: dt.date,
    campus_id: int,
    item_id: int | None = None,
    lot: str = "",
    supplier_id: int | None = None,
    registration_number: str = "",
    is_drill: bool = False,
) -> Recall:
    """Enter a recall: freeze what it names (not in a drill), make the list, tell whoever has it; timed throughout.

    It reaches into every store and tells of every department's patients, so that it takes the right in the whole hospital.
    """
    scope.require_everywhere(actor, EDIT)
    started = time.perf_counter()
    _check(title, level, item_id, supplier_id, registration_number, lot)
    days = {one: parameters.value(f"recall.notice_days_{one}", decided_on) for one in Recall.Level.values}
    number = numbering.draw(kind="logistics.recall", prefix="ZH", campus_id=campus_id, day=clock.today())
    row = Recall.objects.create(
        number=number, title=title.strip()[:200], level=level, is_drill=is_drill, item_id=item_id, lot=lot.strip(),
        supplier_id=supplier_id, registration_number=registration_number.strip(), campus_id=campus_id,
        decided_on=decided_on, notice_due=recalling.notice_due(level, decided_on, days=days), entered_by=actor,
        entered_at=clock.now(),
    )  # fmt: skip
    if not is_drill:
        _freeze(actor, row)
    with connection.cursor() as cursor:
        cursor.execute(list_sql(row) + _INSERT, keys(row))
    row.list_ms = int((time.perf_counter() - started) * 1000)
    row.listed_at = clock.now()
    row.save(update_fields=["listed_at", "list_ms"])
    _tell(row)
    audit.record(
        actor=actor, act="logistics.recall.enter", target=f"logistics.recall:{row.pk}",
        summary=f"{'召回演练' if is_drill else '召回'} {row}", data={"list_ms": row.list_ms},
    )  # fmt: skip
    return row


def _check(
    title: str, level: str, item_id: int | None, supplier_id: int | None, registration: str, lot: str
) -> None:
    problems = []
    if not title.strip():
        problems.append(Problem("请填写事由", field="title"))
    if level not in Recall.Level.values:
        problems.append(Problem("请选择级别", field="level"))
    if not (item_id or supplier_id or registration.strip()):
        problems.append(Problem("物资、供应商、注册证号至少填一项", field="item"))
    if lot.strip() and not item_id:
        problems.append(Problem("写了批号须同时指明物资", field="item"))
    if problems:
        raise Invalid("召回登记不完整", problems=problems, way_out="请按标红处填写。")


def _freeze(actor: User, row: Recall) -> None:
    """Hold it as recalled. A recall of one lot freezes its batches; arrivals of the lot meet the hold of the batch."""
    batches: list[int | None] = [None]
    if row.lot and row.item_id:
        found = Batch.objects.filter(item_id=row.item_id, lot=row.lot)
        if row.supplier_id:
            found = found.filter(supplier_id=row.supplier_id)
        batches = list(found.order_by("pk").values_list("pk", flat=True))
    for batch in batches:
        freezing.freeze(
            actor=actor, reason=f"召回 {row.number}：{row.title}"[:300], kind=Batch.Hold.RECALLED, batch_id=batch,
            item_id=None if batch else row.item_id, supplier_id=None if batch else row.supplier_id,
            registration_number="" if batch else row.registration_number, source=f"logistics.recall:{row.pk}",
        )  # fmt: skip


def _tell(row: Recall) -> None:
    """A notice to everybody who acknowledges for a department that has the goods."""
    places = row.places.exclude(org_unit=None).values_list("org_unit_id", flat=True).distinct()
    units = sorted(set(places))
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if any(scope.has(person, ACKNOWLEDGE, unit) for unit in units)
    ]
    if people:
        notify.notify(
            recipients=people, kind="logistics.recall", title=f"{'【演练】' if row.is_drill else ''}召回通知：{row.title}",
            body=f"{row.get_level_display()}召回，请立即停用并清点，{row.notice_due:%m-%d} 前签收。",
            url=f"/logistics/recalls/{row.pk}", dedupe_key=f"recall:{row.pk}",
        )  # fmt: skip
    row.places.exclude(org_unit=None).update(notified_at=clock.now())


@transaction.atomic
def acknowledge(*, actor: User, place: RecallPlace, answer: str = "") -> RecallPlace:
    """Somebody of the department says that the goods were found and are out of use."""
    if place.org_unit_id is None:
        raise Conflict("该去向不需要签收", way_out="请选择科室或库房的去向。")
    scope.require(actor, ACKNOWLEDGE, place.org_unit_id)
    row = RecallPlace.objects.select_for_update().get(pk=place.pk)
    if row.acknowledged_at is not None:
        raise Conflict(f"已由 {row.acknowledged_by} 签收", way_out="请刷新页面。")
    row.acknowledged_by, row.acknowledged_at, row.answer = actor, clock.now(), answer.strip()[:200]
    row.save(update_fields=["acknowledged_by", "acknowledged_at", "answer"])
    audit.record(
        actor=actor, act="logistics.recall.acknowledge", target=f"logistics.recall:{row.recall_id}",
        summary=f"签收召回 {row}", unit_id=row.org_unit_id,
    )  # fmt: skip
    return row


@transaction.atomic
def dispose(
    *, actor: User, place: RecallPlace, how: str, quantity: Decimal, note: str = ""
) -> RecallDisposal:
    """Write down what was done with goods at one place; never more than were there."""
    scope.require(actor, EDIT)
    row = RecallPlace.objects.select_for_update().get(pk=place.pk)
    if row.recall.state == Recall.State.CLOSED:
        raise Conflict(f"{row.recall} 已结案", way_out="请刷新页面。")
    if how not in RecallDisposal.How.values:
        raise Invalid("请选择处置方式", problems=[Problem("请选择", field="how")], way_out="请选择处置方式。")
    done = sum((one.quantity for one in row.disposals.all()), Decimal(0))
    if quantity <= 0 or done + quantity > row.quantity:
        raise Invalid(
            f"此处共 {row.quantity.normalize():f}，已处置 {done.normalize():f}，不能再处置 {quantity.normalize():f}",
            problems=[Problem("超过未处置数量", field="quantity")], way_out="请按实际数量填写。",
        )  # fmt: skip
    return RecallDisposal.objects.create(
        recall=row.recall,
        place=row,
        how=how,
        quantity=quantity,
        note=note.strip()[:200],
        actor=actor,
        at=clock.now(),
    )


def unfinished(row: Recall) -> list[str]:
    """What keeps a recall open: places nobody acknowledged, and goods nobody has done anything with."""
    found = []
    silent = (
        row.places.exclude(org_unit=None).filter(acknowledged_at=None).select_related("org_unit", "store")
    )
    found += [f"{place.store or place.org_unit} 尚未签收" for place in silent]
    if row.is_drill:
        return found
    for place in (
        row.places.exclude(kind=Kind.OUT).prefetch_related("disposals").select_related("store", "org_unit")
    ):
        left = place.quantity - sum((one.quantity for one in place.disposals.all()), Decimal(0))
        if left > 0:
            where = place.store or place.visit_no or place.org_unit
            found.append(f"{place.get_kind_display()} {where} 尚有 {left.normalize():f} 未处置")
    return found


@transaction.atomic
def close(*, actor: User, recall: Recall, conclusion: str) -> Recall:
    """结案: everything acknowledged and accounted for. The freeze stays until another person releases it."""
    scope.require_everywhere(actor, EDIT)
    row = Recall.objects.select_for_update().get(pk=recall.pk)
    if row.state == Recall.State.CLOSED:
        raise Conflict(f"{row} 已由 {row.closed_by} 结案", way_out="请刷新页面。")
    left = unfinished(row)
    if left:
        raise Conflict(
            f"{row} 还不能结案",
            problems=[Problem(one) for one in left[:20]],
            code="recall_open",
            way_out="请逐项办完后再结案。",
        )
    if not conclusion.strip():
        raise Invalid("请填写结论", problems=[Problem("请填写", field="conclusion")], way_out="请填写结论。")
    row.state, row.closed_by, row.closed_at = Recall.State.CLOSED, actor, clock.now()
    row.conclusion = conclusion.strip()[:300]
    row.save(update_fields=["state", "closed_by", "closed_at", "conclusion"])
    audit.record(
        actor=actor,
        act="logistics.recall.close",
        target=f"logistics.recall:{row.pk}",
        summary=f"召回结案 {row}",
    )
    return row


def accounted(row: Recall) -> recalling.Whereabouts:
    """Whether every piece that ever came is somewhere on the list; a supplier's count as come where they were found."""
    with connection.cursor() as cursor:
        cursor.execute(_with(row) + _RECEIVED, keys(row))
        [received] = cursor.fetchone() or (Decimal(0),)
    places: dict[str, Decimal] = {}
    for place in row.places.select_related("unit"):
        places[place.kind] = places.get(place.kind, Decimal(0)) + place.quantity
        of_supplier = place.unit is not None and place.unit.owner == TraceUnit.Owner.SUPPLIER
        if place.kind == Kind.CONSIGNED or of_supplier:
            received += place.quantity
    return recalling.whereabouts(received, places)


def freezes_of(row: Recall) -> list[Freeze]:
    """The freezes a recall made."""
    return list(Freeze.objects.filter(source=f"logistics.recall:{row.pk}").select_related("released_by"))


def find_place(pk: int) -> RecallPlace:
    """Raises NotFound."""
    found = RecallPlace.objects.select_related("recall", "org_unit", "store").filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到该去向", way_out="请刷新页面。")
    return found
