"""From resolved to closed: the record, the hospital's confirmation, the archive, the gate of 三(二)1(4)."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from hrp.config import testing
from hrp.operations.desk.models import MaintenanceRecord, RecordArchive, Ticket, TicketEvent
from hrp.operations.desk.services import closing, handling, intake, reviewing
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def recorded(world: World) -> Ticket:
    ticket = desk.resolved(world)
    with clock.pinned(later(60)):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    ticket.refresh_from_db()
    return ticket


def confirmed(world: World) -> Ticket:
    ticket = recorded(world)
    with clock.pinned(later(90)):
        closing.confirm_by_hospital(actor=world.head, ticket=ticket, opinion="已恢复")
    ticket.refresh_from_db()
    return ticket


def broken() -> list[str]:
    return [outcome.id for outcome in health.run("operations") if outcome.state != "ok"]


@pytest.mark.parametrize("stage", ["open", "resolved", "recorded"])
def test_closing_is_refused_with_the_clause_until_the_record_is_confirmed(world: World, stage: str) -> None:
    ticket = {
        "open": world.call,
        "resolved": lambda: desk.resolved(world),
        "recorded": lambda: recorded(world),
    }[stage]()
    with clock.pinned(later(100)), pytest.raises(Conflict) as refused:
        closing.close(actor=world.head, ticket=ticket)
    assert "三(二)1(4)" in refused.value.reason
    assert refused.value.way_out
    ticket.refresh_from_db()
    assert ticket.state != "closed"


def test_record_before_resolving_is_refused(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(5)), pytest.raises(Conflict):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    assert not MaintenanceRecord.objects.exists()


def test_record_names_every_missing_field(world: World) -> None:
    ticket = desk.resolved(world)
    empty = dataclasses.replace(RECORD, symptom=" ", tests="", cause_class="magic")
    with clock.pinned(later(60)), pytest.raises(Invalid) as refused:
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=empty)
    assert {problem.field for problem in refused.value.problems} == {"symptom", "tests", "cause_class"}


def test_record_takes_its_instants_from_the_chain_and_keeps_its_number(world: World) -> None:
    ticket = recorded(world)
    record = MaintenanceRecord.objects.get()
    assert (record.number, record.requested_at, record.ended_at) == ("WX2026-00001", later(0), later(40))
    with clock.pinned(later(70)):
        again = closing.write_maintenance_record(
            actor=world.engineer, ticket=ticket, text=dataclasses.replace(RECORD, advice="季度巡检时复核")
        )
    assert (again.number, MaintenanceRecord.objects.count()) == ("WX2026-00001", 1)


def test_only_the_hospital_confirms(world: World) -> None:
    ticket = recorded(world)
    engineer = desk.people.person(*desk.SUPPLIER, "operations.ticket.confirm")
    desk.contracts.add_member(actor=world.clerk, user=engineer, side=desk.Side.SUPPLIER, titles=[])
    for actor in (world.engineer, engineer):
        with clock.pinned(later(70)), pytest.raises(Forbidden):
            closing.confirm_by_hospital(actor=actor, ticket=ticket)
    assert not RecordArchive.objects.exists()


def test_confirmation_archives_json_and_pdf_with_their_hashes(world: World) -> None:
    ticket = confirmed(world)
    archive = RecordArchive.objects.get(record__ticket=ticket)
    assert hashlib.sha256(archive.body.encode()).hexdigest() == archive.body_sha256
    assert bytes(archive.pdf).startswith(b"%PDF-")
    assert hashlib.sha256(bytes(archive.pdf)).hexdigest() == archive.pdf_sha256
    content = json.loads(archive.body)
    assert (content["number"], content["signer"], content["opinion"]) == ("WX2026-00001", "李主管", "已恢复")
    event = TicketEvent.objects.get(ticket=ticket, type="CONFIRMED")
    assert event.payload["sha256"] == archive.body_sha256


def test_ticket_closes_with_its_record(world: World) -> None:
    ticket = desk.reviewed(world, confirmed(world), 92)
    with clock.pinned(later(95)):
        ticket = closing.close(actor=world.head, ticket=ticket)
    assert (ticket.state, ticket.closed_at) == ("closed", later(95))
    assert broken() == []


def test_an_emergency_does_not_close_before_the_hospital_approved_its_review(world: World) -> None:
    ticket = confirmed(world)
    assert ticket.state == "review"
    with clock.pinned(later(91)), pytest.raises(Conflict) as refused:
        closing.close(actor=world.head, ticket=ticket)
    assert "尚未复盘" in refused.value.reason
    assert "三(二)1(2)" in refused.value.reason
    with clock.pinned(later(92)), pytest.raises(Invalid) as incomplete:
        reviewing.write_review(actor=world.engineer, ticket=ticket, root_cause="", delays="无", actions=[])
    assert {problem.field for problem in incomplete.value.problems} == {"root_cause", "actions"}
    with clock.pinned(later(92)), pytest.raises(Conflict):
        reviewing.approve_review(actor=world.head, ticket=ticket)
    assert desk.reviewed(world, ticket, 93).state == "confirmed"
    with clock.pinned(later(96)):
        again = reviewing.write_review(
            actor=world.engineer, ticket=ticket, root_cause="归档策略缺失", delays="无",
            actions=reviewing.parse_actions("磁盘 85% 告警；张工；2026-12-01"),
        )  # fmt: skip
    assert again.state == "review"  # written anew, it is approved anew


def test_a_milder_ticket_needs_no_review(world: World) -> None:
    ticket = world.call("B")
    with clock.pinned(later(40)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="恢复")
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
        closing.confirm_by_hospital(actor=world.head, ticket=ticket)
    ticket.refresh_from_db()
    assert ticket.state == "confirmed"


def test_archived_record_cannot_be_written_again(world: World) -> None:
    ticket = confirmed(world)
    with clock.pinned(later(95)), pytest.raises(Conflict):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    for statement in (
        "UPDATE operations_maintenance_record SET cause = '另有原因'",
        "DELETE FROM operations_maintenance_record",
        "UPDATE operations_record_archive SET body = '{}'",
        "DELETE FROM operations_record_archive",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_database_refuses_a_closing_event_without_an_archived_record(world: World) -> None:
    ticket = recorded(world)
    with pytest.raises(DatabaseError, match="没有归档的维护记录"), transaction.atomic():
        TicketEvent.objects.create(
            ticket=ticket, seq=ticket.last_seq + 1, type="CLOSED", at=later(95), recorded_at=later(95),
            actor=world.head, side="hospital", payload={},
        )  # fmt: skip


def test_same_cause_again_opens_a_cycle_that_needs_its_own_record(world: World) -> None:
    ticket = desk.reviewed(world, confirmed(world), 92)
    with clock.pinned(later(95)):
        ticket = closing.close(actor=world.head, ticket=ticket)
    with clock.pinned(later(300)):
        ticket = intake.log_further_contact(
            actor=world.engineer,
            ticket=ticket,
            call=intake.Call(call_at=later(298), answered_at=later(299)),
            level="1",
        )
    assert (ticket.state, ticket.cycle, "reopened" in ticket.flags) == ("responded", 2, True)
    with clock.pinned(later(310)):
        ticket = handling.resolve(actor=world.engineer, ticket=ticket, summary="再次扩容")
    with clock.pinned(later(311)), pytest.raises(Conflict):
        closing.close(actor=world.head, ticket=ticket)
    with clock.pinned(later(320)):
        record = closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    assert (record.number, record.requested_at, record.ended_at) == ("WX2026-00002", later(298), later(310))


def test_flipped_byte_in_the_chain_is_found(committed_db: testing.Database) -> None:
    world = desk.make()
    world.call()
    assert broken() == []
    with psycopg.connect(committed_db.owner_url) as owner:
        owner.execute("ALTER TABLE operations_ticket_event DISABLE TRIGGER append_only_row")
        owner.execute("""UPDATE operations_ticket_event SET payload = payload || '{"level": "C"}'""")
        owner.execute("ALTER TABLE operations_ticket_event ENABLE ALWAYS TRIGGER append_only_row")
    assert "desk.chain" in broken()


def test_gap_in_the_numbers_is_found(world: World) -> None:
    world.call()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE operations_number_series SET last = last + 1")
    assert broken() == ["desk.numbers"]
