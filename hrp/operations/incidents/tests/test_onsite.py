"""Going on site: the road, the gate, the hospital's word, the photo, the departure."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Clock
from hrp.operations.desk.tests.world import World, later
from hrp.operations.incidents import selectors
from hrp.operations.incidents.models import ArrivalEvidence, Gate
from hrp.operations.incidents.services import onsite
from hrp.operations.incidents.tests import stage
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


@pytest.fixture
def world() -> World:
    return stage.make()


def test_expected_arrival_comes_from_the_register_of_travel_times(world: World) -> None:
    ticket = stage.remote_failed(world)
    with clock.pinned(later(35)):
        with pytest.raises(Invalid, match="没有登记到场路程"):
            onsite.dispatch(actor=world.engineer, ticket=ticket, person=world.engineer)
        stage.lives(world, 45)
        onsite.dispatch(actor=world.engineer, ticket=ticket, person=world.engineer)
    (trip,) = selectors.situation(ticket).trips
    assert (trip.person, trip.expected, trip.minutes) == ("张工", later(80), "45")


def test_only_the_supplier_is_sent(world: World) -> None:
    ticket = stage.remote_failed(world)
    with clock.pinned(later(35)), pytest.raises(Forbidden):
        onsite.dispatch(actor=world.engineer, ticket=ticket, person=world.head, expected=later(90))


def test_a_scan_at_the_gate_is_the_arrival_and_its_evidence(world: World) -> None:
    ticket, gate = stage.remote_failed(world), stage.gate(world)
    with clock.pinned(later(90)):
        made = onsite.check_in(actor=world.engineer, ticket=ticket, gate=gate, location="门口")
    row = Clock.objects.get(ticket=ticket, kind="onsite")
    assert (row.verdict, row.stop, made.at) == ("met", later(90), later(90))
    assert (made.kind, made.place) == ("gate", "三楼机房 门口")
    with pytest.raises(DatabaseError), transaction.atomic():
        ArrivalEvidence.objects.filter(pk=made.pk).update(at=later(1))


def test_the_hospital_signs_an_arrival_nobody_recorded_or_one_already_there(world: World) -> None:
    ticket = stage.remote_failed(world)
    with clock.pinned(later(90)):
        with pytest.raises(Forbidden):
            onsite.sign_arrival(actor=world.engineer, ticket=ticket, person="张工", place="机房")
        made = onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房", at=later(85))
        with pytest.raises(Conflict, match="已签认"):
            onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房")
    found = selectors.situation(ticket)
    assert found.arrived is not None
    assert (found.arrived.at, found.arrived.side, made.at) == (later(85), "hospital", later(85))


def test_the_hospitals_word_takes_the_time_already_on_record(world: World) -> None:
    ticket, gate = stage.remote_failed(world), stage.gate(world)
    with clock.pinned(later(90)):
        onsite.check_in(actor=world.engineer, ticket=ticket, gate=gate)
    with clock.pinned(later(120)):
        made = onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房", at=later(60))
    assert made.at == later(90)


def test_nobody_is_on_site_before_remote_work_has_failed(world: World) -> None:
    ticket, gate = stage.started(world), stage.gate(world)
    with clock.pinned(later(40)):
        with pytest.raises(Conflict):
            onsite.check_in(actor=world.engineer, ticket=ticket, gate=gate)
        with pytest.raises(Conflict):
            onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房")
        with pytest.raises(Conflict, match="还没有人到场"):
            onsite.depart(actor=world.engineer, ticket=ticket, person="张工")


def test_departure_is_on_the_chain(world: World) -> None:
    ticket = stage.remote_failed(world)
    with clock.pinned(later(90)):
        onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房")
    with clock.pinned(later(150)):
        onsite.depart(actor=world.engineer, ticket=ticket, person="张工", left_over="旧控制器待返修")
    found = selectors.situation(ticket)
    assert found.departed is not None
    assert "旧控制器待返修" in found.departed.payload["text"]


def test_the_phone_page_behind_the_gates_code(world: World) -> None:
    ticket, gate = stage.remote_failed(world), stage.gate(world)
    client = Client()
    client.force_login(world.engineer)
    url = reverse("operations.gate.check_in", args=[gate.code])
    with clock.pinned(later(90)):
        assert ticket.number in client.get(url).content.decode()
        assert client.post(url, {}).status_code == 422
        photo = SimpleUploadedFile("门口.png", PNG, "image/png")
        answer = client.post(url, {"ticket": str(ticket.pk), "location": "门口", "photo": photo})
        assert answer["Location"] == reverse("operations.incident.command", args=[ticket.pk])
        made = ArrivalEvidence.objects.get()
        shown = client.get(reverse("operations.arrival.photo", args=[made.pk]))
        assert b"".join(shown.streaming_content) == PNG  # type: ignore[attr-defined]
        other = Client()
        other.force_login(world.nurse)
        assert other.get(reverse("operations.arrival.photo", args=[made.pk])).status_code == 404
    assert len(made.photo_sha256) == 64


def test_a_refused_check_in_leaves_no_photo_behind(world: World, settings: object) -> None:
    from django.conf import settings as live

    ticket, gate = stage.started(world), stage.gate(world)
    client = Client()
    client.force_login(world.engineer)
    before = set(live.MEDIA_ROOT.rglob("arrivals/*/*"))
    with clock.pinned(later(40)):
        answer = client.post(
            reverse("operations.gate.check_in", args=[gate.code]),
            {"ticket": str(ticket.pk), "photo": SimpleUploadedFile("a.png", PNG, "image/png")},
        )
    assert answer.status_code == 409
    assert set(live.MEDIA_ROOT.rglob("arrivals/*/*")) == before


def test_a_renewed_or_unknown_code_opens_nothing(world: World) -> None:
    gate = stage.gate(world)
    old = gate.code
    onsite.set_up_gate(actor=world.head, gate=gate, new_code=True)
    client = Client()
    client.force_login(world.engineer)
    assert client.get(reverse("operations.gate.check_in", args=[old])).status_code == 404
    assert client.get(reverse("operations.gate.check_in", args=[gate.code])).status_code == 200


def test_a_gate_knows_only_the_tickets_of_its_own_hospital(world: World) -> None:
    ticket = stage.remote_failed(world)
    elsewhere = Gate(campus=places.campus("别院"), name="别院门禁", place="大门")
    onsite.set_up_gate(actor=world.head, gate=elsewhere)
    client = Client()
    client.force_login(world.engineer)
    with clock.pinned(later(60)):
        page = client.get(reverse("operations.gate.check_in", args=[elsewhere.code])).content.decode()
        assert ticket.number not in page
        answer = client.post(
            reverse("operations.gate.check_in", args=[elsewhere.code]), {"ticket": str(ticket.pk)}
        )
    assert answer.status_code == 404
    assert not ArrivalEvidence.objects.exists()


def test_registers_of_roads_and_gates_are_kept_on_their_pages(world: World) -> None:
    client = Client()
    client.force_login(world.engineer)
    colleague = people.person(name="远工")
    contracts.add_member(actor=world.clerk, user=colleague, side=Side.SUPPLIER, titles=[])
    answer = client.post(
        "/operations/travel/new",
        {"user": str(colleague.pk), "starts_from": "省城", "minutes": "240", "verified_on": "2026-11-01"},
    )
    assert answer.status_code == 302, answer.content.decode()
    with clock.pinned(later(0)):
        assert "超过约定" in client.get("/operations/travel/").content.decode()
    refused = client.post(
        "/operations/gates/new", {"campus": str(world.store.campus_id), "name": "后门", "place": "车库"}
    )
    assert refused.status_code == 403, "the codes are the hospital's"
    client.force_login(world.head)
    answer = client.post(
        "/operations/gates/new", {"campus": str(world.store.campus_id), "name": "东门", "place": "门卫室"}
    )
    assert answer.status_code == 302, answer.content.decode()
    gate = Gate.objects.get()
    assert len(gate.code) >= 16
    sheet = reverse("operations.gate.code", args=[gate.pk])
    assert client.get(sheet).content.startswith(b"%PDF-")
    assert gate.code not in client.get(f"/operations/gates/{gate.pk}").content.decode()
    client.force_login(world.engineer)
    assert client.get(sheet).status_code == 403
