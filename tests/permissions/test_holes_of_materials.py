"""Holes the matrix found in the rooms of materials, each by its name, so that none is dug again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import transaction

from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.catalogue.models import OneOffPurchase
from hrp.logistics.highvalue.models import AdverseEvent, PatientUse, Recall
from hrp.logistics.highvalue.services import freezing, recalls, using
from hrp.logistics.models import Freeze, Store
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.settlement.services import closing
from hrp.platform.access.models import RolePermission
from hrp.platform.base.refusals import Forbidden, NotFound
from hrp.platform.ledger.models import Period
from tests.permissions.checker import text_of
from tests.permissions.places import PLACES, SEEN, canary
from tests.permissions.requests import Requests
from tests.permissions.world import Hospital


@pytest.fixture(autouse=True)
def _taken_back(hospital: Hospital) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_nobody_asks_for_a_purchase_of_another_department(hospital: Hospital) -> None:
    """What is bought outside the catalogue was asked for in any department by whoever may ask in one."""
    client = Requests(hospital).clients["al"]
    form = {
        "item": OneOffPurchase.objects.values_list("item_id", flat=True)[0], "quantity": "1", "reason": "急用",
        "valid_to": "2026-12-31",
    }  # fmt: skip
    for place, status in (("sibling", 403), ("own", 302)):
        sent = client.post("/logistics/one-offs/new", {**form, "org_unit": hospital.units[place].pk})
        assert sent.status_code == status, place
    assert not OneOffPurchase.objects.filter(reason="急用", org_unit=hospital.units["sibling"]).exists()


def test_a_row_is_changed_whatever_its_list_is_ordered_by(hospital: Hospital) -> None:
    """A budget of no class could not be changed: the order of the list leads through the class, which could not be locked."""
    line = BudgetLine.objects.get(pk=hospital.objects["logistics.budget_line"]["own"])
    client = Requests(hospital).clients["al"]
    form = {
        "org_unit": line.org_unit_id,
        "amount": "100",
        "basis": line.basis,
        "control": "hard",
        "note": "从严",
    }
    assert client.post(f"/logistics/budgets/{line.pk}/edit", form).status_code == 302
    line.refresh_from_db()
    assert (line.control, line.note) == ("hard", "从严")


def test_a_line_of_an_order_is_offered_where_it_arrives(hospital: Hospital) -> None:
    """Whoever received goods anywhere was offered the orders of every store."""
    client = Requests(hospital).clients["al"]
    order = PurchaseOrder.objects.get(pk=hospital.objects["logistics.purchasing.receive"]["sibling"])
    own = PurchaseOrder.objects.get(pk=hospital.objects["logistics.purchasing.receive"]["own"])
    offered = client.get("/lookup/logistics.order_line").content.decode()
    assert own.display_number in offered
    assert order.display_number not in offered


def test_what_a_supplier_is_owed_is_told_to_who_may_know_all_of_it(hospital: Hospital) -> None:
    """Payables belong to no department: who might look in one saw, and could take along, those of the whole hospital."""
    clients, supplier = Requests(hospital).clients, hospital.common["supplier"]
    for page in ("", f"/{supplier}", f"/{supplier}/pdf"):
        assert clients["al"].get(f"/logistics/payables{page}").status_code == 403, page
        assert clients["fi"].get(f"/logistics/payables{page}").status_code == 200, page
    assert clients["al"].get("/logistics/payables?xlsx").status_code == 403
    asked = {"supplier": supplier}
    assert json.loads(clients["al"].get("/lookup/logistics.open_payable", asked).content)["items"] == []
    assert canary("own") not in clients["al"].get("/logistics/payment-requests/new", asked).content.decode()


def test_a_month_is_closed_by_who_may_close_it_for_all(hospital: Hospital) -> None:
    """The right to close, held in one department, closed the materials of the whole hospital and showed their worth."""
    client, month = Requests(hospital).clients["al"], hospital.objects["logistics.month_close"]["own"]
    for act in ("close", "adjust", "reopen"):
        assert client.post(f"/logistics/month-close/{month}/{act}", {"reason": "改错"}).status_code == 403, (
            act
        )
    for page in ("", f"/{month}"):
        assert client.get(f"/logistics/month-close{page}").status_code == 403, page
    with pytest.raises(Forbidden):
        closing.close(actor=hospital.people["al"], period=Period.objects.get(pk=month))


def test_a_ledger_of_stock_takes_away_what_may_be_exported(hospital: Hospital) -> None:
    """Whoever might look everywhere but export in one department exported everything of one item."""
    client, item = Requests(hospital).clients["mx"], hospital.common["item"]
    listed = text_of(client.get(f"/logistics/stock-ledger/{item}", {"from": "2026-01-01"}))
    taken = text_of(client.get(f"/logistics/stock-ledger/{item}", {"from": "2026-01-01", "xlsx": ""}))
    assert [place for place in PLACES if canary(place) in listed] == list(PLACES)
    assert [place for place in PLACES if canary(place) in taken] == list(SEEN)


def test_without_permission_a_store_to_fill_up_is_not_even_looked_for(hospital: Hospital) -> None:
    for column, status in (("hd", 403), ("pu", 422)):
        client = Requests(hospital).clients[column]
        assert client.post("/logistics/purchasing/replenishment/run", {"store": "?"}).status_code == status, (
            column
        )


def test_who_asks_for_a_payment_does_not_pay_it(hospital: Hospital) -> None:
    """The accountant of materials asked for payments and, where no approval was set up, could pay them alone as well."""
    held = set(RolePermission.objects.filter(role__code="material_accountant").values_list("code", flat=True))
    assert "logistics.payment_request.submit" in held
    assert "logistics.payment_request.post" not in held


def test_what_lies_in_a_store_is_told_to_who_writes_off_there(hospital: Hospital) -> None:
    """Whoever wrote goods off anywhere was told the lots that lie in any store."""
    client = Requests(hospital).clients["al"]
    for place in ("own", "sibling"):
        asked = {"item": hospital.common["item"], "store": hospital.stores[place].pk}
        told = client.get("/lookup/logistics.held_batch", asked).content.decode()
        assert (canary(place) in told) is (place == "own"), place


@pytest.mark.parametrize("door", ["receive", "pick", "sign", "cards"])
def test_a_form_does_not_break_what_a_scanner_speaks_to(hospital: Hospital, door: str) -> None:
    """A body read as a form is gone when its bytes are asked for."""
    known = hospital.objects.get(f"logistics.handheld.{door}.scan", {}).get("own")
    address = f"/logistics/handheld/{door}/{f'{known}/' if known else ''}scan"
    told = Requests(hospital).clients["al"].post(address, {"a": "b"})
    assert told.status_code == 200
    assert json.loads(told.content)["title"] == "扫描内容看不懂"


def test_cards_of_another_department_are_not_sent_for(hospital: Hospital) -> None:
    client = Requests(hospital).clients["al"]
    for place, status in (("sibling", 404), ("own", 302)):
        asked = client.post("/logistics/handheld/cards", {"unit": hospital.units[place].pk})
        assert asked.status_code == status, place


def test_a_piece_leads_to_patients_of_ones_own_department_only(hospital: Hospital) -> None:
    """Whoever followed pieces in one department was told every patient's operation in all of them, on screen and on paper."""
    client, units = Requests(hospital).clients["tn"], hospital.objects["logistics.unit"]
    found = text_of(client.get("/logistics/trace", {"q": "HVLOT"}))
    assert [place for place in PLACES if canary(place) in found] == list(SEEN)
    for place, status in (("own", 200), ("sibling", 404)):
        pages = (f"trace/{units[place]}", f"trace/{units[place]}/print", f"units/{units[place]}")
        for page in (*pages, f"unit-labels?unit={units[place]}"):
            assert client.get(f"/logistics/{page}").status_code == status, page


