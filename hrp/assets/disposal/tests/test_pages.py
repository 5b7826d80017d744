"""The pages of disposal over HTTP: opinions offered in turn, clearing, executing, closing the file, and what stays traceable."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hrp.assets.disposal.documents.disposal_request import Archive, Clearance, Execution, Stage, Step
from hrp.assets.disposal.services import deciding
from hrp.assets.disposal.tests.world import Disposing
from hrp.assets.tests.world import FIRST
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import load, url_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(FIRST, 12)):
        yield


def at_desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_request_through_its_pages() -> None:
    hospital = Disposing()
    thing = hospital.thing("40000.00", name="影像服务器")
    for user in (*hospital.people.values(), hospital.accountant):
        hospital.world.grant(
            user, "assets.disposal_request.view", "assets.written_off.view", "assets.disposal_rule.view", "assets.write_off.view"
        )  # fmt: skip
    request = hospital.request(thing, has_storage=True)
    page = url_for(request.source)
    for stage in (one for one in deciding.CODES if one != Stage.EXTERNAL):
        client = at_desk(hospital.people[stage])
        assert f"{Stage(stage).label}意见" in client.get(page).content.decode()
        answer = client.post(page, {"act": stage, "verdict": "yes", "opinion": "同意报废"})
        assert answer.status_code in (200, 204, 302), answer.content.decode()[:2000]
    assert Step.objects.filter(agrees=True).count() == 4

    posting.post(request, actor=hospital.accountant)
    office = at_desk(hospital.accountant)
    office.post(
        page,
        {"act": "clear", "asset": thing.pk, "kind": "wipe", "method": "三遍覆写", "witness": hospital.people[Stage.OFFICE].pk},
    )  # fmt: skip
    assert Clearance.objects.count() == 1
    office.post(
        page, {"act": "execute", "channel": "recycler", "counterpart": "再生资源公司", "on": str(FIRST)}
    )
    written = load(Execution.objects.get().write_off)
    posting.post(services.submit(written, actor=hospital.accountant), actor=hospital.accountant)
    assert load(written.source).state == State.POSTED
    office.post(page, {"act": "archive", "number": "2026-ZC-001"})
    assert Archive.objects.get().number == "2026-ZC-001"

    traced = office.get("/assets/written-off/").content.decode()
    assert "影像服务器" in traced
    assert "2026-ZC-001" in traced
    assert "再生资源公司" in office.get(page).content.decode()
    assert str(thing.number) in office.get(f"/assets/cards/{thing.pk}").content.decode()
    for address in (
        "disposal-rules/",
        "disposal-requests/",
        "disposal-requests/new",
        "disposal-incomes/new",
    ):
        assert office.get(f"/assets/{address}").status_code == 200, address
