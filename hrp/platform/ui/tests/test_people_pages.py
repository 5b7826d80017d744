"""What the administrators read about people and their grants."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

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
