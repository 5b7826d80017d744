"""In theatre: one scan a piece. What must not be used is refused, naming who used it, and when."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.models import ConsignMove, PatientUse, TraceUnit, UseCancel
from hrp.logistics.highvalue.services import booking, emergencies, freezing, picking, scans, using
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.logistics.models import Batch
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def test_a_use_keeps_the_least_of_the_patient_and_leaves_the_cabinet(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(2)
    use = theatre.use(unit)
    assert (use.visit_no, use.patient, use.operation, use.nurse) == (
        "ZY2026110001", "张**", "冠脉支架植入术", theatre.nurse
    )  # fmt: skip
    unit.refresh_from_db()
    assert (unit.state, unit.store) == ("used", None)
    assert sum(ConsignMove.objects.values_list("quantity", flat=True)) == 1
    theatre.check()


def test_the_second_use_is_refused_naming_who_and_when(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    theatre.use(unit)
    with pytest.raises(Conflict) as refused:
        theatre.use(unit, theatre.visit("ZY2"), actor=theatre.other)
    assert refused.value.code == "unit_used"
    for word in ("林护士", "2026-11-10 12:00", "ZY2026110001", "张**"):
        assert word in refused.value.reason
    assert PatientUse.objects.count() == 1


def test_a_scanner_that_says_it_twice_says_it_once(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    key = uuid.uuid4()
    said = [
        using.use(actor=theatre.nurse, visit=theatre.visit(), code=unit.uid, client_key=key).pk
        for _ in range(2)
    ]
    assert said[0] == said[1]


def test_expired_frozen_and_withdrawn_goods_are_stopped(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    with clock.pinned(clock.at(dt.date(2028, 7, 1))), pytest.raises(Conflict, match="过期") as late:
        using.use(actor=theatre.nurse, visit=theatre.visit(), code=unit.uid)
    assert late.value.code == "unit_stopped"
    freezing.freeze(actor=theatre.nurse, reason="疑似质量问题", batch_id=unit.batch_id)
    with pytest.raises(Conflict, match="冻结"):
        theatre.use(unit)
    with pytest.raises(NotFound):
        theatre.use("没有这个码")
    with pytest.raises(Invalid) as missing:
        theatre.use(unit, theatre.visit("", operation="", operator=""))
    assert {p.field for p in missing.value.problems} == {"visit_no", "operation", "operator"}


def test_what_lies_ready_for_one_patient_is_not_used_for_another(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    header = {
        "visit_no": "ZY1", "patient": "李四", "operation": "支架", "operator": "陈医生", "planned_on": DAY,
    }  # fmt: skip
    request = theatre.draft(OperationRequest, header, {"item": theatre.stent.pk, "quantity": "1"})
    scans.scan(actor=theatre.nurse, source=request.source, code=unit.uid)
    theatre.post(request)
    with clock.pinned(clock.now() + dt.timedelta(hours=25)):
        assert [one.pk for one in picking.forgotten()] == [unit.pk]
        assert picking.remind() == 1
    assert picking.forgotten() == []
    with pytest.raises(Conflict, match="ZY1"):
        theatre.use(unit, theatre.visit("ZY2"))
    theatre.use(unit, theatre.visit("ZY1"))
    theatre.check()
    with pytest.raises(Conflict) as gone:
        theatre.reverse(request)
    assert gone.value.code == "stock_gone"


def test_a_scan_in_error_is_taken_back_by_its_nurse_or_by_who_may(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    use = theatre.use(unit)
    stranger = theatre.world.user("stranger", "路人", "logistics.theatre.use")
    with clock.pinned(NOON), pytest.raises(Forbidden):
        using.cancel(actor=stranger, use=use, reason="扫错")
    with clock.pinned(NOON + dt.timedelta(hours=13)), pytest.raises(Forbidden):
        using.cancel(actor=theatre.nurse, use=use, reason="扫错")
    with clock.pinned(NOON + dt.timedelta(hours=1)):
        using.cancel(actor=theatre.nurse, use=use, reason="扫错")
    unit.refresh_from_db()
    assert (unit.state, unit.store_id) == ("in_consign", theatre.cabinet.pk)
    theatre.check()
    theatre.use(unit, theatre.visit("ZY3"))
    theatre.check()
    assert PatientUse.objects.count() == 2
    assert UseCancel.objects.get().use_id == use.pk


def test_booked_uses_are_not_taken_back_before_the_booking_is(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    use = theatre.use(unit)
    document = theatre.book(use)
    with pytest.raises(Conflict) as refused:
        using.cancel(actor=theatre.other, use=use, reason="扫错")
    assert refused.value.code == "use_booked"
    theatre.reverse(document)
    using.cancel(actor=theatre.other, use=PatientUse.objects.get(pk=use.pk), reason="扫错")
    theatre.check()


def test_the_past_of_a_patient_cannot_be_rewritten_by_raw_sql(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    theatre.use(unit)
    again = (
        "INSERT INTO logistics_patient_use (unit_id, visit_no, patient, operation, operator, diagnosis, site, campus_id,"
        " org_unit_id, used_on, used_at, nurse_id, raw, emergency) SELECT unit_id, 'ZY9', '', operation, operator, '', '',"
        " campus_id, org_unit_id, used_on, used_at, nurse_id, '', false FROM logistics_patient_use"
    )
    for statement in (
        "DELETE FROM logistics_patient_use", "UPDATE logistics_patient_use SET visit_no = 'X'", again,
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def emergency(theatre: Theatre, **more: object) -> PatientUse:
    values = {
        "code": "",
        "reason": "术中破裂",
        "lot": "E1",
        "expiry": dt.date(2028, 1, 31),
        "price": None,
    } | more
    with clock.pinned(NOON):
        return emergencies.use(
            actor=theatre.nurse,
            visit=theatre.visit(),
            item=theatre.stent,
            supplier_id=theatre.supplier.pk,
            **values,
        )  # type: ignore[arg-type]


def test_an_emergency_goes_first_and_is_approved_by_another_within_the_hours(theatre: Theatre) -> None:
    use = emergency(theatre, code="SN-E1")
    case = use.emergency_case
    assert case.due_at - use.used_at == dt.timedelta(hours=24)
    assert booking.waiting() == [], "nothing is paid before it is approved"
    with pytest.raises(Forbidden, match="登记人"):
        emergencies.decide(actor=theatre.nurse, case=case, approve=True, price=Decimal(100))
    with pytest.raises(Invalid):
        emergencies.decide(actor=theatre.other, case=case, approve=True)
    emergencies.decide(actor=theatre.other, case=case, approve=True, price=Decimal("900.00"))
    [waiting] = booking.waiting()
    document = theatre.book(waiting)
    assert document.total == Decimal("900.00")
    theatre.check()


def test_an_emergency_that_was_refused_is_never_paid_and_late_ones_are_called(theatre: Theatre) -> None:
    use = emergency(theatre)
    with clock.pinned(NOON + dt.timedelta(hours=25)):
        assert emergencies.remind() == 1
    emergencies.decide(actor=theatre.other, case=use.emergency_case, approve=False, opinion="有备货")
    assert booking.waiting() == []
    with pytest.raises(Invalid, match="1 处"):
        theatre.book(PatientUse.objects.get(pk=use.pk))


def test_an_emergency_does_not_bring_in_what_is_expired_or_recalled(theatre: Theatre) -> None:
    with pytest.raises(Conflict, match="过期"):
        emergency(theatre, expiry=dt.date(2026, 1, 1))
    freezing.freeze(actor=theatre.nurse, reason="召回", kind=Batch.Hold.RECALLED, item_id=theatre.stent.pk)
    with pytest.raises(Conflict, match="召回"):
        emergency(theatre)
    [known] = theatre.buy(1)
    with pytest.raises(Conflict) as refused:
        emergency(theatre, code=known.uid)
    assert refused.value.code == "unit_known"
    assert TraceUnit.objects.filter(state="used").count() == 0
