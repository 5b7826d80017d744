"""What the administrators read about people and their grants."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from hrp.platform.access.models import Role
from hrp.platform.access.tests.people import person

pytestmark = pytest.mark.django_db


def test_duties_of_grants_are_read_and_asked_for_in_chinese() -> None:
    client = Client()
    client.force_login(person("security.grant.view", name="安全员甲"))
    person("audit.log.view", name="审计员乙")
    url = reverse("security.grant.list")
    page = client.get(url).content.decode()
    assert ">安全管理员</span>" in page
    assert '<option value="audit">审计管理员</option>' in page
    narrowed = client.get(url, {"duty": "audit"}).content.decode()
    assert "审计员乙" in narrowed
    assert "安全员甲" not in narrowed.partition('id="list"')[2]


def test_dialogs_begin_with_what_is_usual() -> None:
    """Whoever grants a role to a head of department means the wards below, unless the tick is taken away."""
    client = Client()
    client.force_login(person("security.grant.view", "security.grant.edit"))
    page = client.get(reverse("security.grant.list")).content.decode()
    assert re.search(r'<input type="checkbox" id="[a-z_]+-include_children"[^>]* checked', page)
    client.force_login(person("system.user.view", "system.user.edit"))
    page = client.get(reverse("system.user.list")).content.decode()
    dialog = page[page.index('id="act-create"') :]
    assert '<option value="business" selected>' in dialog


def test_permissions_of_a_role_stand_under_the_names_of_their_systems() -> None:
    person("logistics.item.view", "ledger.entry.view", "operations.ticket.view")
    client = Client()
    client.force_login(person("security.role.view", "security.role.edit"))
    role = Role.objects.get(duty="business")
    page = client.get(reverse("security.role.permissions", args=[role.pk])).content.decode()
    titles = re.findall("<legend>(.*?)</legend>", page)
    assert {"物资管理系统", "总账", "运营服务中心"} <= set(titles)
    assert all(not title.isascii() for title in titles)
