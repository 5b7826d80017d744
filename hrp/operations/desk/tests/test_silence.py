"""默认确认: two reminders, three working days of silence, the official calendar; nothing less."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest

from hrp.operations.desk.models import MaintenanceRecord, RecordArchive, Ticket, TicketEvent
from hrp.operations.desk.services import awaiting, closing, handling
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Conflict, Forbidden
from hrp.platform.jobs.duties import duties
from hrp.platform.notify.models import Message
from hrp.platform.org.models import CalendarDay, CalendarYear
from hrp.platform.org.services import load_shipped_years

pytestmark = pytest.mark.django_db

DAY = dt.date
TUESDAY, WEDNESDAY, MONDAY_AFTER, TUESDAY_AFTER = (
    DAY(2026, 11, 24), DAY(2026, 11, 25), DAY(2026, 11, 30), DAY(2026, 12, 1),
)  # fmt: skip


@pytest.fixture
def world() -> World:
    load_shipped_years(actor=system_actor("test"))
    stamps.forget()
    return desk.make()


@pytest.fixture
def robot() -> User:
    return system_actor("desk")


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A B-level ticket of Monday whose record waits for the hospital from 11:00 on."""
    ticket = world.call("B")
    with clock.pinned(later(40)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="恢复")
    with clock.pinned(later(60)):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    ticket.refresh_from_db()
    return ticket


def morning(day: DAY) -> None:
    """The duty of 9:00."""
    with clock.pinned(clock.at(day, 9)):
        duties["desk.unconfirmed"].function()


def days(first: DAY, last: DAY) -> list[DAY]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def reminders() -> list[tuple[dt.date, int]]:
    notes = TicketEvent.objects.filter(type="NOTE", payload__has_key="reminder").order_by("seq")
    return [(clock.local(note.at).date(), note.payload["reminder"]) for note in notes]


def test_silence_is_reminded_of_twice_and_then_counts_as_confirmation(world: World, ticket: Ticket) -> None:
    for day in days(DAY(2026, 11, 23), MONDAY_AFTER):
        morning(day)
    assert reminders() == [(TUESDAY, 1), (WEDNESDAY, 2)]
    ticket.refresh_from_db()
    assert ticket.state == "recorded", "Thursday, Friday and Monday have to pass entirely"
    assert Message.objects.filter(recipient=world.head, title__startswith="请确认维护记录").count() == 2
    morning(TUESDAY_AFTER)
    ticket.refresh_from_db()
    record = MaintenanceRecord.objects.get()
    assert (ticket.state, record.opinion) == ("confirmed", "默认确认：两次提醒后 3 个工作日未回复")
    assert record.signer is not None
    assert record.signer.is_machine


def test_the_archive_says_what_the_confirmation_rests_on(ticket: Ticket) -> None:
    for day in days(TUESDAY, TUESDAY_AFTER):
        morning(day)
    archive = RecordArchive.objects.get()
    basis = json.loads(archive.body)["default_confirmation"]
    assert [clock.local(dt.datetime.fromisoformat(at)).date() for at in basis["reminders"]] == [
        TUESDAY, WEDNESDAY,
    ]  # fmt: skip
    assert (basis["working_days"], "2026r" in basis["calendar"]) == (3, True)
    assert hashlib.sha256(archive.body.encode()).hexdigest() == archive.body_sha256
    event = TicketEvent.objects.get(type="CONFIRMED")
    assert (event.side, event.payload["by_default"]) == ("system", True)


def test_a_signed_record_carries_no_such_mark(world: World, ticket: Ticket) -> None:
    with clock.pinned(later(90)):
        closing.confirm_by_hospital(actor=world.head, ticket=ticket, opinion="已恢复")
    assert "default_confirmation" not in json.loads(RecordArchive.objects.get().body)
    assert "by_default" not in TicketEvent.objects.get(type="CONFIRMED").payload


def refused(robot: User, ticket: Ticket, at: dt.datetime) -> str:
    with clock.pinned(at), pytest.raises(Conflict) as conflict:
        closing.confirm_by_silence(actor=robot, ticket=ticket)
    assert not RecordArchive.objects.exists()
    return conflict.value.reason


def test_it_is_refused_without_both_reminders(robot: User, ticket: Ticket) -> None:
    assert "现为 0 次" in refused(robot, ticket, clock.at(DAY(2026, 12, 20)))
    morning(TUESDAY)
    assert "现为 1 次" in refused(robot, ticket, clock.at(DAY(2026, 12, 20)))


def test_it_is_refused_until_the_last_moment_has_passed(robot: User, ticket: Ticket) -> None:
    morning(TUESDAY)
    morning(WEDNESDAY)
    end = clock.at(TUESDAY_AFTER, 0)
    assert "未满（至 2026-11-30 24:00）" in refused(robot, ticket, end - dt.timedelta(microseconds=1))
    with clock.pinned(end):
        closing.confirm_by_silence(actor=robot, ticket=ticket)


def test_an_unknown_calendar_year_blocks_it(world: World, robot: User, ticket: Ticket) -> None:
    morning(TUESDAY)
    morning(WEDNESDAY)
    CalendarDay.objects.filter(date__year=2026).delete()
    CalendarYear.objects.filter(year=2026).delete()
    stamps.forget()
    assert "工作日历尚未导入" in refused(robot, ticket, clock.at(DAY(2026, 12, 20)))
    morning(TUESDAY_AFTER)
    ticket.refresh_from_db()
    assert ticket.state == "recorded"


def test_an_answer_of_the_hospital_ends_the_silence(world: World, robot: User, ticket: Ticket) -> None:
    morning(TUESDAY)
    with clock.pinned(clock.at(TUESDAY, 10)):
        handling.add_note(actor=world.head, ticket=ticket, text="盘点后再确认")
    for day in days(WEDNESDAY, DAY(2026, 12, 10)):
        morning(day)
    assert reminders() == [(TUESDAY, 1)]
    ticket.refresh_from_db()
    assert ticket.state == "recorded"


def test_a_record_written_anew_is_reminded_of_anew(world: World, robot: User, ticket: Ticket) -> None:
    morning(TUESDAY)
    morning(WEDNESDAY)
    with clock.pinned(clock.at(WEDNESDAY, 10)):
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    assert "现为 0 次" in refused(robot, ticket, clock.at(DAY(2026, 12, 20)))


def test_nobody_is_reminded_on_a_holiday_or_twice_a_day(robot: User, ticket: Ticket) -> None:
    with clock.pinned(clock.at(DAY(2026, 11, 28), 9)):
        assert awaiting.look_after(actor=robot) == (0, 0)
    morning(TUESDAY)
    morning(TUESDAY)
    assert reminders() == [(TUESDAY, 1)]


def test_a_note_of_a_person_is_no_reminder_and_no_person_confirms_by_silence(
    world: World, robot: User, ticket: Ticket
) -> None:
    for day in (TUESDAY, WEDNESDAY):
        with clock.pinned(clock.at(day, 9)):
            handling.add_note(actor=world.engineer, ticket=ticket, text="第 1 次提醒甲方确认维护记录")
    assert "现为 0 次" in refused(robot, ticket, clock.at(DAY(2026, 12, 20)))
    with clock.pinned(clock.at(DAY(2026, 12, 20))), pytest.raises(Forbidden):
        closing.confirm_by_silence(actor=world.head, ticket=ticket)
