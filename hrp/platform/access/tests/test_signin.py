"""Signing in and staying signed in, over HTTP."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from hrp.platform.access import services
from hrp.platform.access.models import PasswordHistory, User, UserSession
from hrp.platform.access.services.sessions import MUST_ENROL
from hrp.platform.access.tests.people import allow, person
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.base.vault import seal, unseal

pytestmark = pytest.mark.django_db
PASSWORD = "Ginkgo-tree-77"
OTHER = "Camphor.bark-31"


@pytest.fixture
def user() -> User:
    return person(password=PASSWORD)


def sign_in(client: Client, user: User | str, password: str = PASSWORD, **extra: Any):
    name = user if isinstance(user, str) else user.username
    return client.post("/login", {"login": name, "password": password}, **extra)


def is_in(client: Client) -> bool:
    return client.get(reverse("access_sessions")).status_code == 200


def test_everything_but_the_door_asks_for_sign_in(client):
    assert client.get("/login").status_code == 200
    response = client.get(reverse("access_sessions"))
    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=")


def test_in_and_out(client, user):
    response = sign_in(client, user)
    assert response.status_code == 302
    assert is_in(client)
    row = UserSession.objects.get(user=user)
    assert row.ended_at is None
    client.post("/logout")
    assert not is_in(client)
    row.refresh_from_db()
    assert row.ended_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT act FROM audit_action WHERE actor_id = %s ORDER BY id", [user.pk])
        assert [act for (act,) in cursor.fetchall()] == ["access.session.begin", "access.session.end"]


def test_passwords_are_kept_by_argon2(user):
    assert user.password.startswith("argon2$")


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_locked": True}])
def test_disabled_locked_unknown_and_wrong_all_read_the_same(client, user, change):
    def answer(name: str, password: str) -> str:
        cache.clear()
        response = sign_in(client, name, password)
        assert response.status_code == 200
        # what differs from page to page anyway: form tokens, the nonce of the content policy, the clock
        text = re.sub(r'nonce="[^"]*"|[A-Za-z0-9]{64}|\d{13}', "", response.content.decode())
        return text.replace(name, "")

    wrong = answer(user.username, "Wrong-password-1")
    unknown = answer("nobody.here", PASSWORD)
    User.objects.filter(pk=user.pk).update(**change)
    assert "用户名或密码不正确" in wrong
    assert answer(user.username, PASSWORD) == wrong == unknown


def test_an_unknown_name_takes_as_long_as_a_wrong_password(client, user):
    def median(name: str) -> float:
        taken = []
        for _ in range(4):
            cache.clear()
            started = time.perf_counter()
            sign_in(client, name, "Wrong-password-1")
            taken.append(time.perf_counter() - started)
        return sorted(taken)[1]

    median("warm.up")
    known, unknown = median(user.username), median("nobody.here")
    # both run the hasher once; a missing hash would be many times faster, not a fraction
    assert 0.5 < unknown / known < 2


def test_five_wrong_passwords_lock_the_name_from_that_address_known_or_not(client, user):
    for name in (user.username, "nobody.here"):
        cache.clear()
        statuses = [
            sign_in(client, name, "Wrong-password-1", REMOTE_ADDR="10.1.1.7").status_code for _ in range(5)
        ]
        assert statuses == [200, 200, 200, 200, 429]
        locked = sign_in(client, name, PASSWORD, REMOTE_ADDR="10.1.1.7")
        assert "5 分钟后再试" in locked.content.decode()
    assert not is_in(client)


def test_the_account_is_protected_from_all_addresses_together(client, user):
    for number in range(5):
        sign_in(client, user, "Wrong-password-1", REMOTE_ADDR=f"10.2.0.{number}")
    response = sign_in(client, user, PASSWORD, REMOTE_ADDR="10.2.0.99")
    assert not is_in(client)
    assert "尝试次数过多" in response.content.decode()


def test_the_lock_opens_after_five_minutes(client, user):
    start = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
    User.objects.filter(pk=user.pk).update(created_at=start)
    with time_machine.travel(start) as now:
        for _ in range(5):
            sign_in(client, user, "Wrong-password-1")
        assert "5 分钟后再试" in sign_in(client, user).content.decode()
        now.shift(dt.timedelta(minutes=5, seconds=1))
        assert sign_in(client, user).status_code == 302


def test_a_session_planted_before_sign_in_is_not_the_session_after(client, user):
    client.get("/login")
    client.session["planted"] = "x"
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    planted = session.session_key
    sign_in(client, user)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    intruder = Client()
    intruder.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_in(intruder)


def thief_of(client: Client) -> Client:
    """Another browser with the same cookie."""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert is_in(thief)
    return thief


def test_a_stolen_session_dies_at_sign_out(client, user):
    sign_in(client, user)
    thief = thief_of(client)
    client.post("/logout")
    assert not is_in(thief)


def test_a_password_change_ends_every_other_session_and_keeps_this_one(client, user):
    sign_in(client, user)
    other = Client()
    sign_in(other, user)
    thief = thief_of(client)
    response = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    )
    assert response.status_code == 302, response.content.decode()
    assert is_in(client)
    assert not is_in(other)
    assert not is_in(thief), "the session goes on under a new key"
    assert PasswordHistory.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("verb", ["lock_user", "disable_user"])
def test_locking_and_disabling_throw_out_at_once(client, user, verb):
    sign_in(client, user)
    getattr(services, verb)(actor=person("system.user.edit"), user=user, reason="离职")
    assert not is_in(client)
    assert not Session.objects.exists()
    assert UserSession.objects.get(user=user).ended_at is not None


def test_a_flag_set_by_sql_alone_throws_out_too(client, user):
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(is_locked=True)
    assert not is_in(client)


@pytest.mark.parametrize(("codes", "minutes"), [(("org.unit.view",), 15), (("system.user.edit",), 10)])
def test_idle_sessions_end_administrators_sooner(client, codes, minutes):
    idler = person(*codes, password=PASSWORD)
    now = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
    User.objects.filter(pk=idler.pk).update(created_at=now)
    with time_machine.travel(now, tick=False) as traveller:
        sign_in(client, idler)
        traveller.shift(dt.timedelta(minutes=minutes))
        assert is_in(client)
        traveller.shift(dt.timedelta(minutes=minutes, seconds=1))
        assert not is_in(client)
        traveller.shift(dt.timedelta(seconds=-30))
        assert not is_in(client)


def test_a_session_in_constant_use_ends_after_twelve_hours(client, user):
    now = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
    User.objects.filter(pk=user.pk).update(created_at=now)
    with time_machine.travel(now, tick=False) as traveller:
        sign_in(client, user)
        for _ in range(72):
            traveller.shift(dt.timedelta(minutes=10))
            assert is_in(client)
        traveller.shift(dt.timedelta(seconds=1))
        assert not is_in(client)


def test_one_ends_ones_other_sessions_and_nobody_elses(client, user):
    sign_in(client, user)
    other = Client()
    sign_in(other, user)
    stranger, stranger_client = person(password=PASSWORD), Client()
    sign_in(stranger_client, stranger)
    theirs = UserSession.objects.get(user=stranger)
    client.post(reverse("access_end_session", args=[theirs.pk]))
    assert is_in(stranger_client)
    mine = UserSession.objects.filter(user=user).order_by("pk").last()
    client.post(reverse("access_end_session", args=[mine.pk]))
    assert not is_in(other)
    assert is_in(client)


def test_more_than_five_sessions_end_the_oldest(user):
    clients = [Client() for _ in range(settings.HRP_SESSIONS_PER_USER + 1)]
    for browser in clients:
        sign_in(browser, user)
    assert [is_in(browser) for browser in clients] == [False] + [True] * settings.HRP_SESSIONS_PER_USER


def test_a_given_password_must_be_changed_before_anything_else(client, user):
    password = services.reset_password(actor=person("system.user.edit"), user=user)
    sign_in(client, user, password)
    assert client.get(reverse("access_sessions"))["Location"] == reverse("account_change_password")
    fragment = client.get(reverse("access_sessions"), headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reverse("account_change_password")
    client.post(
        reverse("account_change_password"), {"oldpassword": password, "password1": OTHER, "password2": OTHER}
    )
    assert is_in(client)


def test_an_old_password_must_be_changed(client, user):
    long_ago = clock.now() - dt.timedelta(days=settings.HRP_PASSWORD_MAX_AGE_DAYS, minutes=1)
    User.objects.filter(pk=user.pk).update(password_changed_at=long_ago)
    sign_in(client, user)
    assert client.get(reverse("access_sessions"))["Location"] == reverse("account_change_password")


def code_of(secret: str, at: float | None = None) -> str:
    return format_hotp_value(hotp_value(secret, int(at or time.time()) // 30))


def with_code_app(user: User) -> str:
    secret = generate_totp_secret()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": seal(secret)})
    return secret


def test_a_second_factor_is_asked_for_and_a_code_works_once(client, user):
    secret = with_code_app(user)
    response = sign_in(client, user)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    code = code_of(secret)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_in(client)
    replay = Client()
    sign_in(replay, user)
    response = replay.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_in(replay)
    assert "已用过" in response.content.decode()


def test_wrong_codes_are_limited(client, user):
    secret = with_code_app(user)
    sign_in(client, user)
    right = code_of(secret)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": wrong})
    client.post(reverse("mfa_authenticate"), {"code": right})
    assert not is_in(client)


def test_a_role_can_demand_a_second_factor(client, user):
    role = allow(user, "org.unit.view")
    services.require_second_factor(actor=person("security.role.edit"), role=role, required=True)
    sign_in(client, user)
    assert client.session[MUST_ENROL]
    assert client.get(reverse("access_sessions"))["Location"] == reverse("mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert response.status_code == 302, response.content.decode()
    assert is_in(client)
    kept = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assert unseal(kept.data["secret"]) == secret
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(pk=kept.pk).exists(), "the role still asks for it"


def test_recovery_codes_are_not_kept_in_clear(client, user):
    sign_in(client, user)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    kept = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    assert all(str(value).startswith("v1:") for key, value in kept.data.items() if key == "seed")


def test_a_lost_second_factor_is_reset_by_the_security_administrator_only(user):
    with_code_app(user)
    officer = person("security.user.reset_factor")
    services.reset_second_factor(actor=officer, user=user, reason="手机丢失")
    assert not Authenticator.objects.filter(user=user).exists()


def test_sealing_is_never_the_same_twice_and_notices_tampering():
    first, second = seal("secret"), seal("secret")
    assert first != second
    assert unseal(first) == unseal(second) == "secret"
    with pytest.raises(Conflict) as refusal:
        unseal(first[:-4] + ("AAAA" if not first.endswith("AAAA") else "BBBB"))
    assert refusal.value.code == "vault_key"


def test_sensitive_pages_ask_again_after_five_minutes(client, user):
    now = clock.now()
    with time_machine.travel(now, tick=False) as traveller:
        sign_in(client, user)
        assert client.get(reverse("access_new_key")).status_code == 200
        traveller.shift(dt.timedelta(seconds=301))
        response = client.get(reverse("access_new_key"))
        assert response["Location"].startswith(reverse("account_reauthenticate"))
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        assert client.get(reverse("access_new_key")).status_code == 200
