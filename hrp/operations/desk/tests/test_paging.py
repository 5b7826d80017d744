"""Tickets page whom the contract names, their chain says so."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection

from hrp.config import testing
from hrp.operations.contracts import proofs
from hrp.operations.contracts.models import PartyRole
from hrp.operations.contracts.proofs import Span, Verdict
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.services import handling, intake
from hrp.operations.desk.services.paging import source_of
from hrp.operations.desk.tests.world import MONDAY, later
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.selectors import open_run_of
from hrp.operations.duty.services import calling, paging
from hrp.operations.duty.tests import world
from hrp.operations.duty.tests.world import Team
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.notify.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return world.make()


def events(ticket: Ticket, *types: str) -> list[tuple[str, dict[str, object]]]:
    rows = TicketEvent.objects.filter(ticket=ticket, type__in=types).order_by("seq")
    return list(rows.values_list("type", "payload"))


def scan(minute: float) -> int:
    with clock.pinned(later(minute)):
        return calling.scan()


def test_a_new_ticket_pages_and_the_answer_stands_on_its_chain(team: Team) -> None:
    ticket = team.desk.call("1", answered_s=None)
    scan(0.6)
    with clock.pinned(later(1)):
        run = open_run_of(source_of(ticket))
        assert run is not None
        paging.acknowledge(run=run, user=team.first, via="button")
    assert events(ticket, "PAGED", "PAGE_ACKED") == [
        ("PAGED", {"to_whom": "一线甲（一线）", "via": "站内消息", "note": "第 1 步"}),
        ("PAGE_ACKED", {"person": "一线甲", "via": "页面"}),
    ]
    ticket.refresh_from_db()
    assert ticket.state == "new", "an answer to the page is no response to the caller"
    assert [clock_.verdict for clock_ in ticket.clocks.filter(kind="response")] == ["running"]
    assert scan(5) == 0


def test_responding_answers_the_page_and_resolving_stops_it(team: Team) -> None:
    ticket = team.desk.call("B", answered_s=None)
    with clock.pinned(later(2)):
        handling.respond(actor=team.desk.engineer, ticket=ticket)
    run = PagingRun.objects.get()
    assert (run.state, run.ended_by, run.end_note) == ("acked", team.desk.engineer, "响应工单")
    assert scan(30) == 0
    taken = team.desk.call("C", at=later(60), answered_s=5)
    assert PagingRun.objects.get(source=source_of(taken)).state == "active"
    with clock.pinned(later(70)):
        handling.resolve(actor=team.desk.engineer, ticket=taken, summary="已指导")
    run = PagingRun.objects.get(source=source_of(taken))
    assert (run.state, run.end_note) == ("stopped", "工单已解决")


def test_a_mail_that_says_level_1_is_held_at_b_and_paged_as_1(team: Team) -> None:
    with clock.pinned(MONDAY):
        ticket = intake.log_written_contact(
            actor=team.desk.nurse, report=team.desk.report("1", org_unit=team.desk.ward), channel="web"
        )
    assert (ticket.level, ticket.reported_level) == ("B", "1")
    run = PagingRun.objects.get()
    assert (run.level, len(run.steps)) == ("1", 5)
    assert scan(0) == 1
    with clock.pinned(later(3)):
        intake.log_further_contact(
            actor=team.desk.engineer, ticket=ticket, call=intake.Call(call_at=later(2), answered_at=later(2)), level="1"
        )  # fmt: skip
    assert PagingRun.objects.count() == 1, "the chain of level 1 runs already"


def test_a_rise_of_the_level_pages_anew_and_a_fall_does_not(team: Team) -> None:
    ticket = team.desk.call("C", answered_s=20)
    facts = {"actor": team.desk.head, "ticket": ticket, "reason": "全院停"}
    with clock.pinned(later(10)):
        handling.reclassify(to="A", basis="new_facts", **facts)  # type: ignore[arg-type]
    assert [(run.level, run.state) for run in PagingRun.objects.order_by("pk")] == [
        ("C", "stopped"),
        ("A", "active"),
    ]
    with clock.pinned(later(12)):
        handling.reclassify(to="C", basis="impact_reduced", **facts)  # type: ignore[arg-type]
    assert PagingRun.objects.count() == 2


def test_the_person_of_the_first_layer_who_takes_the_call_is_not_paged(team: Team) -> None:
    report, call = team.desk.report("1"), intake.Call(call_at=MONDAY, answered_at=later(0.1))
    people.allow(team.first, "operations.ticket.log")
    with clock.pinned(later(0.5)):
        intake.log_phone_contact(actor=team.first, report=report, call=call)
    run = PagingRun.objects.get()
    assert (run.state, run.ended_by) == ("acked", team.first)


def test_a_late_step_is_written_once_and_as_late(team: Team) -> None:
    ticket = team.desk.call("1", answered_s=None)
    scan(6)
    (paged,) = events(ticket, "PAGED")
    assert paged[1]["note"] == "第 5 步（迟）"
    assert paged[1]["to_whom"] == "一线甲（一线）、二线甲（二线）、主管甲（主管）、韩主管（客户经理）"


def test_workers_and_people_at_the_same_tickets_at_once(committed_db: testing.Database) -> None:
    """Three workers look while an engineer writes and responds: nobody waits for ever, each step stands once."""
    team = world.make()
    tickets = [team.desk.call("1", answered_s=None) for _ in range(4)]
    barrier = threading.Barrier(4)
    failures: list[Exception] = []

    def guarded(what: Callable[[], object]) -> None:
        barrier.wait()
        try:
            for _ in range(15):
                what()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    def write() -> None:
        for ticket in tickets:
            handling.add_note(actor=team.desk.engineer, ticket=ticket, text="正在看")

    threads = [threading.Thread(target=guarded, args=[calling.scan]) for _ in range(3)]
    threads.append(threading.Thread(target=guarded, args=[write]))
    with time_machine.travel(later(4.6), tick=True):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calling.scan()
    assert failures == []
    for ticket in tickets:
        assert [payload["note"] for _, payload in events(ticket, "PAGED")] == ["第 5 步（迟）"]
        seqs = list(TicketEvent.objects.filter(ticket=ticket).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, 18))


# -- AC-30 ------------------------------------------------------------------------------------------------------


def prove(team: Team, as_of: dt.datetime) -> proofs.Finding:
    day = MONDAY.date()
    return proofs.prove("AC-30", Span(team.desk.contract, day, day, as_of))


def fill_roles(team: Team) -> None:
    """Somebody for every role the default contract tells."""
    for title in ("产品团队", "公司高级经理", "公司高级经理主管人员", "客户所在地客户经理"):
        PartyRole.objects.create(member=PartyRole.objects.filter(title="客户经理").get().member, title=title)


def test_ac30_is_not_applicable_without_tickets(team: Team) -> None:
    assert prove(team, later(60)).verdict == Verdict.NOT_APPLICABLE


def test_ac30_is_met_when_everybody_was_told_and_somebody_answered(team: Team) -> None:
    fill_roles(team)
    team.desk.call("1", answered_s=12)
    found = prove(team, later(60))
    assert (found.verdict, found.figure, found.exceptions) == (Verdict.MET, "通知 6/6，应答 1/1", ())
    assert found.evidence[0].sha256


def test_ac30_names_the_role_nobody_fills(team: Team) -> None:
    ticket = team.desk.call("1", answered_s=12)
    found = prove(team, later(60))
    assert (found.verdict, found.figure) == (Verdict.NOT_MET, "通知 3/6，应答 1/1")
    assert f"{ticket.number} 产品团队：无人担任" in found.exceptions


def test_ac30_names_what_was_told_late_and_the_product_team_has_longer(team: Team) -> None:
    fill_roles(team)
    ticket = team.desk.call("1", answered_s=12)
    Delivery.objects.filter(message__recipient=team.boss).update(delivered_at=later(16))
    found = prove(team, later(60))
    assert found.verdict == Verdict.NOT_MET
    assert {line.split("：")[0] for line in found.exceptions} == {
        f"{ticket.number} {role}" for role in ("公司高级经理主管人员", "客户所在地客户经理")
    }
    Delivery.objects.filter(message__recipient=team.boss).update(delivered_at=later(31))
    assert any("产品团队" in line for line in prove(team, later(60)).exceptions)


def test_ac30_waits_for_an_answer_and_then_names_that_there_was_none(team: Team) -> None:
    fill_roles(team)
    ticket = team.desk.call("B", answered_s=None)
    waiting = prove(team, later(10))
    assert (waiting.verdict, len(waiting.missing)) == (Verdict.UNPROVEN, 1)
    late = prove(team, later(61))
    assert (late.verdict, late.exceptions) == (
        Verdict.NOT_MET,
        (f"{ticket.number} 无人应答呼叫，也没有响应",),
    )
    with clock.pinned(later(62)):
        run = open_run_of(source_of(ticket))
        assert run is not None
        paging.acknowledge(run=run, user=team.first, via="button")
    assert prove(team, later(63)).verdict == Verdict.MET
