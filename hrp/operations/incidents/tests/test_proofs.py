"""AC-06 and AC-07, each verdict."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.contracts.proofs import Span, Verdict, prove
from hrp.operations.desk.services import handling
from hrp.operations.desk.services.breaches import scan
from hrp.operations.desk.tests.world import World, later
from hrp.operations.incidents.services import onsite
from hrp.operations.incidents.tests import stage
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return stage.make()


def span(world: World, as_of: dt.datetime | None = None) -> Span:
    return Span(world.contract, dt.date(2026, 11, 1), dt.date(2026, 11, 30), as_of or later(60 * 24 * 20))


def test_nothing_due_is_not_applicable(world: World) -> None:
    world.call("B")
    for code in ("AC-06", "AC-07"):
        assert prove(code, span(world)).verdict is Verdict.NOT_APPLICABLE


def test_an_arrival_in_time_counts_with_evidence_only(world: World) -> None:
    ticket = stage.remote_failed(world)
    assert prove("AC-06", span(world, later(60))).verdict is Verdict.NOT_APPLICABLE, "not due yet"
    with clock.pinned(later(90)):
        handling.arrive_on_site(actor=world.engineer, ticket=ticket, place="机房")
    found = prove("AC-06", span(world))
    assert (found.verdict, found.missing) == (Verdict.UNPROVEN, ("FW2026-00001：没有门禁签到或甲方签认",))
    with clock.pinned(later(100)):
        onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房")
    found = prove("AC-06", span(world))
    assert (found.verdict, found.figure) == (Verdict.MET, "按时到场 1/1；有到场凭据 1/1")
    assert found.evidence[0].url


def test_a_late_arrival_is_not_met_whatever_shows_it(world: World) -> None:
    ticket = stage.remote_failed(world)
    with clock.pinned(later(300)):
        onsite.sign_arrival(actor=world.head, ticket=ticket, person="张工", place="机房")
    found = prove("AC-06", span(world))
    assert (found.verdict, found.exceptions) == (Verdict.NOT_MET, ("FW2026-00001 到达现场超时（1级）",))


def test_nobody_came_is_not_met(world: World) -> None:
    stage.remote_failed(world)
    with clock.pinned(later(300)):
        scan(actor=system_actor("desk"))
    found = prove("AC-06", span(world))
    assert (found.verdict, found.figure) == (Verdict.NOT_MET, "按时到场 0/1；有到场凭据 0/0")


def test_an_emergency_answered_and_started_in_time_is_met(world: World) -> None:
    stage.started(world)
    found = prove("AC-07", span(world))
    assert (found.verdict, found.figure) == (Verdict.MET, "响应 1/1；启动 1/1；要素齐全 1/1")


def test_a_late_start_is_not_met(world: World) -> None:
    ticket = world.call("A")
    with clock.pinned(later(70)):
        handling.start_emergency(
            actor=world.engineer,
            ticket=ticket,
            commander="张工",
            staff="赵工",
            plan="EP-HRP-01 v1",
            bridge="8000",
        )
    found = prove("AC-07", span(world))
    assert (found.verdict, found.figure) == (Verdict.NOT_MET, "响应 1/1；启动 0/1；要素齐全 1/1")
    assert found.exceptions == ("FW2026-00001 启动应急服务超时（A级）",)


def test_a_start_without_a_bridge_is_not_met(world: World) -> None:
    ticket = world.call("1")
    with clock.pinned(later(20)):
        handling.start_emergency(
            actor=world.engineer, ticket=ticket, commander="张工", staff="赵工", plan="EP-HRP-01 v1"
        )
    found = prove("AC-07", span(world))
    assert (found.verdict, found.exceptions) == (Verdict.NOT_MET, ("FW2026-00001：启动时没有写明会议桥",))
    assert found.figure.endswith("要素齐全 0/1")


def test_a_plan_nobody_signed_proves_nothing(world: World) -> None:
    ticket = world.call("1")
    with clock.pinned(later(20)):
        handling.start_emergency(
            actor=world.engineer,
            ticket=ticket,
            commander="张工",
            staff="赵工",
            plan="口头约定",
            bridge="8000",
        )
    found = prove("AC-07", span(world))
    assert found.verdict is Verdict.UNPROVEN
    assert "口头约定" in found.missing[0]


def test_a_breach_that_lies_beyond_the_span_does_not_count(world: World) -> None:
    world.call("1")
    with clock.pinned(later(90)):
        scan(actor=system_actor("desk"))
    assert prove("AC-07", span(world)).verdict is Verdict.NOT_MET
    assert prove("AC-07", span(world, later(30))).figure == "响应 1/1；启动 0/0；要素齐全 0/0"
