"""The pages of acquisition over HTTP: steps offered in turn, papers printed, the next document begun from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance, cards_of
from hrp.assets.acquisition.documents.contract import ContractAct
from hrp.assets.acquisition.documents.opinions import Opinion, Statement, Vote
from hrp.assets.acquisition.documents.purchase import Award, Bid
from hrp.assets.acquisition.documents.stages import CHECKLISTS, AcceptanceStep, Defect, DefectEnd, Stage
from hrp.assets.acquisition.models import LargeClass, MethodRule, StepRule
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import deciding
from hrp.assets.acquisition.tests.world import Buying
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.registry import url_for
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.pinned(clock.at(DAY, 12)):
        yield


@pytest.fixture
def hospital() -> Buying:
    return Buying()


def at_desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, page: str, **values: Any) -> str:
    answer = client.post(page, values)
    assert answer.status_code in (200, 204, 302), answer.content.decode()[:3000]
    return str(answer.headers.get("Location", ""))


def test_a_request_through_its_page(hospital: Buying) -> None:
    request = hospital.draft(
        type(hospital.wish()), hospital.ward, [{"name": "骨密度仪", "asset_class": hospital.device.pk, "quantity": 1, "price": "420000"}],
        need="外送不便", staff="技师 2 人", room="已备", volume=2600, price="120", variable="2", charge_items="骨密度",
    )  # fmt: skip
    page = url_for(request.source)
    ward, office = at_desk(hospital.ward), at_desk(hospital.office)
    assert "签署利益冲突声明" in ward.get(page).content.decode()
    act(ward, page, act="declare", interest="no")
    act(ward, page, act="submit", version=request.version)
    assert Statement.objects.filter(request=request).count() == 1
    act(office, page, act="office", verdict="yes", opinion="请论证")
    for expert in hospital.experts:
        act(office, page, act="expert", expert=expert.pk, field="临床")
        scores = {f"score{n}": 85 for n in range(1, 6)}
        act(at_desk(expert), page, act="vote", verdict="yes", opinion="可行", **scores)
    assert Vote.objects.filter(agrees=True, score=85).count() == 3
    seen = office.get(page).content.decode()
    assert "装备委员会" in seen
    assert "必要性 85" in seen
    director = at_desk(hospital.director)
    act(
        director,
        page,
        act="committee",
        verdict="yes",
        opinion="同意",
        minutes="纪5",
        held_on=str(DAY),
        ayes=7,
        nays=0,
    )
    assert Opinion.objects.filter(step="committee").count() == 1
    act(office, page, act="post")
    printed = office.get(f"{page}/print")
    assert printed["Content-Type"] == "application/pdf"
    assert "12月" not in ward.get("/assets/acquisition-requests/new").content.decode()


def test_from_purchase_to_card_each_begun_from_the_one_before(hospital: Buying) -> None:
    office = at_desk(hospital.office)
    purchase = hospital.purchase(hospital.planned())
    page = url_for(purchase.source)
    for name, price in (("甲公司", "78000"), ("乙公司", "79000"), ("丙公司", "79500")):
        scores = {"technical": "50", "business": "20", "price_score": "20", "valid": "yes"}
        act(office, page, act="bid", supplier=name, price=price, **scores)
    act(office, page, act="award", bid=Bid.objects.get(supplier="甲公司").pk, notice="CJ-1")
    assert Award.objects.get().bid.supplier == "甲公司"
    act(office, page, act="post")
    fresh = act(office, page, act="contract")
    form = office.get(fresh).content.decode()
    assert "甲公司" in form
    assert "78000" in form.replace(",", "")

    line = purchase.lines.get().request_line
    row = {"kind": "machine", "request_line": line.pk, "name": "监护仪", "quantity": 1, "price": "78000"}
    contract = hospital.contract(purchase, [row], sign=False)
    page = url_for(contract.source)
    act(at_desk(hospital.lawyer), page, act="legal", verdict="yes", opinion="无异议")
    act(office, page, act="sign", on=str(DAY), ours="院长", theirs="经理")
    act(office, page, act="post")
    assert ContractAct.objects.count() == 2
    assert "46,800.00" in office.get(page).content.decode()
    assert "contract=" in act(office, page, act="pay")
    assert office.get(act(office, page, act="accept")).status_code == 200

    made = hospital.arrival(contract, "S-1")
    page = url_for(made.source)
    engineer, ward = at_desk(hospital.engineer), at_desk(hospital.ward)
    for stage in list(Stage)[:-1]:
        who = ward if stage == Stage.CLINICAL else engineer
        ticked = {f"check_{code}": "1" for code, _ in CHECKLISTS[stage] if code != "alarm"}
        act(who, page, act=stage.value, text="报警未测" if stage == Stage.TRIAL else "", **ticked)
    assert AcceptanceStep.objects.count() == 6
    defect = Defect.objects.get()
    assert "报警与安全联锁有效" in defect.text
    act(engineer, page, act="end_defect", defect=defect.pk, kind="fixed", text="已补测")
    assert DefectEnd.objects.get().kind == "fixed"
    act(office, page, act="post")
    card = cards_of(AcquisitionAcceptance.objects.get())[0]
    assert office.get(f"{page}/print")["Content-Type"] == "application/pdf"
    assert "甲公司" in office.get(f"/assets/cards/{card.pk}").content.decode()


def test_lists_and_registers(hospital: Buying) -> None:
    hospital.world.grant(
        hospital.office, "assets.acquisition_rule.view", "assets.acquisition_budget.edit", "assets.large_licence.edit"
    )  # fmt: skip
    office = at_desk(hospital.office)
    hospital.accepted(hospital.machine(), "S-1")
    for noun in ("request", "plan", "purchase", "contract", "acceptance", "payment"):
        assert office.get(f"/assets/acquisition-{noun}s/").status_code == 200, noun
        if noun != "request":
            assert office.get(f"/assets/acquisition-{noun}s/new").status_code == 200, noun
    for address in (
        "acquisition-budgets/", "large-licences/", "acquisition-step-rules/", "acquisition-method-rules/", "large-classes/",
        "large-licences/new", "acquisition-budgets/new",
    ):  # fmt: skip
        assert office.get(f"/assets/{address}").status_code == 200, address
    assert "80,000.00" in office.get("/assets/acquisition-budgets/").content.decode()


def test_samples_are_loaded_once(hospital: Buying) -> None:
    office = at_desk(hospital.office)
    StepRule.objects.all().delete()
    MethodRule.objects.all().delete()
    page = "/assets/acquisition-step-rules/act/install"
    for _ in range(2):
        assert office.post(page).status_code in (200, 204, 302)
    assert (StepRule.objects.count(), MethodRule.objects.count(), LargeClass.objects.count()) == (10, 7, 8)
    assert not StepRule.objects.filter(verified=True).exists()
    assert deciding.turn(hospital.asked("1200000")) == Step.OFFICE
