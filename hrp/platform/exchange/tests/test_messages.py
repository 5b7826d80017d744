"""Messages to and from a partner over real HTTP: written down first, tried again, taken once, and nobody else is believed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.exchange import jobs
from hrp.platform.exchange.messages import inbound, outbound, partners
from hrp.platform.exchange.models import Partner, PartnerAttempt, PartnerMessage
from hrp.platform.jobs import inline
from hrp.platform.notify import signing
from hrp.platform.notify.http import GatewayError
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.receiver import Receiver

pytestmark = pytest.mark.django_db
SECRET = "between-us-two-0123456789"
State = PartnerMessage.State


@pytest.fixture
def far() -> Iterator[Receiver]:
    with receiver.running() as one:
        one.secret = SECRET
        yield one


@pytest.fixture
def friend(far: Receiver) -> Partner:
    user = User.objects.create_user("portal", display_name="供应商平台")
    row = partners.save(
        pk=None,
        values={
            "code": "G1",
            "title": "供应商平台",
            "url": f"{far.url}/in",
            "allowed": far.pair,
            "timeout_s": 1,
            "user": user.pk,
        },
    )
    partners.set_secret(partner=row, secret=SECRET)
    partners.switch(partner=row, active=True)
    return Partner.objects.get(pk=row.pk)


def say(to: Partner, key: str = "CD1/1") -> PartnerMessage:
    return outbound.send(to=to, kind="test.order", key=key, body={"数量": "4"}, source="x:1")


def test_a_message_is_written_down_signed_and_delivered_by_the_worker(far: Receiver, friend: Partner) -> None:
    far.answer = {"confirmed": True}
    message = say(friend)
    assert (message.state, far.asked) == (State.WAITING, []), "nothing leaves before the caller commits"
    inline.run_waiting(queue="exchange")
    message.refresh_from_db()
    assert (message.state, message.attempts, message.answer) == (State.DELIVERED, 1, {"confirmed": True})
    [asked] = far.asked
    assert asked.json == {"id": "CD1/1", "kind": "test.order", "body": {"数量": "4"}}
    assert asked.headers[outbound.IDEMPOTENCY_KEY] == "CD1/1"
    assert PartnerAttempt.objects.get(message=message).ok


def test_the_same_key_is_one_message_however_often_it_is_sent(far: Receiver, friend: Partner) -> None:
    assert say(friend).pk == say(friend).pk
    inline.run_waiting(queue="exchange")
    assert len(far.asked) == 1


def test_a_dead_partner_is_tried_again_and_at_last_given_up_and_a_person_may_try_anew(
    far: Receiver, friend: Partner
) -> None:
    far.mode = "broken"
    message = say(friend)
    for _ in range(len(outbound.SCHEDULE) + 1):
        with pytest.raises(GatewayError):
            jobs.deliver(message=message.pk)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.EXHAUSTED, len(outbound.SCHEDULE) + 1)
    assert "500" in message.error
    jobs.deliver(message=message.pk)
    assert len(far.asked) == len(outbound.SCHEDULE) + 1, "what was given up is not sent by itself"
    far.mode = "ok"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE queue_name = 'exchange'")
    outbound.send_again(message=message, actor=friend.user)
    inline.run_waiting(queue="exchange")
    message.refresh_from_db()
    assert message.state == State.DELIVERED
    assert {asked.headers[outbound.IDEMPOTENCY_KEY] for asked in far.asked} == {"CD1/1"}
    with pytest.raises(Conflict):
        outbound.send_again(message=message, actor=friend.user)


@pytest.mark.parametrize("mode", ["slow", "redirect"])
def test_a_slow_or_redirecting_partner_costs_one_try(far: Receiver, friend: Partner, mode: str) -> None:
    far.mode = mode
    message = say(friend)
    with pytest.raises((GatewayError, OSError)):
        jobs.deliver(message=message.pk)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.WAITING, 1)
    assert not message.tries.get().ok


def test_what_was_said_is_not_changed_and_tries_are_facts(friend: Partner, far: Receiver) -> None:
    message = say(friend)
    inline.run_waiting(queue="exchange")
    for change in (
        "UPDATE exchange_partnermessage SET body = '{}'", "UPDATE exchange_partnermessage SET key = 'x'",
        "DELETE FROM exchange_partnermessage", "UPDATE exchange_partnerattempt SET ok = false",
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    assert message.pk


def test_addresses_outside_the_list_and_short_secrets_are_refused(friend: Partner) -> None:
    with pytest.raises(Invalid):
        partners.save(pk=friend.pk, values={"url": "http://10.0.0.9:80/x"})
    with pytest.raises(Invalid):
        partners.set_secret(partner=friend, secret="short")
    bare = partners.save(pk=None, values={"code": "G2", "title": "没有密钥", "timeout_s": 5})
    with pytest.raises(Conflict):
        partners.switch(partner=bare, active=True)
    events = next(m for m in apps.get_app_config("exchange").get_models() if m.__name__ == "PartnerEvent")
    assert "secret" not in {field.name for field in events._meta.fields}, "history keeps no secret"


# -- coming in -----------------------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[list[Any]]:
    seen: list[Any] = []

    def handle(actor: User, sender: Partner, body: Mapping[str, Any]) -> dict[str, Any]:
        if body.get("bad"):
            User.objects.create(username="left-behind")
            raise Conflict("不行", way_out="改好再来。", code="no_way")
        seen.append((actor.username, sender.code, body["n"]))
        return {"source": "y:2", "n": body["n"]}

    inbound.register(inbound.Handler("test.note", "测试", handle))
    yield seen
    inbound.handlers._things.pop("test.note")


def tell(
    client: Client, body: dict[str, Any], *, code: str = "G1", secret: str = SECRET, age: int = 0
) -> Any:
    raw = json.dumps(body).encode()
    stamp = int(time.time()) - age
    headers = {signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signing.sign(secret, stamp, raw)}
    return client.post(
        f"/exchange/partners/{code}/messages", raw, content_type="application/json", headers=headers
    )


def test_a_signed_message_is_handled_once_and_answered_alike(
    client: Client, friend: Partner, taken: list[Any]
) -> None:
    message = {"id": "N1", "kind": "test.note", "body": {"n": 3}}
    first, again = tell(client, message), tell(client, message)
    assert (first.status_code, first.json()) == (200, {"source": "y:2", "n": 3})
    assert (again.status_code, again.json(), again["Idempotent-Replay"]) == (200, first.json(), "true")
    assert taken == [("portal", "G1", 3)]
    row = PartnerMessage.objects.get(direction="in")
    assert (row.state, row.source) == (State.HANDLED, "y:2")


def test_a_refused_message_is_kept_with_its_reason_and_leaves_nothing_else(
    client: Client, friend: Partner, taken: list[Any]
) -> None:
    answer = tell(client, {"id": "N2", "kind": "test.note", "body": {"bad": True}})
    assert (answer.status_code, answer.json()["error"]) == (422, "no_way")
    assert not User.objects.filter(username="left-behind").exists()
    assert PartnerMessage.objects.get(direction="in").error == "不行"
    assert tell(client, {"id": "N2", "kind": "test.note", "body": {"bad": True}}).status_code == 422


def test_nobody_else_is_believed(client: Client, friend: Partner, taken: list[Any]) -> None:
    message = {"id": "N3", "kind": "test.note", "body": {"n": 1}}
    for wrong in ({"secret": "another-secret-0123456789"}, {"age": 600}, {"code": "G9"}):
        assert tell(client, message, **wrong).status_code == 403
    partners.switch(partner=friend, active=False)
    assert tell(client, message).status_code == 403
    assert (taken, PartnerMessage.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [{"id": "", "kind": "test.note", "body": {}}, {"id": "1", "kind": "unknown", "body": {}}, {"id": "1"}],
)
def test_what_is_no_message_is_refused_with_what_is_wrong(
    client: Client, friend: Partner, taken: list[Any], body: dict[str, Any]
) -> None:
    assert tell(client, body).status_code in (400, 422)
    assert PartnerMessage.objects.count() == 0
