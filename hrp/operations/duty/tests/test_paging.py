"""Paging: on time, through whatever still carries, until somebody answers, and never twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from django.db import Error, connection, transaction

from hrp.config import testing
from hrp.config.processes import free_port
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.duty import selectors
from hrp.operations.duty.models import PagingAck, PagingAttempt, PagingRun, PagingStep
from hrp.operations.duty.services import calling, paging
from hrp.operations.duty.tests import world
from hrp.operations.duty.tests.world import MONDAY, Team
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.jobs import inline
from hrp.platform.notify import services as notify
from hrp.platform.notify.http import GatewayError
from hrp.platform.notify.models import ContactPoint, Delivery, Message
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return world.make()


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    with receiver.running() as one:
        yield one


def set_up(code: str, at: Receiver | None) -> None:
    """A gateway of this name at the receiver, or at a port where nobody listens."""
    pair = at.pair if at is not None else f"127.0.0.1:{free_port()}"
    kind = code if code in ("sms", "voice") else "webhook"
    row = notify.save_gateway(
        pk=None,
        values={
            "code": code, "title": code, "kind": kind, "url": f"http://{pair}/{code}", "allowed": pair, "timeout_s": 1,
            "needs_internet": False,
        },
    )  # fmt: skip
    notify.switch_gateway(gateway=row, active=True)


def start(
    team: Team, *, level: str = "1", at: dt.datetime = MONDAY, source: str = "t.subject:1"
) -> PagingRun:
    with clock.pinned(at):
        run = paging.start(
            source=source, url="/t/1", level=level, terms=default_terms(), title="全院无法出库"
        )
    assert run is not None
    return run


def second(seconds: float) -> dt.datetime:
    return MONDAY + dt.timedelta(seconds=seconds)


def scan(seconds: float, *, deliver: bool = True) -> int:
    """What a worker does at this second: look, and let the queue try what was sent."""
    with clock.pinned(second(seconds)):
        done = calling.scan()
        while deliver:
            try:
                if not inline.run_waiting(queue="notify"):
                    break
            except (OSError, HTTPException, GatewayError):
                continue
    return done


def called(run: PagingRun) -> list[tuple[float, int, str, str]]:
    """(second, step, who, channel) of every call but the bell's."""
    return [
        ((one.at - MONDAY).total_seconds(), one.position, one.user.display_name, one.channel)
        for one in PagingAttempt.objects.filter(run=run).exclude(channel="in_app").select_related("user")
    ]


def test_the_chain_runs_on_time_and_ends_visible(team: Team, gateway: Receiver) -> None:
    set_up("voice", gateway)
    set_up("sms", gateway)
    run = start(team)
    for moment in range(302):
        scan(moment, deliver=moment in (0, 45, 90, 150, 210))
    assert called(run) == [
        (0, 0, "一线甲", "voice"), (0, 0, "一线甲", "sms"),
        (45, 1, "一线甲", "voice"),
        (90, 2, "二线甲", "voice"), (90, 2, "二线甲", "sms"),
        (150, 3, "主管甲", "voice"), (150, 3, "主管甲", "sms"), (150, 3, "韩主管", "voice"), (150, 3, "韩主管", "sms"),
        (210, 4, "一线甲", "voice"), (210, 4, "一线甲", "sms"), (210, 4, "二线甲", "voice"), (210, 4, "二线甲", "sms"),
        (210, 4, "主管甲", "voice"), (210, 4, "主管甲", "sms"),
    ]  # fmt: skip
    run.refresh_from_db()
    assert (run.state, run.ended_at, run.end_note) == ("exhausted", second(300), "呼叫链已走完，无人应答")
    assert selectors.unanswered_count(team.boss) == 1
    assert scan(400) == 0


def test_every_call_of_a_step_reached_the_gateway_with_its_number(team: Team, gateway: Receiver) -> None:
    set_up("voice", gateway)
    start(team)
    scan(0)
    (asked,) = gateway.asked
    assert asked.path == "/voice"
    assert asked.json["mobile"] == f"138{team.first.pk:08d}"
    assert "全院无法出库" in asked.json["content"]
    delivery = Delivery.objects.get(channel="voice")
    assert (delivery.state, delivery.address) == ("delivered", f"138{team.first.pk:08d}")


@pytest.mark.parametrize("via", ["button", "link", "voice"])
def test_any_answer_stops_the_paging(team: Team, gateway: Receiver, via: str, settings: Any) -> None:
    settings.HRP_PUBLIC_URL = "https://hrp.example.org"
    set_up("voice", gateway)
    run = start(team)
    scan(0)
    message = Message.objects.get(kind="operations.page")
    with clock.pinned(second(20)):
        if via == "button":
            paging.acknowledge(run=run, user=team.lead, via="button")
        elif via == "link":
            paging.acknowledge_by_link(token=message.body.rsplit("/", 1)[1])
        else:
            paging.acknowledge_by_voice(message=message.pk, channel="voice")
    run.refresh_from_db()
    answered = team.lead if via == "button" else team.first
    assert (run.state, run.ended_by, run.ended_at) == ("acked", answered, second(20))
    for moment in (45, 90, 150, 210, 300):
        assert scan(moment) == 0
    assert PagingStep.objects.count() == 1


