"""Putting away and looking for recalled goods with a scanner."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hrp.logistics.bins.models import Bin, Placement
from hrp.logistics.bins.services import registering
from hrp.logistics.catalogue.models import ItemIdentifier
from hrp.logistics.handheld.services.resolving import resolve
from hrp.logistics.highvalue.services import freezing
from hrp.logistics.models import Batch
from hrp.logistics.requesting.services import picking
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
OK, AGAIN, STOP = 1, 2, 3
CASE = "16901234567899"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.world.grant(
        made.keeper, "logistics.bin.edit", "logistics.bin.put", "logistics.stock.view", "logistics.freeze.edit",
        "logistics.freeze.view",
    )  # fmt: skip
    made.receive(made.room.syringe, 50, "50.00", "NEAR", "2027-01-31")
    registering.lay_out(
        actor=made.keeper, store=made.store, zone="a", racks=1, levels=1, places=2, kind="pick"
    )
    ItemIdentifier.objects.create(
        di=CASE, item=made.room.syringe, level="inner", quantity=20, valid_from=DAY.replace(day=1)
    )
    return made


@pytest.fixture
def device(ward: Ward) -> Client:
    client = Client()
    client.force_login(ward.keeper)
    return client


def scan(device: Client, name: str, code: str, *args: Any, **more: Any) -> dict[str, Any]:
    body = json.dumps({"uuid": str(uuid.uuid4()), "code": code, **more})
    answer = device.post(
        reverse(f"logistics.handheld.{name}.scan", args=args), body, content_type="application/json"
    )
    found: dict[str, Any] = answer.json()
    return found


def test_goods_then_the_bin(ward: Ward, device: Client) -> None:
    store = ward.store.pk
    page = device.get(reverse("logistics.handheld.putaway"), follow=True).content.decode()
    assert "未上架 1 批" in page
    goods = scan(device, "putaway", "HC01*NEAR", store)
    assert (goods["sound"], goods["open"]) == (OK, Batch.objects.get(lot="NEAR").pk)
    assert scan(device, "putaway", "A-07-07-07", store, open=goods["open"])["title"].endswith(
        "没有货位 A-07-07-07"
    )
    put = scan(device, "putaway", "HW*A-01-01-02", store, open=goods["open"])
    assert (put["sound"], put["open"], "全部已上架" in put["html"]) == (OK, 0, True)
    assert scan(device, "putaway", "a-1-1-2", store, open=goods["open"])["sound"] == AGAIN
    assert "NEAR" in scan(device, "putaway", "A-01-01-02", store)["words"][0]
    moved = scan(device, "putaway", "A-01-01-01", store, open=goods["open"], act="move")
    assert moved["sound"] == OK
    assert Placement.objects.get(ended_at=None).bin == Bin.objects.get(code="A-01-01-01")
    client = Client()
    client.force_login(ward.nurse)
    assert client.get(reverse("logistics.handheld.putaway")).status_code == 403


def test_a_case_is_read_with_what_it_holds(ward: Ward, device: Client) -> None:
    found = resolve(f"01{CASE}17270131" + "10NEAR")
    assert (found.item, found.lot, found.quantity) == (ward.room.syringe, "NEAR", 20)
    made = picking.start(ward.asked((ward.room.syringe, 45)), actor=ward.keeper)
    for picked in ("20", "40", "45"):
        assert (
            scan(device, "pick", f"01{CASE}17270131" + "10NEAR", made.pk)["words"][1]
            == f"已拣 {picked} / 45 支"
        )


def test_what_is_held_stops_and_leads_on(ward: Ward, device: Client) -> None:
    assert device.get(reverse("logistics.handheld.recall")).status_code == 200
    free = scan(device, "recall", "HC01*NEAR")
    assert (free["sound"], free["words"]) == (OK, ["没有召回或冻结"])
    assert str(ward.store) in free["html"]
    held = freezing.freeze(
        actor=ward.keeper, reason="厂家召回通知", kind="recalled", batch_id=Batch.objects.get(lot="NEAR").pk
    )
    found = scan(device, "recall", "HC01")
    assert (found["sound"], found["words"]) == (STOP, ["NEAR 召回"])
    assert f"/logistics/freezes/{held.freeze.pk}" in found["html"]
    assert scan(device, "recall", "HC01*NEVER")["sound"] == STOP
