"""An asset's life told by its documents: booked, depreciated by fund and department, changed, moved, written off."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from hrp.assets.documents.booking import Booking
from hrp.assets.models import Asset, AssetClass, Depreciation, LifeRule, Plan, UsageReading, ValueMove
from hrp.assets.selectors import schedules
from hrp.assets.tests.world import FIRST, AssetHospital, broken, day, end
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import registry
from hrp.platform.ledger.models import Account, Line
from hrp.platform.org.models import Parameter

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> AssetHospital:
    return AssetHospital()


def ledger(account: str, fund: str = "", unit: int | None = None) -> Decimal:
    lines = Line.objects.filter(account__code=account)
    if fund:
        lines = lines.filter(fund__code=fund)
    if unit is not None:
        lines = lines.filter(org_unit=unit)
    return sum(lines.values_list("amount", flat=True), Decimal(0))


def test_each_source_is_depreciated_by_itself_and_reaches_costing_by_department_and_fund(
    hospital: AssetHospital,
) -> None:
    unit, other = hospital.world.unit, hospital.world.other
    asset = hospital.book(
        (hospital.fiscal, "600000.00"), (hospital.science, "100000.00"), (hospital.own, "300000.00"),
        on=day(1, 15), units={unit: "70", other: "30"},
    )  # fmt: skip
    assert asset.number == "2026A023200001"
    assert (ledger("1601.02"), ledger("2302")) == (Decimal(1000000), Decimal(-1000000))
    run = hospital.run(FIRST)
    # DEP-20: the month of booking bears depreciation, each source its own
    assert run.total == Decimal("16666.67")
    assert ledger("5001.04", "F2") == Decimal("10000.00")
    assert ledger("5001.04", "F4") == Decimal("1666.67")
    assert ledger("5001.04", "F4", other.pk) == Decimal("500.00")
    assert ledger("1602.02") == Decimal("-16666.67")
    assert broken() == {}


def test_a_year_and_a_tail(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.own, "2000.00"), on=FIRST, months=7, way="found")
    totals = [hospital.run(end(month)).total for month in range(1, 9)]
    assert totals == [Decimal("285.71")] * 6 + [Decimal("285.74"), Decimal(0)]
    assert schedules.standing(asset.pk).net == 0
    assert broken() == {}


def test_an_upgrade_belongs_to_its_own_source_and_is_spread_over_what_is_left(
    hospital: AssetHospital,
) -> None:
    asset = hospital.book((hospital.fiscal, "600000.00"), on=FIRST, months=72)
    for month in range(1, 7):
        hospital.run(end(month))
    revision = hospital.revise(asset, day(7, 10), source=hospital.own.pk, amount="66000.00", life_months=72)
    asset.refresh_from_db()
    assert asset.cost == Decimal("666000.00")
    july = hospital.run(end(7))
    assert july.total == Decimal("8333.33") + Decimal("1000.00")
    assert ledger("5001.04", "F1") == Decimal("1000.00")
    assert broken() == {}
    # nothing can be undone under a month that was run
    with pytest.raises(Conflict, match="已计提"):
        hospital.reverse(revision, day(7, 31))
    hospital.reverse(july, day(7, 31))
    hospital.reverse(revision, day(7, 31))
    asset.refresh_from_db()
    assert asset.cost == Decimal("600000.00")
    assert hospital.run(end(7)).total == Decimal("8333.33")
    assert broken() == {}


def test_a_longer_life_spreads_what_is_left(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.own, "72000.00"), on=FIRST, months=72)
    hospital.run(end(1))
    hospital.run(end(2))
    hospital.revise(asset, day(3, 1), kind="life", life_months=102)
    assert hospital.run(end(3)).total == Decimal("700.00")
    assert [row.net for row in schedules.schedule(asset)][-1] == 0
    assert broken() == {}


def test_the_month_of_a_transfer_is_borne_by_who_has_it_at_the_end(hospital: AssetHospital) -> None:
    unit, other = hospital.world.unit, hospital.world.other
    asset = hospital.book((hospital.own, "120000.00"), on=FIRST)
    hospital.run(FIRST)
    transfer = hospital.transfer(asset, day(2, 15), {other: "100"})
    run = hospital.run(end(2))
    assert list(Depreciation.objects.filter(run_id=run.pk).values_list("org_unit", "amount")) == [
        (other.pk, Decimal("2000.00"))
    ]
    asset.refresh_from_db()
    assert asset.org_unit == other
    hospital.reverse(run, end(2))
    hospital.reverse(transfer, end(2))
    asset.refresh_from_db()
    assert asset.org_unit == unit
    assert hospital.run(end(2)).total == Decimal("2000.00")
    assert broken() == {}


def test_what_leaves_bears_nothing_in_its_month_and_leaves_nothing_behind(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.fiscal, "60000.00"), (hospital.own, "40000.00"), on=FIRST)
    hospital.run(FIRST)
    hospital.run(end(2))
    off = hospital.write_off(asset, day(3, 9))
    line = off.lines.get()
    assert (line.cost, line.accumulated, line.net) == (
        Decimal(100000), Decimal("3333.34"), Decimal("96666.66"),
    )  # fmt: skip
    assert ledger("1601.02") == ledger("1602.02") == 0
    assert ledger("5301") == Decimal("96666.66")
    assert hospital.run(end(3)).total == 0
    assert broken() == {}
    asset.refresh_from_db()
    assert asset.status == "disposed"


def test_a_write_off_taken_back_goes_on_as_before(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    hospital.run(FIRST)
    off = hospital.write_off(asset, day(2, 9))
    hospital.reverse(off, day(2, 20))
    assert hospital.run(end(2)).total == Decimal("1000.00")
    assert schedules.standing(asset.pk).accumulated == Decimal("2000.00")
    assert broken() == {}


def test_books_taken_over_go_on_from_their_own_figure(hospital: AssetHospital) -> None:
    asset = hospital.card((hospital.own, "360000.00"), months=72, way="opening")
    asset.funding.update(opening=Decimal("160000.00"), opening_months=32)
    hospital.post(Booking, [{"asset": asset.pk}], FIRST)
    assert (ledger("1601.02"), ledger("1602.02"), ledger("3001")) == (
        Decimal(360000), Decimal(-160000), Decimal(-200000),
    )  # fmt: skip
    assert hospital.run(FIRST).total == Decimal("5000.00")
    assert broken() == {}


def test_units_of_work(hospital: AssetHospital) -> None:
    asset = hospital.book(
        (hospital.own, "200000.00"), on=FIRST, months=None, asset_class=hospital.vehicle,
        total_units=Decimal(400000),
    )  # fmt: skip
    for month, units in ((1, "2500"), (2, "3333"), (3, "400000")):
        UsageReading.objects.create(asset=asset, month=day(month, 1), units=Decimal(units))
    totals = [hospital.run(end(month)).total for month in range(1, 5)]
    assert totals == [Decimal("1250.00"), Decimal("1666.50"), Decimal("197083.50"), Decimal(0)]
    assert broken() == {}


def test_books_are_never_depreciated(hospital: AssetHospital) -> None:
    hospital.book((hospital.own, "500.00"), on=FIRST, asset_class=hospital.book_class, months=None)
    assert not Plan.objects.exists()
    assert hospital.run(FIRST).total == 0


def test_a_booking_is_taken_back_in_its_month_alone(hospital: AssetHospital) -> None:
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    booking = ValueMove.objects.get(asset=asset).source
    document = registry.load(booking)
    hospital.period(*day(2, 1).timetuple()[:2])
    with pytest.raises(Conflict) as refused:
        hospital.reverse(document, day(2, 2))
    assert refused.value.code == "other_month"
    hospital.reverse(document, FIRST)
    asset.refresh_from_db()
    assert (asset.status, asset.number) == ("draft", None)
    assert broken() == {}


class TestRefusals:
    @pytest.fixture(autouse=True)
    def _hospital(self, hospital: AssetHospital) -> None:
        self.hospital = hospital

    def refused(self, text: str, *paid: tuple[object, str], **fields: object) -> None:
        with pytest.raises(Invalid) as found:
            self.hospital.book(*paid, on=FIRST, **fields)
        assert text in found.value.problems[0].message

    def test_funding_that_is_not_the_cost(self) -> None:
        asset = self.hospital.card((self.hospital.own, "50000.00"))
        type(asset).objects.filter(pk=asset.pk).update(cost=Decimal("50000.10"))
        with pytest.raises(Invalid) as found:
            self.hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        assert "50,000.00 元与原值 50,000.10 元相差 0.10 元" in found.value.problems[0].message

    def test_departments_that_are_not_whole(self) -> None:
        self.refused(
            "合计 90%",
            (self.hospital.own, "50000.00"),
            units={self.hospital.world.unit: "60", self.hospital.world.other: "30"},
        )

    def test_a_life_below_the_table(self) -> None:
        self.refused("短于规定的最低 60 个月", (self.hospital.own, "50000.00"), months=48)

    def test_a_value_below_the_standard(self) -> None:
        self.refused("低于标准 1,000.00 元", (self.hospital.own, "999.99"))

    def test_the_hospitals_standard_holds_where_the_class_has_none(self) -> None:
        type(self.hospital.device).objects.update(threshold=0)
        Parameter.objects.create(
            key="assets.capital_threshold", valid_from=FIRST.replace(day=1), value="5000", source="院内规定",
            entered_by="测试", entered_at=clock.now(),
        )  # fmt: skip
        self.hospital.device.refresh_from_db()
        self.refused("低于标准 5,000.00 元", (self.hospital.own, "4999.99"))

    def test_a_small_intangible_is_an_expense_and_a_larger_one_is_amortised(self) -> None:
        account = {a.code: a for a in Account.objects.all()}
        software = AssetClass.objects.create(
            code="A08060100", name="软件", group="A08", threshold=0, asset_account=account["1701"], depreciation_account=account["1702"],
            expense_account=account["5001.05"], admin_expense_account=account["5101.05"],
        )  # fmt: skip
        self.refused("低于标准 1,000.00 元", (self.hospital.own, "999.99"), asset_class=software)
        self.hospital.book((self.hospital.own, "120000.00"), on=FIRST, months=120, asset_class=software)
        assert self.hospital.run(FIRST).total == Decimal("1000.00")
        assert (ledger("1702"), ledger("5001.05")) == (Decimal(-1000), Decimal(1000))
        assert broken() == {}

    def intangible(self, cost: str, **fields: object) -> Asset:
        account = {a.code: a for a in Account.objects.all()}
        LifeRule.objects.create(
            code="I01", name="软件", least=5, usual=10, valid_from=day(1, 1), source="测试"
        )
        software = AssetClass.objects.create(
            code="A08060100", name="软件", group="A08", life_code="I01", asset_account=account["1701"],
            depreciation_account=account["1702"], expense_account=account["5001.05"],
            admin_expense_account=account["5101.05"],
        )  # fmt: skip
        return self.hospital.book((self.hospital.own, cost), on=FIRST, asset_class=software, **fields)

    def test_a_licence_lives_as_long_as_its_contract(self) -> None:
        self.intangible("36000.00", months=36, life_basis="contract")
        assert self.hospital.run(FIRST).total == Decimal("1000.00")
        assert broken() == {}

    def test_without_a_contract_the_table_holds(self) -> None:
        with pytest.raises(Invalid) as found:
            self.intangible("36000.00", months=36, life_basis="expected")
        assert "短于规定的最低 60 个月" in found.value.problems[0].message

    def test_what_lives_for_ever_is_not_amortised(self) -> None:
        asset = self.intangible("360000.00", months=None, life_basis="indefinite")
        assert not Plan.objects.exists()
        assert self.hospital.run(FIRST).total == 0
        with pytest.raises(Invalid) as found:
            self.hospital.revise(asset, FIRST, kind="life", life_months=120)
        assert "使用寿命不确定" in found.value.problems[0].message
        assert broken() == {}

    def test_only_an_intangible_says_what_its_life_follows(self) -> None:
        self.refused("不是无形资产", (self.hospital.own, "50000.00"), life_basis="legal")

    def test_what_is_not_ours_has_no_value(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            self.hospital.card((self.hospital.own, "50000.00"), way="rented")

    def test_a_run_out_of_order(self) -> None:
        self.hospital.book((self.hospital.own, "60000.00"), on=FIRST)
        with pytest.raises(Conflict) as refused:
            self.hospital.run(end(2))
        assert refused.value.code == "out_of_order"
        self.hospital.run(FIRST)
        with pytest.raises(Conflict) as refused:
            self.hospital.run(FIRST)
        assert refused.value.code == "already_run"

    def test_a_cost_below_what_was_depreciated(self) -> None:
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=FIRST)
        self.hospital.run(FIRST)
        with pytest.raises(Conflict) as refused:
            self.hospital.revise(asset, day(2, 1), source=self.hospital.own.pk, amount="-59500.00")
        assert refused.value.code == "negative_base"
        assert "500.00 元，已提折旧 1,000.00 元" in refused.value.reason
