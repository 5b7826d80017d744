"""Holes the matrix found in fixed assets, each by its name, so that none is dug again."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction

from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.equipment.models import DeviceEvent, ServiceContract, StopTag
from hrp.assets.models import Asset, AssetClass
from hrp.assets.stocktaking.models import StocktakePlan, StocktakeTask
from hrp.assets.stocktaking.services import finding, planning
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden
from hrp.platform.documents import posting, services
from hrp.platform.ui import screens
from tests.permissions.checker import text_of
from tests.permissions.places import PLACES, SEEN, canary, common
from tests.permissions.requests import Requests, Thin
from tests.permissions.world import Hospital


@pytest.fixture(autouse=True)
def _taken_back(hospital: Hospital) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def shown(client: Thin, address: str) -> list[str]:
    """The places an answer speaks of."""
    response = client.get(address)
    assert response.status_code == 200, address
    text = text_of(response)
    return [place for place in PLACES if canary(place) in text]


def machine(hospital: Hospital, place: str) -> Asset:
    return Asset.objects.get(pk=hospital.objects["assets.asset"][place])


# -- stocktakes --------------------------------------------------------------------------------------------------------


def plan(hospital: Hospital, actor: User) -> StocktakePlan:
    """A stocktake of the office of one's own department, of a class that every department has machines of."""
    return planning.begin(
        actor=actor, office=hospital.units["own"], name="抽查", method="class", due_on=dt.date(2026, 12, 31),
        of_class=AssetClass.objects.get(code="A02320100"),
    )  # fmt: skip


def test_an_office_sends_its_own_departments_to_look(hospital: Hospital) -> None:
    """The plan of an office took in every asset of the campus, whosever it was."""
    made = plan(hospital, hospital.people["al"])
    looking = set(made.tasks.values_list("org_unit", flat=True))
    assert looking == {hospital.units[place].pk for place in SEEN}


def test_a_plan_of_all_tells_each_of_its_own(hospital: Hospital) -> None:
    """A plan lies in one department; its page showed what was not found in all, and who planned there could end it."""
    clients = Requests(hospital).clients
    made = plan(hospital, hospital.builder)
    assert shown(clients["al"], f"/assets/stocktakes/{made.pk}") == list(SEEN)
    assert set(shown(clients["ao"], f"/assets/stocktakes/{made.pk}")) > set(SEEN)
    for act in ("cancel", "reconcile"):
        told = clients["al"].post(f"/assets/stocktakes/{made.pk}/act/{act}", {"reason": "取消"})
        assert told.status_code == 403, act


def test_a_scan_does_not_say_what_a_thing_is_worth(hospital: Hospital) -> None:
    """Who typed any number of the hospital's was told to photograph what cost so and so much."""
    task = StocktakeTask.objects.get(pk=hospital.objects["assets.hand"]["own"])
    dear = machine(hospital, "sibling")
    entry = finding.Entry(uuid.uuid4(), "ok", clock.now(), dear.number or "")
    [answer] = finding.record(task, [entry], actor=hospital.people["cu"])
    assert answer.code == "no_photo"
    assert f"{dear.cost:,.2f}" not in answer.words


# -- machines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["al", "cu"])
def test_an_event_is_of_a_machine_one_uses(hospital: Hospital, column: str) -> None:
    """The form took any machine of the hospital and showed its name."""
    form = {
        "org_unit": hospital.units["own"].pk, "severity": "other", "occurred_on": "2026-11-24", "known_on": "2026-11-24",
        "event": "漏电",
    }  # fmt: skip
    for place, status in (("sibling", 422), ("own", 302)):
        given = {**form, "asset": machine(hospital, place).pk}
        told = Requests(hospital).clients[column].post("/assets/device-events/new", given)
        assert told.status_code == status, place


