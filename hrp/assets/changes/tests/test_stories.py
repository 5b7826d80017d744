"""What an accountant sees when cards are split, joined, put into another class, moved and handed over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hrp.assets.changes.models import Handover
from hrp.assets.changes.services import handing
from hrp.assets.changes.tests.world import ChangeHospital, future, made_by
from hrp.assets.models import Asset, DepartmentShare
from hrp.assets.rules.labels import written
from hrp.assets.selectors import schedules
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import FIRST, broken, day, end
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.ledger.models import Entry

pytestmark = pytest.mark.django_db
YUAN = Decimal


@pytest.fixture
def hospital() -> ChangeHospital:
    return ChangeHospital()


def standing(asset: Asset) -> tuple[Decimal, Decimal]:
    found = schedules.standing(asset.pk)
    return found.cost, found.accumulated


def commit() -> None:
    """Let triggers that wait for the commit speak."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class TestSplit:
    def test_a_ct_and_its_injector(self, hospital: ChangeHospital) -> None:
        """1 000 000 of 财政 600 000 and 自有 400 000 over 60 months, two months gone: the injector is 100 000 of own money."""
        unit, other = hospital.world.unit, hospital.world.other
        ct = hospital.book(
            (hospital.fiscal, "600000.00"), (hospital.own, "400000.00"), on=FIRST, name="CT", units={unit: "70", other: "30"},
        )  # fmt: skip
        hospital.run(FIRST)
        hospital.run(end(2))
        before = future(ct)
        document = hospital.split(
            ct, day(3, 5), {hospital.fiscal: "600000", hospital.own: "300000"}, {hospital.own: "100000"}
        )
        machine, injector = made_by(document)
        ct.refresh_from_db()
        assert (ct.status, standing(ct)) == ("disposed", (0, 0))
        # 20 000.00 of 财政 and 13 333.34 of own money were depreciated; a quarter of the latter goes with the injector
        assert standing(machine) == (YUAN("900000.00"), YUAN("30000.01"))
        assert standing(injector) == (YUAN("100000.00"), YUAN("3333.33"))
        assert (machine.life_months, injector.life_months) == (60, 60)
        assert future(machine, injector) == before
        shares = DepartmentShare.objects.filter(asset=injector).values_list("org_unit", "ratio")
        assert dict(shares) == {unit.pk: YUAN(70), other.pk: YUAN(30)}
        assert not Entry.objects.filter(source=document.source).exists()
        assert hospital.run(end(3)).total == before["2027-01"] == YUAN("16666.67")
        assert ledger("1601.02") == YUAN(1000000)
        commit()
        assert broken() == {}

    def test_the_last_month_of_the_parts_leaves_nothing(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "2000.00"), on=FIRST, months=7, way="found")
        hospital.run(FIRST)
        document = hospital.split(asset, day(2, 1), {hospital.own: "1234.57"}, {hospital.own: "765.43"})
        totals = [hospital.run(end(month)).total for month in range(2, 9)]
        assert totals == [YUAN("285.71")] * 5 + [YUAN("285.74"), 0]
        assert [schedules.standing(part.pk).net for part in made_by(document)] == [0, 0]
        assert broken() == {}

    def test_two_halves_bear_what_the_whole_would_have(self, hospital: ChangeHospital) -> None:
        """Metamorphic: beside an equal card that stays whole, within a fen a month (here: to the fen) and equal at the end."""
        whole = hospital.book((hospital.own, "10000.01"), on=FIRST, months=13, way="found")
        halved = hospital.book((hospital.own, "10000.01"), on=FIRST, months=13, way="found")
        hospital.run(FIRST)
        parts = made_by(hospital.halve(halved, day(2, 3)))
        assert future(*parts) == future(whole)
        for month in range(2, 15):
            hospital.run(end(month))
        assert sum(schedules.standing(part.pk).accumulated for part in parts) == YUAN("10000.01")
        assert broken() == {}

    def test_a_batch_of_chairs_is_divided_by_number(self, hospital: ChangeHospital) -> None:
        chairs = hospital.book(
            (hospital.own, "30000.00"), on=FIRST, months=120, asset_class=hospital.furniture, quantity=100
        )
        with pytest.raises(Invalid) as refused:
            hospital.split(chairs, day(1, 30), {hospital.own: "10000"}, {hospital.own: "20000"})
        assert "数量合计 2，卡片数量 100" in refused.value.problems[0].message

    def test_taken_back_the_card_goes_on_and_the_numbers_are_spent(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        hospital.run(FIRST)
        before = future(asset)
        document = hospital.halve(asset, day(2, 9))
        hospital.reverse(document, day(2, 20))
        asset.refresh_from_db()
        assert (asset.status, standing(asset)) == ("in_use", (YUAN(60000), YUAN(1000)))
        assert {part.status for part in made_by(document)} == {"disposed"}
        assert future(asset) == before
        assert hospital.run(end(2)).total == YUAN("1000.00")
        again = made_by(hospital.halve(asset, day(3, 1)))
        assert [part.number for part in again] == ["2027A023200001", "2027A023200002"]
        commit()
        assert broken() == {}

    def test_later_facts_stand_against_taking_it_back(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        hospital.run(FIRST)
        document = hospital.halve(asset, day(2, 9))
        part = made_by(document)[0]
        moved = hospital.transfer(part, day(2, 12), {hospital.world.other: "100"})
        with pytest.raises(Conflict, match="其后又有业务"):
            hospital.reverse(document, day(2, 20))
        hospital.reverse(moved, day(2, 20))
        run = hospital.run(end(2))
        with pytest.raises(Conflict, match="已计提"):
            hospital.reverse(document, end(2))
        hospital.reverse(run, end(2))
        hospital.reverse(document, end(2))
        assert broken() == {}

    def test_the_run_before_rests_under_it(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        run = hospital.run(FIRST)
        hospital.halve(asset, day(2, 9))
        with pytest.raises(Conflict, match="以本次计提的累计折旧为准"):
            hospital.reverse(run, end(2))

    def test_refused_with_the_figures(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.fiscal, "60000.00"), (hospital.own, "40000.00"), on=FIRST)
        with pytest.raises(Invalid) as refused:
            hospital.split(
                asset, FIRST, {hospital.fiscal: "60000", hospital.own: "30000"}, {hospital.own: "9999.99"}
            )
        assert (
            "自有资金：各部分合计 39,999.99 元，卡片为 40,000.00 元，相差 -0.01 元"
            in refused.value.problems[0].message
        )
        with pytest.raises(Invalid) as refused:
            hospital.split(asset, FIRST, {hospital.fiscal: "60000", hospital.own: "40000"})
        assert "至少要拆成两部分" in refused.value.problems[0].message
        van = hospital.book(
            (hospital.own, "200000.00"),
            on=FIRST,
            months=None,
            asset_class=hospital.vehicle,
            total_units=YUAN(1000),
        )
        with pytest.raises(Invalid) as refused:
            hospital.halve(van, FIRST)
        assert "按工作量计提" in refused.value.problems[0].message
        with pytest.raises(Conflict, match="2026-11 起的折旧尚未计提"):
            hospital.halve(asset, day(2, 9))

    def test_value_that_is_made_is_refused_by_the_database(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        hospital.halve(asset, FIRST)
        commit()
        with pytest.raises(DatabaseError) as found, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO assets_move (source, kind, asset_id, line_id, account_id, cost, accumulated, date, period_id, posted_at)"
                    " SELECT source, kind, asset_id, line_id, account_id, 0.01, 0, date, period_id, posted_at FROM assets_move"
                    " WHERE kind = 'split' LIMIT 1"
                )
            commit()
        assert getattr(found.value.__cause__, "sqlstate", "") == "HR025"


class TestMerge:
    def test_a_monitor_and_its_module_become_one(self, hospital: ChangeHospital) -> None:
        unit, other = hospital.world.unit, hospital.world.other
        first = hospital.book((hospital.own, "10000.01"), (hospital.fiscal, "20000.00"), on=FIRST)
        second = hospital.book((hospital.own, "9999.99"), on=FIRST, units={other: "100"})
        hospital.run(FIRST)
        before = future(first, second)
        document = hospital.merge([first, second], day(2, 3))
        [whole] = made_by(document)
        assert standing(whole) == (YUAN("40000.00"), YUAN("666.67") + YUAN("0.00"))
        assert {(line.source.name, line.cost) for line in whole.funding.all()} == {
            ("自有资金", YUAN("20000.00")), ("财政项目拨款", YUAN("20000.00")),
        }  # fmt: skip
        assert future(whole) == before
        shares = dict(DepartmentShare.objects.filter(asset=whole).values_list("org_unit", "ratio"))
        assert shares == {unit.pk: YUAN("75.0000"), other.pk: YUAN("25.0000")}
        hospital.run(end(2))
        commit()
        assert broken() == {}

    def test_cards_of_different_age_need_an_agreed_rest(self, hospital: ChangeHospital) -> None:
        first = hospital.book((hospital.own, "60000.00"), on=FIRST, months=60)
        hospital.run(FIRST)
        second = hospital.book((hospital.own, "72000.00"), on=day(2, 5), months=72)
        with pytest.raises(Invalid) as refused:
            hospital.merge([first, second], day(2, 9))
        words = refused.value.problems[0].message
        assert "使用 60 个月，已用 1 个月" in words
        assert "使用 72 个月，已用 0 个月" in words
        with pytest.raises(Invalid) as refused:
            hospital.merge([first, second], day(2, 9), remaining=20)
        assert "短于规定的最低 60 个月" in refused.value.problems[0].message
        [whole] = made_by(hospital.merge([first, second], day(2, 9), remaining=65))
        assert whole.life_months == 66
        assert hospital.run(end(2)).total == YUAN("2015.38")  # (132 000 - 1 000) / 65
        assert schedules.schedule(whole)[-1].net == 0
        assert broken() == {}

    def test_cards_of_one_age_keep_it(self, hospital: ChangeHospital) -> None:
        cards = [hospital.book((hospital.own, "60000.00"), on=FIRST) for _ in range(2)]
        with pytest.raises(Invalid) as refused:
            hospital.merge(cards, FIRST, remaining=30)
        assert "剩余 60 个月，不能改为 30 个月" in refused.value.problems[0].message

    def test_refused_for_other_classes_and_cards_in_repair(self, hospital: ChangeHospital) -> None:
        first = hospital.book((hospital.own, "60000.00"), on=FIRST)
        chair = hospital.book((hospital.own, "6000.00"), on=FIRST, months=120, asset_class=hospital.furniture)
        with pytest.raises(Invalid) as refused:
            hospital.merge([first, chair], FIRST)
        assert "不同类不能合并" in refused.value.problems[0].message
        second = hospital.book((hospital.own, "60000.00"), on=FIRST)
        Asset.objects.filter(pk=second.pk).update(status="repair")
        with pytest.raises(Invalid) as refused:
            hospital.merge([first, second], FIRST)
        assert "维修，不能合并" in refused.value.problems[0].message

    def test_split_and_joined_again_nothing_has_changed(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "10000.03"), on=FIRST, months=61)
        hospital.run(FIRST)
        before = future(asset)
        parts = made_by(hospital.halve(asset, day(2, 2)))
        document = hospital.merge(parts, day(2, 3))
        [whole] = made_by(document)
        assert future(whole) == before
        assert standing(whole) == (YUAN("10000.03"), YUAN("163.93"))
        hospital.reverse(document, day(2, 9))
        assert future(*parts) == before
        assert broken() == {}


class TestReclassification:
    def test_a_cabinet_booked_as_a_device(self, hospital: ChangeHospital) -> None:
        """Cost goes from 1601.02 to 1601.05, what was depreciated from 1602.02 to 1602.05; the life becomes ten years."""
        asset = hospital.book((hospital.own, "60000.00"), (hospital.fiscal, "6000.00"), on=FIRST, months=60)
        run = hospital.run(FIRST)
        document = hospital.reclassify(asset, day(2, 9), hospital.furniture, life="class")
        asset.refresh_from_db()
        assert (asset.asset_class, asset.life_months) == (hospital.furniture, 120)
        assert (ledger("1601.02"), ledger("1602.02")) == (0, 0)
        assert (ledger("1601.05"), ledger("1602.05")) == (YUAN(66000), YUAN(-1100))
        assert ledger("1602.05", "F2") == YUAN(-100)
        # (60 000 - 1 000) / 119 and (6 000 - 100) / 119
        assert hospital.run(end(2)).total == YUAN("495.80") + YUAN("49.58")
        assert ledger("1602.02") == 0
        commit()
        assert broken() == {}
        with pytest.raises(Conflict, match="不能先红冲"):
            hospital.reverse(run, end(2))
        assert document.state == "posted"

    def test_no_run_is_taken_back_from_under_it_and_it_can_be_taken_back(
        self, hospital: ChangeHospital
    ) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST, months=96)
        run = hospital.run(FIRST)
        document = hospital.reclassify(asset, day(2, 9), hospital.furniture)
        with pytest.raises(Conflict, match="以本次计提的累计折旧为准"):
            hospital.reverse(run, end(2))
        hospital.reverse(document, day(2, 10))
        asset.refresh_from_db()
        assert asset.asset_class == hospital.device
        assert (ledger("1601.05"), ledger("1602.05"), ledger("1602.02")) == (0, 0, YUAN("-625.00"))
        hospital.reverse(run, day(2, 20))
        commit()
        assert broken() == {}

    def test_refused_below_what_is_over(self, hospital: ChangeHospital) -> None:
        asset = hospital.card(
            (hospital.own, "120000.00"), months=200, asset_class=hospital.furniture, way="opening"
        )
        asset.funding.update(opening=YUAN("84000.00"), opening_months=140)
        from hrp.assets.documents.booking import Booking

        hospital.post(Booking, [{"asset": asset.pk}], FIRST)
        with pytest.raises(Invalid) as refused:
            hospital.reclassify(asset, FIRST, hospital.device, life="class")
        assert "执行年限 72 个月" in refused.value.problems[0].message
        assert "已使用 140 个月" in refused.value.problems[0].message
        with pytest.raises(Invalid) as refused:
            hospital.reclassify(asset, FIRST, hospital.vehicle)
        assert "折旧方法不同" in refused.value.problems[0].message
        short = hospital.book((hospital.own, "60000.00"), on=FIRST, months=60)
        with pytest.raises(Invalid) as refused:
            hospital.reclassify(short, FIRST, hospital.furniture)
        assert "短于家具规定的最低 96 个月" in refused.value.problems[0].message

    def test_a_memo_card_changes_its_class_too(self, hospital: ChangeHospital) -> None:
        memo = hospital.book(on=FIRST, way="placed", value_kind="memo")
        document = hospital.reclassify(memo, FIRST, hospital.furniture)
        memo.refresh_from_db()
        assert memo.asset_class == hospital.furniture
        assert not Entry.objects.filter(source=document.source).exists()


