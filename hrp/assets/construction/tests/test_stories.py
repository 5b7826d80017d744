"""A building from the first payment to the final account, as an accountant reads it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hrp.assets.construction import subledger
from hrp.assets.construction.invariants import ALL
from hrp.assets.construction.models import Project
from hrp.assets.construction.services import projects
from hrp.assets.construction.tests.world import BuildingHospital
from hrp.assets.documents.booking import Booking
from hrp.assets.selectors import schedules
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import FIRST, broken, day, end
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, registry, services
from hrp.platform.org.models import Parameter

YUAN = Decimal


@pytest.fixture
def hospital(db: None) -> BuildingHospital:
    return BuildingHospital()


def commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def restating() -> None:
    Parameter.objects.create(
        key="assets.restate_on_settlement", valid_from=FIRST.replace(day=1), value="true", source="测试", entered_by="测试",
        entered_at=clock.now(),
    )  # fmt: skip


def settled(hospital: BuildingHospital, project: Project, final: str, on: Any) -> Any:
    hospital.period(on.year, on.month)
    with clock.pinned(clock.at(on, 12)):
        draft = projects.settle(
            actor=hospital.accountant, project=project, final=YUAN(final), on=on, approval="财基〔2027〕1 号"
        )
        return posting.post(services.submit(draft, actor=hospital.accountant), actor=hospital.accountant)


class TestBuilding:
    def test_cost_by_fund_a_card_at_an_estimate_and_the_final_account(
        self, hospital: BuildingHospital
    ) -> None:
        """财政 6 000 000 and 自有 3 000 000; depreciated over 600 months from delivery; the final account is 60 000 more."""
        project = hospital.project("P1", budget=YUAN("9500000"))
        hospital.spend(
            day(1, 5), (project, hospital.fiscal, "6000000.00"), (project, hospital.own, "2000000.00")
        )
        hospital.spend(day(1, 9), (project, hospital.own, "1000000.00"), counter="2302.02")
        assert (ledger("1613"), ledger("1613", "F2"), ledger("2302.02")) == (
            YUAN(9000000), YUAN(6000000), YUAN(-1000000),
        )  # fmt: skip
        house = hospital.delivered(project, FIRST)
        assert (house.value_kind, house.life_months, house.cost) == ("estimate", 600, YUAN("9000000.00"))
        assert (ledger("1613"), ledger("1601.01"), ledger("1601.01", "F2")) == (
            0,
            YUAN(9000000),
            YUAN(6000000),
        )
        assert project.state == "delivered"
        assert hospital.run(FIRST).total == YUAN("15000.00")
        revision = settled(hospital, project, "9060000.00", day(2, 9))
        house.refresh_from_db()
        assert (house.value_kind, house.cost, project.state) == ("cost", YUAN("9060000.00"), "settled")
        assert ledger("3501") == YUAN("-60000.00")
        # what was depreciated stays; what is left is spread over the 599 months that are left
        assert schedules.standing(house.pk).accumulated == YUAN("15000.00")
        assert hospital.run(end(2)).total == YUAN("15100.17")
        commit()
        assert broken() == {}
        assert "暂估 9,000,000.00 元" in revision.reason
        with pytest.raises(Invalid) as refused:
            hospital.spend(day(2, 20), (project, hospital.own, "1.00"))
        assert "已决算" in refused.value.problems[0].message

    def test_an_estimate_that_proves_right(self, hospital: BuildingHospital) -> None:
        project = hospital.project("P1")
        hospital.spend(day(1, 5), (project, hospital.own, "6000000.00"))
        house = hospital.delivered(project, FIRST)
        hospital.run(FIRST)
        settled(hospital, project, "6000000.00", day(2, 9))
        house.refresh_from_db()
        assert (house.value_kind, house.cost) == ("cost", YUAN("6000000.00"))
        assert ledger("3501") == 0
        assert broken() == {}

    def test_the_past_is_restated_where_the_hospital_says_so(self, hospital: BuildingHospital) -> None:
        restating()
        project = hospital.project("P1")
        hospital.spend(day(1, 5), (project, hospital.own, "6000000.00"))
        house = hospital.delivered(project, FIRST)
        run = hospital.run(FIRST)
        revision = settled(hospital, project, "6600000.00", day(2, 9))
        # one month at 11 000.00 instead of 10 000.00
        assert (ledger("1602.01"), ledger("3501")) == (YUAN("-11000.00"), YUAN("-599000.00"))
        assert schedules.standing(house.pk).accumulated == YUAN("11000.00")
        with pytest.raises(Conflict, match="以本次计提的累计折旧为准"):
            hospital.reverse(run, end(2))
        second = hospital.run(end(2))
        assert second.total == YUAN("11000.00")
        commit()
        assert broken() == {}
        hospital.reverse(second, end(2))
        hospital.reverse(revision, end(2))
        assert (ledger("1602.01"), ledger("3501"), project.state) == (YUAN("-10000.00"), 0, "delivered")
        hospital.reverse(run, end(2))
        commit()
        assert broken() == {}

    def test_cost_after_delivery_goes_to_the_card_through_construction(
        self, hospital: BuildingHospital
    ) -> None:
        project = hospital.project("P1")
        hospital.spend(day(1, 5), (project, hospital.own, "6000000.00"))
        house = hospital.delivered(project, FIRST)
        hospital.spend(FIRST, (project, hospital.own, "60000.00"))
        with pytest.raises(Conflict, match=r"还有余额 60,000.00 元"):
            settled(hospital, project, "6060000.00", FIRST)
        added = hospital.revise(house, FIRST, source=hospital.own.pk, amount="60000.00")
        assert (subledger.within(project.pk)[0].left, ledger("1613")) == (0, 0)
        with pytest.raises(Conflict, match=r"转固 0.01 元，不足 0.01 元"):
            hospital.revise(house, FIRST, source=hospital.own.pk, amount="0.01")
        hospital.reverse(added, FIRST)
        assert subledger.within(project.pk)[0].left == YUAN("60000.00")
        commit()
        assert broken() == {}

    def test_parts_of_a_project_share_its_budget(self, hospital: BuildingHospital) -> None:
        whole = hospital.project("P1", budget=YUAN("1000000"))
        one, two = hospital.project("P1-1", parent=whole), hospital.project("P1-2", parent=whole)
        hospital.spend(day(1, 5), (one, hospital.own, "600000.00"), (two, hospital.fiscal, "300000.00"))
        assert [(g.source, g.spent) for g in subledger.within(whole.pk)] == [
            ("自有资金", YUAN("600000.00")), ("财政项目拨款", YUAN("300000.00")),
        ]  # fmt: skip
        with pytest.raises(
            Conflict, match=r"概算 1,000,000.00 元，已支出 900,000.00 元，本次 100,000.01 元，超出 0.01 元"
        ):
            hospital.spend(day(1, 6), (two, hospital.own, "100000.01"))
        with pytest.raises(Invalid, match="低于已支出"):
            projects.save(actor=hospital.accountant, pk=whole.pk, values={"budget": YUAN("899999.99")})
        with pytest.raises(Invalid, match="自己的子项目"):
            projects.save(actor=hospital.accountant, pk=whole.pk, values={"parent": one})

    def test_no_more_is_delivered_than_was_gathered(self, hospital: BuildingHospital) -> None:
        project = hospital.project("P1")
        cost = hospital.spend(day(1, 5), (project, hospital.own, "600000.00"))
        first = hospital.deliver(project, FIRST, amount="400000.00")
        with pytest.raises(
            Conflict, match=r"待入账卡片 400,000.00 元，可转固 200,000.00 元，不能转固 200,000.01 元"
        ):
            hospital.deliver(project, FIRST, amount="200000.01")
        hospital.post(Booking, [{"asset": first.pk}], FIRST)
        with pytest.raises(Conflict, match=r"红冲后短缺 400,000.00 元"):
            hospital.reverse(cost, FIRST)
        booking = registry.load(f"assets.booking:{Booking.objects.get().pk}")
        hospital.reverse(booking, FIRST)
        hospital.reverse(cost, FIRST)
        assert (ledger("1613"), project.state) == (0, "building")
        commit()
        assert broken() == {}

    def test_the_database_keeps_count_too(self, hospital: BuildingHospital) -> None:
        project = hospital.project("P1")
        hospital.spend(day(1, 5), (project, hospital.own, "600000.00"))
        with pytest.raises(DatabaseError) as found, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO assets_project_move (source, kind, project_id, paid_by_id, amount, date, posted_at)"
                    " SELECT source, 'delivery', project_id, paid_by_id, -amount - 0.01, date, posted_at FROM assets_project_move"
                )
            commit()
        assert getattr(found.value.__cause__, "sqlstate", "") == "HR026"


def test_pages(hospital: BuildingHospital) -> None:
    project = hospital.project("P1", budget=YUAN("9500000"))
    cost = hospital.spend(day(1, 5), (project, hospital.own, "600000.00"))
    browser = Client()
    browser.force_login(hospital.accountant)
    page = browser.get(f"/assets/projects/{project.pk}").content.decode()
    for word in ("600,000.00", "成本归集", "交付转固", "子项目"):
        assert word in page
    assert "建筑公司" in browser.get(f"/assets/construction-costs/{cost.pk}").content.decode()
    for path in ("projects/", "projects/new", "construction-costs/", "construction-costs/new"):
        assert browser.get(f"/assets/{path}").status_code == 200, path


PLANTED = {
    "AST-W1": "UPDATE assets_project_move SET amount = amount - 700000 WHERE kind = 'delivery'",
    "AST-W2": "UPDATE assets_project_move SET amount = amount + 0.01 WHERE kind = 'cost'",
    "AST-W3": "UPDATE assets_project_move SET amount = amount + 0.01 WHERE kind = 'delivery'",
}


def test_every_invariant_finds_what_was_planted_for_it(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    hospital = BuildingHospital()
    project = hospital.project("P1")
    hospital.spend(day(1, 5), (project, hospital.own, "600000.00"))
    hospital.delivered(project, FIRST)
    assert broken() == {}
    assert set(PLANTED) == {code for code, _, _ in ALL}
    owner_connection.execute("ALTER TABLE assets_project_move DISABLE TRIGGER USER")
    for code, _, statement in ALL:
        with owner_connection.transaction(force_rollback=True):
            assert owner_connection.execute(statement).fetchall() == []  # type: ignore[arg-type]
            owner_connection.execute(PLANTED[code])  # type: ignore[arg-type]
            assert owner_connection.execute(statement).fetchall(), code  # type: ignore[arg-type]
