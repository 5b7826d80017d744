"""Every scan is answered with one of three sounds and words, and nobody reaches past what is theirs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hrp.logistics.counting.models import Count
from hrp.logistics.counting.tests.world import Counted
from hrp.logistics.handheld.services.resolving import resolve
from hrp.logistics.models import Item, StockBalance
from hrp.logistics.requesting.documents.serving import DeliverySignature
from hrp.logistics.requesting.models import QuotaCard
from hrp.logistics.requesting.services import picking
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
OK, AGAIN, STOP = 1, 2, 3


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


def at_device(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def scan(client: Client, name: str, code: str, *args: Any, **more: Any) -> dict[str, Any]:
    response = client.post(
        reverse(f"logistics.handheld.{name}.scan", args=args),
        json.dumps({"uuid": str(uuid.uuid4()), "code": code, **more}),
        content_type="application/json",
        headers={"accept": "application/json"},
    )
    found: dict[str, Any] = response.json()
    return found | {"status": response.status_code}


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    Item.objects.filter(pk=made.room.syringe.pk).update(barcode="06901234567892")
    made.receive(made.room.syringe, 10, "10.00", "NEAR", "2027-01-31")
    return made


@pytest.mark.parametrize(
    ("raw", "lot"),
    [
        ("HC01", ""), ("HC01*NEAR", "NEAR"), ("06901234567892", ""), ("6901234567892", ""),
        ("]d2010690123456789217270131\x1d10NEAR", "NEAR"), ("(01)06901234567892(17)270131(10)NEAR", "NEAR"),
    ],
)  # fmt: skip
def test_what_a_code_means(ward: Ward, raw: str, lot: str) -> None:
    found = resolve(raw)
    assert (found.item_ids, found.lot) == ([ward.room.syringe.pk], lot)


@pytest.mark.parametrize("raw", ["", "??", "06901234567808", "HC99"])
def test_what_nobody_knows_is_refused(ward: Ward, raw: str) -> None:
    with pytest.raises(NotFound):
        resolve(raw)


def test_picking_with_the_scanner(ward: Ward) -> None:
    found = picking.start(ward.asked((ward.room.syringe, 5)), actor=ward.keeper)
    device = at_device(ward.keeper)
    wrong = scan(device, "pick", "HC01*OTHER", found.pk)
    assert (wrong["sound"], wrong["code"]) == (STOP, "wrong_lot")
    assert scan(device, "pick", "HC99", found.pk)["sound"] == STOP
    done = scan(device, "pick", "HC01*NEAR", found.pk)
    assert (done["sound"], done["words"][1]) == (OK, "已拣 5 / 5 支")
    assert 'class="full"' in done["html"]
    assert scan(device, "pick", "HC01*NEAR", found.pk)["sound"] == AGAIN
    page = reverse("logistics.handheld.pick.one", args=[found.pk])
    assert device.post(page, {"act": "finish"}).status_code == 302
    assert device.post(page, {"act": "check"}).status_code == 302
    assert StockBalance.objects.get().quantity == 5
    assert at_device(ward.nurse).get(page).status_code == 403


def test_signing_with_a_badge_at_the_keepers_device(ward: Ward) -> None:
    issue = ward.issue(ward.room.syringe, 2)
    device = at_device(ward.keeper)
    opened = scan(device, "sign", str(issue.number))
    assert (opened["sound"], opened["open"]) == (OK, issue.pk)
    assert scan(device, "sign", "nobody", open=issue.pk)["sound"] == STOP
    assert scan(device, "sign", "nurse", open=issue.pk)["sound"] == OK
    assert DeliverySignature.objects.get().signer == ward.nurse
    assert scan(device, "sign", "nurse", open=issue.pk)["sound"] == AGAIN


def test_signing_for_oneself_and_not_for_others(ward: Ward) -> None:
    issue = ward.issue(ward.room.syringe, 2)
    other = ward.issue(ward.room.syringe, 1, org_unit=ward.world.unit.pk)
    device = at_device(ward.nurse)
    assert "data-act" in scan(device, "sign", str(issue.number))["html"]
    assert scan(device, "sign", "", open=issue.pk, act="sign")["sound"] == OK
    assert scan(device, "sign", str(other.number))["sound"] == STOP
    assert scan(device, "sign", "", open=other.pk, act="sign")["sound"] == STOP


def test_cards(ward: Ward) -> None:
    QuotaCard.objects.create(
        code="C1", org_unit=ward.ward, item=ward.room.syringe, quantity=5, store=ward.store
    )
    device = at_device(ward.nurse)
    assert [scan(device, "cards", "C1")["sound"] for _ in range(2)] == [OK, AGAIN]
    assert scan(device, "cards", "C9")["sound"] == STOP
    assert device.post(reverse("logistics.handheld.cards"), {"unit": ward.ward.pk}).status_code == 302
    assert QuotaCard.objects.get().state == "asked"


def test_receiving_a_transfer_piece_by_piece() -> None:
    shop = Counted()
    item = shop.items[1]
    shop.receive(item, 8, "8.00", "A")
    sent = shop.send(item, 5)
    device = at_device(shop.clerk)
    assert "DB" in device.get(reverse("logistics.handheld.receive")).content.decode()
    assert scan(device, "receive", "M2", sent.pk)["sound"] == STOP
    answer = scan(device, "receive", "M1*B", sent.pk)
    assert (answer["sound"], answer["code"]) == (STOP, "wrong_lot")
    found = scan(device, "receive", "M1", sent.pk)
    assert found["fill"]["value"] == "5"
    page = reverse("logistics.handheld.receive.one", args=[sent.pk])
    assert device.post(page, {}).status_code == 409
    assert device.post(page, {found["fill"]["name"]: "3"}).status_code == 302
    assert StockBalance.objects.get(store=shop.stores[1]).quantity == 3


def test_a_count_is_blind_and_its_queue_is_taken_in_once() -> None:
    shop = Counted()
    shop.receive(shop.items[0], 7, "8.00", "A")
    task = shop.plan()
    line = task.lines.get()
    device = at_device(shop.first)
    sheet = device.get(reverse("logistics.handheld.count.sheet", args=[task.pk])).json()
    assert [(x["id"], x["lot"], x["own"]) for x in sheet["lines"]] == [(line.pk, "A", None)]
    assert "7" not in json.dumps([x | {"id": 0, "item": 0} for x in sheet["lines"]]), (
        "what the books say is not told"
    )
    key = str(uuid.uuid4())
    entry = {"uuid": key, "line": line.pk, "quantity": "6", "counted_at": clock.now().isoformat()}
    sync = reverse("logistics.handheld.count.sync", args=[task.pk])

    def send(*entries: Any) -> Any:
        return device.post(sync, json.dumps({"entries": entries}), content_type="application/json")

    assert [o["state"] for o in send(entry).json()["outcomes"]] == ["ok"]
    assert [o["state"] for o in send(entry, entry).json()["outcomes"]] == ["again", "again"]
    assert Count.objects.count() == 1
    bad = [
        {**entry, "uuid": str(uuid.uuid4()), "quantity": "abc"},
        {**entry, "uuid": str(uuid.uuid4()), "counted_at": "gestern"},
    ]
    assert [o["state"] for o in send(*bad).json()["outcomes"]] == ["conflict", "conflict"]
    [changed] = send({**entry, "uuid": str(uuid.uuid4()), "quantity": "5"}).json()["outcomes"]
    assert changed["code"] == "counted_before"
    assert send("x").status_code == 422
    assert device.post(sync, "[", content_type="application/json").status_code == 422
    assert (
        at_device(shop.planner).get(reverse("logistics.handheld.count.sheet", args=[task.pk])).status_code
        == 403
    )
    assert device.get(reverse("logistics.handheld.count", args=[task.pk])).status_code == 200


def test_the_first_page_shows_what_one_may_do(ward: Ward) -> None:
    assert "科室签收" in at_device(ward.nurse).get(reverse("logistics.handheld")).content.decode()
    assert at_device(ward.world.owner).get(reverse("logistics.handheld")).status_code == 403
    for name in ("pick", "sign", "cards", "receive"):
        assert at_device(ward.keeper).get(reverse(f"logistics.handheld.{name}")).status_code in (200, 403)