def test_a_machine_is_stopped_where_it_stands(hospital: Hospital) -> None:
    """An event in one's own department stopped the machine of another."""
    event = DeviceEvent.objects.get(pk=hospital.objects["assets.device_event"]["own"])
    event.asset = machine(hospital, "sibling")
    event.save()
    told = Requests(hospital).clients["al"].post(f"/assets/device-events/{event.pk}/act/freeze", {})
    assert told.status_code == 403
    assert not StopTag.objects.filter(asset=event.asset).exists()


def test_a_contract_tells_of_ones_own_machines(hospital: Hospital) -> None:
    clients = Requests(hospital).clients
    contract = ServiceContract.objects.get()
    for column, places in (("al", SEEN), ("ee", PLACES)):
        assert shown(clients[column], f"/assets/contracts/{contract.pk}") == list(places), column
    for column, is_told in (("al", False), ("ee", True)):
        report = text_of(clients[column].get("/assets/reports/contract-compare"))
        assert (contract.name in report) is is_told, column


def test_lists_are_narrowed_by_a_department(hospital: Hospital) -> None:
    """The filter named a register that does not exist: choosing a department answered 404."""
    unit = hospital.units["own"].pk
    for address in ("cards/?org_unit", "repairs/?org_unit", "tasks/?org_unit", "reports/equipment-kpi?unit"):
        told = Requests(hospital).clients["ao"].get(f"/assets/{address}={unit}")
        assert told.status_code == 200, address


# -- months and papers -------------------------------------------------------------------------------------------------


def test_a_month_is_depreciated_by_who_may_do_so_everywhere(hospital: Hospital) -> None:
    """A run of one department depreciated every card of the hospital, and its page listed them."""
    header = common("own", hospital.units["own"])
    clients = Requests(hospital).clients
    drafts = [
        services.save_draft(DepreciationRun, actor=hospital.people[who], header=header, lines=[])
        for who in ("al", "aa")
    ]
    waiting = [
        services.submit(draft, actor=hospital.people[who])
        for draft, who in zip(drafts, ("al", "aa"), strict=True)
    ]
    with pytest.raises(Forbidden):
        posting.post(waiting[0], actor=hospital.people["al"])
    run = posting.post(waiting[1], actor=hospital.people["aa"])
    page = f"{screens.registry['assets.depreciation_run'].base}{run.pk}"
    assert shown(clients["al"], page) == list(SEEN)
    assert set(shown(clients["fi"], page)) > set(SEEN)
    with pytest.raises(Forbidden):
        posting.reverse(run, actor=hospital.people["al"], reason="重提", on=clock.today())


NAMED = {
    "disposal_request": "", "loss_decision": "", "construction_cost": "", "acquisition_plan": "", "acquisition_purchase": "",
    "disposal_income": "request", "rent_income": "rent_out", "acquisition_contract": "purchase", "acquisition_acceptance": "contract",
    "acquisition_payment": "contract",
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMED)
def test_a_document_names_nothing_out_of_reach(hospital: Hospital, kind: str) -> None:
    """What a look-up offered was narrowed; what a document then named by its id was not."""
    forms, field = hospital.forms[f"assets.{kind}"], NAMED[kind]
    header, lines = forms["own"]
    if field:
        header = {**header, field: forms["sibling"][0][field]}
    else:
        lines = forms["sibling"][1]
    body = {"header": header, "lines": lines}
    api = f"/api/v1/assets/{kind.replace('_', '-')}s"
    told = Requests(hospital).clients["al"].generic(
        "POST", api, json.dumps(body, default=str), "application/json"
    )  # fmt: skip
    assert told.status_code == 422
    assert canary("sibling") not in told.content.decode()


def test_a_plan_opens_no_other_departments_request(hospital: Hospital) -> None:
    """``?request=`` filled a new plan with the things any department had asked for."""
    client = Requests(hospital).clients["al"]
    for place in ("own", "sibling"):
        asked = AcquisitionRequest.objects.get(org_unit=hospital.units[place], state="posted")
        page = text_of(client.get(f"/assets/acquisition-plans/new?request={asked.pk}"))
        assert (canary(place) in page) is (place == "own"), place