def test_a_link_works_once_and_not_for_ever(team: Team, gateway: Receiver, settings: Any) -> None:
    settings.HRP_PUBLIC_URL = "https://hrp.example.org"
    set_up("voice", gateway)
    start(team)
    scan(0)
    token = Message.objects.get(kind="operations.page").body.rsplit("/", 1)[1]
    assert token not in str(list(PagingAttempt.objects.values()))
    with clock.pinned(second(25 * 3600)), pytest.raises(NotFound):
        paging.acknowledge_by_link(token=token)
    with clock.pinned(second(10)):
        paging.acknowledge_by_link(token=token)
        with pytest.raises(Conflict) as refused:
            paging.acknowledge_by_link(token=token)
    assert refused.value.code == "token_used"
    for wrong in ("", token[:-1] + "x"):
        with pytest.raises(NotFound):
            paging.acknowledge_by_link(token=wrong)


def test_a_second_answer_is_kept_and_changes_nothing(team: Team) -> None:
    run = start(team)
    with clock.pinned(second(5)):
        paging.acknowledge(run=run, user=team.first, via="button")
    with clock.pinned(second(9)):
        run = paging.acknowledge(run=run, user=team.second, via="button")
        paging.acknowledge(run=run, user=team.second, via="button")
    assert (run.ended_by, run.ended_at) == (team.first, second(5))
    assert PagingAck.objects.count() == 2


def test_an_exhausted_paging_can_still_be_answered_and_a_stopped_one_not(team: Team) -> None:
    run = start(team)
    scan(1000)
    run.refresh_from_db()
    assert run.state == "exhausted"
    with clock.pinned(second(1100)):
        assert paging.acknowledge(run=run, user=team.first, via="button").state == "acked"
    other = start(team, source="t.subject:2")
    assert paging.stop(source="t.subject:2", note="已解决") == 1
    with pytest.raises(Conflict, match="已解决"):
        paging.acknowledge(run=other, user=team.first, via="button")


def test_a_dead_transport_is_replaced_by_the_next_at_once(team: Team, gateway: Receiver) -> None:
    """Voice is dead, 企业微信 is not set up: the text message is not in the second step's list, and is used."""
    set_up("voice", None)
    set_up("sms", gateway)
    run = start(team)
    scan(0)
    scan(1)
    assert called(run) == [(0, 0, "一线甲", "voice"), (0, 0, "一线甲", "sms")], "one of two carried: no more"
    scan(45)
    scan(46)
    assert called(run)[2:] == [(45, 1, "一线甲", "voice"), (46, 1, "一线甲", "sms")]
    assert PagingAttempt.objects.get(position=1, channel="sms").fallback
    assert Delivery.objects.filter(channel="sms", state="delivered").count() == 2


def test_a_step_whose_transports_are_not_set_up_uses_what_there_is(team: Team, gateway: Receiver) -> None:
    set_up("pager", gateway)
    run = start(team)
    scan(0)
    assert called(run) == [(0, 0, "一线甲", "pager")]
    assert PagingAttempt.objects.get(channel="pager").fallback


def test_when_nothing_carries_the_next_step_comes_forward(team: Team) -> None:
    set_up("voice", None)
    run = start(team)
    for moment in range(6):
        scan(moment)
    steps = PagingStep.objects.filter(run=run)
    assert [step.position for step in steps] == [0, 1, 2, 3, 4]
    assert [step.early for step in steps] == [False, True, True, True, True]
    run.refresh_from_db()
    assert (run.state, run.next_at) == ("active", run.respond_by)


def test_an_empty_layer_brings_the_next_step_forward() -> None:
    team = world.make(rota_laid=False)
    run = start(team)
    for moment in range(5):
        scan(moment)
    steps = list(PagingStep.objects.filter(run=run).values_list("position", "people"))
    assert steps == [(0, 0), (1, 0), (2, 0), (3, 1), ], "only the account manager is there to be called"  # fmt: skip
    assert set(PagingAttempt.objects.values_list("user__display_name", "channel")) == {("韩主管", "in_app")}


def test_the_bell_alone_is_not_a_dead_transport(team: Team) -> None:
    run = start(team)
    for moment in range(5):
        scan(moment)
    assert PagingStep.objects.filter(run=run).count() == 1
    assert list(PagingAttempt.objects.values_list("channel", flat=True)) == ["in_app"]


def test_after_a_standstill_overdue_steps_are_folded_into_one(team: Team, gateway: Receiver) -> None:
    set_up("voice", gateway)
    set_up("sms", gateway)
    run = start(team)
    scan(0)
    scan(220)
    later = [one for one in called(run) if one[0] == 220]
    assert later == [
        (220, 4, name, channel)
        for name in ("一线甲", "二线甲", "主管甲", "韩主管")
        for channel in ("voice", "sms")
    ]
    folded = PagingStep.objects.filter(run=run).values_list("position", "collapsed")
    assert list(folded) == [(0, False), (1, True), (2, True), (3, True), (4, False)]
    assert scan(221) == 0


