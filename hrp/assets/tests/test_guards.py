"""What is wrong is found: planted corruption by its invariant, raw SQL by its trigger, people in each other's way by a refusal."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.documents.revision import Revision
from hrp.assets.invariants import ALL
from hrp.assets.models import Asset, DepartmentShare, Depreciation, FundingLine, UsageReading
from hrp.assets.services import cards
from hrp.assets.tests.world import FIRST, AssetHospital, broken, day, end
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Refusal
from hrp.platform.documents import posting, services
from hrp.platform.org.models import Campus, Hospital, OrgUnit

# id -> what an intruder with the keys of the database does to a healthy hospital
PLANTED = {
    "AST-J1": "UPDATE assets_plan SET base = base + 0.01",
    "AST-J2": "UPDATE assets_move SET accumulated = cost + 0.01 WHERE kind = 'booking'",
    "AST-J3": "UPDATE assets_move SET cost = cost + 0.01, accumulated = accumulated + 0.01 WHERE kind = 'booking'",
    "AST-J4": "UPDATE assets_asset SET cost = cost + 0.01 WHERE status = 'in_use'",
    "AST-J5": "UPDATE assets_run SET total = total + 0.01",
    "AST-J6": "INSERT INTO assets_depreciation (run_id, mirror, month, line_id, org_unit_id, amount) SELECT 0, false, p.effective, p.line_id,"
    " (SELECT min(id) FROM org_unit), 1 FROM assets_plan p WHERE p.source LIKE 'assets.write_off:%'",
    "AST-J7": "UPDATE assets_run SET month = month + 1 WHERE month = (SELECT max(month) FROM assets_run)",
    "AST-J8": "UPDATE assets_move SET cost = cost + 1 WHERE kind = 'write_off'",
    "AST-J9": "UPDATE assets_funding SET source_id = (SELECT id FROM assets_source WHERE code = '3') WHERE source_id = (SELECT id FROM assets_source WHERE code = '1')",
}


def healthy() -> AssetHospital:
    hospital = AssetHospital()
    hospital.book((hospital.own, "60000.00"), (hospital.fiscal, "40000.00"), on=FIRST)
    gone = hospital.book((hospital.own, "12000.00"), on=FIRST)
    hospital.run(FIRST)
    hospital.write_off(gone, day(2, 9))
    hospital.run(end(2))
    return hospital


def test_every_invariant_finds_what_was_planted_for_it(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    healthy()
    assert broken() == {}
    assert set(PLANTED) == {code for code, _, _ in ALL}
    statements = {code: statement for code, _, statement in ALL}
    tables = ("plan", "move", "asset", "run", "depreciation", "funding")
    for table in tables:  # triggers of ours fire always: the owner has to switch them off
        owner_connection.execute(f"ALTER TABLE assets_{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    for code, corruption in PLANTED.items():
        with owner_connection.transaction(force_rollback=True):
            assert owner_connection.execute(statements[code]).fetchall() == []  # type: ignore[arg-type]
            owner_connection.execute(corruption)  # type: ignore[arg-type]
            assert owner_connection.execute(statements[code]).fetchall(), code  # type: ignore[arg-type]
    # a card a run passed by
    with owner_connection.transaction(force_rollback=True):
        owner_connection.execute(
            "DELETE FROM assets_depreciation WHERE line_id = (SELECT min(id) FROM assets_funding)"
        )
        assert owner_connection.execute(statements["AST-J1"]).fetchall()  # type: ignore[arg-type]


@pytest.mark.django_db
class TestTheDatabaseRefuses:
    @pytest.fixture(autouse=True)
    def _hospital(self, db: None) -> None:
        self.hospital = AssetHospital()

    def refused(self, state: str, statement: str, *values: Any) -> None:
        with pytest.raises(DatabaseError) as found, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cause: Any = found.value.__cause__
        assert cause.sqlstate == state

    def test_units_of_work_of_a_month_that_was_run(self) -> None:
        asset = self.hospital.book(
            (self.hospital.own, "200000.00"), on=FIRST, months=None, asset_class=self.hospital.vehicle,
            total_units=Decimal(400000),
        )  # fmt: skip
        UsageReading.objects.create(asset=asset, month=day(1, 1), units=Decimal(2500))
        run = self.hospital.run(FIRST)
        self.refused("HR023", "UPDATE assets_usage SET units = 1")
        self.refused("HR023", "UPDATE assets_usage SET month = '2026-12-01'")
        self.refused("HR023", "DELETE FROM assets_usage")
        UsageReading.objects.update(note="里程表照片已存")
        UsageReading.objects.create(asset=asset, month=day(2, 1), units=Decimal(1))
        self.hospital.reverse(run, FIRST)
        UsageReading.objects.filter(month=day(1, 1)).update(units=Decimal(3000))
        assert self.hospital.run(FIRST).total == Decimal("1500.00")

    def test_accounts_methods_and_funds_that_booked_cards_stand_on(self) -> None:
        self.hospital.book((self.hospital.own, "60000.00"), on=FIRST)
        kind = self.hospital.device.pk
        self.refused("HR024", "UPDATE assets_class SET method = 'units' WHERE id = %s", kind)
        self.refused(
            "HR024", "UPDATE assets_class SET asset_account_id = depreciation_account_id WHERE id = %s", kind
        )
        self.refused(
            "HR024", "UPDATE assets_source SET fund_id = (SELECT max(id) FROM ledger_fund) WHERE code = '1'"
        )

    def test_a_card_whose_value_nothing_explains(self) -> None:
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=FIRST)
        self.refused("HR022", "UPDATE assets_asset SET cost = 1 WHERE id = %s", asset.pk)
        self.refused("HR022", "UPDATE assets_funding SET cost = 1 WHERE asset_id = %s", asset.pk)
        self.refused("HR020", "UPDATE assets_share SET ratio = 99 WHERE asset_id = %s", asset.pk)
        self.refused("HR021", "UPDATE assets_asset SET booked_on = booked_on - 1 WHERE id = %s", asset.pk)
        self.refused("HR021", "DELETE FROM assets_asset WHERE id = %s", asset.pk)

    def test_a_card_booked_by_raw_sql_without_anybody_to_bear_it(self) -> None:
        card = self.hospital.card((self.hospital.own, "60000.00"))
        DepartmentShare.objects.filter(asset=card).delete()
        self.refused(
            "HR022",
            "UPDATE assets_asset SET status = 'in_use', number = 'X', booked_on = '2026-11-10' WHERE id = %s",
            card.pk,
        )


@pytest.mark.django_db
class TestDrafts:
    @pytest.fixture(autouse=True)
    def _hospital(self, db: None) -> None:
        self.hospital = AssetHospital()

    def test_a_draft_changed_after_submission_is_looked_at_again(self) -> None:
        h = self.hospital
        card = h.card((h.own, "60000.00"))
        header = {"campus": h.world.campus.pk, "org_unit": h.world.unit.pk, "business_date": FIRST}
        draft = services.save_draft(Booking, actor=h.accountant, header=header, lines=[{"asset": card.pk}])
        approved = services.submit(draft, actor=h.accountant)
        cards.share(actor=h.accountant, asset=card, unit=h.world.unit, ratio=Decimal(90))
        with pytest.raises(Invalid, match="1 处"):
            posting.post(approved, actor=h.accountant)

    def test_a_card_follows_its_department_until_it_is_booked(self) -> None:
        h = self.hospital
        with clock.pinned(clock.at(day(1, 20), 9)):
            made = cards.save(
                actor=h.accountant, pk=None,
                values={"name": "输液泵", "asset_class": h.device, "campus": h.world.campus, "org_unit": h.world.unit, "accepted_on": day(1, 28)},
            )  # fmt: skip
            cards.pay(actor=h.accountant, asset=made, source=h.own, project="", cost=Decimal("9000"))
            cards.save(actor=h.accountant, pk=made.pk, values={"org_unit": h.world.other})
        assert list(made.shares.values_list("org_unit", "ratio")) == [(h.world.other.pk, Decimal(100))]
        # accepted later than booked: the shares begin with the booking
        h.post(Booking, [{"asset": made.pk}], day(1, 20))
        assert made.shares.get().valid_from == day(1, 20)
        h.run(FIRST)
        assert broken() == {}

    def test_only_a_draft_without_history_is_deleted(self) -> None:
        h = self.hospital
        card = h.card((h.own, "60000.00"))
        booking = h.post(Booking, [{"asset": card.pk}], FIRST)
        with pytest.raises(Conflict):
            cards.discard(actor=h.accountant, asset=card)
        h.reverse(booking, FIRST)
        with pytest.raises(Conflict) as refused:
            cards.discard(actor=h.accountant, asset=card)
        assert refused.value.code == "in_use"
        cards.pay(actor=h.accountant, asset=card, source=h.own, project="", cost=Decimal(0))
        assert FundingLine.objects.get(asset=card).cost == 0
        fresh = h.card((h.own, "60000.00"))
        cards.discard(actor=h.accountant, asset=fresh)
        assert not Asset.objects.filter(pk=fresh.pk).exists()

    def test_a_draft_of_another_department_is_not_taken(self) -> None:
        h = self.hospital
        card = h.card((h.own, "60000.00"))
        narrow = h.world.user("narrow", "他科", cards.EDIT, unit=h.world.other)
        with pytest.raises(Forbidden):
            cards.save(actor=narrow, pk=card.pk, values={"org_unit": h.world.other})


@pytest.mark.django_db
class TestOrder:
    @pytest.fixture(autouse=True)
    def _hospital(self, db: None) -> None:
        self.hospital = AssetHospital()

    def test_a_write_off_taken_back_later_loses_no_month(self) -> None:
        h = self.hospital
        asset = h.book((h.own, "60000.00"), on=FIRST)
        h.run(FIRST)
        off = h.write_off(asset, day(2, 9))
        h.period(*day(3, 1).timetuple()[:2])
        h.reverse(off, day(3, 2))
        assert (h.run(end(2)).total, h.run(end(3)).total) == (Decimal("1000.00"), Decimal("1000.00"))
        assert broken() == {}

    def test_a_transfer_taken_back_does_not_stand_in_the_way_of_the_booking(self) -> None:
        h = self.hospital
        card = h.card((h.own, "60000.00"))
        booking = h.post(Booking, [{"asset": card.pk}], day(1, 10))
        moved = h.transfer(card, day(1, 20), {h.world.other: "100"})
        with pytest.raises(Conflict):
            h.reverse(booking, FIRST)
        h.reverse(moved, FIRST)
        h.reverse(booking, FIRST)
        h.post(Booking, [{"asset": card.pk}], day(1, 28))
        assert h.run(FIRST).total == Decimal("1000.00")

    def test_a_run_whose_figure_left_the_hospital_stays(self) -> None:
        h = self.hospital
        asset = h.book((h.own, "60000.00"), on=FIRST)
        run = h.run(FIRST)
        off = h.write_off(asset, day(2, 9))
        with pytest.raises(Conflict) as refused:
            h.reverse(run, day(2, 9))
        assert refused.value.code == "changed_since"
        h.reverse(off, day(2, 9))
        h.reverse(run, day(2, 9))
        assert broken() == {}

    def test_nothing_leaves_before_its_months_were_run(self) -> None:
        h = self.hospital
        asset = h.book((h.own, "60000.00"), on=FIRST)
        with pytest.raises(Conflict) as refused:
            h.write_off(asset, day(2, 9))
        assert refused.value.code == "not_run_yet"
        assert "2026-11" in refused.value.reason

    def test_a_revision_before_another_is_refused_and_so_is_what_was_disposed_meanwhile(self) -> None:
        h = self.hospital
        asset = h.book((h.own, "60000.00"), on=FIRST)
        h.run(FIRST)
        h.revise(asset, day(2, 20), source=h.own.pk, amount="100")
        with pytest.raises(Conflict) as refused:
            h.revise(asset, day(2, 10), source=h.own.pk, amount="100")
        assert refused.value.code == "later_business"
        header = {
            "campus": h.world.campus.pk, "org_unit": h.world.unit.pk, "business_date": day(2, 25), "kind": "value",
            "counter": "1613", "reason": "升级",
        }  # fmt: skip
        lines = [{"asset": asset.pk, "source": h.own.pk, "amount": "100"}]
        with clock.pinned(clock.at(day(2, 25), 9)):
            waiting = services.submit(
                services.save_draft(Revision, actor=h.accountant, header=header, lines=lines),
                actor=h.accountant,
            )
        h.write_off(asset, day(2, 22))
        with pytest.raises(Conflict) as refused:
            posting.post(waiting, actor=h.accountant)
        assert refused.value.code == "not_held"

    def test_a_source_gives_back_no_more_than_it_paid(self) -> None:
        h = self.hospital
        asset = h.book((h.own, "60000.00"), on=FIRST)
        with pytest.raises(Conflict) as refused:
            h.revise(asset, FIRST, source=h.own.pk, amount="-60000.01")
        assert refused.value.code == "negative_cost"
        assert "原值 60,000.00 元，不能调减 60,000.01 元" in refused.value.reason

    def test_a_card_of_another_hospital(self) -> None:
        h = self.hospital
        elsewhere = Hospital.objects.create(code="H2", name="分院")
        campus = Campus.objects.create(hospital=elsewhere, code="Y", name="东院")
        unit = OrgUnit.objects.create(campus=campus, code="V1", name="内科", valid_from=dt.date(2020, 1, 1))
        card = h.card((h.own, "60000.00"), units={unit: "100"})
        Asset.objects.filter(pk=card.pk).update(campus=campus, org_unit=unit)
        with pytest.raises(Invalid) as refused:
            h.post(Booking, [{"asset": card.pk}], FIRST)
        assert "不属于单据所在的医院" in refused.value.problems[0].message
        mine = h.book((h.own, "60000.00"), on=FIRST)
        with pytest.raises(Invalid) as refused:
            h.transfer(mine, FIRST, {unit: "100"})
        assert "不属于本医院" in refused.value.problems[0].message

    def test_a_transfer_to_another_site_takes_the_card_there(self) -> None:
        h = self.hospital
        campus = Campus.objects.create(hospital=h.world.hospital, code="X", name="西院区")
        unit = OrgUnit.objects.create(
            campus=campus, code="W1", name="西院急诊", valid_from=dt.date(2020, 1, 1)
        )
        asset = h.book((h.own, "60000.00"), on=FIRST)
        moved = h.transfer(asset, FIRST, {unit: "100"})
        asset.refresh_from_db()
        assert asset.campus == campus
        run = h.run(FIRST)
        assert Depreciation.objects.get(run_id=run.pk).org_unit == unit
        h.reverse(run, FIRST)
        h.reverse(moved, FIRST)
        asset.refresh_from_db()
        assert asset.campus == h.world.campus

    def test_a_run_made_late_does_not_ask_for_cards_that_came_later(self) -> None:
        h = self.hospital
        h.book((h.own, "60000.00"), on=FIRST)
        h.book((h.own, "60000.00"), on=day(2, 5))
        assert h.run(FIRST).total == Decimal("1000.00")
        assert h.run(end(2)).total == Decimal("2000.00")


def test_two_people_book_one_card_and_one_does(committed_db: Any) -> None:
    hospital = AssetHospital()
    card = hospital.card((hospital.own, "60000.00"))
    header = {"campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "business_date": FIRST}
    waiting = []
    with clock.pinned(clock.at(FIRST, 17)):
        for _ in range(4):
            draft = services.save_draft(
                Booking, actor=hospital.accountant, header=header, lines=[{"asset": card.pk}]
            )
            waiting.append(services.submit(draft, actor=hospital.accountant))
    outcomes = _at_once(hospital, waiting)
    assert sorted(outcomes) == ["already_booked"] * 3 + ["posted"]
    assert broken() == {}


def test_a_month_is_run_with_every_booking_or_refuses_it(committed_db: Any) -> None:
    """However a run and bookings of its month fall together, no card is left out of a month it belongs to."""
    hospital = AssetHospital()
    hospital.book((hospital.own, "60000.00"), on=FIRST)
    header = {"campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "business_date": FIRST}
    waiting: list[Any] = []
    with clock.pinned(clock.at(FIRST, 17)):
        for model, lines in (
            (Booking, [{"asset": hospital.card((hospital.own, "60000.00")).pk}]),
            (DepreciationRun, []),
            (Booking, [{"asset": hospital.card((hospital.own, "60000.00")).pk}]),
            (DepreciationRun, []),
        ):
            draft = services.save_draft(model, actor=hospital.accountant, header=header, lines=lines)
            waiting.append(services.submit(draft, actor=hospital.accountant))
    outcomes = _at_once(hospital, waiting)
    assert outcomes.count("posted") + outcomes.count("already_run") == 4
    run = DepreciationRun.objects.get(state="posted")
    assert run.total == 1000 * Asset.objects.exclude(status="draft").count()
    assert broken() == {}


def _at_once(hospital: AssetHospital, waiting: list[Any]) -> list[str]:
    def post(document: Any) -> str:
        try:
            with clock.pinned(clock.at(FIRST, 18)):
                posting.post(document, actor=hospital.accountant)
        except Refusal as refused:
            return refused.code
        else:
            return "posted"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(waiting)) as people:
        return list(people.map(post, waiting))