def test_a_piece_is_put_aside_where_one_may(hospital: Hospital) -> None:
    """An act upon a row asked for its permission anywhere when the register is narrowed in a way of its own."""
    client, units = Requests(hospital).clients["mx"], hospital.objects["logistics.unit"]
    for place, status in (("sibling", 404), ("own", 409)):
        done = client.post(f"/logistics/units/{units[place]}/act/expire", {"reason": "过期"})
        assert done.status_code == status, place


def test_a_wristband_opens_what_ones_own_department_knows(hospital: Hospital) -> None:
    """A visit's number showed whoever typed it the operation, and everything used for it, of any department."""
    client = Requests(hospital).clients["tn"]
    for place in ("own", "sibling"):
        visit = {"visit": hospital.names["logistics.theatre.sheet"][place]}
        page = client.get("/logistics/theatre", visit).content.decode()
        assert (canary(place) in page) is (place == "own"), place
        assert client.get("/logistics/theatre/sheet", visit).status_code == (200 if place == "own" else 404)


@pytest.mark.parametrize("act", ["use", "emergency"])
def test_the_theatre_answers_who_works_there(hospital: Hospital, act: str) -> None:
    """A scan that was refused was answered with the whole page, before anybody asked for a permission."""
    visit = {"visit": hospital.names["logistics.theatre.sheet"]["own"]}
    for column, status in (("ca", 403), ("sy", 403), ("tn", 200)):
        told = Requests(hospital).clients[column].post(f"/logistics/theatre/{act}", visit)
        assert told.status_code == status, column


def test_a_use_is_cancelled_where_one_may(hospital: Hospital) -> None:
    """The right to cancel others' uses, held in one department, cancelled those of every department one sees."""
    use = PatientUse.objects.get(pk=hospital.objects["logistics.patient_use"]["sibling"])
    with pytest.raises(NotFound):
        using.cancel(actor=hospital.people["mx"], use=use, reason="扫错")