def test_after_an_hour_everybody_is_called_once_and_it_is_said_that_nobody_answered(
    team: Team, gateway: Receiver
) -> None:
    set_up("voice", gateway)
    run = start(team)
    scan(3600)
    scan(3601)
    assert len(called(run)) == len({name for _, _, name, _ in called(run)}) == 4
    run.refresh_from_db()
    assert run.state == "exhausted"


def test_the_same_subject_is_paged_once_and_a_graver_level_takes_over(team: Team) -> None:
    first = start(team, level="B")
    assert start(team, level="B").pk == first.pk
    with clock.pinned(second(30)):
        graver = paging.start(source="t.subject:1", url="", level="1", terms=default_terms(), key="2")
    first.refresh_from_db()
    assert graver is not None
    assert (first.state, first.end_note, graver.state) == ("stopped", "改按 1 级呼叫链", "active")


def test_two_workers_at_once_call_everybody_exactly_once(committed_db: testing.Database) -> None:
    team = world.make()
    subjects = [start(team, source=f"t.subject:{number}") for number in range(6)]
    barrier = threading.Barrier(4)
    failures: list[Exception] = []

    def work() -> None:
        barrier.wait()
        try:
            for moment in (0, 1, 45, 46, 90, 91):
                with clock.pinned(second(moment)):
                    calling.scan()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with clock.pinned(second(92)):
        calling.scan()
    assert failures == []
    for run in subjects:
        calls = PagingAttempt.objects.filter(run=run).values_list("position", "user", "channel")
        assert sorted({position for position, *_ in calls}) in ([0, 1, 2], [0, 2], [2])
        assert (
            len(calls)
            == len(set(calls))
            == Message.objects.filter(dedupe_key__startswith=f"page:{run.pk}:").count()
        )


def test_an_answer_and_a_scan_at_once_do_not_lock_each_other_out(committed_db: testing.Database) -> None:
    team = world.make()
    run = start(team)
    barrier = threading.Barrier(2)
    failures: list[Exception] = []

    def guarded(what: Any) -> None:
        barrier.wait()
        try:
            for moment in range(60):
                with clock.pinned(second(moment)):
                    what()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    answer = threading.Thread(
        target=guarded, args=[lambda: paging.acknowledge(run=run, user=team.first, via="button")]
    )
    look = threading.Thread(target=guarded, args=[calling.scan])
    for thread in (answer, look):
        thread.start()
    for thread in (answer, look):
        thread.join()
    run.refresh_from_db()
    assert (failures, run.state) == ([], "acked")
    assert PagingAck.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operations_paging_run SET started_at = started_at + interval '1 minute'",
        "UPDATE operations_paging_run SET steps = '[]'",
        "DELETE FROM operations_paging_run",
        "UPDATE operations_paging_attempt SET at = now()",
        "DELETE FROM operations_paging_ack",
    ],
)
def test_raw_sql_cannot_rewrite_a_paging(team: Team, statement: str) -> None:
    run = start(team)
    scan(0)
    with clock.pinned(second(3)):
        paging.acknowledge(run=run, user=team.first, via="button")
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_answered_paging_is_never_opened_again(team: Team) -> None:
    run = start(team)
    with clock.pinned(second(3)):
        paging.acknowledge(run=run, user=team.first, via="button")
    with pytest.raises(Error), transaction.atomic():
        PagingRun.objects.filter(pk=run.pk).update(state="active", next_at=MONDAY)


def test_people_without_a_number_are_called_by_what_reaches_them(team: Team, gateway: Receiver) -> None:
    set_up("sms", gateway)
    set_up("pager", gateway)
    run = start(team)
    ContactPoint.objects.filter(user=team.first).delete()
    scan(0)
    scan(1)
    assert [one[1:] for one in called(run)] == [(0, "一线甲", "sms"), (0, "一线甲", "pager")]


def test_nobody_is_called_any_more_for_what_was_answered(team: Team, gateway: Receiver) -> None:
    """The gateway was down and comes back: the queue would try again, five minutes and ten hours later."""
    gateway.mode = "broken"
    set_up("voice", gateway)
    run = start(team)
    scan(0)
    with clock.pinned(second(9)):
        paging.acknowledge(run=run, user=team.second, via="button")
    gateway.mode = "ok"
    before = len(gateway.asked)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'todo', scheduled_at = NULL")
    inline.run_waiting(queue="notify")
    assert len(gateway.asked) == before
    row = Delivery.objects.get(channel="voice")
    assert (row.state, row.error) == ("skipped", "呼叫已结束：二线甲 已应答")


def test_a_page_that_waited_too_long_in_the_queue_is_not_sent(team: Team, gateway: Receiver) -> None:
    set_up("voice", gateway)
    start(team)
    scan(0, deliver=False)
    with clock.pinned(second(301)):
        inline.run_waiting(queue="notify")
    assert gateway.asked == []
    assert Delivery.objects.get(channel="voice").error == "已过时，未再发送"