class TestMoving:
    def test_a_batch_gets_another_room_and_keeper(self, hospital: ChangeHospital) -> None:
        from hrp.assets.models import Location

        room = Location.objects.create(code="2-201", name="住院楼 201", campus=hospital.world.campus)
        keeper = hospital.world.user("keeper", "保管员")
        cards = [hospital.book((hospital.own, "6000.00"), on=FIRST) for _ in range(3)]
        document = hospital.relocate(cards, FIRST, location=room.pk, keeper=keeper.pk)
        assert set(Asset.objects.values_list("location", "keeper")) == {(room.pk, keeper.pk)}
        event = cards[0].events.get(kind="relocated")
        assert event.text == "移至 住院楼 201，交 保管员 保管"
        assert not Entry.objects.filter(source=document.source).exists()
        hospital.reverse(document, FIRST)
        assert set(Asset.objects.values_list("location", "keeper")) == {(hospital.room.pk, None)}
        with pytest.raises(Invalid, match="1 处"):
            hospital.relocate(cards[:1], FIRST)

    def test_what_was_moved_waits_until_its_label_is_scanned(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "6000.00"), on=FIRST)
        other = hospital.book((hospital.own, "6000.00"), on=FIRST)
        sent = hospital.transfer(asset, FIRST, {hospital.world.other: "100"})
        nurse = hospital.world.user("nurse", "护士", handing.RECEIVE, unit=hospital.world.other)
        stranger = hospital.world.user("stranger", "路人", handing.RECEIVE, unit=hospital.world.unit)
        with clock.pinned(clock.at(FIRST, 18)):
            assert [one.asset for one in handing.waiting(nurse)] == [asset]
            assert handing.waiting(stranger) == []
            for who, what in ((stranger, asset), (nurse, other)):
                with pytest.raises(Invalid, match="不能签收"):
                    handing.receive(actor=who, codes=[written(what.token)])
            with pytest.raises(Forbidden):
                handing.receive(actor=hospital.world.user("none", "无权"), codes=[written(asset.token)])
            [row] = handing.receive(
                actor=nurse, codes=[written(asset.token).lower(), written(asset.token).lower()]
            )
            assert (row.source, row.by, row.by_label) == (sent.source, nurse, True)
            assert handing.waiting(nurse) == []
            hospital.transfer(asset, FIRST + dt.timedelta(days=1), {hospital.world.unit: "100"})
            browser = Client()
            browser.force_login(stranger)
            page = browser.get("/assets/handover")
            assert str(asset) in page.content.decode()
            refused = browser.post("/assets/handover", {"codes": "ZC0"})
            assert "没有等待您签收" in refused.content.decode()
            assert browser.post("/assets/handover", {"codes": str(asset.number)}).status_code == 302
        assert Handover.objects.filter(by_label=False).count() == 1


class TestPages:
    def test_lists_forms_and_papers(self, hospital: ChangeHospital) -> None:
        asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
        browser = Client()
        browser.force_login(hospital.accountant)
        prefilled = browser.get(f"/assets/splits/new?assets={asset.pk}").content.decode()
        assert "60000.00" in prefilled.replace(",", "")
        found = browser.get("/lookup/assets.merge_card", {"q": written(asset.token)}).json()
        assert found["hit"]["id"] == asset.pk
        document = hospital.halve(asset, FIRST)
        merged = hospital.merge(made_by(document), FIRST)
        for posted, name in ((document, "splits"), (merged, "merges")):
            page = browser.get(f"/assets/{name}/{posted.pk}").content.decode()
            assert "生成的卡片" in page
            paper = browser.get(f"/assets/{name}/{posted.pk}/print")
            assert paper.content.startswith(b"%PDF")
        for path in (
            "splits/",
            "merges/",
            "reclassifications/",
            "relocations/",
            "relocations/new",
            "handover",
        ):
            assert browser.get(f"/assets/{path}").status_code == 200, path
        whole = browser.get(f"/assets/card/{asset.pk}").content.decode()
        assert "拆分为 2 张卡片" in whole
