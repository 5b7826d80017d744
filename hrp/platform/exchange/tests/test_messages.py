"""Messages to partners: stored with the business, delivered with an idempotency key, tried again, never lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from hrp.config.processes import free_port
from hrp.platform.base.refusals import Conflict, Invalid, NotFound
from hrp.platform.exchange import delivering, jobs, messages
from hrp.platform.exchange.models import Message, Partner
from hrp.platform.jobs import inline
from hrp.platform.jobs.tasks import Waits
from hrp.platform.notify import signing
from hrp.platform.notify.http import GatewayError
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.receiver import Receiver

SECRET = "SEC-0123456789abcdef"
State = Message.State


@pytest.fixture
def his(db: None) -> Iterator[Receiver]:
    with receiver.running() as one:
        partner = messages.save_partner(
            pk=None,
            values={"code": "his", "name": "医院信息系统", "base_url": f"{one.url}/api/", "timeout_s": 1},
        )
        messages.set_secret(partner=partner, secret=SECRET)
        one.secret = SECRET
        yield one


def told(key: str = "U1") -> Message:
    return messages.send(partner="his", kind="his.charge", key=key, body={"uid": key, "name": "张**"})


def test_a_message_arrives_signed_with_its_key_and_once(his: Receiver) -> None:
    message = told()
    assert told().pk == message.pk, "the same kind and key are told once"
    inline.run_waiting(queue="notify")
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 1)
    assert message.sent_at is not None
    [asked] = his.asked
    assert asked.path == "/api/his.charge"
    assert asked.headers["Idempotency-Key"] == "his.charge:U1"
    assert asked.json == {"uid": "U1", "name": "张**"}
    assert signing.SIGNATURE in asked.headers
    assert json.loads(message.answer)["code"] == 0


def test_a_dead_partner_is_tried_again_until_the_last_time(his: Receiver) -> None:
    his.mode = "broken"
    message = told()
    for attempt in range(len(jobs.SCHEDULE)):
        with pytest.raises(GatewayError):
            jobs.send(message=message.pk)
        message.refresh_from_db()
        assert (message.state, message.attempts) == (State.WAITING, attempt + 1)
    jobs.send(message=message.pk)
    message.refresh_from_db()
    assert message.state == State.FAILED
    assert "500" in message.error
    his.mode = "ok"
    messages.send_again(message)
    inline.run_waiting(queue="notify")
    message.refresh_from_db()
    assert message.state == State.SENT
    assert {one.headers["Idempotency-Key"] for one in his.asked} == {"his.charge:U1"}
    with pytest.raises(Conflict):
        messages.send_again(message)


def test_the_waits_grow(his: Receiver) -> None:
    waits = jobs.SCHEDULE
    assert list(waits) == sorted(waits)
    assert sum(waits) > 24 * 3600
    assert Waits(waits).seconds == waits


def test_nobody_listening_is_an_error_to_try_again(db: None) -> None:
    messages.save_partner(
        pk=None,
        values={"code": "his", "name": "HIS", "base_url": f"http://127.0.0.1:{free_port()}", "timeout_s": 1},
    )
    message = told()
    with pytest.raises(OSError):
        jobs.send(message=message.pk)
    message.refresh_from_db()
    assert message.state == State.WAITING


def test_what_is_rolled_back_is_not_told(his: Receiver) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        told()
        raise ZeroDivisionError
    inline.run_waiting(queue="notify")
    assert his.asked == []
    assert not Message.objects.exists()


def test_one_switched_off_is_told_when_it_is_back(his: Receiver) -> None:
    partner = Partner.objects.get(code="his")
    messages.save_partner(pk=partner.pk, values={"is_active": False})
    message = told()
    inline.run_waiting(queue="notify")
    assert his.asked == []
    messages.save_partner(pk=partner.pk, values={"is_active": True})
    inline.run_waiting(queue="notify")
    message.refresh_from_db()
    assert message.state == State.SENT


def test_the_sender_hears_in_the_same_transaction(his: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(delivering, "_listeners", {"his.charge": lambda m: heard.append((m.key, m.state))})
    told()
    inline.run_waiting(queue="notify")
    assert heard == [("U1", State.SENT)]


def test_an_unknown_partner_or_a_bad_address_is_refused(db: None) -> None:
    with pytest.raises(NotFound) as refused:
        messages.send(partner="emr", kind="emr.use", key="1", body={})
    assert refused.value.code == "no_partner"
    with pytest.raises(Invalid) as bad:
        messages.save_partner(
            pk=None, values={"code": "x", "name": "x", "base_url": "ftp://x", "timeout_s": 99}
        )
    assert {p.field for p in bad.value.problems} == {"base_url", "timeout_s"}
