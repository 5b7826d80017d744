"""Holes the matrix found in the newer rooms of materials: sterile supply, reagents, bins, labels and prices."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.highvalue.models import UseQuota
from hrp.logistics.sterile.models import BackFlush, PackStep
from hrp.logistics.sterile.services import cycle, flushing
from hrp.logistics.sterile.services.cycle import Station
from hrp.platform.access.models import RolePermission
from hrp.platform.base.refusals import Forbidden
from hrp.platform.documents.testing import DAY
from tests.permissions.checker import text_of
from tests.permissions.places import PLACES, SEEN, canary
from tests.permissions.requests import Requests
from tests.permissions.world import Hospital


def issued(hospital: Hospital, place: str) -> PackStep:
    return PackStep.objects.select_related("pack").get(pk=hospital.objects["logistics.pack_issue"][place])


@pytest.mark.parametrize("address", ["sterile-loads/{load}", "sterile-loads/{load}/list", "packs/{pack}"])
def test_a_load_tells_patients_of_ones_own_department(hospital: Hospital, address: str) -> None:
    """Whoever saw packs in one department read whose patient every pack of the hospital was used for."""
    clients = Requests(hospital).clients
    for column, places in (("tn", SEEN), ("cs", PLACES)):
        for place in PLACES:
            pack = issued(hospital, place).pack
            told = clients[column].get("/logistics/" + address.format(load=pack.load_id, pack=pack.pk))
            assert told.status_code == 200
            use = pack.steps.get(step="use")
            assert (use.visit_no in text_of(told)) is (place in places), place


def test_a_pack_is_used_where_one_may(hospital: Hospital) -> None:
    """The right to register a pack's use, held in one department, registered it in any."""
    pack = issued(hospital, "sibling").pack
    station = Station("use", org_unit_id=hospital.units["sibling"].pk, visit_no="ZY-9")
    with pytest.raises(Forbidden):
        cycle.step(actor=hospital.people["tn"], station=station, barcode=pack.barcode)


def test_who_keeps_the_books_does_not_release_loads(hospital: Hospital) -> None:
    """The accountant of materials held all of sterile supply; who keeps stores held nothing of reagents and hazards."""
    held = RolePermission.objects.filter(role__code="material_accountant").values_list("code", flat=True)
    assert not {"logistics.pack.work", "logistics.pack.release", "logistics.pack.use"} & set(held)
    keeps = set(RolePermission.objects.filter(role__code="store_keeper").values_list("code", flat=True))
    assert {"logistics.reagent.work", "logistics.hazard.work", "logistics.cold.work"} <= keeps


def test_a_store_is_back_flushed_where_one_may(hospital: Hospital) -> None:
    """The right to back-flush, held in one department, drafted issues of any store, and listed those of all."""
    drafts = StockIssue.objects.count()
    with pytest.raises(Forbidden):
        flushing.back_flush(
            actor=hospital.people["al"], store=hospital.stores["sibling"], org_unit_id=hospital.units["own"].pk,
            first=DAY, last=DAY, kind=BackFlush.Kind.REAGENT,
        )  # fmt: skip
    assert StockIssue.objects.count() == drafts


@pytest.mark.parametrize("register", ["back_flush", "reagent_norm"])
def test_what_a_store_serves_is_told_where_one_sees_it(hospital: Hospital, register: str) -> None:
    client, ids = Requests(hospital).clients["al"], hospital.objects[f"logistics.{register}"]
    base = {"back_flush": "back-flushes", "reagent_norm": "reagent-norms"}[register]
    found = text_of(client.get(f"/logistics/{base}/"))
    assert [place for place in PLACES if canary(place) in found] == list(SEEN)
    for place, status in (("own", 200), ("sibling", 404)):
        assert client.get(f"/logistics/{base}/{ids[place]}").status_code == status, place


def test_bins_are_offered_where_one_puts_goods(hospital: Hospital) -> None:
    """The look-up of bins offered those of every store."""
    for column, places in (("al", SEEN), ("sk", PLACES)):
        told = Requests(hospital).clients[column].get("/lookup/logistics.open_bin")
        assert [place for place in PLACES if canary(place) in str(json.loads(told.content))] == list(
            places
        ), column


def test_labels_are_printed_where_one_may(hospital: Hospital) -> None:
    """The right to print labels, held in one department, printed those of all one could look into."""
    client = Requests(hospital).clients["mx"]
    for place, status in (("sibling", 422), ("own", 200)):
        row = hospital.objects["logistics.labels"][place]
        form = {"kind": "batch", "way": "zpl", "id": row, f"copies-{row}": "1"}
        assert client.post("/logistics/labels", form).status_code == status, place


def test_an_adjustment_tells_the_stock_of_ones_own_stores(hospital: Hospital) -> None:
    """Whoever saw adjustments of prices in one department read what every store holds."""
    for column, places in (("al", SEEN), ("pu", PLACES)):
        pk = hospital.objects["logistics.price_adjustment"]["own"]
        page = text_of(Requests(hospital).clients[column].get(f"/logistics/price-adjustments/{pk}"))
        assert [place for place in PLACES if f"库房 {canary(place)}" in page] == list(places), column


def test_the_list_of_a_take_over_tells_of_ones_own_stores(hospital: Hospital) -> None:
    """So did the report of it, on screen and as a workbook."""
    number = PriceAdjustment.objects.get(state="posted").number
    for column, places in (("al", SEEN), ("pu", PLACES)):
        client = Requests(hospital).clients[column]
        page = text_of(client.get("/logistics/reports/price-take-over", {"number": number}))
        assert [place for place in PLACES if f"库房 {canary(place)}" in page] == list(places), column


def test_a_quota_tells_uses_of_ones_own_department(hospital: Hospital) -> None:
    """The page of a surgeon's quota named the visits of every department."""
    quota = UseQuota.objects.get()
    with transaction.atomic():
        UseQuota.objects.filter(pk=quota.pk).update(name=canary("sibling"))
        for column, is_told in (("al", False), ("sk", True)):
            page = text_of(Requests(hospital).clients[column].get(f"/logistics/use-quotas/{quota.pk}"))
            assert ("ZY-sibling" in page) is is_told, column
        transaction.set_rollback(True)
