"""Things let outside and things leased, as an accountant reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from hrp.assets.documents.booking import Booking
from hrp.assets.documents.revision import Revision
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.equipment.models import RepairOrder
from hrp.assets.equipment.services import readiness, repairs
from hrp.assets.leasing import rules
from hrp.assets.leasing.documents.rent_out import OutCard
from hrp.assets.leasing.models import Lease
from hrp.assets.leasing.services import leases, letting, reminders
from hrp.assets.leasing.tests.world import LeasingHospital, noon
from hrp.assets.models import Asset, Plan, ValueMove
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import FIRST, broken, day, end
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.ledger.models import Entry
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db
YUAN = Decimal


@pytest.fixture
def hospital() -> LeasingHospital:
    return LeasingHospital()


def status(asset: Asset) -> str:
    asset.refresh_from_db()
    return asset.status


class TestLetting:
    def test_a_building_is_let_paid_for_and_taken_back(self, hospital: LeasingHospital) -> None:
        asset = hospital.book((hospital.own, "600000.00"), on=FIRST)
        contract = hospital.let(asset, FIRST, end(4))
        assert status(asset) == "lent"
        assert asset.events.get(kind="lent").text.endswith("批复 资〔2026〕8 号")
        # it stays ours: depreciated month by month
        assert hospital.run(FIRST).total == YUAN("10000.00")
        hospital.income(contract, day(2, 5), FIRST, "600.00")
        with pytest.raises(Conflict, match=r"已收 600.00 元，不能再收 400.01 元"):
            hospital.income(contract, day(2, 6), FIRST, "400.01")
        hospital.income(contract, day(2, 6), FIRST, "400.00")
        assert (ledger("1002"), ledger("4605")) == (YUAN(1000), YUAN(-1000))
        with pytest.raises(Invalid) as refused:
            hospital.income(contract, day(2, 6), day(2, 6), "1.00")
        assert "不是应收日" in refused.value.problems[0].message
        with noon(day(3, 9)):
            letting.take_back(actor=hospital.accountant, document=contract, on=day(3, 1), condition="完好")
            with pytest.raises(Conflict, match="没有在外的资产"):
                letting.take_back(actor=hospital.accountant, document=contract, on=day(3, 1))
        assert status(asset) == "in_use"
        hospital.period(2027, 1)
        with pytest.raises(Conflict, match="已于 2027-01-01 收回"):
            hospital.reverse(contract, day(3, 9))
        assert broken() == {}

    def test_a_contract_made_by_mistake_is_taken_back(self, hospital: LeasingHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST, location=None)
        contract = hospital.let(asset, FIRST, end(4))
        income = hospital.income(contract, FIRST, FIRST, "1000.00")
        with pytest.raises(Conflict, match="已收租金"):
            hospital.reverse(contract, FIRST)
        hospital.reverse(income, FIRST)
        hospital.reverse(contract, FIRST)
        assert status(asset) == "in_store"
        assert not OutCard.objects.exists()
        assert broken() == {}

    def test_refused_without_approval_rent_or_the_thing(self, hospital: LeasingHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        for header, words in (
            ({"approval_number": " "}, "请填写批复文号"), ({"rent": "0"}, "出租须填写每期租金"),
            ({"way": "lend", "rent": "5"}, "出借没有租金"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                hospital.let(asset, FIRST, end(4), **header)
            assert words in refused.value.problems[0].message
        memo = hospital.book(on=FIRST, way="placed", value_kind="memo")
        with pytest.raises(Invalid) as refused:
            hospital.let(memo, FIRST, end(4))
        assert "不属于本院" in refused.value.problems[0].message

    def test_what_is_outside_neither_moves_nor_leaves_nor_is_lent_inside(
        self, hospital: LeasingHospital
    ) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        hospital.let(asset, FIRST, end(4))
        for attempt in (
            lambda: hospital.transfer(asset, FIRST, {hospital.world.other: "100"}),
            lambda: hospital.write_off(asset, FIRST),
        ):
            with pytest.raises(Invalid) as refused:
                attempt()
            assert "社区卫生服务中心 未收回" in refused.value.problems[0].message
        with pytest.raises(Conflict, match="现为“外借”，不能借出"):
            readiness.lend(actor=hospital.accountant, asset=asset, unit=hospital.world.other)

    def test_what_broke_outside_is_what_it_was_once_mended(self, hospital: LeasingHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        contract = hospital.let(asset, FIRST, end(4), way="lend", rent="0")
        with noon(FIRST + dt.timedelta(days=1)):
            order = repairs.report(actor=hospital.accountant, asset=asset, fault="不开机")
            assert status(asset) == "repair"
            letting.take_back(actor=hospital.accountant, document=contract, on=FIRST)
            assert status(asset) == "repair"
            repairs.cancel(actor=hospital.accountant, order=RepairOrder.objects.get(pk=order.pk), text="误报")
        assert status(asset) == "in_use"
        assert broken() == {}

    def test_rents_and_terms_are_called_to_mind(self, hospital: LeasingHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        contract = hospital.let(asset, FIRST, end(4))
        hospital.income(contract, FIRST, FIRST, "1000.00")
        due = rules.due_days(FIRST, end(4), 1)[1]
        for _ in range(2):
            reminders.every_morning(on=due - dt.timedelta(days=3))
        reminders.every_morning(on=due + dt.timedelta(days=2))
        reminders.every_morning(on=end(4) + dt.timedelta(days=1))
        titles = list(Message.objects.order_by("pk").values_list("title", flat=True))
        assert titles[0] == f"社区卫生服务中心 {due} 应收租金 1,000.00 元"
        assert any("已逾期 2 天" in title for title in titles)
        assert any("已期满，尚未办理收回" in title for title in titles)
        assert len(titles) == len(set(titles))


class TestLeases:
    def test_a_financed_machine_lives_as_long_as_its_lease(self, hospital: LeasingHospital) -> None:
        asset = hospital.card((hospital.own, "36000.00"), way="leased")
        with pytest.raises(Invalid) as refused:
            hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        assert "还没有列入租入合同" in refused.value.problems[0].message
        lease = hospital.lease(day(1, 1), day(36, 31))
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        asset.refresh_from_db()
        assert asset.life_months == 36
        asset.life_months = 48
        asset.save()
        with pytest.raises(Invalid) as refused:
            hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        assert "使用 48 个月，租期与使用年限中较短的是 36 个月" in refused.value.problems[0].message
        asset.life_months = 36
        asset.save()
        hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        assert ledger("2502") == YUAN("-36000.00")
        assert hospital.run(FIRST).total == YUAN("1000.00")
        with pytest.raises(Invalid):
            hospital.revise(asset, day(2, 1), kind="life", life_months=72)
        assert broken() == {}

    def test_where_ownership_passes_the_life_is_the_things_own(self, hospital: LeasingHospital) -> None:
        asset = hospital.card((hospital.own, "36000.00"), way="leased")
        lease = hospital.lease(day(1, 1), day(36, 31), passes_ownership=True)
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        asset.refresh_from_db()
        assert asset.life_months == 72

    def test_a_lease_that_ends_with_ownership_lengthens_the_life(self, hospital: LeasingHospital) -> None:
        asset = hospital.card((hospital.own, "36000.00"), way="leased")
        lease = hospital.lease(day(1, 1), day(36, 31))
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        hospital.run(FIRST)
        hospital.period(2026, 12)
        with noon(day(2, 9)):
            [draft] = leases.end(actor=hospital.accountant, lease=lease, how="ownership", on=day(2, 9))
            assert isinstance(draft, Revision)
            posting.post(services.submit(draft, actor=hospital.accountant), actor=hospital.accountant)
        asset.refresh_from_db()
        assert asset.life_months == 72
        assert hospital.run(end(2)).total == YUAN("492.96")  # 35 000 over 71 months
        assert broken() == {}

    def test_a_financed_machine_given_back_ends_with_its_debt(self, hospital: LeasingHospital) -> None:
        asset = hospital.card((hospital.own, "36000.00"), way="leased")
        lease = hospital.lease(day(1, 1), day(36, 31))
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        hospital.run(FIRST)
        hospital.period(2026, 12)
        with noon(day(2, 9)):
            [draft] = leases.end(actor=hospital.accountant, lease=lease, how="return", on=day(2, 9))
            assert isinstance(draft, WriteOff)
            posting.post(services.submit(draft, actor=hospital.accountant), actor=hospital.accountant)
        assert (ledger("2502"), ledger("1601.02"), ledger("1602.02")) == (YUAN("-1000.00"), 0, 0)
        assert broken() == {}

    def test_a_placed_analyser_has_no_value_and_a_whole_life(self, hospital: LeasingHospital) -> None:
        lease = hospital.lease(day(1, 1), day(36, 31), kind="placed", rent=0, number="TF-1", lessor="试剂商")
        asset = hospital.card(name="分析仪")
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        asset.refresh_from_db()
        assert (asset.way, asset.value_kind) == ("placed", "memo")
        booking = hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        for facts in (ValueMove, Plan, Entry):
            assert not facts.objects.exists(), booking
        assert hospital.run(FIRST).total == 0
        with noon(FIRST):
            order = repairs.report(actor=hospital.accountant, asset=asset, fault="报警")
            assert status(asset) == "repair"
            repairs.cancel(actor=hospital.accountant, order=order, text="误报")
        hospital.transfer(asset, day(2, 3), {hospital.world.other: "100"})
        with pytest.raises(Invalid) as refused:
            hospital.revise(asset, day(2, 4), source=hospital.own.pk, amount="1.00")
        assert "没有价值" in refused.value.problems[0].message
        with noon(day(2, 9)):
            [draft] = leases.end(actor=hospital.accountant, lease=lease, how="ownership", on=day(2, 9))
            posting.post(services.submit(draft, actor=hospital.accountant), actor=hospital.accountant)
        assert status(asset) == "disposed"
        ours = Asset.objects.get(status="draft", name="分析仪")
        assert (ours.way, ours.value_kind, ours.org_unit) == ("purchase", "cost", hospital.world.other)
        assert broken() == {}

    def test_rent_is_paid_as_it_falls_due(self, hospital: LeasingHospital) -> None:
        lease = hospital.lease(day(1, 1), day(12, 31), kind="operating")
        assert leases.dues(lease) == [day(month, 1) for month in (1, 4, 7, 10)]
        with noon(day(4, 2)):
            for due, amount, words in (
                (day(1, 1), "5000.01", "一期租金 5,000.00 元，已付 0.00 元"), (day(2, 1), "1", "不是应付日"),
            ):  # fmt: skip
                with pytest.raises(Invalid) as refused:
                    leases.pay(
                        actor=hospital.accountant, lease=lease, due_on=due, paid_on=day(1, 5), amount=YUAN(amount)
                    )  # fmt: skip
                assert words in refused.value.problems[0].message
            leases.pay(
                actor=hospital.accountant, lease=lease, due_on=day(1, 1), paid_on=day(1, 5), amount=YUAN(5000)
            )
            reminders.every_morning(on=day(4, 2))
        titles = Message.objects.values_list("title", flat=True)
        assert [t for t in titles if "应付租金" in t] == [
            "融资租赁公司 2027-02-01 应付租金 5,000.00 元，已逾期 1 天"
        ]

    def test_a_term_stands_once_its_cards_are_booked(self, hospital: LeasingHospital) -> None:
        asset = hospital.card((hospital.own, "36000.00"), way="leased")
        lease = hospital.lease(day(1, 1), day(36, 31))
        leases.include(actor=hospital.accountant, lease=lease, asset=asset)
        hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        with pytest.raises(Conflict, match="止不能修改"):
            leases.save(actor=hospital.accountant, pk=lease.pk, values={"ends_on": day(48, 28)})
        with pytest.raises(Conflict, match="已列入"):
            leases.include(actor=hospital.accountant, lease=lease, asset=asset)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (dt.date(2026, 1, 1), dt.date(2028, 12, 31), 36), (dt.date(2026, 1, 15), dt.date(2026, 2, 14), 1),
        (dt.date(2026, 1, 31), dt.date(2026, 2, 27), 1), (dt.date(2026, 3, 1), dt.date(2026, 3, 9), 1),
    ],
)  # fmt: skip
def test_months_of_a_term(first: dt.date, last: dt.date, months: int) -> None:
    assert rules.term_months(first, last) == months


def test_pages(hospital: LeasingHospital) -> None:
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    contract = hospital.let(asset, FIRST, end(4))
    lease = hospital.lease(day(1, 1), day(36, 31))
    browser = Client()
    browser.force_login(hospital.accountant)
    assert "租金台账" in browser.get(f"/assets/rent-outs/{contract.pk}").content.decode()
    assert "应付租金" in browser.get(f"/assets/leases/{lease.pk}").content.decode()
    assert "出租出借" in browser.get(f"/assets/cards/{asset.pk}").content.decode()
    for path in ("rent-outs/", "rent-outs/new", "rent-incomes/", "rent-incomes/new", "leases/", "leases/new"):
        assert browser.get(f"/assets/{path}").status_code == 200, path
    assert Lease.objects.count() == 1
