"""How a machine comes into the house, told for an accountant: from a ward's wish to the booked card and the last payment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from hrp.assets.acquisition.documents.acceptance import cards_of
from hrp.assets.acquisition.documents.carding import AcceptedPiece
from hrp.assets.acquisition.documents.contract import AcquisitionContract, PayMilestone, stage_of
from hrp.assets.acquisition.documents.payment import AcquisitionPayment
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import contracting, reminders
from hrp.assets.acquisition.tests.world import Buying
from hrp.assets.documents.booking import Booking
from hrp.assets.models import Asset, AssetClass, LifeRule
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Account
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Buying:
    return Buying()


def test_two_ultrasound_machines(hospital: Buying) -> None:
    line = wished(hospital)
    contract = contracted(hospital, line)
    first_comes(hospital, contract)

    # half of the goods have come, so half of the money for the arrival may be asked for
    paid = pay(hospital, contract, "arrival", "342000")
    assert "占合同 50.00%" in paid.fulfilled
    assert broken() == {}

    second_comes(hospital, contract)
    paid_off(hospital, contract)
    assert broken() == {}


def wished(hospital: Buying) -> Any:
    """The line of the ward's request, decided and planned."""
    # 2 × 600,000, which experts, committee, president and party must all agree to
    request = hospital.asked(
        lines=[{"name": "彩超", "asset_class": hospital.device.pk, "quantity": 2, "price": "600000"}],
        volume=12000, price="120", variable="10", staff_cost="300000", upkeep="60000", charge_items="彩超检查",
    )  # fmt: skip
    assert (request.total, request.revenue) == (Decimal(1200000), Decimal(1440000))
    assert (request.surplus, request.payback) == (Decimal("760000.00"), Decimal("1.25"))
    request = hospital.decided(request, Step.OFFICE, Step.EXPERTS, Step.COMMITTEE, Step.PRESIDENT, Step.PARTY)
    line = request.lines.get()

    # it is planned: two thirds from the treasury's project, one third the hospital's own money
    hospital.plan(line, (hospital.fiscal, "800000"), (hospital.own, "400000"))
    return line


def contracted(hospital: Buying, line: Any) -> AcquisitionContract:
    # bought by enquiry for less than planned, and contracted with an accessory and a locked price of a part
    bought = hospital.awarded(hospital.purchase(line), "1140000")
    contract = hospital.contract(
        bought,
        [
            {"kind": "machine", "request_line": line.pk, "name": "彩超", "model": "XU-9", "quantity": 2, "price": "540000"},
            {"kind": "accessory", "request_line": line.pk, "name": "穿刺架", "quantity": 2, "price": "30000"},
            {"kind": "part", "name": "凸阵探头", "quantity": 1, "price": "48000", "locked_until": DAY + dt.timedelta(days=1000)},
        ],
        warranty_months=24, retention_months=2,
    )  # fmt: skip
    assert (contract.total, stage_of(contract)) == (Decimal(1140000), "已签订")
    contract = hospital.confirm(contract, hospital.office)
    assert stage_of(contract) == "履行中"
    assert dict(PayMilestone.objects.values_list("kind", "amount")) == {
        "arrival": Decimal(684000),
        "acceptance": Decimal(342000),
        "retention": Decimal(114000),
    }
    return contract


def arrives(hospital: Buying, contract: AcquisitionContract, serial: str, **header: Any) -> Any:
    """A machine comes with its accessory; three people sign."""
    machine, accessory = contract.lines.exclude(kind="part").order_by("position")
    lines = [
        {"contract_line": machine.pk, "serial_number": serial, "quantity": 1},
        {"contract_line": accessory.pk, "serial_number": "", "quantity": 1},
    ]
    made = hospital.came(contract, lines, **header)
    hospital.go(made)
    return hospital.confirm(made, hospital.office)


def first_comes(hospital: Buying, contract: AcquisitionContract) -> None:
    """Without an invoice: it stands at an estimate."""
    first = arrives(hospital, contract, "U-001")
    assert list(AcceptedPiece.objects.values_list("outcome", flat=True)) == ["card", "joined"]
    card = cards_of(first)[0]
    assert (card.serial_number, card.cost, card.value_kind, card.status) == (
        "U-001",
        Decimal(570000),
        "estimate",
        "draft",
    )
    # 570,000 in the proportion of the plan
    assert {(line.source.name, line.cost) for line in card.funding.select_related("source")} == {
        ("财政项目拨款", Decimal(380000)),
        ("自有资金", Decimal(190000)),
    }
    assert (card.contract_number, card.warranty_to) == (contract.contract_number, dt.date(2028, 11, 9))

    # the accountant books it: 1601 against the estimated payable, by fund
    hospital.post(Booking, [{"asset": card.pk}], DAY)
    assert (ledger("1601.02"), ledger("2302.02")) == (Decimal(570000), Decimal(-570000))


