"""紧急使用: what nobody had registered goes into the patient first and is approved within the hours allowed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import EmergencyUse, PatientUse, TraceUnit
from hrp.logistics.highvalue.pieces import events, labels
from hrp.logistics.highvalue.pieces.labels import Code, Piece
from hrp.logistics.highvalue.services import using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.subledger.writing import Lot, batch_ids
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters

APPROVE = "logistics.patient_use.approve"


@transaction.atomic
def use(
    *,
    actor: User,
    visit: Visit,
    code: str,
    item: Item,
    supplier_id: int,
    reason: str,
    lot: str = "",
    expiry: dt.date | None = None,
    price: Decimal | None = None,
) -> PatientUse:
    """Register a piece that is in no cabinet, and its use at once. Expired or held goods are refused here too."""
    scope.require(actor, using.USE, visit.org_unit_id)
    visit = visit.checked()
    if not reason.strip():
        raise Invalid(
            "紧急使用必须写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。"
        )
    known = labels.find(code) if code.strip() else None
    if known is not None:
        if known.state in rules.GONE:
            raise using.used(known)
        raise Conflict(
            f"{known.uid} 已登记，现为“{known.get_state_display()}”",
            code="unit_known",
            way_out="请直接扫码使用，不必走紧急登记。",
        )
    unit = _registered(code, item, supplier_id, lot, expiry, price)
    _judge(unit, visit)
    row = using.write(actor=actor, visit=visit, unit=unit, raw=code, emergency=True)
    hours = parameters.value("highvalue.emergency_hours", clock.today())
    EmergencyUse.objects.create(
        use=row, reason=reason.strip()[:200], due_at=rules.approval_due(row.used_at, hours), asked_by=actor
    )
    return row


def _registered(
    code: str, item: Item, supplier_id: int, lot: str, expiry: dt.date | None, price: Decimal | None
) -> TraceUnit:
    """The piece, with what its label says where nobody typed it."""
    scan = labels.read(code) if code.strip() else None
    lot, expiry = lot.strip() or (scan.lot if scan else ""), expiry or (scan.expiry if scan else None)
    given = Lot(item.pk, lot[:40], expiry or NO_EXPIRY, supplier_id)
    batch = batch_ids([given])[given.key]
    piece = Piece(item.pk, batch, 0, labels.code_of(code, item) if code.strip() else Code(), price)
    [unit] = labels.register(
        [piece], owner=TraceUnit.Owner.SUPPLIER, mode=TraceUnit.Mode.CARRIED, source=using.THEATRE
    )
    events.lock([unit.pk])
    return TraceUnit.objects.select_related("item", "batch", "store").get(pk=unit.pk)


def _judge(unit: TraceUnit, visit: Visit) -> None:
    now = using.standing(unit)
    verdict, words = rules.verdict(
        rules.Standing(rules.State.IN_CONSIGN, now.hold, now.usable_until),
        visit_no=visit.visit_no,
        on=clock.today(),
    )
    if verdict != rules.Verdict.OK:
        raise Conflict(f"{unit.item} {words}", code="unit_stopped", way_out="请立即更换一件。")


@transaction.atomic
def decide(
    *, actor: User, case: EmergencyUse, approve: bool, opinion: str = "", price: Decimal | None = None
) -> EmergencyUse:
    """Approve afterwards, with the price agreed, or refuse: what was refused is never paid. Not by who registered it."""
    scope.require(actor, APPROVE)
    row = EmergencyUse.objects.select_for_update().get(pk=case.pk)
    if row.decision:
        raise Conflict(f"已由 {row.decided_by} {row.get_decision_display()}", way_out="请刷新页面。")
    if row.asked_by_id == actor.pk:
        raise Forbidden("登记人不能自己补批。", way_out="请由科主任或医务、物资部门补批。")
    unit = TraceUnit.objects.select_for_update().get(pk=row.use.unit_id)
    if approve and price is None and unit.price is None:
        raise Invalid(
            "请填写价格",
            problems=[Problem("没有协议价，请填写", field="price")],
            way_out="请填写议定价格后再同意。",
        )
    if not approve and not opinion.strip():
        raise Invalid(
            "不同意请写明意见", problems=[Problem("请填写", field="opinion")], way_out="请填写意见。"
        )
    if approve and price is not None:
        unit.price = price
        unit.save(update_fields=["price"])
    row.decision = EmergencyUse.Decision.APPROVED if approve else EmergencyUse.Decision.REFUSED
    row.decided_by, row.decided_at, row.opinion = actor, clock.now(), opinion.strip()[:200]
    row.save(update_fields=["decision", "decided_by", "decided_at", "opinion"])
    late = row.decided_at > row.due_at
    audit.record(
        actor=actor, act="logistics.patient_use.decide", target=f"logistics.patient_use:{row.use_id}",
        summary=f"紧急使用补批：{row.get_decision_display()}{'（超时）' if late else ''} {row.opinion}",
    )  # fmt: skip
    return row


def remind() -> int:
    """Tell who may approve of every case past its hour, once."""
    overdue = EmergencyUse.objects.filter(decision="", due_at__lt=clock.now()).select_related(
        "use__unit__item"
    )
    people = list(_approvers())
    for case in overdue:
        notify.notify(
            recipients=people, kind="logistics.highvalue", title=f"紧急使用超时未补批：{case.use.unit.item}",
            body=f"{case.use.visit_no} {case.use.operation}，期限 {clock.local(case.due_at):%m-%d %H:%M}。",
            url="/logistics/emergency-uses/", dedupe_key=f"emergency-use:{case.pk}",
        )  # fmt: skip
    return len(overdue)


def _approvers() -> list[User]:
    people = User.objects.filter(is_active=True, is_machine=False, duty="business")
    return [person for person in people if scope.has(person, APPROVE)]
