"""Goods are put into bins, moved and looked for; a bin goods lie in stays, and one of another store is refused below."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from hrp.logistics.bins import selectors
from hrp.logistics.bins.models import Bin, HomeBin, Placement
from hrp.logistics.bins.services import placing, registering
from hrp.logistics.models import Batch, Item, StockBalance, Store
from hrp.logistics.requesting.services import picking
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.world.grant(
        made.keeper, "logistics.bin.view", "logistics.bin.edit", "logistics.bin.put", "logistics.stock.view"
    )
    made.receive(made.room.syringe, 10, "10.00", "LATE", "2028-06-30")
    made.receive(made.room.syringe, 5, "5.00", "NEAR", "2027-01-31")
    made.receive(made.room.gauze, 20, "40.00")
    registering.lay_out(
        actor=made.keeper, store=made.store, zone="a", racks=2, levels=2, places=2, kind="pick"
    )
    return made


def bin_of(ward: Ward, code: str) -> Bin:
    return Bin.objects.select_related("store").get(store=ward.store, code=code)


def put(ward: Ward, lot: str, code: str, **more: Any) -> placing.Put:
    batch = Batch.objects.get(lot=lot)
    return placing.put(batch, bin_of(ward, code), actor=ward.keeper, key=uuid.uuid4(), **more)


def test_a_rack_is_laid_out_once(ward: Ward) -> None:
    assert Bin.objects.count() == 8
    assert (
        registering.lay_out(
            actor=ward.keeper, store=ward.store, zone="A", racks=2, levels=2, places=3, kind="pick"
        )
        == 4
    )
    with pytest.raises(Invalid, match="一次最多建立"):
        registering.lay_out(
            actor=ward.keeper, store=ward.store, zone="A", racks=9, levels=9, places=9, kind="pick"
        )
    with pytest.raises(Conflict, match="已有货位 A-01-01-01"):
        registering.save(
            actor=ward.keeper,
            pk=None,
            values={"store": ward.store.pk, "zone": "a", "rack": "1", "level": "1", "place": "1"},
        )
    with pytest.raises(Refusal):
        registering.lay_out(
            actor=ward.nurse, store=ward.store, zone="B", racks=1, levels=1, places=1, kind="pick"
        )


def test_where_goods_lie(ward: Ward) -> None:
    near, late = Batch.objects.get(lot="NEAR"), Batch.objects.get(lot="LATE")
    registering.set_home(actor=ward.keeper, bin_=bin_of(ward, "A-01-01-02"), item=ward.room.syringe)
    assert not put(ward, "NEAR", "A-02-01-01").again
    assert put(ward, "NEAR", "A-02-01-01").again, "it lies there already"
    found = selectors.whereabouts(ward.store.pk, [near.pk, late.pk])
    assert [(one.words, one.is_home) for one in (found[near.pk], found[late.pk])] == [
        ("A-02-01-01", False),
        ("A-01-01-02", True),
    ]
    put(ward, "NEAR", "A-01-02-01")
    assert selectors.whereabouts(ward.store.pk, [near.pk])[near.pk].words == "A-01-02-01、A-02-01-01"
    put(ward, "NEAR", "A-01-01-01", move=True)
    assert selectors.whereabouts(ward.store.pk, [near.pk])[near.pk].words == "A-01-01-01"
    assert Placement.objects.filter(ended_at=None).count() == 1
    assert [row.batch.lot for row in selectors.lying_in(bin_of(ward, "A-01-01-01"))] == ["NEAR"]
    assert {row.batch.lot for row in selectors.unplaced(ward.store.pk)} == {
        "LATE",
        *Batch.objects.filter(item=ward.room.gauze).values_list("lot", flat=True),
    }
    placing.take_out(Placement.objects.get(ended_at=None), actor=ward.keeper)
    with pytest.raises(Conflict, match="已经移走"):
        placing.take_out(Placement.objects.order_by("-pk")[0], actor=ward.keeper)
    assert [one.id for one in health.run("logistics") if one.state != "ok"] == []


def test_a_scan_sent_twice_is_one_placement(ward: Ward) -> None:
    batch, key = Batch.objects.get(lot="NEAR"), uuid.uuid4()
    placing.put(batch, bin_of(ward, "A-01-01-01"), actor=ward.keeper, key=key)
    again = placing.put(batch, bin_of(ward, "A-01-01-02"), actor=ward.keeper, key=key)
    assert again.again
    assert Placement.objects.get().bin.code == "A-01-01-01"


def test_what_does_not_fit_is_refused(ward: Ward) -> None:
    Item.objects.filter(pk=ward.room.syringe.pk).update(cold_chain=True)
    with pytest.raises(Conflict, match="冷链物资不能放在拣货位"):
        put(ward, "NEAR", "A-01-01-01")
    Item.objects.filter(pk=ward.room.syringe.pk).update(cold_chain=False)
    Bin.objects.filter(code="A-01-01-01").update(kind="quarantine")
    with pytest.raises(Conflict, match="合格品不能放入"):
        put(ward, "NEAR", "A-01-01-01")
    StockBalance.objects.filter(batch__lot="NEAR").update(quantity=0, amount=0)
    with pytest.raises(Conflict, match="没有批号 NEAR 的库存"):
        put(ward, "NEAR", "A-01-01-02")


def test_a_bin_goods_lie_in_is_not_closed(ward: Ward) -> None:
    put(ward, "NEAR", "A-01-01-01")
    there = bin_of(ward, "A-01-01-01")
    with pytest.raises(Conflict, match="还有"):
        registering.save(actor=ward.keeper, pk=there.pk, values={"is_active": False})
    put(ward, "NEAR", "A-01-01-02", move=True)
    registering.set_home(actor=ward.keeper, bin_=there, item=ward.room.gauze)
    with pytest.raises(Conflict, match="默认货位"):
        registering.save(actor=ward.keeper, pk=there.pk, values={"is_active": False})
    HomeBin.objects.all().delete()
    assert not registering.save(actor=ward.keeper, pk=there.pk, values={"is_active": False}).is_active
    with pytest.raises(Conflict, match="已停用"):
        put(ward, "NEAR", "A-01-01-01")


def test_the_database_knows_whose_bin_it_is(ward: Ward) -> None:
    other = Store.objects.create(
        code="S9", name="二级库", kind="second", campus=ward.world.campus, org_unit=ward.world.unit
    )
    put(ward, "NEAR", "A-01-01-01")
    for statement in (
        "UPDATE logistics_placement SET store_id = %s", "UPDATE logistics_bin SET code = 'X' || code WHERE store_id <> %s",
    ):  # fmt: skip
        with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [other.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert isinstance(caught.value.__cause__, psycopg.errors.IntegrityError)


def test_a_list_is_picked_along_the_bins(ward: Ward) -> None:
    """FEFO decides which batches, the bins in which order they are walked to."""
    put(ward, "NEAR", "A-02-01-01")
    put(ward, "LATE", "A-01-01-01")
    Bin.objects.filter(code="A-02-02-02").update(sequence=0)
    found = picking.start(ward.asked((ward.room.syringe, 12), (ward.room.gauze, 3)), actor=ward.keeper)
    assert [(line.batch.lot, line.quantity) for line in found.lines.all()][:2] == [("LATE", 7), ("NEAR", 5)]
    assert found.lines.last().item == ward.room.gauze, "what has no place comes last"
    picking.cancel(found, actor=ward.keeper)
    Bin.objects.filter(code="A-01-01-01").update(sequence=9)
    again = picking.start(found.requisition, actor=ward.keeper)
    assert [line.batch.lot for line in again.lines.all()][:2] == ["NEAR", "LATE"]


def test_the_report_counts_every_batch_once(ward: Ward, client: Client) -> None:
    put(ward, "NEAR", "A-01-01-01")
    put(ward, "NEAR", "A-01-01-02")
    registering.set_home(actor=ward.keeper, bin_=bin_of(ward, "A-02-01-01"), item=ward.room.gauze)
    client.force_login(ward.keeper)
    page = client.get("/logistics/bin-stock/").content.decode()
    for words in ("A-01-01-01、A-01-01-02", "A-02-01-01（默认）", "未上架"):
        assert page.count(words) >= 1, words
    found = client.get("/logistics/bin-stock/", {"bin": "A-01-01-02"}).content.decode()
    assert "NEAR" in found
    assert "LATE" not in found
    assert client.get(f"/logistics/bins/{bin_of(ward, 'A-01-01-01').pk}").status_code == 200


def test_only_what_is_here_is_put_away(ward: Ward) -> None:
    assert placing.batch_here(ward.store, [ward.room.syringe.pk], "NEAR").lot == "NEAR"
    with pytest.raises(Conflict, match="多个批号"):
        placing.batch_here(ward.store, [ward.room.syringe.pk], "")
    with pytest.raises(NotFound):
        placing.batch_here(ward.store, [ward.room.syringe.pk], "GONE")


def test_a_batch_is_put_away_without_a_scanner(ward: Ward, client: Client) -> None:
    client.force_login(ward.keeper)
    other = Store.objects.create(
        code="S9", name="二级库", kind="second", campus=ward.world.campus, org_unit=ward.world.unit
    )
    registering.lay_out(actor=ward.keeper, store=other, zone="z", racks=1, levels=1, places=1, kind="pick")
    row = StockBalance.objects.get(batch__lot="NEAR")
    assert client.get(f"/logistics/bin-stock/{row.pk}").status_code == 200
    address = f"/logistics/bin-stock/{row.pk}/act/put"
    client.post(address, {"bin": Bin.objects.get(store=other).pk})
    assert not Placement.objects.exists(), "a bin of another store takes nothing"
    client.post(address, {"bin": bin_of(ward, "A-01-02-02").pk})
    assert Placement.objects.get().batch.lot == "NEAR"
