"""The telephone system's own list: fills gaps, checks what was typed, and never moves a start later."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import intake
from hrp.operations.desk.tests.world import MONDAY, World, later
from hrp.operations.intake.models import Call, CallEvent, CallOutcome
from hrp.operations.intake.services import calls, cdr
from hrp.operations.intake.tests import world as tests
from hrp.operations.intake.tests.world import NUMBER, Pbx, door
from hrp.platform.base import clock
from hrp.platform.exchange.models import ImportRun

pytestmark = pytest.mark.django_db
HEAD = ["话务编号", "主叫号码", "被叫号码", "方向", "振铃时间", "接听时间", "挂断时间", "座席"]


@pytest.fixture
def world() -> World:
    return tests.make()


def wall(minutes: float) -> str:
    return f"{later(minutes):%Y-%m-%d %H:%M:%S}"


def row(call_id: str, ring: float, answered: float | None, ended: float, caller: str = NUMBER) -> list[str]:
    return [call_id, caller, "8000", "呼入", wall(ring), wall(answered) if answered else "", wall(ended), ""]


def csv(*rows: list[str]) -> bytes:
    return "\n".join(",".join(one) for one in (HEAD, *rows)).encode("utf-8-sig")


def xlsx(*rows: list[str]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for one in (HEAD, *rows):
        book.active.append(one)  # type: ignore[union-attr]
    book.save(out)
    return out.getvalue()


def upload(world: World, data: bytes, name: str = "cdr.csv", minutes: float = 30) -> tuple[ImportRun, int]:
    """Preview and, when every cell is right, commit."""
    client, url = door(world.engineer), reverse("operations.call.records")
    with clock.pinned(later(minutes)):
        page = client.post(url, {"file": SimpleUploadedFile(name, data)})
        run = ImportRun.objects.latest("pk")
        if page.status_code == 200 and not run.problem_count:
            page = client.post(url, {"run": run.pk, "step": "commit"})
    run.refresh_from_db()
    return run, page.status_code


@pytest.mark.parametrize("make", [csv, xlsx])
def test_list_finds_the_ticket_typed_by_hand_and_moves_its_start_earlier(world: World, make: object) -> None:
    ticket = world.call("B", at=later(1))
    data = make(row("c1", 0, 1.2, 5))  # type: ignore[operator]
    run, status = upload(world, data, "cdr.csv" if make is csv else "cdr.xlsx")
    assert (run.state, status) == ("committed", 302)
    ticket.refresh_from_db()
    assert ticket.first_contact_at == MONDAY
    outcome = CallOutcome.objects.get()
    assert (outcome.kind, outcome.ticket, outcome.note) == ("matched", ticket, "话单比人工登记早 60 秒")


def test_later_list_entry_only_shows_the_difference(world: World) -> None:
    ticket = world.call("B")
    upload(world, csv(row("c1", 0.5, 1.2, 5)))
    ticket.refresh_from_db()
    assert ticket.first_contact_at == MONDAY
    assert CallOutcome.objects.get().note == "话单比人工登记晚 30 秒"


def test_list_confirms_what_the_telephone_system_pushed(world: World) -> None:
    pbx = Pbx(world)
    pbx.say("c1", "ring", 0)
    pbx.say("c1", "missed", 30)
    upload(world, csv(row("c1", 0, None, 0.5)))
    assert (Call.objects.count(), Ticket.objects.count()) == (1, 1)
    assert CallEvent.objects.filter(source="cdr").count() == 2


def test_missed_call_nobody_pushed_becomes_a_ticket(world: World) -> None:
    upload(world, csv(row("c1", 0, None, 0.5)))
    ticket = Ticket.objects.get()
    assert ticket.first_contact_at == MONDAY
    assert CallOutcome.objects.get().kind == "shell"


@pytest.mark.parametrize(
    "bad",
    [
        ["c1", NUMBER, "", "", "昨天早上", "", wall(1), ""],
        ["c1", NUMBER, "", "", wall(500), "", wall(1), ""],
        ["c1", NUMBER, "", "内线", wall(0), "", wall(1), ""],
        ["", NUMBER, "", "", wall(0), "", wall(1), ""],
    ],
)
def test_wrong_cells_are_named_and_nothing_is_taken(world: World, bad: list[str]) -> None:
    run, status = upload(world, csv(row("c0", 0, None, 0.5), bad))
    assert (run.state, run.problem_count, status) == ("preview", 1, 200)
    assert not Call.objects.exists()


def test_import_needs_its_permission(world: World) -> None:
    with clock.pinned(MONDAY):
        for url in (reverse("operations.call.records"), reverse("operations.call.records_template")):
            assert door(world.head).get(url).status_code == 403
            assert door(world.engineer).get(url).status_code == 200


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.integers(-2400, 2400), min_size=1, max_size=4))
def test_no_list_ever_moves_a_start_later(world: World, offsets: list[int]) -> None:
    at = later(60)
    with clock.pinned(at + dt.timedelta(seconds=40)):
        typed = intake.Call(call_at=at, answered_at=at, caller=NUMBER)
        ticket = intake.log_phone_contact(actor=world.engineer, report=world.report("B"), call=typed)
    first = ticket.first_contact_at
    with clock.pinned(later(200)):
        for n, offset in enumerate(offsets):
            ring = at + dt.timedelta(seconds=offset)
            name = f"{ticket.pk}-{n}"
            for kind, moment in (("ring", ring), ("ended", ring + dt.timedelta(seconds=30))):
                event = calls.Incoming(
                    call_id=name, kind=kind, at=moment, ring_at=ring, caller=NUMBER, source="cdr"
                )
                call, _fresh = calls.write(actor=world.engineer, event=event)
            cdr.reconcile(call=call, done=cdr.Imported())
            ticket.refresh_from_db()
            assert ticket.first_contact_at <= first
            first = ticket.first_contact_at
