"""AC-05 and the figures of the report: over what the services wrote, each verdict in turn."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.contracts import proofs
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.operations.desk import kpi
from hrp.operations.desk.models import Breach, Ticket, TicketEvent
from hrp.operations.desk.services import breaches, handling, rulings
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.test_closing import recorded
from hrp.operations.desk.tests.world import World, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def span(world: World, minute: float, *, day: dt.date = dt.date(2026, 11, 23)) -> Span:
    return Span(world.contract, day, day, later(minute))


def prove(world: World, minute: float) -> Finding:
    return proofs.prove("AC-05", span(world, minute))


def scan(minute: float) -> None:
    with clock.pinned(later(minute)):
        breaches.scan(actor=system_actor("desk"))


def respond(world: World, ticket: Ticket, minute: float) -> None:
    with clock.pinned(later(minute)):
        handling.respond(actor=world.engineer, ticket=ticket, late_reason="话单 9")


def test_nothing_started_is_not_applicable(world: World) -> None:
    found = prove(world, 60)
    assert (found.verdict, found.figure) == (Verdict.NOT_APPLICABLE, "0/0：期间没有起算的合同时钟")


def test_nothing_fell_due_yet_is_not_applicable(world: World) -> None:
    world.call("B", answered_s=None)
    found = prove(world, 30)
    assert found.verdict == Verdict.NOT_APPLICABLE
    assert "起算 1，达成 0/0（计时中 1）" in found.figure


def test_every_target_met_is_met_with_its_figures_by_level(world: World) -> None:
    desk.resolved(world)
    world.call("B", at=later(5))
    found = prove(world, 120)
    assert found.verdict == Verdict.MET
    assert found.figure.split("；") == [
        "合计 起算 3，达成 3/3（100.0%）", "1级响应 起算 1，达成 1/1（100.0%）",
        "1级启动应急服务 起算 1，达成 1/1（100.0%）", "B级响应 起算 1，达成 1/1（100.0%）",
    ]  # fmt: skip
    assert found.exceptions == found.evidence == ()


def test_a_missed_target_is_named_with_a_link(world: World) -> None:
    world.call("B")
    late = world.call("C", at=later(1), answered_s=None)
    scan(122)
    respond(world, late, 130)
    found = prove(world, 200)
    assert found.verdict == Verdict.NOT_MET
    assert "合计 起算 2，达成 1/2（50.0%）（超时 1）" in found.figure
    assert found.exceptions == (f"{late.number} C级响应 时限 11-23 12:01:00，11-23 12:10:00 才完成",)
    (link,) = found.evidence
    assert link.url == f"/operations/breaches/{Breach.objects.get().pk}"


def test_what_both_parties_excused_counts_no_more_and_stays_shown(world: World) -> None:
    world.call("B", answered_s=None)
    scan(61)
    breach = Breach.objects.get()
    with clock.pinned(later(70)):
        ruling = rulings.propose(actor=world.engineer, breach=breach, outcome="excused", reason="占线")
    assert prove(world, 75).verdict == Verdict.NOT_MET
    with clock.pinned(later(80)):
        rulings.sign(actor=world.head, ruling=ruling)
    found = prove(world, 90)
    assert (found.verdict, found.exceptions) == (Verdict.MET, ())
    assert "达成 0/0（超时 1、免责 1）" in found.figure
    assert "（免责）" in found.evidence[0].title
    assert prove(world, 75).verdict == Verdict.NOT_MET, (
        "what was signed later does not change what was known then"
    )


def test_a_miss_not_written_down_yet_is_a_miss_and_said_to_be_unwritten(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    found = prove(world, 61)
    assert found.verdict == Verdict.NOT_MET
    assert found.missing == (f"{ticket.number} 响应：事件链显示已超时，超时记录尚未写入",)
    assert found.evidence[0].url == f"/operations/tickets/{ticket.pk}"


def test_a_ticket_that_cannot_be_judged_leaves_the_clause_unproven(world: World) -> None:
    world.call("B")
    ticket = world.call("B", at=later(1))
    TicketEvent.objects.create(
        ticket=ticket, seq=ticket.last_seq + 1, type="RECLASS", at=later(5), recorded_at=later(5),
        actor=world.engineer, side="supplier", payload={"to": "Z"},
    )  # fmt: skip
    found = prove(world, 61)
    assert found.verdict == Verdict.UNPROVEN
    assert found.missing == (f"{ticket.number}：事件链不能判定，合同中没有级别「Z」",)


def test_a_breach_on_record_stays_one_whatever_was_proved_late(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    scan(61)
    with clock.pinned(later(90)):
        handling.respond(actor=world.engineer, ticket=ticket, at=later(10), late_reason="录音 31")
    assert prove(world, 120).verdict == Verdict.NOT_MET


def test_events_written_down_after_the_span_do_not_count(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    respond(world, ticket, 50)
    assert prove(world, 40).verdict == Verdict.NOT_APPLICABLE
    assert prove(world, 60).verdict == Verdict.MET


def test_shadow_tickets_and_other_days_are_left_out(world: World) -> None:
    world.call(at=dt.datetime(2027, 1, 5, 9, 0, tzinfo=clock.HOSPITAL_ZONE), answered_s=None)
    gap = Span(world.contract, dt.date(2027, 1, 5), dt.date(2027, 1, 5), later(200 * 1440))
    assert proofs.prove("AC-05", gap).verdict == Verdict.NOT_APPLICABLE
    world.call("B")
    tomorrow = span(world, 3 * 1440, day=dt.date(2026, 11, 24))
    assert proofs.prove("AC-05", tomorrow).verdict == Verdict.NOT_APPLICABLE


def test_moot_and_superseded_clocks_are_counted_as_such(world: World) -> None:
    ticket = world.call("A")
    with clock.pinned(later(30)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="重启")
    raised = world.call("B", at=later(1), answered_s=None)
    with clock.pinned(later(10)):
        handling.reclassify(actor=world.head, ticket=raised, to="A", basis="new_facts", reason="全停")
    respond(world, raised, 12)
    with clock.pinned(later(20)):
        handling.start_emergency(
            actor=world.engineer, ticket=raised, commander="张", staff="赵", plan="EP v3"
        )
    found = prove(world, 200)
    assert found.verdict == Verdict.MET
    assert "合计 起算 5，达成 3/3（100.0%）（已无需 1、已被取代 1）" in found.figure


def test_figures_of_the_report(world: World) -> None:
    recorded(world)
    late = world.call("B", at=later(1), answered_s=None)
    scan(62)
    respond(world, late, 70)
    found = kpi.figures(span(world, 23 * 60))
    assert found.tickets == 2
    assert found.clocks[("1", "response")].rate.text == "1/1（100.0%）"
    assert found.clocks[("B", "response")].rate.text == "0/1（0.0%）"
    assert (found.acknowledgement.n, found.acknowledgement.of) == (2, 2)
    assert (found.repair.n, found.repair.of, found.repair.mean_s) == (1, 2, 2400)
    assert found.repair_without_waiting == found.repair
    assert (found.reopened, found.repeated) == (kpi.Share(0, 1), kpi.Share(0, 1))
    assert found.first_contact_fix == kpi.Share(0, 0)
    assert found.plan["pir"].running == 1
    assert found.plan["notify"].met >= 3
    assert found.plan["update"].started == 2
