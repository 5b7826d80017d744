"""The telephone system at the door: calls are kept, tickets open by themselves, and nothing happens twice."""

from __future__ import annotations

import datetime as dt
import json
from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk.models import ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.services import closing, handling, intake
from hrp.operations.desk.tests.world import MONDAY, World
from hrp.operations.intake import selectors
from hrp.operations.intake.jobs import watch_calls
from hrp.operations.intake.models import Call, CallEvent, CallOutcome
from hrp.operations.intake.tests import world as tests
from hrp.operations.intake.tests.world import NUMBER, Pbx, door, second
from hrp.platform.access.models import ApiKey
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict

pytestmark = pytest.mark.django_db
STRANGER = "13900002222"


@pytest.fixture
def world() -> World:
    return tests.make()


@pytest.fixture
def pbx(world: World) -> Pbx:
    return Pbx(world)


def register(world: World, call: Call, seconds: float, **changes: str) -> Ticket:
    form = {
        "reporter_name": "王药师", "org_unit": f"{world.store.code} {world.store.name}", "module": "物流管理系统",
        "title": "全院无法出库", "level": "1", "call_at": "09:00", "answered": "missed", **changes,
    }  # fmt: skip
    with clock.pinned(second(seconds)):
        answer = door(world.engineer).post(reverse("operations.call.register", args=[call.pk]), form)
    assert answer.status_code == 302, answer.content.decode()
    return Ticket.objects.order_by("-pk")[0]


def test_missed_call_opens_a_ticket_before_the_answer_returns(pbx: Pbx) -> None:
    assert pbx.say("c1", "ring", 0)["ticket"] is None
    told = pbx.say("c1", "missed", 25)
    ticket = Ticket.objects.get()
    assert told["ticket"]["number"] == ticket.number
    assert ticket.first_contact_at == MONDAY
    assert (ticket.opened_at - second(25)).total_seconds() < 5
    assert (ticket.level, ticket.state, ticket.org_unit.name) == ("B", "new", "设备科库房")
    assert ContactEvidence.objects.get().external_id == "c1"


