"""Gateways: what leaves is signed, goes only where it may, and a dead one stops nobody."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest
from django.db import connection

from hrp.config.processes import free_port
from hrp.platform.access.models import User
from hrp.platform.base import stamps
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.jobs import inline
from hrp.platform.notify import jobs, selectors, services, signing
from hrp.platform.notify.http import GatewayError
from hrp.platform.notify.models import ContactPoint, Delivery, Gateway, GatewayTest
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.conftest import Postbox
from hrp.platform.notify.tests.receiver import Receiver

State = Delivery.State
SECRET = "SEC-0123456789abcdef"


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    with receiver.running() as one:
        yield one


@pytest.fixture
def nurse(db: None) -> User:
    user = User.objects.create_user("hushi", display_name="胡护士", email="hushi@example.org")
    for kind, address in (("mobile", "13800001234"), ("wecom", "HuShi"), ("dingtalk", "ding-7")):
        services.save_contact(pk=None, values={"user": user.pk, "kind": kind, "address": address})
    return user


def set_up(
    at: Receiver, kind: str = "webhook", *, secret: str = SECRET, path: str = "/send", **more: Any
) -> Gateway:
    values = {
        "code": kind, "title": kind, "kind": kind, "url": f"{at.url}{path}", "allowed": at.pair, "timeout_s": 1,
        "needs_internet": False,
    }  # fmt: skip
    row = services.save_gateway(pk=None, values=values | more)
    if secret:
        services.set_secret(gateway=row, secret=secret)
    services.switch_gateway(gateway=row, active=True)
    return row


def tell(*people: Any, channels: tuple[str, ...]) -> list[Delivery]:
    """Tell through ``channels``, let the queue try once, and return the deliveries in that order."""
    services.notify(
        recipients=people, kind="t.page", title='扫码"入库"\n很慢', body="骨科二病区", url="/operations/tickets/7",
        channels=channels,
    )  # fmt: skip
    for _ in range(20):
        try:
            if not inline.run_waiting(queue="notify"):
                break
        except (OSError, HTTPException, GatewayError):
            continue  # the queue would try later; the others go on
    return sorted(Delivery.objects.all(), key=lambda row: channels.index(row.channel))


def test_a_webhook_is_signed_and_the_receiver_can_tell(nurse: User, gateway: Receiver, settings: Any):
    settings.HRP_PUBLIC_URL = "https://hrp.example.org"
    gateway.secret = SECRET
    set_up(gateway)
    (sent,) = tell(nurse, channels=("webhook",))
    assert (sent.state, sent.address, sent.error, sent.attempts) == (State.DELIVERED, gateway.pair, "", 1)
    assert sent.delivered_at is not None
    (asked,) = gateway.asked
    assert asked.json["link"] == "https://hrp.example.org/operations/tickets/7"
    assert asked.json["recipient"] == {
        "name": "胡护士", "mobile": "13800001234", "wecom": "HuShi", "dingtalk": "ding-7",
    }  # fmt: skip
    stamp, signature = asked.headers[signing.TIMESTAMP], asked.headers[signing.SIGNATURE]
    now = int(time.time())
    assert signing.verify(SECRET, stamp, asked.body, signature, now=now)
    assert not signing.verify(SECRET, stamp, asked.body + b" ", signature, now=now)
    assert not signing.verify(SECRET, stamp, asked.body, signature, now=now + signing.MAX_AGE_S + 10)
    assert not signing.verify("", stamp, asked.body, signature, now=now)


def test_a_wrong_secret_is_detected_by_the_receiver(nurse: User, gateway: Receiver):
    gateway.secret = "another secret"
    set_up(gateway)
    (sent,) = tell(nurse, channels=("webhook",))
    assert sent.state == State.WAITING
    assert "401" in sent.error
    assert "签名不符" in sent.error


@pytest.mark.parametrize(
    ("mode", "said"),
    [("broken", "500"), ("redirect", "302"), ("slow", "timed out"), ("dribble", "TimeoutError")],
)
def test_what_is_not_a_clean_2xx_in_time_is_a_failure(nurse: User, gateway: Receiver, mode: str, said: str):
    gateway.mode = mode
    set_up(gateway)
    started = time.monotonic()
    (sent,) = tell(nurse, channels=("webhook",))
    assert time.monotonic() - started < 2.4
    assert (sent.state, sent.attempts) == (State.WAITING, 1)
    assert said in sent.error
    assert [asked.path for asked in gateway.asked] == ["/send"], "a redirect is not followed"


def test_nothing_outside_the_allow_list_is_connected_to(nurse: User, gateway: Receiver):
    row = set_up(gateway)
    # the register refuses such a setting; a row changed behind its back is still not obeyed
    Gateway.objects.filter(pk=row.pk).update(allowed="10.0.0.8:443")
    (sent,) = tell(nurse, channels=("webhook",))
    assert "不在允许连接的地址中" in sent.error
    assert gateway.asked == []


def test_a_dead_channel_never_blocks_the_others(nurse: User, gateway: Receiver, postbox: Postbox):
    gateway.answer = {"code": 0}
    set_up(gateway, "sms", expects="code=0")
    set_up(
        gateway, "voice", url=f"http://127.0.0.1:{(port := free_port())}/call", allowed=f"127.0.0.1:{port}"
    )
    dead, sms, mail, gone = tell(nurse, channels=("voice", "sms", "email", "pigeon"))
    assert (dead.state, sms.state, mail.state, gone.state) == (
        State.WAITING, State.DELIVERED, State.DELIVERED, State.SKIPPED,
    )  # fmt: skip
    assert "ConnectionRefusedError" in dead.error
    assert (sms.address, mail.address, gone.error) == ("13800001234", "hushi@example.org", "渠道未启用")
    assert len(postbox.mails) == 1


def test_exactly_the_named_channels_whatever_the_preference(nurse: User, gateway: Receiver):
    set_up(gateway, by_default=True)
    services.set_preference(actor=nurse, kind="t.page", channel="webhook", wanted=False)
    assert [row.channel for row in tell(nurse, channels=("webhook",))] == ["webhook"]
    services.notify(recipients=[nurse], kind="t.page", title="按偏好")
    assert not Delivery.objects.filter(message__title="按偏好", channel="webhook").exists()
    services.notify(recipients=[nurse], kind="t.other", title="按默认")
    assert Delivery.objects.filter(message__title="按默认", channel="webhook").count() == 1


def test_sms_speaks_the_words_of_the_hospitals_gateway(nurse: User, gateway: Receiver):
    body = '{"to": ["{mobile}"], "msg": {"text": "{title}：{text}", "key": "{secret}"}, "ref": "{id}"}'
    set_up(gateway, "sms", body=body, headers="X-App: {account}", account="hrp", expects="data.status=ok")
    gateway.answer = {"data": {"status": "ok"}}
    (sent,) = tell(nurse, channels=("sms",))
    assert sent.state == State.DELIVERED
    assert gateway.asked[0].json == {
        "to": ["13800001234"], "msg": {"text": '扫码"入库" 很慢：骨科二病区', "key": SECRET}, "ref": str(sent.message_id),
    }  # fmt: skip
    assert gateway.asked[0].headers["X-App"] == "hrp"


def test_a_gateway_that_says_no_politely_has_failed(nurse: User, gateway: Receiver):
    set_up(gateway, "sms", expects="code=0")
    gateway.answer = {"code": 17, "message": "余额不足"}
    (sent,) = tell(nurse, channels=("sms",))
    assert (sent.state, "code=17" in sent.error) == (State.WAITING, True)


def test_a_form_gateway_gets_a_form(nurse: User, gateway: Receiver):
    set_up(gateway, "voice", body="phone={mobile}\ntext={title}")
    (sent,) = tell(nurse, channels=("voice",))
    assert sent.state == State.DELIVERED
    assert gateway.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert gateway.asked[0].body.startswith(b"phone=13800001234&text=%E6%89%AB")


def test_wecom_robot_mentions_the_person(nurse: User, gateway: Receiver):
    set_up(gateway, "wecom_robot", code="wecom", path="/cgi-bin/webhook/send?key={secret}")
    (sent,) = tell(nurse, channels=("wecom",))
    assert (sent.state, sent.address) == (State.DELIVERED, "HuShi")
    assert gateway.asked[0].query == {"key": [SECRET]}
    assert gateway.asked[0].json["text"]["mentioned_list"] == ["HuShi"]
    gateway.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    services.notify(recipients=[nurse], kind="t", title="再来", channels=("wecom",))
    with pytest.raises(Exception, match="93000"):
        inline.run_waiting(queue="notify")


def test_wecom_app_fetches_its_token_once_and_again_when_it_is_gone(nurse: User, gateway: Receiver):
    set_up(
        gateway,
        "wecom_app",
        code="wecom",
        path="/cgi-bin",
        account="corp1:1000002",
        secret=f"s-{free_port()}",
    )
    first = tell(nurse, channels=("wecom",))[0]
    assert first.state == State.DELIVERED
    services.notify(recipients=[nurse], kind="t", title="二", channels=("wecom",))
    inline.run_waiting(queue="notify")
    assert gateway.tokens == ["T1"]
    gateway.answer = {"errcode": 42001, "errmsg": "access_token expired"}
    services.notify(recipients=[nurse], kind="t", title="三", channels=("wecom",))
    with pytest.raises(Exception, match="42001"):
        inline.run_waiting(queue="notify")
    assert gateway.tokens == ["T1", "T2"]
    assert gateway.asked[-1].query == {"access_token": ["T2"]}
    assert gateway.asked[-1].json["agentid"] == 1000002


def test_dingtalk_signs_its_query(nurse: User, gateway: Receiver):
    set_up(gateway, "dingtalk", path="/robot/send?access_token=abc")
    (sent,) = tell(nurse, channels=("dingtalk",))
    assert (sent.state, sent.address) == (State.DELIVERED, "ding-7")
    query = gateway.asked[0].query
    assert query["access_token"] == ["abc"]
    assert query["sign"] == parse_qs(signing.dingtalk(SECRET, int(query["timestamp"][0])))["sign"]


def test_dingtalk_signature_follows_the_makers_recipe():
    """Base64 of HMAC-SHA256 over "timestamp, newline, secret" with the secret as key, then URL-quoted."""
    text = b"1577262236757\nthis is secret"
    mac = base64.b64encode(hmac.digest(b"this is secret", text, "sha256")).decode()
    assert (
        signing.dingtalk("this is secret", 1577262236757) == f"timestamp=1577262236757&sign={quote_plus(mac)}"
    )


def test_nobody_without_an_address_is_tried(db: None, gateway: Receiver):
    keeper = User.objects.create_user("kuguan", display_name="库管")
    for kind in ("sms", "dingtalk"):
        set_up(gateway, kind)
    set_up(gateway, "wecom_app", code="wecom", account="c:1")
    assert [(row.state, row.error[:2]) for row in tell(keeper, channels=("sms", "dingtalk", "wecom"))] == [
        (State.SKIPPED, "没有")
    ] * 3
    assert gateway.asked == []


def test_the_secret_is_sealed_and_leaves_no_trace(nurse: User, gateway: Receiver):
    row = set_up(gateway)
    row.refresh_from_db()
    assert SECRET not in row.secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM notify_gateway_event e")
        history = " ".join(text for (text,) in cursor.fetchall())
    assert row.url in history
    assert row.secret not in history


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "in_app"}, "code"),
        ({"code": "语音"}, "code"),
        ({"title": " "}, "title"),
        ({"url": "ftp://127.0.0.1/x"}, "url"),
        ({"url": "http://user:pw@127.0.0.1/x"}, "url"),
        ({"url": "http://127.0.0.1/x y"}, "url"),
        ({"allowed": "127.0.0.1"}, "allowed"),
        ({"allowed": "127.0.0.2:80"}, "allowed"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": 31}, "timeout_s"),
        ({"headers": "X-A b"}, "headers"),
        ({"expects": "code"}, "expects"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(db: None, changes: dict[str, Any], field: str):
    values = {
        "code": "sms", "title": "短信", "kind": "sms", "url": "http://127.0.0.1/x", "allowed": "127.0.0.1:80", "timeout_s": 5,
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        services.save_gateway(pk=None, values=values | changes)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert services.save_gateway(pk=None, values=values).pk


def test_two_gateways_never_share_a_name(db: None, gateway: Receiver):
    set_up(gateway)
    with pytest.raises(Invalid, match="渠道设置有误"):
        set_up(gateway)


def test_a_switched_off_gateway_is_skipped_even_by_what_already_waits(nurse: User, gateway: Receiver):
    row = set_up(gateway)
    services.notify(recipients=[nurse], kind="t", title="等着", channels=("webhook",))
    services.switch_gateway(gateway=row, active=False)
    with pytest.raises(Conflict):
        services.switch_gateway(gateway=row, active=False)
    inline.run_waiting(queue="notify")
    assert Delivery.objects.get().error == "渠道已停用"
    assert gateway.asked == []


def test_a_change_is_seen_although_channels_are_remembered(
    nurse: User, gateway: Receiver, django_assert_num_queries: Any
):
    set_up(gateway)
    stamps.forget()
    assert selectors.live_transports()[0] == "webhook"
    with django_assert_num_queries(0):
        selectors.live_transports()
    services.switch_gateway(gateway=Gateway.objects.get(), active=False)
    assert "webhook" not in selectors.live_transports()


def test_the_self_test_really_sends_and_keeps_what_came_of_it(nurse: User, gateway: Receiver):
    row = set_up(gateway, "sms", test_address="13900000000")
    passed = services.try_gateway(gateway=row, actor=nurse)
    gateway.mode = "broken"
    failed = services.try_gateway(gateway=row, actor=nurse)
    assert (passed.passed, passed.address, passed.by) == (True, "13900000000", nurse)
    assert (failed.passed, "500" in failed.error) == (False, True)
    assert gateway.asked[0].json["mobile"] == "13900000000"
    row.test_address = ""
    assert services.try_gateway(gateway=row, actor=nurse).error == "NoAddress: 没有手机号"


def test_every_active_gateway_is_tested_daily_and_a_dead_one_delays_no_other(db: None, gateway: Receiver):
    port = free_port()
    set_up(gateway, "voice", url=f"http://127.0.0.1:{port}/", allowed=f"127.0.0.1:{port}", test_address="1")
    set_up(gateway, "sms", test_address="2")
    off = set_up(gateway, "webhook")
    services.switch_gateway(gateway=off, active=False)
    jobs.self_tests()
    assert inline.run_waiting(queue="notify") == 2
    assert dict(GatewayTest.objects.values_list("gateway__code", "passed")) == {"voice": False, "sms": True}


def test_contacts_are_one_per_kind_and_phones_are_numbers(nurse: User):
    services.save_contact(pk=None, values={"user": nurse.pk, "kind": "mobile", "address": "139 0000 1234"})
    assert selectors.phone_of(nurse.pk) == "13900001234"
    assert ContactPoint.objects.filter(user=nurse).count() == 3
    for values in (
        {"kind": "pigeon", "address": "1"},
        {"kind": "mobile", "address": "abc"},
        {"kind": "wecom", "address": ""},
    ):
        with pytest.raises(Invalid):
            services.save_contact(pk=None, values={"user": nurse.pk} | values)


def test_transports_know_whether_they_need_the_internet(db: None, gateway: Receiver):
    assert selectors.transports()["voice"] is False
    assert selectors.transports()["wecom"] is True
    set_up(gateway, "voice", needs_internet=True)
    set_up(gateway, "sms", code="modem", title="短信猫")
    assert (selectors.transports()["voice"], selectors.transports()["modem"]) == (True, False)
    assert selectors.titles()["modem"] == "短信猫"
    assert json.dumps(selectors.live_transports()).startswith('["modem", "voice"')
