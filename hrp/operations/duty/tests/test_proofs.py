"""AC-04 and AC-31: each verdict, and never 符合 without facts."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.contracts import proofs
from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.operations.duty.proofs import _months_on
from hrp.operations.duty.services import handover, rota
from hrp.operations.duty.tests import world
from hrp.operations.duty.tests.world import MONDAY, Team
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid
from hrp.platform.notify import services as notify
from hrp.platform.notify.models import GatewayTest

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
FIRST = MONDAY.date() + DAY


@pytest.fixture
def team() -> Team:
    return world.make()


def rota_proof(team: Team, days: int = 3, first: dt.date = FIRST) -> Finding:
    last = first + DAY * (days - 1)
    return proofs.prove("AC-04", Span(team.desk.contract, first, last, clock.start_of_day(last + DAY)))


def keep_tests(first: dt.date = FIRST, days: int = 3, *, passed: bool = True, internet: bool = False) -> None:
    """Keep a self-test of the SMS gateway on each of some days."""
    row = notify.save_gateway(
        pk=None,
        values={
            "code": "sms", "title": "短信", "kind": "sms", "url": "http://10.1.1.5:80/", "allowed": "10.1.1.5:80",
            "timeout_s": 5, "needs_internet": internet,
        },
    )  # fmt: skip
    for day in range(days):
        GatewayTest.objects.create(
            gateway=row, at=clock.at(first + DAY * day, 9, 10), passed=passed, took_ms=5
        )


def test_ac04_is_met_with_every_minute_covered_and_a_test_each_day(team: Team) -> None:
    keep_tests()
    found = rota_proof(team)
    assert (found.verdict, found.figure) == (Verdict.MET, "覆盖 4320/4320 分钟，自检 3/3 天")
    assert found.evidence[0].url.startswith("/operations/duty?month=")


def test_ac04_is_unproven_without_a_rota_or_without_tests(team: Team) -> None:
    assert rota_proof(team).missing == ("每日呼叫自检",)
    assert rota_proof(team).verdict == Verdict.UNPROVEN
    empty = rota_proof(team, first=dt.date(2026, 3, 1))
    assert (empty.verdict, empty.missing) == (Verdict.UNPROVEN, ("值班表",))


def test_ac04_names_the_hole_the_double_and_the_far(team: Team) -> None:
    keep_tests(MONDAY.date())
    rota.save_person(actor=team.boss, user=team.second, travel_minutes=200)
    found = rota_proof(team, first=MONDAY.date())
    assert found.verdict == Verdict.NOT_MET
    assert found.figure == "覆盖 3840/4320 分钟，自检 3/3 天"
    assert found.exceptions == (
        "2026-11-23 00:00 至 11-23 08:00 一线空缺 一线",
        "2026-11-23 00:00 至 11-23 08:00 层数不足",
        "2026-11-23 08:00 至 11-26 00:00 路程超限 二线甲",
    )


@pytest.mark.parametrize("change", ["missing day", "failed", "internet"])
def test_ac04_wants_a_passed_test_each_day_of_a_pager_that_needs_no_internet(team: Team, change: str) -> None:
    keep_tests(
        days=2 if change == "missing day" else 3, passed=change != "failed", internet=change == "internet"
    )
    found = rota_proof(team)
    if change == "missing day":
        assert (found.verdict, found.exceptions) == (
            Verdict.NOT_MET,
            (f"{FIRST + 2 * DAY} 没有通过的呼叫自检",),
        )
    else:
        assert (found.verdict, found.missing) == (Verdict.UNPROVEN, ("每日呼叫自检",))


def test_ac04_is_not_applicable_before_it_begins(team: Team) -> None:
    span = Span(team.desk.contract, FIRST, FIRST + DAY, clock.start_of_day(FIRST))
    assert proofs.prove("AC-04", span).verdict == Verdict.NOT_APPLICABLE
    assert proofs.prove("AC-31", span).verdict == Verdict.NOT_APPLICABLE


# -- AC-31 ----------------------------------------------------------------------------------------------------------


def contacts_proof(team: Team, first: dt.date, last: dt.date) -> Finding:
    return proofs.prove("AC-31", Span(team.desk.contract, first, last, clock.start_of_day(last + DAY)))


def staffed(team: Team) -> list[object]:
    """Both roles of the hospital filled, each with a number."""
    director = people.person(name="宋主任")
    contracts.add_member(actor=team.desk.clerk, user=director, side=Side.HOSPITAL, titles=["甲方信息科主任"])
    for user in (team.desk.head, director):
        notify.save_contact(
            pk=None, values={"user": user.pk, "kind": "mobile", "address": f"139{user.pk:08d}"}
        )
    return [team.desk.head, director]


def check(team: Team, user: object, day: dt.date, *, reached: bool = True) -> None:
    with clock.pinned(clock.at(day, 10)):
        handover.check_contact(
            actor=team.first,
            counterpart=user,
            reached=reached,
            note="" if reached else "无人接听",  # type: ignore[arg-type]
        )


def test_ac31_is_met_when_everybody_answered_in_each_quarter(team: Team) -> None:
    for user in staffed(team):
        check(team, user, dt.date(2026, 2, 3), reached=False)
        check(team, user, dt.date(2026, 2, 4))
        check(team, user, dt.date(2026, 6, 30))
    found = contacts_proof(team, dt.date(2026, 1, 1), dt.date(2026, 6, 30))
    assert (found.verdict, found.figure) == (Verdict.MET, "2 人在册，核验 4/4")


def test_ac31_names_who_was_not_checked_and_who_was_not_reached(team: Team) -> None:
    head, director = staffed(team)
    check(team, head, dt.date(2026, 2, 3))
    check(team, director, dt.date(2026, 2, 3), reached=False)
    found = contacts_proof(team, dt.date(2026, 1, 1), dt.date(2026, 6, 30))
    assert (found.verdict, found.figure) == (Verdict.NOT_MET, "2 人在册，核验 1/4")
    assert set(found.exceptions) == {
        "宋主任 自 2026-01-01 起的季度未联系上", "李主管 自 2026-04-01 起的季度没有核验",
        "宋主任 自 2026-04-01 起的季度没有核验",
    }  # fmt: skip


def test_ac31_gives_a_running_quarter_time_and_claims_nothing(team: Team) -> None:
    head, _director = staffed(team)
    span = (dt.date(2026, 10, 1), dt.date(2026, 11, 10))
    assert contacts_proof(team, *span).missing == ("本季度联系核验",)
    check(team, head, dt.date(2026, 11, 3))
    assert contacts_proof(team, *span).figure == "2 人在册，核验 1/1"


def test_ac31_names_a_vacant_role_and_a_missing_number(team: Team) -> None:
    found = contacts_proof(team, dt.date(2026, 10, 1), dt.date(2026, 11, 10))
    assert found.verdict == Verdict.NOT_MET
    assert found.exceptions == ("无人担任：甲方信息科主任", "李主管 没有登记电话")


def test_only_the_hospitals_people_with_a_number_are_checked(team: Team) -> None:
    with pytest.raises(Invalid, match="没有登记电话"):
        handover.check_contact(actor=team.first, counterpart=team.desk.head, reached=True)
    with pytest.raises(Invalid, match="不是甲方人员"):
        handover.check_contact(actor=team.first, counterpart=team.second, reached=True)
    staffed(team)
    with pytest.raises(Invalid, match="写明情况"):
        handover.check_contact(actor=team.first, counterpart=team.desk.head, reached=False)
    with pytest.raises(Forbidden):
        handover.check_contact(actor=team.desk.nurse, counterpart=team.desk.head, reached=True)


def test_quarters_begin_on_the_same_day_of_the_month_or_its_last() -> None:
    assert _months_on(dt.date(2026, 11, 30), 3) == dt.date(2027, 2, 28)
    assert _months_on(dt.date(2026, 1, 15), 9) == dt.date(2026, 10, 15)
    assert _months_on(dt.date(2026, 12, 1), 3) == dt.date(2027, 3, 1)
    assert _months_on(dt.date(2026, 3, 31), 9) == dt.date(2026, 12, 31)
