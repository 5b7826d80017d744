"""The pages of high-value goods over HTTP: who sees and does what, and what a scan answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.models import PatientUse, Recall, UnitScan
from hrp.logistics.highvalue.services import recalls
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.logistics.models import Freeze
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
VISIT = {"visit": "ZY1", "patient": "张三丰", "operation": "支架植入", "operator": "陈医生"}


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(user: User, address: str, status: int = 200) -> str:
    with clock.pinned(NOON):
        answer = door(user).get(address)
    assert answer.status_code == status, answer.content.decode(errors="replace")[:500]
    return answer.content.decode(errors="replace")


def post(user: User, name: str, given: dict[str, Any], *args: object) -> Any:
    with clock.pinned(NOON):
        return door(user).post(reverse(name, args=args), given, headers=HX)


def test_a_scan_answers_with_its_sound_and_the_second_with_another(theatre: Theatre) -> None:
    unit, frozen = theatre.consign(1)[0], theatre.consign(1, "L2")[0]
    given = VISIT | {"org_unit": theatre.world.unit.pk}
    assert (
        'data-sound="ok"'
        in post(theatre.nurse, "logistics.theatre.use", given | {"code": unit.uid}).content.decode()
    )
    again = post(
        theatre.other, "logistics.theatre.use", given | {"code": unit.uid, "visit": "ZY2"}
    ).content.decode()
    assert 'data-sound="duplicate"' in again
    assert "林护士" in again
    theatre.world.hospital.refresh_from_db()
    Freeze.objects.create(item=theatre.stent, reason="x", frozen_by=theatre.nurse, frozen_at=NOON)
    frozen.batch.hold = "frozen"
    frozen.batch.save(update_fields=["hold"])
    stopped = post(theatre.nurse, "logistics.theatre.use", given | {"code": frozen.uid}).content.decode()
    assert 'data-sound="stop"' in stopped
    page = see(theatre.nurse, reverse("logistics.theatre") + "?visit=ZY1")
    assert unit.uid in page
    assert "张三丰" not in page
    use = PatientUse.objects.get()
    post(theatre.nurse, "logistics.theatre.cancel", {"reason": "扫错"}, use.pk)
    assert "已撤销" in see(theatre.nurse, reverse("logistics.theatre") + "?visit=ZY1")


def test_the_wristband_brings_the_operation_that_was_asked_for(theatre: Theatre) -> None:
    header = {
        "visit_no": "ZY5", "patient": "王五", "operation": "双支架植入", "operator": "周医生", "planned_on": DAY,
    }  # fmt: skip
    request = theatre.draft(OperationRequest, header, {"item": theatre.stent.pk, "quantity": "1"})
    unit = theatre.consign(1)[0]
    listed = see(theatre.nurse, reverse("logistics.unit_scan"))
    assert str(request) in listed
    said = post(theatre.nurse, "logistics.unit_scan.scan", {"source": request.source, "code": unit.uid})
    assert unit.uid in said.content.decode()
    one = UnitScan.objects.get()
    assert (
        post(theatre.nurse, "logistics.unit_scan.drop", {"source": request.source}, one.pk).status_code == 302
    )
    post(theatre.nurse, "logistics.unit_scan.scan", {"source": request.source, "code": unit.uid})
    theatre.post(request)
    page = see(theatre.nurse, reverse("logistics.theatre") + "?visit=ZY5")
    for word in ("双支架植入", "周医生", "王*", unit.uid):
        assert word in page


def test_emergency_and_booking_from_the_theatre(theatre: Theatre) -> None:
    given = VISIT | {
        "org_unit": theatre.world.unit.pk, "code": "", "item": theatre.stent.pk, "supplier": theatre.supplier.pk,
        "lot": "E1", "expiry": "2028-01-31", "price": "900", "reason": "破裂",
    }  # fmt: skip
    for wrong in (
        {"item": ""},
        {"supplier": ""},
        {"expiry": "明年"},
        {"price": "-1"},
        {"reason": ""},
        {"org_unit": ""},
    ):
        assert (
            'data-sound="stop"'
            in post(theatre.nurse, "logistics.theatre.emergency", given | wrong).content.decode()
        )
    assert not PatientUse.objects.exists()
    assert 'data-sound="ok"' in post(theatre.nurse, "logistics.theatre.emergency", given).content.decode()
    theatre.use(theatre.consign(1)[0], theatre.visit("ZY1"))
    assert post(theatre.nurse, "logistics.theatre.book", {"visit": "ZY1"}).status_code == 302
    assert sorted(PatientUse.objects.values_list("unit__state", flat=True)) == ["booked", "used"]
    assert see(theatre.nurse, reverse("logistics.theatre.sheet") + "?visit=ZY1").startswith("%PDF")


def test_tracing_both_ways_on_one_screen(theatre: Theatre, django_assert_max_num_queries: Any) -> None:
    unit, other = theatre.consign(2, delivery_note="SH-77")
    theatre.use(unit)
    trace = reverse("logistics.trace")
    forward = see(theatre.nurse, f"{trace}?q=L1")
    assert "2 件，1 次用于患者" in forward
    backward = see(theatre.nurse, reverse("logistics.trace.unit", args=[unit.pk]))
    for word in (
        "国械注准20203130001", "杏康医疗器械有限公司", "SH-77", "测试供应商", "ZY2026110001", "张**", "陈医生", "L1",
    ):  # fmt: skip
        assert word in backward
    with clock.pinned(NOON):
        answer = door(theatre.nurse).get(f"{trace}?q=ZY2026110001")
    assert answer["Location"].endswith(f"/{unit.pk}")
    assert other.uid in see(theatre.nurse, reverse("logistics.trace.unit", args=[other.pk]))
    for address in (
        reverse("logistics.trace.paper", args=[unit.pk]), reverse("logistics.unit_labels") + f"?unit={unit.pk}",
        reverse("logistics.unit_labels") + f"?source={unit.source}",
    ):  # fmt: skip
        assert see(theatre.nurse, address).startswith("%PDF")
    client = door(theatre.nurse)
    with django_assert_max_num_queries(40):
        client.get(reverse("logistics.trace.unit", args=[unit.pk]))


def test_who_holds_nothing_sees_nothing(theatre: Theatre) -> None:
    stranger = theatre.world.user("x", "路人", "logistics.item.view")
    for name in ("logistics.theatre", "logistics.trace", "logistics.unit_scan", "logistics.charges"):
        assert see(stranger, reverse(name), status=403)
    assert post(stranger, "logistics.theatre.book", {"visit": "ZY1"}).status_code == 403
    assert see(theatre.nurse, reverse("logistics.trace.unit", args=[999]), status=404)
    assert see(
        theatre.nurse, reverse("logistics.unit_scan") + "?source=logistics.stock_issue:999", status=404
    )


@pytest.mark.parametrize(
    "path",
    [
        "units", "patient-uses", "emergency-uses", "use-charges", "his-charges", "freezes", "freezes/new", "recalls",
        "recalls/new", "recall-places", "adverse-events", "adverse-events/new", "consign-ins", "consign-ins/new",
        "consign-outs/new", "operation-requests/new", "use-bookings/new", "use-settlements/new", "consign-statements/new",
        "charge-check",
    ],
)  # fmt: skip
def test_every_page_opens(theatre: Theatre, path: str) -> None:
    theatre.use(theatre.consign(2)[0])
    address = f"/logistics/{path}" + ("" if "/" in path or path == "charge-check" else "/")
    assert see(theatre.nurse, address)


@pytest.mark.parametrize("kind", ["use-bookings", "use-settlements", "consign-statements", "consign-outs"])
def test_a_new_document_begins_with_what_is_due(theatre: Theatre, kind: str) -> None:
    first, second = theatre.consign(2)
    if kind == "use-settlements":
        theatre.book(theatre.use(first))
    elif kind == "use-bookings":
        theatre.use(first)
    elif kind == "consign-outs":
        from hrp.logistics.highvalue.services import scans

        scans.set_aside(actor=theatre.nurse, unit=first, act="damage", reason="摔落")
    page = see(theatre.nurse, f"/logistics/{kind}/new?supplier={theatre.supplier.pk}")
    assert (first.uid if kind != "consign-statements" else "L1") in page
    assert second.uid not in page


def test_registers_freeze_recall_and_report(theatre: Theatre) -> None:
    theatre.consign(2)
    client = door(theatre.nurse)
    with clock.pinned(NOON):
        assert (
            client.post(
                "/logistics/freezes/new", {"kind": "frozen", "item": theatre.stent.pk, "reason": "抽检"}
            ).status_code
            == 302
        )
        given = {
            "title": "涂层缺陷", "level": "2", "item": theatre.stent.pk, "lot": "L1", "decided_on": "2026-11-10",
            "campus": theatre.world.campus.pk,
        }  # fmt: skip
        assert client.post("/logistics/recalls/new", given).status_code == 302
    recall = Recall.objects.get()
    assert Freeze.objects.count() == 2
    page = see(theatre.nurse, f"/logistics/recalls/{recall.pk}")
    assert "尚未签收" in page
    place = recall.places.get()
    recalls.acknowledge(actor=theatre.nurse, place=place)
    assert see(theatre.nurse, reverse("logistics.recall_report", args=[recall.pk])).startswith("%PDF")
    assert see(theatre.nurse, f"/logistics/recall-places/{place.pk}")
