"""The administrator's pages of channels and addresses: the secret goes in and never comes out."""

from __future__ import annotations

import pytest
from django.test import Client

from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import vault
from hrp.platform.notify.models import ContactPoint, Gateway, GatewayTest
from hrp.platform.ui.own.channels import PERMISSIONS

pytestmark = pytest.mark.django_db
SECRET = "SEC-abcdef-0123456789"
SMS = {
    "code": "sms", "title": "短信网关", "kind": "sms", "url": "http://127.0.0.1:9/send", "allowed": "127.0.0.1:9",
    "timeout_s": "1", "test_address": "13900000000", "account": "", "headers": "", "body": "", "expects": "",
}  # fmt: skip


@pytest.fixture
def admin(db: None) -> User:
    return people.person(*PERMISSIONS, "system.user.view", name="系统管理员")


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_gateway_is_set_up_and_its_secret_is_never_shown(admin: User) -> None:
    browser = door(admin)
    answer = browser.post("/system/channels/new", SMS)
    row = Gateway.objects.get()
    assert answer["Location"] == f"/system/channels/{row.pk}"
    assert (row.needs_internet, row.by_default, row.is_active) == (False, False, False)
    browser.post(f"/system/channels/{row.pk}/act/secret", {"secret": SECRET})
    row.refresh_from_db()
    assert vault.unseal(row.secret) == SECRET
    for page in ("", f"{row.pk}", f"{row.pk}/edit"):
        content = browser.get(f"/system/channels/{page}").content
        assert SECRET.encode() not in content
        assert row.secret.encode() not in content
    kept = " ".join(f"{one.summary} {one.data}" for one in ActionLog.objects.all())
    assert "更换密钥" in kept
    assert SECRET not in kept


def test_editing_leaves_the_secret_and_the_name(admin: User) -> None:
    browser = door(admin)
    browser.post("/system/channels/new", SMS)
    row = Gateway.objects.get()
    browser.post(f"/system/channels/{row.pk}/act/secret", {"secret": SECRET})
    browser.post(
        f"/system/channels/{row.pk}/edit",
        SMS | {"title": "新短信网关", "code": "other", "needs_internet": "on"},
    )
    row.refresh_from_db()
    assert (row.title, row.code, row.needs_internet) == ("新短信网关", "sms", True)
    assert vault.unseal(row.secret) == SECRET


def test_a_wrong_setting_is_marked_at_its_field(admin: User) -> None:
    answer = door(admin).post("/system/channels/new", SMS | {"allowed": "10.0.0.1:80"})
    assert (answer.status_code, "须包含接口地址 127.0.0.1:9" in answer.content.decode()) == (422, True)
    assert not Gateway.objects.exists()


def test_the_self_test_says_what_came_of_it_and_stays_on_the_page(admin: User) -> None:
    browser = door(admin)
    browser.post("/system/channels/new", SMS)
    row = Gateway.objects.get()
    page = browser.post(f"/system/channels/{row.pk}/act/test", follow=True).content.decode()
    assert "自检未通过" in page
    assert "ConnectionRefusedError" in page
    assert GatewayTest.objects.get().by == admin
    browser.post(f"/system/channels/{row.pk}/act/on")
    row.refresh_from_db()
    assert row.is_active
    browser.post(f"/system/channels/{row.pk}/act/off")
    row.refresh_from_db()
    assert not row.is_active


def test_addresses_are_a_register(admin: User) -> None:
    someone = people.person(name="胡护士")
    browser = door(admin)
    browser.post(
        "/system/contacts/new", {"user": str(someone.pk), "kind": "mobile", "address": "13812345678"}
    )
    row = ContactPoint.objects.get()
    browser.post(
        f"/system/contacts/{row.pk}/edit",
        {"user": str(someone.pk), "kind": "mobile", "address": "13812345679"},
    )
    row.refresh_from_db()
    assert row.address == "13812345679"
    assert "胡护士" in browser.get("/system/contacts/").content.decode()
    assert browser.get("/system/deliveries/").status_code == 200


def test_only_the_system_administrator_looks_in() -> None:
    nurse = people.person("org.unit.view")
    for page in ("channels", "contacts", "deliveries"):
        assert door(nurse).get(f"/system/{page}/").status_code == 403