def test_a_recall_tells_of_other_departments_to_who_may_see_all(hospital: Hospital) -> None:
    """Whoever saw recalls in one department read the patients of all, and could enter one that stops goods everywhere."""
    clients, recall = Requests(hospital).clients, hospital.objects["logistics.recall_report"]["own"]
    assert clients["tn"].get(f"/logistics/recall-report/{recall}").status_code == 403
    assert clients["fi"].get(f"/logistics/recall-report/{recall}").status_code == 200
    for column, places in (("tn", SEEN), ("fi", PLACES)):
        page = text_of(clients[column].get(f"/logistics/recalls/{recall}"))
        assert [place for place in PLACES if canary(place) in page] == list(places), column
    with pytest.raises(Forbidden):
        recalls.close(actor=hospital.people["al"], recall=Recall.objects.get(pk=recall), conclusion="办完")


def test_goods_are_released_by_who_may_release_them_everywhere(hospital: Hospital) -> None:
    with pytest.raises(Forbidden):
        freezing.release(actor=hospital.people["al"], freeze=Freeze.objects.earliest("pk"), reason="合格")


def test_charges_that_name_no_department_are_seen_by_who_sees_all(hospital: Hospital) -> None:
    """HIS's charges, visit by visit, were open to whoever checked those of one department."""
    charge = hospital.objects["logistics.his_charge"]["own"]
    for column, status in (("al", 404), ("fi", 200)):
        client = Requests(hospital).clients[column]
        assert client.get(f"/logistics/his-charges/{charge}").status_code == status, column
    form = {"charge_no": "SF-2", "uid": "1", "visit_no": "1", "charged_on": "2026-11-24"}
    assert Requests(hospital).clients["al"].post("/logistics/his-charges/new", form).status_code == 403


@pytest.mark.parametrize("key", ["consigned_unit", "booked_unit", "use_to_book", "any_unit"])
def test_pieces_are_offered_where_one_has_to_do_with_them(hospital: Hospital, key: str) -> None:
    """Look-ups of pieces, and of the visits they were used in, offered those of the whole hospital."""
    narrow, wide = (
        len(json.loads(Requests(hospital).clients[column].get(f"/lookup/logistics.{key}").content)["items"])
        for column in ("al", "sk")
    )
    assert 0 < narrow < wide


def test_pieces_are_named_for_documents_of_where_one_may(hospital: Hospital) -> None:
    """Who saw a document anywhere named its pieces, or took them off, with the right to do so in one department."""
    client = Requests(hospital).clients["mx"]
    for place, status in (("sibling", 404), ("own", 302)):
        scan = hospital.objects["logistics.unit_scan.drop"][place]
        form = {"source": hospital.names["logistics.unit_scan.scan"][place]}
        assert client.post(f"/logistics/unit-scans/{scan}/drop", form).status_code == status, place


def test_an_adverse_event_is_written_down_where_one_may(hospital: Hospital) -> None:
    client = Requests(hospital).clients["tn"]
    event = AdverseEvent.objects.get(pk=hospital.objects["logistics.adverse_event"]["own"])
    form = {
        "item": event.item_id, "severity": "other", "occurred_on": "2026-11-24", "known_on": "2026-11-24",
        "description": "断裂",
    }  # fmt: skip
    for place, status in (("sibling", 403), ("own", 302)):
        done = client.post("/logistics/adverse-events/new", {**form, "org_unit": hospital.units[place].pk})
        assert done.status_code == status, place


def test_who_keeps_the_books_does_not_register_operations(hospital: Hospital) -> None:
    """The accountant of materials held everything of materials, the theatre's scans for patients included."""
    held = RolePermission.objects.filter(role__code="material_accountant").values_list("code", flat=True)
    assert "logistics.theatre.use" not in held


@pytest.mark.parametrize("kind", ["cost-adjustment", "payment-request"])
def test_a_line_names_nothing_out_of_reach(hospital: Hospital, kind: str) -> None:
    """What a look-up offered was narrowed; what a line then named by its id was not."""
    forms = hospital.forms[f"logistics.{kind.replace('-', '_')}"]
    client = Requests(hospital).clients["al"]
    body = {"header": forms["own"][0], "lines": forms["sibling"][1]}
    told = client.generic(
        "POST", f"/api/v1/logistics/{kind}s", json.dumps(body, default=str), "application/json"
    )
    assert told.status_code == 422


def test_a_refused_form_does_not_name_a_cabinet_out_of_reach(hospital: Hospital) -> None:
    """The box of a look-up showed whatever id came with the request."""
    client = Requests(hospital).clients["al"]
    cabinet = Store.objects.get(code="J-sibling")
    form = {"act": "save", "sent": "1", "version": "1", "store": str(cabinet.pk)}
    page = client.post("/logistics/consign-ins/new", form)
    assert page.status_code == 422
    assert canary("sibling") not in page.content.decode()
