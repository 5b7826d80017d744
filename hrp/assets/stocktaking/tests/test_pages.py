"""Labels that say the token and nothing else, the phone's list and sending, and sheets."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from hrp.assets.rules.labels import token_of
from hrp.assets.stocktaking.models import Finding, FoundCard, LabelPrint, StocktakePlan
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services import labels
from hrp.assets.stocktaking.tests import qr
from hrp.assets.stocktaking.tests.world import BEGUN, Counted, picture
from hrp.platform.access.models import User
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Counted:
    return Counted()


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(BEGUN):
        yield


def at_device(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_printed_label_is_decoded_to_the_token_of_its_card(hospital: Counted) -> None:
    things = [hospital.monitor, hospital.pump]
    content = labels.print_labels(things, hospital="测试医院", actor=hospital.accountant)
    assert [token_of(said) for said in qr.printed(content)] == [thing.token for thing in things]
    page = PdfReader(io.BytesIO(content)).pages[0]
    assert [round(float(side) / 72 * 25.4) for side in (page.mediabox.width, page.mediabox.height)] == [
        50,
        30,
    ]
    assert str(hospital.monitor.number) in page.extract_text()


def test_labels_come_as_pdf_and_say_when_they_are_reprints(hospital: Counted) -> None:
    client = at_device(hospital.accountant)
    for _ in range(2):
        response = client.post("/assets/labels", {"id": [hospital.monitor.pk, hospital.pump.pk]})
        assert response["Content-Type"] == "application/pdf"
    assert LabelPrint.objects.count() == 4
    assert (
        labels.label(hospital.monitor, labels.printed([hospital.monitor.pk])[hospital.monitor.pk])["corner"]
        == "补打 2"
    )
    assert client.post("/assets/labels", {}).status_code == 422


def test_the_phone_gets_a_list_without_values_and_sends_what_it_found(hospital: Counted) -> None:
    plan = hospital.plan()
    task = hospital.task(plan, hospital.world.other)
    client = at_device(hospital.neighbour)
    assert task.org_unit.name in client.get("/assets/hand").content.decode()
    sheet = client.get(f"/assets/hand/{task.pk}/sheet").json()
    [line] = sheet["lines"]
    assert (line["name"], line["photo"], line["own"]) == ("超声诊断仪", True, None)
    assert "360000" not in json.dumps(sheet)
    photo = "data:image/jpeg;base64," + base64.b64encode(picture()).decode()
    entries = [
        {"uuid": str(uuid.uuid4()), "kind": "ok", "code": line["code"], "found_at": BEGUN.isoformat(), "photo": photo},
        {"uuid": str(uuid.uuid4()), "kind": "ok", "code": line["code"], "found_at": "gestern"},
    ]  # fmt: skip
    sent = client.post(
        f"/assets/hand/{task.pk}/sync", json.dumps({"entries": entries}), content_type="application/json"
    )
    assert [one["state"] for one in sent.json()["outcomes"]] == ["conflict", "ok"]
    found = Finding.objects.get()
    assert client.get(f"/assets/stocktake-findings/{found.pk}/photo")["Content-Type"] == "image/jpeg"
    assert at_device(hospital.keeper).get(f"/assets/stocktake-findings/{found.pk}/photo").status_code == 404
    assert at_device(hospital.keeper).get(f"/assets/hand/{task.pk}/sheet").status_code == 404


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"entries": [7]}', '{"entries": [{"uuid": "x"}]}'])
def test_nonsense_is_refused_in_words(hospital: Counted, body: str) -> None:
    task = hospital.task(hospital.plan())
    response = at_device(hospital.keeper).post(
        f"/assets/hand/{task.pk}/sync", body, content_type="application/json"
    )
    assert response.status_code == 422
    assert response.json()["reason"]


def test_sheets_and_declared_pages(hospital: Counted) -> None:
    plan = hospital.plan()
    task = hospital.task(plan)
    client = at_device(hospital.accountant)
    assert client.get(f"/assets/stocktake-tasks/{task.pk}/sheet")["Content-Type"] == "application/pdf"
    hospital.found(task, hospital.monitor)
    hospital.ended(plan)
    assert client.get(f"/assets/stocktake-tasks/{task.pk}/sheet")["Content-Type"] == "application/pdf"
    for page in (
        f"stocktakes/{plan.pk}",
        f"stocktake-tasks/{task.pk}",
        f"cards/{hospital.monitor.pk}",
        "stocktakes/",
        "labels",
    ):
        response = client.get(f"/assets/{page}")
        assert response.status_code == 200, page
    assert "覆盖率" in client.get(f"/assets/stocktakes/{plan.pk}").content.decode()


def test_a_stocktake_through_its_pages(hospital: Counted) -> None:
    office = at_device(hospital.accountant)
    unit = hospital.world.unit.pk
    office.post(
        "/assets/stocktakes/act/plan",
        {"name": "科室盘点", "method": "unit", "org_unit": unit, "of_unit": unit, "due_on": "2026-12-15"},
    )  # fmt: skip
    plan = StocktakePlan.objects.get()
    task = plan.tasks.get()
    hospital.found(task, None, Kind.EXTRA, name="血压计")
    with clock.pinned(BEGUN + dt.timedelta(hours=4)):
        # hours later everybody signs in again
        office, keeper, head = (
            at_device(user) for user in (hospital.accountant, hospital.keeper, hospital.head)
        )
        keeper.post(f"/assets/stocktake-tasks/{task.pk}/act/confirm", {"note": "两台未找到"})
        office.post(f"/assets/stocktakes/{plan.pk}/act/reconcile")
        head.post(f"/assets/stocktakes/{plan.pk}/act/approve", {"opinion": "同意"})
        plan.refresh_from_db()
        assert (plan.state, plan.opinion) == ("approved", "同意")
        answer = office.post(f"/assets/stocktakes/{plan.pk}/act/losses")
        assert "/assets/write-offs/" in answer.headers.get("Location", "") + answer.headers.get(
            "HX-Redirect", ""
        )
        found = Finding.objects.get()
        assert "血压计" in office.get("/assets/found-assets/").content.decode()
        office.post(
            f"/assets/found-assets/{found.pk}/act/value",
            {"asset_class": hospital.device.pk, "source": hospital.own.pk, "basis": "similar", "papers": "同型号采购价", "value": "2400"},
        )  # fmt: skip
        card = FoundCard.objects.get().asset
        assert (card.way, card.cost, card.name) == ("found", Decimal("2400.00"), "血压计")
        assert office.get("/assets/loss-decisions/new").status_code == 200