def test_hang_up_without_answer_is_a_missed_call(pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    assert pbx.say("c1", "ended", 20)["ticket"]


def test_call_row_stands_before_any_ticket_and_cannot_be_changed(pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    call = Call.objects.get()
    assert (call.ring_at, call.received_at, call.skew_ms) == (MONDAY, MONDAY, 0)
    with pytest.raises(Exception, match=r"permission denied|只能追加"), connection.cursor() as cursor:
        cursor.execute("UPDATE operations_call SET ring_at = now()")


def test_same_event_twice_changes_nothing(pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    first, again = pbx.say("c1", "missed", 25), pbx.say("c1", "missed", 40)
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert first["ticket"] == again["ticket"]
    assert (Ticket.objects.count(), CallEvent.objects.count()) == (1, 2)


@pytest.mark.parametrize("token", ["", "hrp_wrong", "nothing"])
def test_door_needs_a_live_key(pbx: Pbx, token: str) -> None:
    assert (
        pbx.post({"call_id": "c1", "event": "ring", "at": MONDAY.isoformat()}, token=token).status_code == 401
    )
    with clock.pinned(MONDAY):
        ApiKey.objects.update(revoked_at=MONDAY)
        assert pbx.post({"call_id": "c1", "event": "ring", "at": MONDAY.isoformat()}).status_code == 401
    assert not Call.objects.exists()


def test_key_opens_this_door_only(world: World, pbx: Pbx) -> None:
    with clock.pinned(MONDAY):
        answer = door(world.engineer).get("/healthz")
        assert answer.status_code == 200
        listing = tests.Client().get(
            "/api/v1/operations/calls", headers={"Authorization": f"Bearer {pbx.token}"}
        )
    assert listing.status_code == 403


def test_a_session_is_no_key(world: World) -> None:
    body = json.dumps({"call_id": "c1", "event": "ring", "at": MONDAY.isoformat()})
    answer = door(world.engineer).post(
        reverse("operations.cti.events"), body, content_type="application/json"
    )
    assert answer.status_code == 401


def test_key_needs_permission_to_be_issued(world: World) -> None:
    url = "/operations/calls/act/key"
    assert door(world.head).post(url).status_code == 403
    assert ApiKey.objects.count() == 0
    assert door(world.engineer).post(url).status_code == 302
    assert ApiKey.objects.get().scopes == ["operations.cti.post"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event": "ring", "at": "2026-11-23T10:00:00+08:00"}, "call_id"),
        ({"call_id": "c" * 101, "event": "ring", "at": "2026-11-23T10:00:00+08:00"}, "call_id"),
        ({"call_id": "c", "event": "burst", "at": "2026-11-23T10:00:00+08:00"}, ""),
        ({"call_id": "c", "event": "ring", "at": "2026-11-23T10:00:00"}, ""),
        ({"call_id": "c", "event": "ring", "at": "2026-11-23T10:00:00+08:00", "caller": "1" * 31}, "caller"),
        ("not json", ""),
        ("[]", ""),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(pbx: Pbx, body: object, field: str) -> None:
    with clock.pinned(MONDAY):
        answer = pbx.post(body)
    assert answer.status_code == 422
    assert field in [problem["field"] for problem in json.loads(answer.content)["problems"]] or not field
    assert not Call.objects.exists()


def test_short_call_of_a_stranger_waits_for_its_number_and_then_moves_the_start(
    world: World, pbx: Pbx
) -> None:
    pbx.say("c1", "ring", 0, STRANGER)
    assert pbx.say("c1", "ended", 4, STRANGER)["ticket"] is None
    pbx.say("c2", "ring", 120, STRANGER)
    pbx.say("c2", "answered", 131, STRANGER, agent=world.engineer.username)
    ticket = register(world, Call.objects.get(call_id="c2"), 170)
    assert ticket.first_contact_at == MONDAY
    assert "clock_start_moved_earlier" in ticket.flags
    assert CallOutcome.objects.get(call__call_id="c1").kind == "merged"


def test_short_call_of_a_stranger_with_withheld_number_never_matches(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0, "")
    pbx.say("c1", "ended", 4, "")
    pbx.say("c2", "ring", 60, "")
    pbx.say("c2", "answered", 70, "")
    ticket = register(world, Call.objects.get(call_id="c2"), 90)
    assert ticket.first_contact_at == second(60)
    assert not CallOutcome.objects.filter(call__call_id="c1").exists()


def test_short_call_older_than_half_an_hour_stays_alone(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0, STRANGER)
    pbx.say("c1", "ended", 4, STRANGER)
    pbx.say("c2", "ring", 1801, STRANGER)
    pbx.say("c2", "answered", 1810, STRANGER)
    assert register(world, Call.objects.get(call_id="c2"), 1830).first_contact_at == second(1801)


def test_abandoned_call_finds_a_ticket_typed_by_hand(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0, STRANGER)
    pbx.say("c1", "ended", 4, STRANGER)
    with clock.pinned(second(300)):
        call = intake.Call(call_at=second(240), answered_at=second(250), caller=STRANGER)
        ticket = intake.log_phone_contact(actor=world.engineer, report=world.report("B"), call=call)
        watch_calls()
    ticket.refresh_from_db()
    assert ticket.first_contact_at == MONDAY


def test_pbx_that_falls_silent_still_gets_its_ticket(pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    with clock.pinned(second(59)):
        watch_calls()
    assert not Ticket.objects.exists()
    with clock.pinned(second(61)):
        watch_calls()
        watch_calls()
    assert Ticket.objects.get().first_contact_at == MONDAY


def test_redialling_is_one_ticket_and_rings_on_call_again(world: World, pbx: Pbx) -> None:
    from hrp.platform.notify.models import Message

    for n in range(3):
        pbx.say(f"c{n}", "ring", n * 60)
        pbx.say(f"c{n}", "missed", n * 60 + 30)
    ticket = Ticket.objects.get()
    assert "duplicate_linked" in ticket.flags
    told = Message.objects.filter(recipient=world.engineer, title__startswith="再次来电仍无人接听")
    assert told.count() == 2


def test_numbers_and_times_of_a_call_are_not_what_the_form_says(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "answered", 11)
    call = Call.objects.get()
    with clock.pinned(second(20)):
        page = door(world.engineer).get(reverse("operations.call.register", args=[call.pk])).content.decode()
    assert "2026-11-23 10:00:00" in page
    assert 'value="王药师"' in page
    ticket = register(world, call, 30, call_at="2026-11-23 09:00:00", reporter_phone="1")
    assert ticket.first_contact_at == MONDAY
    evidence = ContactEvidence.objects.get()
    assert (evidence.external_id, evidence.caller, evidence.source) == ("c1", NUMBER, "system")
    assert (evidence.ring_at, evidence.answered_at) == (MONDAY, second(11))
    assert ticket.clocks.get(kind="response").verdict == "met"


def test_call_is_written_down_once(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "answered", 11)
    call = Call.objects.get()
    register(world, call, 30)
    with clock.pinned(second(40)):
        answer = door(world.engineer).post(
            reverse("operations.call.register", args=[call.pk]),
            {
                "reporter_name": "王",
                "org_unit": world.store.code,
                "module": "其他",
                "title": "又一次",
                "level": "C",
            },
        )
    assert answer.status_code == 409
    assert Ticket.objects.count() == 1


def test_answered_call_appears_on_the_agents_screen_until_it_is_written_down(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "answered", 11, agent=world.engineer.username)
    agent = door(world.engineer)
    with clock.pinned(second(15)):
        shown = agent.get(reverse("operations.call.popup")).content.decode()
        assert NUMBER in shown
        assert "王药师" in shown
        assert "2026-11-23 10:00:11" in shown
        assert door(world.head).get(reverse("operations.call.popup")).status_code == 204
    register(world, Call.objects.get(), 30)
    with clock.pinned(second(31)):
        assert NUMBER not in agent.get(reverse("operations.call.popup")).content.decode()


def test_call_of_another_agent_is_not_on_my_screen(world: World, pbx: Pbx) -> None:
    other = people.person("operations.call.handle")
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "answered", 11, agent=other.username)
    with clock.pinned(second(15)):
        assert selectors.on_screen(world.engineer) == []


def test_call_about_a_known_ticket_is_another_contact(world: World, pbx: Pbx) -> None:
    ticket = world.call("B")
    pbx.say("c1", "ring", 600)
    pbx.say("c1", "answered", 610)
    call = Call.objects.get()
    with clock.pinned(second(620)):
        url = reverse("operations.call.attach", args=[call.pk, ticket.pk])
        assert door(world.engineer).post(url).status_code == 302
    ticket.refresh_from_db()
    assert ticket.first_contact_at == MONDAY
    assert TicketEvent.objects.filter(ticket=ticket, type="CONTACT").count() == 2


def test_wrong_number_is_dismissed_with_a_word(world: World, pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0, STRANGER)
    pbx.say("c1", "answered", 6, STRANGER)
    url = f"/operations/calls/{Call.objects.get().pk}/act/dismiss"
    with clock.pinned(second(30)):
        door(world.engineer).post(url, {"reason": ""})
        assert not CallOutcome.objects.exists()
        door(world.engineer).post(url, {"reason": "打错电话"})
    assert CallOutcome.objects.get().note == "打错电话"


@pytest.mark.parametrize(("slow", "shown"), [(1.9, False), (63, True), (-63, True)])
def test_clock_of_the_telephone_system_is_kept_and_shown(world: World, slow: float, shown: bool) -> None:
    pbx = Pbx(world, slow=slow)
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "answered", 8)
    call = Call.objects.get()
    assert call.skew_ms == round(slow * 1000)
    with clock.pinned(second(80)):
        page = door(world.engineer).get(f"/operations/calls/{call.pk}").content.decode()
        form = door(world.engineer).get(reverse("operations.call.register", args=[call.pk])).content.decode()
    assert (f"{abs(slow):.1f} 秒" in page) is shown
    assert ("话务系统时钟比本系统" in form) is shown


def test_telephone_clock_ahead_of_ours_puts_no_contact_into_the_future(world: World) -> None:
    pbx = Pbx(world, slow=-90)
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "missed", 20)
    assert Ticket.objects.get().first_contact_at == second(20)


def test_call_without_a_contract_is_kept_and_served_once_there_is_one(world: World, pbx: Pbx) -> None:
    with patch.object(contracts, "version_in_force", return_value=None):
        pbx.say("c1", "ring", 0)
        told = pbx.say("c1", "missed", 25)
    assert told["ticket"] is None
    assert "合同版本" in told["waiting"]
    with clock.pinned(second(60)):
        watch_calls()
    assert Ticket.objects.get().first_contact_at == MONDAY


def test_late_ring_event_moves_the_start_earlier(pbx: Pbx) -> None:
    with clock.pinned(second(40)):
        pbx.post({"call_id": "c1", "event": "missed", "at": second(25).isoformat(), "caller": NUMBER})
        assert Ticket.objects.get().first_contact_at == second(25)
        pbx.post({"call_id": "c1", "event": "ring", "at": MONDAY.isoformat(), "caller": NUMBER})
    assert Ticket.objects.get().first_contact_at == MONDAY


def test_shell_is_completed_by_whoever_calls_back_and_raised_from_the_first_ring(
    world: World, pbx: Pbx
) -> None:
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "missed", 25)
    ticket = Ticket.objects.get()
    agent = door(world.engineer)
    form = {
        "title": "全院无法出库", "module": "物流管理系统", "org_unit": world.ward.code, "reporter_name": "刘护士长",
        "description": "三个库房都不行",
    }  # fmt: skip
    with clock.pinned(second(120)):
        page = agent.get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
        assert 'id="act-complete"' in page
        agent.post(reverse("operations.ticket.act", args=[ticket.pk, "respond"]), {"via": "phone"})
        answer = agent.post(reverse("operations.ticket.act", args=[ticket.pk, "complete"]), form)
        assert answer.status_code == 302, answer.content.decode()
        handling.reclassify(
            actor=world.engineer,
            ticket=ticket,
            to="1",
            basis="supplier_misclassified",
            reason="来电人说全院停摆",
        )
    ticket.refresh_from_db()
    assert (ticket.title, ticket.org_unit, ticket.level) == ("全院无法出库", world.ward, "1")
    grave = ticket.clocks.get(kind="response", level="1")
    assert (grave.start, grave.verdict) == (MONDAY, "met")
    note = TicketEvent.objects.get(ticket=ticket, type="NOTE")
    assert note.payload["before"]["title"].startswith("未接来电")


def test_typed_ticket_cannot_be_completed_over(world: World) -> None:
    ticket = world.call("B")
    with clock.pinned(second(120)):
        page = (
            door(world.engineer).get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
        )
        assert 'id="act-complete"' not in page
        answer = door(world.engineer).post(
            reverse("operations.ticket.act", args=[ticket.pk, "complete"]),
            {"title": "别的", "module": "其他", "org_unit": world.ward.code, "reporter_name": "某人"},
        )
    assert answer.status_code == 403


def test_closed_ticket_is_not_opened_by_its_caller_ringing_again(world: World, pbx: Pbx) -> None:
    ticket = tests.desk.resolved(world)
    with clock.pinned(second(4000)):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=tests.desk.RECORD)
    pbx.say("c1", "ring", 5000)
    pbx.say("c1", "missed", 5030)
    ticket.refresh_from_db()
    assert ticket.cycle == 1
    assert Ticket.objects.count() == 2


def test_outcome_is_said_once(world: World, pbx: Pbx) -> None:
    from hrp.operations.intake.services import calls

    pbx.say("c1", "ring", 0)
    pbx.say("c1", "missed", 25)
    with pytest.raises(Conflict):
        calls.dismiss(actor=world.engineer, call=Call.objects.get(), reason="误拨")


def test_facts_of_intake_are_closed_to_the_owner_too(owner_connection: psycopg.Connection) -> None:
    for table in ("call", "call_event", "call_outcome", "mail", "mail_file", "mail_outcome", "page_report"):
        with pytest.raises(psycopg.Error, match="只能追加"):
            owner_connection.execute(f"TRUNCATE operations_{table} CASCADE")  # type: ignore[call-overload]
        owner_connection.rollback()


def test_day_old_unanswered_calls_are_left_to_people(pbx: Pbx) -> None:
    pbx.say("c1", "ring", 0, STRANGER)
    with clock.pinned(second(0) + dt.timedelta(hours=25)):
        watch_calls()
    assert not Ticket.objects.exists()
