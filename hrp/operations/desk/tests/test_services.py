"""The verbs of the desk up to resolving: what they leave behind, and what they refuse with the clause."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.operations.contracts import services as contracts
from hrp.operations.desk import jobs, selectors
from hrp.operations.desk.models import Breach, Clock, ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.services import breaches, handling, intake
from hrp.operations.desk.services.projection import rebuild
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import MONDAY, World, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.access.tests import people
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.jobs.duties import duties
from hrp.platform.notify.models import Message
from hrp.platform.org.rules.calendar import DayKind
from hrp.platform.org.rules.notices import NamedDay
from hrp.platform.org.services.calendar import import_calendar, load_shipped_years, shipped_notices

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def verdicts(ticket: Ticket) -> dict[tuple[str, str], str]:
    return {(row.kind, row.level): row.verdict for row in Clock.objects.filter(ticket=ticket)}


def judged(ticket: Ticket) -> list[tuple[str, str, dt.datetime]]:
    return [(row.key, row.verdict, row.due) for row in rebuild(Ticket.objects.get(pk=ticket.pk))]


def broken() -> list[str]:
    return [outcome.id for outcome in health.run("operations") if outcome.state != "ok"]


def test_call_opens_a_ticket_whose_clocks_start_at_the_first_ring(world: World) -> None:
    ticket = world.call()
    assert ticket.number == "FW2026-00001"
    assert (ticket.state, ticket.level, ticket.owner) == ("responded", "1", world.engineer)
    assert verdicts(ticket) == {("response", "1"): "met", ("emergency_start", "1"): "running"}
    assert ticket.next_due_at == later(30)  # half of the hour for the emergency service
    evidence = ContactEvidence.objects.get()
    assert (evidence.ring_at, evidence.agent, evidence.source) == (MONDAY, world.engineer, "manual")
    assert Message.objects.filter(recipient=world.head, kind="operations.ticket").count() == 1


def test_numbers_have_no_gap_when_an_opening_is_refused(world: World) -> None:
    world.call()
    with pytest.raises(Invalid):
        intake.log_phone_contact(
            actor=world.engineer, report=world.report(title=" "), call=intake.Call(call_at=clock.now())
        )
    assert world.call("B").number == "FW2026-00002"


@pytest.mark.parametrize("ahead", [1, 3600])
def test_call_in_the_future_is_refused(world: World, ahead: int) -> None:
    with clock.pinned(MONDAY), pytest.raises(Invalid) as refused:
        intake.log_phone_contact(
            actor=world.engineer,
            report=world.report(),
            call=intake.Call(call_at=MONDAY + dt.timedelta(seconds=ahead)),
        )
    assert refused.value.code == "future_instant"
    assert not Ticket.objects.exists()


def test_back_dated_call_needs_evidence(world: World) -> None:
    early = intake.Call(call_at=later(-11))
    with clock.pinned(MONDAY), pytest.raises(Invalid) as refused:
        intake.log_phone_contact(actor=world.engineer, report=world.report(), call=early)
    assert refused.value.code == "evidence_required"
    assert "三(二)5" in refused.value.reason
    with clock.pinned(MONDAY):
        ticket = intake.log_phone_contact(
            actor=world.engineer,
            report=world.report(),
            call=intake.Call(call_at=later(-11), late_reason="话务记录 20261123-0949"),
        )
    assert verdicts(ticket)[("response", "1")] == "breached"
    assert Breach.objects.get().due == later(-6)


def test_call_ten_minutes_ago_needs_none(world: World) -> None:
    with clock.pinned(MONDAY):
        ticket = intake.log_phone_contact(
            actor=world.engineer, report=world.report(), call=intake.Call(call_at=later(-10))
        )
    assert ticket.first_contact_at == later(-10)


@pytest.mark.parametrize(("level", "channel"), [("1", "web"), ("A", "email")])
def test_grave_report_in_writing_is_kept_as_provisional_b(world: World, level: str, channel: str) -> None:
    with clock.pinned(MONDAY):
        ticket = intake.log_written_contact(actor=world.head, report=world.report(level), channel=channel)
    assert (ticket.level, ticket.reported_level, ticket.flags) == ("B", level, ["channel_rejected"])
    assert verdicts(ticket) == {("response", "B"): "running"}
    assert Message.objects.filter(recipient=world.engineer).exists()


def test_phone_call_makes_the_provisional_ticket_what_was_reported(world: World) -> None:
    with clock.pinned(MONDAY):
        ticket = intake.log_written_contact(actor=world.head, report=world.report("1"), channel="web")
    with clock.pinned(later(3)):
        call = intake.Call(call_at=later(2), answered_at=later(3), direction="out")
        ticket = intake.log_further_contact(actor=world.engineer, ticket=ticket, call=call)
    assert ticket.level == "1"
    assert verdicts(ticket) == {
        ("response", "B"): "superseded",
        ("response", "1"): "met",
        ("emergency_start", "1"): "running",
    }


def test_call_back_nobody_took_is_refused(world: World) -> None:
    ticket = world.call("B")
    with clock.pinned(later(5)), pytest.raises(Invalid) as refused:
        intake.log_further_contact(
            actor=world.engineer, ticket=ticket, call=intake.Call(call_at=later(4), direction="out")
        )
    assert refused.value.code == "not_connected"


def test_response_stops_its_clock_and_gives_an_owner(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    assert (ticket.state, ticket.owner) == ("new", None)
    with clock.pinned(later(30)):
        ticket = handling.respond(actor=world.engineer, ticket=ticket, note="正在查看")
    assert (ticket.state, ticket.owner) == ("responded", world.engineer)
    assert Clock.objects.get(ticket=ticket).margin_s == 1800


def test_response_cannot_be_written_back_in_time_without_evidence(world: World) -> None:
    ticket = world.call(answered_s=None)
    with clock.pinned(later(30)), pytest.raises(Invalid) as refused:
        handling.respond(actor=world.engineer, ticket=ticket, at=later(4))
    assert refused.value.code == "evidence_required"


def test_response_before_the_first_call_is_refused(world: World) -> None:
    ticket = world.call(answered_s=None)
    with clock.pinned(later(3)), pytest.raises(Invalid) as refused:
        handling.respond(actor=world.engineer, ticket=ticket, at=later(-1))
    assert refused.value.code == "before_first_contact"


def test_hospital_cannot_answer_itself(world: World) -> None:
    ticket = world.call(answered_s=None)
    with pytest.raises(Forbidden):
        handling.respond(actor=world.head, ticket=ticket)


def test_breach_once_written_survives_late_proof_of_a_response(world: World) -> None:
    ticket = world.call(answered_s=None)
    with clock.pinned(later(6)):
        assert breaches.scan(actor=system_actor("desk")) == 1
    with clock.pinned(later(20)):
        ticket = handling.respond(actor=world.engineer, ticket=ticket, at=later(4), late_reason="录音 0957")
    assert verdicts(ticket)[("response", "1")] == "met"
    assert Breach.objects.get().due == later(5)


def test_scan_writes_each_breach_once_with_its_true_due_time(world: World) -> None:
    ticket = world.call(answered_s=None)
    with clock.pinned(later(185)):
        assert breaches.scan(actor=system_actor("desk")) == 2
        assert breaches.scan(actor=system_actor("desk")) == 0
    rows = {row.kind: row for row in Breach.objects.filter(ticket=ticket)}
    assert (rows["response"].due, rows["emergency_start"].due) == (later(5), later(60))
    assert all(row.detected_late for row in rows.values())
    assert Message.objects.filter(recipient=world.head, kind="operations.breach").count() == 2


def test_breach_duty_is_registered_and_finds_what_is_due(world: World) -> None:
    assert jobs.find_breaches is duties["desk.breaches"].function
    assert duties["desk.breaches"].every_seconds <= 5
    ticket = world.call(answered_s=None)
    with clock.pinned(later(6)):
        duties["desk.breaches"].function()
    assert Breach.objects.get().ticket == ticket


def test_overdue_ticket_stays_pressing_until_somebody_attends_to_it(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    other = world.call("B", at=later(50), answered_s=None)
    with clock.pinned(later(70)):
        breaches.scan(actor=system_actor("desk"))
        assert selectors.late_count(world.head) == 1
        assert [one.pk for one in selectors.board(world.head)] == [ticket.pk, other.pk]
        handling.respond(actor=world.engineer, ticket=ticket)
        assert selectors.late_count(world.head) == 0


def test_scan_finds_nothing_before_the_due_instant(world: World) -> None:
    world.call(answered_s=None)
    with clock.pinned(later(5)):
        assert breaches.scan(actor=system_actor("desk")) == 0
    with clock.pinned(later(5) + dt.timedelta(microseconds=1)):
        assert breaches.scan(actor=system_actor("desk")) == 1


def test_emergency_needs_commander_staff_and_plan(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(10)), pytest.raises(Invalid) as refused:
        handling.start_emergency(actor=world.engineer, ticket=ticket, commander="张工", staff="", plan="EP")
    assert "三(二)1(2)" in refused.value.reason


def test_on_site_clock_runs_from_the_declaration_of_either_side(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(70)):
        ticket = handling.declare_remote_failed(actor=world.head, ticket=ticket, reason="服务器电源烧毁")
    assert ticket.state == "dispatched"
    assert Clock.objects.get(ticket=ticket, kind="onsite").due == later(70 + 240)
    with clock.pinned(later(200)):
        ticket = handling.arrive_on_site(
            actor=world.engineer, ticket=ticket, place="信息科机房", witness="李主管"
        )
    assert (ticket.state, verdicts(ticket)[("onsite", "1")]) == ("onsite", "met")


def test_arrival_without_declaration_is_refused(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(10)), pytest.raises(Conflict) as refused:
        handling.arrive_on_site(actor=world.engineer, ticket=ticket, place="机房")
    assert "三(二)1(2)" in refused.value.reason


def test_appointment_over_the_limit_needs_the_hospitals_waiver(world: World) -> None:
    ticket = world.call("C")
    with clock.pinned(later(60)):
        ticket = handling.declare_remote_failed(actor=world.engineer, ticket=ticket, reason="需更换扫码枪")
    over = later(60 + 30 * 60)
    with clock.pinned(later(65)), pytest.raises(Conflict) as refused:
        handling.agree_onsite_time(actor=world.engineer, ticket=ticket, eta=over, agreed_by="李主管")
    assert refused.value.code == "eta_rejected_over_limit"
    with clock.pinned(later(65)):
        ticket = handling.agree_onsite_time(
            actor=world.engineer, ticket=ticket, eta=over, agreed_by="李主管", hospital_waiver="WV-2026-011"
        )
    assert ticket.flags == ["deferred_by_hospital"]
    assert Clock.objects.get(ticket=ticket, kind="onsite").due == over


def test_supplier_cannot_lower_the_level_alone_and_the_attempt_stays(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(10)), pytest.raises(Conflict) as refused:
        handling.reclassify(
            actor=world.engineer, ticket=ticket, to="B", basis="overstated", reason="仅一个库房"
        )
    assert "三(二)5" in refused.value.reason
    ticket.refresh_from_db()
    assert (ticket.level, ticket.flags) == ("1", ["downgrade_rejected"])
    assert TicketEvent.objects.filter(ticket=ticket, type="RECLASS").count() == 1


def test_hospital_lowers_the_level(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(10)):
        ticket = handling.reclassify(
            actor=world.head, ticket=ticket, to="B", basis="overstated", reason="仅一个库房受影响"
        )
    assert verdicts(ticket) == {
        ("response", "1"): "met",
        ("emergency_start", "1"): "superseded",
        ("response", "B"): "met",
    }


@pytest.mark.parametrize(
    ("to", "basis"), [("1", "new_facts"), ("A", "new_facts"), ("D", "overstated"), ("B", "")]
)
def test_level_change_that_makes_no_sense_is_refused(world: World, to: str, basis: str) -> None:
    ticket = world.call()
    with clock.pinned(later(5)), pytest.raises(Invalid):
        handling.reclassify(actor=world.head, ticket=ticket, to=to, basis=basis, reason="试")
    assert TicketEvent.objects.filter(ticket=ticket).count() == 1


def test_earlier_missed_call_turns_a_met_response_into_a_breach(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(30)):
        ticket = intake.merge_earlier_call(
            actor=world.head, ticket=ticket, first_call_at=later(-10), source="PBX 未接来电"
        )
    assert ticket.first_contact_at == later(-10)
    assert verdicts(ticket)[("response", "1")] == "breached"


def test_later_call_cannot_be_merged(world: World) -> None:
    ticket = world.call()
    with clock.pinned(later(30)), pytest.raises(Invalid) as refused:
        intake.merge_earlier_call(actor=world.head, ticket=ticket, first_call_at=later(1), source="PBX")
    assert refused.value.code == "not_earlier"


def test_gap_between_years_gives_a_shadow_ticket(world: World) -> None:
    ticket = world.call(at=dt.datetime(2027, 1, 5, 9, 0, tzinfo=clock.HOSPITAL_ZONE))
    assert ticket.number == "FWK2027-00001"
    assert ticket.annual_contract is None
    assert "shadow_no_annual_contract" in ticket.flags


def test_new_contract_version_leaves_old_tickets_alone(world: World) -> None:
    ticket = world.call(answered_s=None)
    body = desk.default_body()
    body["levels"]["1"]["response_s"] = 900
    with clock.pinned(later(1)):
        version = contracts.draft_version(
            actor=world.clerk, contract=world.contract, body=body, valid_from=later(1)
        )
        for signer in (world.engineer, world.head):
            contracts.sign_version(actor=signer, version=version)
    with clock.pinned(later(6)):
        ticket = handling.respond(actor=world.engineer, ticket=ticket)
    assert verdicts(ticket)[("response", "1")] == "breached"
    fresh = world.call(at=later(10), answered_s=None)
    with clock.pinned(later(20)):
        fresh = handling.respond(actor=world.engineer, ticket=fresh)
    assert verdicts(fresh)[("response", "1")] == "met"


def test_old_verdicts_survive_a_new_contract_and_a_corrected_calendar(world: World) -> None:
    load_shipped_years(actor=world.clerk)
    missed, met = world.call(answered_s=None), world.call("B", at=later(1))
    with clock.pinned(later(61)):
        breaches.scan(actor=system_actor("desk"))
    before = {ticket.pk: judged(ticket) for ticket in (missed, met)}
    due = list(Breach.objects.order_by("pk").values_list("due", flat=True))
    body = desk.default_body()
    body["levels"]["1"]["response_s"] = body["levels"]["B"]["response_s"] = 7200
    with clock.pinned(later(62)):
        version = contracts.draft_version(
            actor=world.clerk, contract=world.contract, body=body, valid_from=later(62)
        )
        for signer in (world.engineer, world.head):
            contracts.sign_version(actor=signer, version=version)
    notice = next(notice for notice, _ in shipped_notices() if notice.year == 2026)
    extra = NamedDay(MONDAY.date(), DayKind.HOLIDAY, "更正")
    days = tuple(sorted((*notice.days, extra), key=lambda day: day.date))
    import_calendar(
        actor=people.person("system.calendar.import"), notice=dataclasses.replace(notice, days=days)
    )
    for ticket in (missed, met):
        assert judged(ticket) == before[ticket.pk]
    with clock.pinned(later(70)):
        handling.add_note(actor=world.engineer, ticket=missed, text="核对")
    assert verdicts(missed)[("response", "1")] == "breached"
    assert list(Breach.objects.order_by("pk").values_list("due", flat=True)) == due
    assert broken() == []


def test_department_sees_only_its_own_tickets(world: World) -> None:
    ticket = world.call()
    assert selectors.tickets(world.head).count() == 1
    assert selectors.tickets(world.nurse).count() == 0
    with pytest.raises(NotFound):
        selectors.ticket(world.nurse, ticket.pk)
    with clock.pinned(later(5)), pytest.raises(NotFound):
        handling.add_note(actor=world.nurse, ticket=ticket, text="看一看")


def test_person_outside_the_contract_cannot_act(world: World) -> None:
    stranger = desk.people.person(*desk.SUPPLIER)
    with clock.pinned(MONDAY), pytest.raises(Forbidden):
        intake.log_phone_contact(actor=stranger, report=world.report(), call=intake.Call(call_at=MONDAY))


# --- what the database itself refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operations_ticket_event SET payload = '{}'",
        "DELETE FROM operations_ticket_event",
        "TRUNCATE operations_ticket_event CASCADE",
        "UPDATE operations_breach SET due = now()",
        "DELETE FROM operations_breach",
        "UPDATE operations_contact_evidence SET ring_at = now()",
        "UPDATE operations_ticket SET number = 'X'",
        "DELETE FROM operations_ticket",
        "UPDATE operations_contract_version SET body = '{}'",
        "UPDATE operations_interpretation SET reading = '另一种读法'",
        "UPDATE operations_number_series SET last = last + 2",
    ],
)
def test_raw_sql_cannot_change_the_facts(world: World, statement: str) -> None:
    world.call(answered_s=None)
    with clock.pinned(later(6)):
        breaches.scan(actor=system_actor("desk"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_stored_clock_that_differs_from_the_events_is_found(world: World) -> None:
    ticket = world.call()
    rebuild(ticket)
    assert broken() == []
    Clock.objects.filter(ticket=ticket, kind="response").update(due=later(500))
    with pytest.raises(Conflict) as refused:
        rebuild(ticket)
    assert refused.value.code == "clock_rebuild_differs"
    assert broken() == ["desk.clocks"]
