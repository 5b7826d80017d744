"""The card's page, its paper and label, and the page of a run before and after it is posted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.models import Asset
from hrp.assets.selectors import month_checks, whole_card
from hrp.assets.tests.world import FIRST, AssetHospital, day, end
from hrp.platform.base import clock
from hrp.platform.documents import services

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> AssetHospital:
    return AssetHospital()


@pytest.fixture
def client(hospital: AssetHospital) -> Client:
    browser = Client()
    browser.force_login(hospital.accountant)
    return browser


def test_a_card_shows_its_value_its_schedule_and_everything_that_happened(
    hospital: AssetHospital, client: Client
) -> None:
    asset = hospital.book((hospital.fiscal, "60000.00"), (hospital.own, "12000.00"), on=FIRST, months=72)
    hospital.run(FIRST)
    hospital.transfer(asset, day(2, 3), {hospital.world.other: "100"})
    hospital.revise(asset, day(2, 9), source=hospital.own.pk, amount="7100.00")
    hospital.run(end(2))
    with clock.pinned(clock.at(end(2), 18)):
        whole = whole_card.read(asset)
        page = client.get(f"/assets/card/{asset.pk}")
    assert (whole.standing.cost, whole.standing.accumulated) == (Decimal("79100.00"), Decimal("2100.00"))
    assert [(line.cost, line.accumulated, line.left) for line in whole.lines] == [
        (Decimal("60000.00"), Decimal("1666.66"), 70), (Decimal("19100.00"), Decimal("433.34"), 70),
    ]  # fmt: skip
    # the value of a past month is what had been paid by then
    assert whole.rows[0].net == Decimal("71000.00")
    assert whole.rows[-1].net == 0
    assert sum(whole.chart["bars"][0]["data"]) == pytest.approx(2100.0) if whole.chart else False
    assert [(one.name, one.amount) for one in whole.borne] == [
        ("骨科", Decimal("1100.00")), ("心内科", Decimal("1000.00")),
    ]  # fmt: skip
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("79,100.00", "77,000.00", "资产变动单", "资产调拨单", "骨科", "asset-schedule"):
        assert words in text


def test_card_on_paper(hospital: AssetHospital, client: Client) -> None:
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    answer = client.get(f"/assets/card/{asset.pk}/print")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


def test_a_card_of_another_department_does_not_exist(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    keeper = hospital.world.user("keeper", "管理员", "assets.asset.view", unit=hospital.world.other)
    browser = Client()
    browser.force_login(keeper)
    for address in (
        f"/assets/card/{asset.pk}",
        f"/assets/card/{asset.pk}/print",
    ):
        assert browser.get(address).status_code == 404


def test_a_run_shows_what_it_will_book_and_what_is_not_in_order(
    hospital: AssetHospital, client: Client
) -> None:
    hospital.book((hospital.own, "60000.00"), (hospital.fiscal, "6000.00"), on=FIRST, units={
        hospital.world.unit: "50", hospital.world.other: "50",
    })  # fmt: skip
    waiting = hospital.card((hospital.own, "60000.00"), accepted_on=FIRST)
    header = {"campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "business_date": FIRST}
    draft: Any = services.save_draft(DepreciationRun, actor=hospital.accountant, header=header, lines=[])
    before = [(cell.unit, cell.source, cell.this, cell.last) for cell in month_checks.cells(draft)]
    assert before == [
        ("心内科", "自有资金", Decimal("500.00"), 0), ("心内科", "财政项目拨款", Decimal("50.00"), 0),
        ("骨科", "自有资金", Decimal("500.00"), 0), ("骨科", "财政项目拨款", Decimal("50.00"), 0),
    ]  # fmt: skip
    checks = {check.title: (check.found, check.verdict) for check in month_checks.checks(draft)}
    assert checks["已验收未入账的卡片"] == ("1 张", "请核实")
    assert checks["会改变折旧而未过账的单据"] == ("0 张", "通过")
    services.save_draft(Booking, actor=hospital.accountant, header=header, lines=[{"asset": waiting.pk}])
    open_ = next(check for check in month_checks.checks(draft) if check.title == "会改变折旧而未过账的单据")
    assert (open_.found, open_.verdict) == (f"{Booking.spec.title} 1 张", "请核实")
    assert checks["按月连续"] == ("应计提 2026-11", "通过")
    assert "已验收未入账的卡片" in client.get(f"/assets/depreciation-runs/{draft.pk}").content.decode()
    run = hospital.run(FIRST)
    assert [(c.unit, c.source, c.this, c.last) for c in month_checks.cells(run)] == before
    assert month_checks.checks(run) == []
    second = hospital.run(end(2))
    assert {cell.change for cell in month_checks.cells(second)} == {0}


def test_a_card_is_made_and_completed_in_its_form(hospital: AssetHospital, client: Client) -> None:
    """The form sends text: ids of rows, and of a booked card everything that stands as it stood."""
    form = {
        "name": "输液泵", "asset_class": hospital.device.pk, "way": "purchase", "value_kind": "cost", "unit": "台", "quantity": "1",
        "life_months": "72", "campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "location": hospital.room.pk,
    }  # fmt: skip
    made = client.post("/assets/cards/new", form)
    assert made.status_code == 302
    assert Asset.objects.get(name="输液泵").life_months == 72
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    kept = {**form, "name": asset.name, "life_months": str(asset.life_months)}
    assert client.post(f"/assets/cards/{asset.pk}/edit", {**kept, "note": "二楼"}).status_code == 302
    refused = client.post(f"/assets/cards/{asset.pk}/edit", {**kept, "life_months": "12"})
    assert refused.status_code == 409
    assert "不能直接修改" in refused.content.decode()
    asset.refresh_from_db()
    assert (asset.note, asset.life_months) == ("二楼", 60)