def second_comes(hospital: Buying, contract: AcquisitionContract) -> None:
    """Later, with the invoice."""
    second = arrives(hospital, contract, "U-002", invoice_number="26532000000123456789")
    assert cards_of(second)[0].value_kind == "cost"
    hospital.post(Booking, [{"asset": cards_of(second)[0].pk}], DAY)
    assert (ledger("2302"), ledger("2302.02")) == (Decimal(-570000), Decimal(-570000))
    assert Asset.objects.filter(serial_number__startswith="U-00", status="in_store").count() == 2


def paid_off(hospital: Buying, contract: AcquisitionContract) -> None:
    """The rest but the retention, which falls due two months after the last acceptance and is called to mind before."""
    pay(hospital, contract, "arrival", "342000")
    pay(hospital, contract, "acceptance", "342000")
    due = dt.date(2027, 1, 10)
    assert reminders.retention_due(on=due - dt.timedelta(days=40)) == 0
    assert reminders.retention_due(on=due - dt.timedelta(days=30)) == 1
    assert reminders.retention_due(on=due - dt.timedelta(days=29)) == 1
    assert Message.objects.filter(kind="assets.acquisition", recipient=hospital.office).count() == 1
    hospital.period(2026, 12)
    hospital.period(2027, 1)
    pay(hospital, contract, "retention", "114000", on=due)
    assert reminders.retention_due(on=due) == 0
    with clock.pinned(clock.at(due, 14)):
        contracting.close(contract, actor=hospital.office)
    assert stage_of(contract) == "已关闭"


def pay(
    hospital: Buying, contract: AcquisitionContract, kind: str, amount: str, *, on: dt.date = DAY
) -> AcquisitionPayment:
    milestone = PayMilestone.objects.get(contract=contract, kind=kind)
    with clock.pinned(clock.at(on, 13)):
        draft = services.save_draft(
            AcquisitionPayment, actor=hospital.office,
            header={
                "campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "business_date": on,
                "contract": milestone.contract_id, "milestone": milestone.pk, "amount": amount,
            },
        )  # fmt: skip
        return posting.post(services.submit(draft, actor=hospital.office), actor=hospital.office)


def test_a_component_with_another_life_and_a_thing_too_small(hospital: Buying) -> None:
    """A workstation of 6 years beside a machine of 6, a computer of another table, and a stool for 300 yuan."""
    LifeRule.objects.create(
        code="PC", name="计算机", least=5, usual=5, valid_from=dt.date(2019, 1, 1), source="测试"
    )
    account = {row.code: row for row in Account.objects.all()}
    computer = AssetClass.objects.create(
        code="A02010100", name="计算机", group="A02", life_code="PC", threshold=Decimal(1000), asset_account=account["1601.02"],
        depreciation_account=account["1602.02"], expense_account=account["5001.04"], admin_expense_account=account["5101.04"],
    )  # fmt: skip
    line = hospital.planned("90000")
    bought = hospital.awarded(hospital.purchase(line), "90000")
    contract = hospital.contract(
        bought,
        [
            {"kind": "machine", "request_line": line.pk, "name": "内镜主机", "quantity": 1, "price": "80000"},
            {"kind": "accessory", "request_line": line.pk, "name": "图像工作站", "asset_class": computer.pk, "quantity": 1, "price": "9700"},
            {"kind": "accessory", "request_line": line.pk, "name": "检查凳", "asset_class": hospital.device.pk, "quantity": 1, "price": "300"},
        ],
    )  # fmt: skip
    contract = hospital.confirm(contract, hospital.office)
    machine, station, stool = contract.lines.order_by("position")
    made = hospital.came(
        contract,
        [
            {"contract_line": machine.pk, "serial_number": "E-1", "quantity": 1},
            {"contract_line": station.pk, "serial_number": "PC-1", "quantity": 1, "main": 1},
            {"contract_line": stool.pk, "quantity": 1, "treatment": "own"},
        ],
    )
    assert list(made.lines.values_list("treatment", flat=True)) == ["own", "split", "own"]
    hospital.go(made)
    made = hospital.confirm(made, hospital.office)
    main, part = cards_of(made)
    assert (main.cost, main.life_months, part.cost, part.life_months) == (
        Decimal(80000), 72, Decimal(9700), 60
    )  # fmt: skip
    assert part.parent_id == main.pk
    expensed = AcceptedPiece.objects.get(outcome="expense")
    assert expensed.text == "单位价值 300.00 元低于标准 1,000.00 元，购入时计入费用"
    hospital.post(Booking, [{"asset": main.pk}, {"asset": part.pk}], DAY)
    assert ledger("1601.02") == Decimal(89700)
    assert broken() == {}

    # what is booked is not taken back from under its card
    with pytest.raises(Conflict) as refused:
        hospital.reverse_by_office(made)
    assert refused.value.code == "card_booked"


def test_an_acceptance_taken_back_takes_its_drafts_with_it(hospital: Buying) -> None:
    contract = hospital.machine()
    made = hospital.accepted(contract, "S-1")
    assert len(cards_of(made)) == 1
    hospital.reverse_by_office(made)
    assert cards_of(made) == []
    again = hospital.accepted(contract, "S-1")
    assert [card.serial_number for card in cards_of(again)] == ["S-1"]
    assert broken() == {}
