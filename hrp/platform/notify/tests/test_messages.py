"""Messages: written with the act, once per key, delivered by every channel that lives."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from hrp.config import testing
from hrp.config.processes import free_port
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.registry import Registry
from hrp.platform.jobs import inline
from hrp.platform.notify import channels, kinds, selectors, services
from hrp.platform.notify.channels import NotApplicable
from hrp.platform.notify.jobs import SCHEDULE
from hrp.platform.notify.models import Delivery, Message
from hrp.platform.notify.tests.conftest import Postbox

State = Delivery.State


@pytest.fixture
def nurse(db: None) -> User:
    return User.objects.create_user("hushi", display_name="胡护士", email="hushi@example.org")


@pytest.fixture
def keeper(db: None) -> User:
    return User.objects.create_user("kuguan", display_name="库管")


def tell(*people: Any, **fields: Any) -> list[int]:
    return services.notify(
        **{"recipients": people, "kind": "t.stock_low", "title": "库存不足", "url": "/logistics/items/7"}
        | fields
    )


def states(channel: str) -> list[str]:
    return list(Delivery.objects.filter(channel=channel).order_by("id").values_list("state", flat=True))


def test_a_message_rings_the_bell_and_goes_by_mail(nurse: User, keeper: User, postbox: Postbox):
    first, second = tell(nurse, keeper, nurse, title="库存\n不足", body="注射器剩 3 支")
    assert selectors.unread_count(nurse) == selectors.unread_count(keeper) == 1
    assert states("in_app") == [State.DELIVERED] * 2
    assert states("email") == [State.WAITING] * 2
    assert inline.run_waiting(queue="notify") == 2
    (mail,) = postbox.mails
    assert (mail["Subject"], mail["To"]) == ("库存 不足", "hushi@example.org")
    assert mail["Message-ID"] == f"<hrp-message-{first}@hrp.local>"
    text = mail.get_content()  # type: ignore[attr-defined]
    assert "注射器剩 3 支" in text
    assert "https://hrp.example.org/logistics/items/7" in text
    assert states("email") == [State.DELIVERED, State.SKIPPED]
    assert Delivery.objects.get(message=first, channel="email").address == "hushi@example.org"
    assert Delivery.objects.get(message=second, channel="email").error == "没有邮箱地址"


def test_a_rolled_back_act_tells_nobody(nurse: User):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(nurse)
        _ = 1 / 0
    assert not Message.objects.exists()
    assert inline.run_waiting() == 0


def test_the_same_key_reaches_a_person_once(nurse: User, keeper: User):
    assert len(tell(nurse, dedupe_key="sla:12:2")) == 1
    assert len(tell(nurse, keeper, dedupe_key="sla:12:2")) == 1
    assert len(tell(nurse)) == len(tell(nurse)) == 1
    assert selectors.unread_count(nurse) == 3
    assert selectors.unread_count(keeper) == 1
    assert Delivery.objects.filter(channel="in_app").count() == 4


def test_four_sweepers_at_once_tell_once(committed_db: testing.Database):
    nurse = User.objects.create_user("hushi", display_name="胡护士", email="h@example.org")
    barrier = threading.Barrier(4)

    def sweep() -> None:
        barrier.wait()
        for i in range(10):
            tell(nurse, dedupe_key=f"sla:{i}:1")
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Message.objects.count() == 10
    assert Delivery.objects.filter(channel="in_app").count() == 10
    assert Delivery.objects.filter(channel="email").count() == 10


def test_a_closed_mail_server_delays_mail_and_nothing_else(nurse: User, postbox: Postbox):
    postbox.closed = True
    tell(nurse)
    run_failing()
    delivery = Delivery.objects.get(channel="email")
    assert (delivery.state, delivery.attempts) == (State.WAITING, 1)
    assert "451" in delivery.error
    assert selectors.unread_count(nurse) == 1
    postbox.closed = False
    requeue()
    inline.run_waiting(queue="notify")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.error) == (State.DELIVERED, 2, "")
    assert len(postbox.mails) == 1


def test_after_the_whole_schedule_it_is_exhausted_and_can_be_sent_again(
    nurse: User, settings: Any, postbox: Postbox
):
    settings.EMAIL_PORT = free_port()
    tell(nurse)
    for _ in range(len(SCHEDULE) + 1):
        run_failing()
        requeue()
    delivery = selectors.deliveries(exhausted_only=True).get()
    assert delivery.attempts == 8
    assert "ConnectionRefusedError" in delivery.error
    assert inline.run_waiting(queue="notify") == 1  # what is settled is left alone
    delivery.refresh_from_db()
    assert delivery.attempts == 8
    services.deliver_again(delivery=delivery.pk)
    services.deliver_again(delivery=delivery.pk)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert inline.run_waiting(queue="notify") == 1
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert sum(SCHEDULE) == 27 * 3600 + 35 * 60 + 5


def run_failing() -> None:
    with pytest.raises(OSError):
        inline.run_waiting(queue="notify")


def requeue() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'todo', scheduled_at = NULL WHERE task_name = 'notify.deliver'"
        )


def test_without_a_mail_server_mail_is_skipped(nurse: User, settings: Any):
    settings.EMAIL_HOST = ""
    tell(nurse)
    inline.run_waiting(queue="notify")
    assert states("email") == [State.SKIPPED]


def test_a_module_adds_a_channel_and_a_dead_one_stops_nobody(nurse: User, monkeypatch: Any, postbox: Postbox):
    class Pager:
        name, title, immediate, default = "pager", "传呼", False, True

        def deliver(self, message: Message) -> str:
            raise OSError("占线")

    class Nowhere(Pager):
        name, title = "nowhere", "无"

        def deliver(self, message: Message) -> str:
            raise NotApplicable("没有号码")

    registry: Registry[channels.Channel] = Registry("消息渠道")
    for channel in (Pager(), Nowhere(), *channels.channels):
        registry.register(channel.name, channel)
    for module in (services, selectors):
        monkeypatch.setattr(module, "channels", registry)
    monkeypatch.setattr("hrp.platform.notify.jobs.channels", registry)
    tell(nurse)
    with pytest.raises(OSError, match="占线"):
        inline.run_waiting(queue="notify")
    inline.run_waiting(queue="notify")
    assert (states("pager"), states("nowhere"), states("email")) == (
        [State.WAITING], [State.SKIPPED], [State.DELIVERED],
    )  # fmt: skip


def test_people_choose_by_kind_and_channel_but_not_what_is_mandatory(nurse: User, monkeypatch: Any):
    registry: Registry[kinds.Kind] = Registry("消息类别")
    for module in (services, selectors, kinds):
        monkeypatch.setattr(module, "kinds", registry)
    kinds.declare("t.news", "院内新闻", module="t")
    kinds.declare("t.security", "安全告警", module="t", mandatory=True)
    for kind in ("t.news", "t.security"):
        for channel in ("in_app", "email"):
            services.set_preference(actor=nurse, kind=kind, channel=channel, wanted=False)
    tell(nurse, kind="t.news")
    assert not Delivery.objects.exists()
    assert selectors.unread_count(nurse) == 0
    tell(nurse, kind="t.security")
    assert selectors.unread_count(nurse) == 1
    assert list(Delivery.objects.values_list("channel", flat=True)) == ["in_app"]
    cells = {(c.kind, c.channel): (c.wanted, c.locked) for c in selectors.preferences(nurse)}
    assert cells == {
        ("t.news", "in_app"): (False, False),
        ("t.news", "email"): (False, False),
        ("t.security", "in_app"): (True, True),
        ("t.security", "email"): (False, False),
    }


def test_the_bell_counts_in_one_indexed_query(nurse: User, django_assert_num_queries: Any):
    for _ in range(30):
        tell(nurse)
    Message.objects.update(read_at=clock.now())
    tell(nurse)
    with django_assert_num_queries(1):
        assert selectors.unread_count(nurse) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM notify_message WHERE recipient_id = %s AND read_at IS NULL",
            [nurse.pk],
        )
        assert "notify_message_unread" in "\n".join(row[0] for row in cursor.fetchall())


def test_reading_touches_only_ones_own(nurse: User, keeper: User):
    mine = tell(nurse) + tell(nurse)
    theirs = tell(keeper)
    assert services.mark_read(actor=nurse, messages=[mine[0], theirs[0]]) == 1
    assert services.mark_read(actor=nurse, messages=[mine[0]]) == 0
    assert [m.pk for m in selectors.inbox(nurse, unread_only=True)] == [mine[1]]
    assert [m.pk for m in selectors.inbox(nurse)] == mine[::-1]
    with time_machine.travel(clock.now() + dt.timedelta(hours=1)):
        assert services.mark_read(actor=nurse) == 1
    assert selectors.unread_count(nurse) == 0
    assert selectors.unread_count(keeper) == 1
