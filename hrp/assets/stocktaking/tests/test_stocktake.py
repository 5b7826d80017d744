"""A stocktake told from the plan to the vouchers that follow from it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.documents.asset_transfer import AssetTransfer
from hrp.assets.documents.booking import Booking
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import CardEvent
from hrp.assets.stocktaking import selectors
from hrp.assets.stocktaking.documents.loss_decision import LossDecision
from hrp.assets.stocktaking.models import Finding, PendingLoss, Result, StocktakePlan
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services import concluding, following, planning
from hrp.assets.stocktaking.tests.world import BEGUN, DUE, Counted, picture
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import FIRST, broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import Document

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Counted:
    return Counted()


def post(hospital: Counted, document: Document) -> Document:
    return posting.post(services.submit(document, actor=hospital.accountant), actor=hospital.accountant)


def test_the_year_s_stocktake_from_plan_to_vouchers(hospital: Counted) -> None:
    plan = hospital.plan()
    mine, theirs = hospital.task(plan), hospital.task(plan, hospital.world.other)
    assert [task.lines.count() for task in (mine, theirs)] == [2, 1]

    # the monitor stands next door; the dear scanner is found by the wrong department; the pump is nowhere
    assert hospital.found(mine, hospital.monitor, location=hospital.store.pk).kind == Kind.ELSEWHERE
    assert (
        hospital.found(mine, hospital.scanner, photo=picture(), location=hospital.room.pk).kind
        == Kind.OTHER_UNIT
    )
    extra = hospital.found(mine, None, Kind.EXTRA, name="血压计", serial_number="XY-7")
    assert extra.state == "ok"
    hospital.ended(plan)

    found = selectors.figures(plan)
    assert (found.lines, found.seen, found.agreeing, found.extras) == (3, 2, 0, 1)
    assert (found.coverage, found.cost_coverage, found.consistency) == (
        Decimal("66.67"), Decimal("93.33"), Decimal("0.00"),
    )  # fmt: skip

    # 地点不符 is put right by the approval itself
    hospital.monitor.refresh_from_db()
    assert hospital.monitor.location == hospital.store
    assert (
        CardEvent.objects.get(asset=hospital.monitor, kind="stocktake").source
        == f"assets.stocktake:{plan.pk}"
    )

    with clock.pinned(BEGUN + dt.timedelta(hours=6)):
        what_is_missing_or_misplaced(hospital, plan)
        what_had_no_card(hospital)
    assert broken() == {}


def what_is_missing_or_misplaced(hospital: Counted, plan: StocktakePlan) -> None:
    # 在其他科室 becomes a draft of a transfer to where it is
    [transfer] = following.draft_transfers(plan, actor=hospital.accountant)
    [loss] = following.draft_losses(plan, actor=hospital.accountant)
    assert isinstance(transfer, AssetTransfer)
    post(hospital, transfer)
    hospital.scanner.refresh_from_db()
    assert (hospital.scanner.org_unit, hospital.scanner.location) == (hospital.world.unit, hospital.room)

    # 盘亏: the net value waits on 1902, by fund
    assert isinstance(loss, WriteOff)
    post(hospital, loss)
    assert (ledger("1902", "F1"), ledger("1902", "F2")) == (Decimal(24000), Decimal(6000))
    rows = {row.fund.code: row for row in PendingLoss.objects.all()}
    lines = [
        {"pending": rows["F1"].pk, "amount": "24000", "compensation": "4000", "payer": "赵某"},
        {"pending": rows["F2"].pk, "amount": "6000"},
    ]  # fmt: skip
    decision = hospital.post(LossDecision, lines, FIRST, basis="院长办公会纪要")
    assert (ledger("1902"), ledger("5301"), ledger("1218")) == (Decimal(0), Decimal(26000), Decimal(4000))
    assert broken() == {}
    with pytest.raises(Conflict) as refused:
        hospital.reverse(loss, FIRST)
    assert refused.value.code == "settled"
    hospital.reverse(decision, FIRST)
    assert ledger("1902") == Decimal(30000)


def what_had_no_card(hospital: Counted) -> None:
    # 盘盈 is valued by a price that is named, and decided upon
    thing = Finding.objects.get(kind=Kind.EXTRA)
    card = following.value_found(
        thing, actor=hospital.accountant, asset_class=hospital.device, source=hospital.own, basis="similar",
        papers="同型号 2025 年采购价", value=Decimal("2400.00"),
    )  # fmt: skip
    hospital.post(Booking, [{"asset": card.pk}], FIRST)
    gain = PendingLoss.objects.get(asset=card)
    assert gain.amount == Decimal("2400.00")
    hospital.post(LossDecision, [{"pending": gain.pk, "amount": "2400"}], FIRST, basis="盘盈批复")
    assert ledger("3501") == Decimal("-2400.00")


def test_what_was_drafted_is_not_drafted_twice(hospital: Counted) -> None:
    plan = hospital.plan()
    hospital.ended(plan)
    with clock.pinned(BEGUN + dt.timedelta(hours=6)):
        [draft] = following.draft_losses(plan, actor=hospital.accountant)
        assert draft.lines.count() == 3
        with pytest.raises(Conflict) as refused:
            following.draft_losses(plan, actor=hospital.accountant)
        assert refused.value.code == "nothing_open"
        services.void(draft, actor=hospital.accountant, reason="再找一次")
        [again] = following.draft_losses(plan, actor=hospital.accountant)
        assert registry.load(again.source) == again


def test_a_finding_sent_twice_counts_once(hospital: Counted) -> None:
    task = hospital.task(hospital.plan())
    key = uuid.uuid4()
    answers = [hospital.found(task, hospital.monitor, key=key).state for _ in range(2)]
    assert answers == ["ok", "again"]
    assert Finding.objects.count() == 1


def test_a_later_look_holds_although_it_arrives_first(hospital: Counted) -> None:
    plan = hospital.plan()
    task = hospital.task(plan)
    hospital.found(task, hospital.monitor, Kind.IDLE, minute=20)
    hospital.found(task, hospital.monitor, Kind.DAMAGED, minute=10)
    hospital.found(task, hospital.pump)
    hospital.found(hospital.task(plan, hospital.world.other), hospital.scanner, photo=picture())
    hospital.ended(plan, note="")
    assert Result.objects.get(line__asset=hospital.monitor).kind == Kind.IDLE
    hospital.monitor.refresh_from_db()
    assert hospital.monitor.status == "idle"


@pytest.mark.parametrize(
    ("method", "given", "count"),
    [("full", {}, 3), ("random", {"sample": 2}, 2), ("unit", {"of_unit": "other"}, 1), ("class", {"of_class": "device"}, 3)],
)  # fmt: skip
def test_ways_to_choose(hospital: Counted, method: str, given: dict[str, object], count: int) -> None:
    things = {"other": hospital.world.other, "device": hospital.device}
    plan = hospital.plan(method, **{name: things.get(str(value), value) for name, value in given.items()})
    assert selectors.lines_of(plan).count() == count


def test_hints_for_what_was_not_found(hospital: Counted) -> None:
    first = hospital.plan()
    hospital.found(hospital.task(first), hospital.monitor, location=hospital.store.pk)
    hospital.ended(first)
    text = selectors.hint_texts([hospital.monitor.pk, hospital.pump.pk])
    assert text == {hospital.monitor.pk: f"上次盘点 {FIRST} 门诊楼 102 地点不符 {hospital.keeper}"}


class TestRefusals:
    @pytest.fixture(autouse=True)
    def _hospital(self, hospital: Counted) -> None:
        self.hospital = hospital
        self.plan = hospital.plan()
        self.task = hospital.task(self.plan)

    def test_a_dear_thing_without_a_photo(self) -> None:
        theirs = self.hospital.task(self.plan, self.hospital.world.other)
        answer = self.hospital.found(theirs, self.hospital.scanner)
        assert (answer.state, answer.code) == ("conflict", "no_photo")
        assert "原值达到 100,000.00 元，须拍照" in answer.words

    def test_a_label_nobody_knows(self) -> None:
        answer = self.hospital.found(self.task, None, code=f"ZC{uuid.uuid4().hex.upper()}")
        assert answer.code == "unknown_label"

    def test_a_clock_that_is_wrong(self) -> None:
        answer = self.hospital.found(self.task, self.hospital.monitor, found_at=BEGUN - dt.timedelta(days=1))
        assert answer.code == "bad_time"

    def test_another_department_s_task(self) -> None:
        with pytest.raises(Forbidden):
            self.hospital.found(self.task, self.hospital.monitor, by=self.hospital.neighbour)

    def test_missing_without_a_word(self) -> None:
        with pytest.raises(Invalid) as refused:
            concluding.confirm(self.task, actor=self.hospital.keeper)
        assert refused.value.reason == "2 项中有 2 项未找到，请说明"

    def test_reconciling_before_departments_confirmed(self) -> None:
        with clock.pinned(BEGUN), pytest.raises(Conflict) as refused:
            concluding.reconcile(self.plan, actor=self.hospital.accountant)
        assert refused.value.reason.startswith("2 个科室中有 2 个未确认")
        with clock.pinned(clock.at(DUE + dt.timedelta(days=1), 9)):
            concluding.reconcile(self.plan, actor=self.hospital.accountant)
        assert set(Result.objects.values_list("kind", flat=True)) == {Kind.NOT_FOUND}

    def test_approving_one_s_own(self) -> None:
        self.hospital.world.grant(self.hospital.accountant, "assets.stocktake.approve")
        with clock.pinned(clock.at(DUE + dt.timedelta(days=1), 9)):
            concluding.reconcile(self.plan, actor=self.hospital.accountant)
            with pytest.raises(Conflict) as refused:
                concluding.approve(self.plan, actor=self.hospital.accountant)
        assert refused.value.code == "own_plan"

    def test_a_second_plan_over_the_same_things(self) -> None:
        with pytest.raises(Conflict) as refused:
            self.hospital.plan("random", sample=3)
        assert "3 项中有 3 项正在盘点" in refused.value.reason

    def test_scanning_after_confirmation(self) -> None:
        with clock.pinned(BEGUN + dt.timedelta(hours=2)):
            concluding.confirm(self.task, actor=self.hospital.keeper, note="无")
        assert self.hospital.found(self.task, self.hospital.monitor).code == "confirmed"

    @pytest.mark.parametrize(
        "change",
        ["UPDATE assets_stocktake_finding SET kind = 'idle'", "DELETE FROM assets_stocktake_line", "UPDATE assets_stocktake_plan SET note = 'x'"],
    )  # fmt: skip
    def test_raw_sql_on_what_was_found(self, change: str) -> None:
        self.hospital.found(self.task, self.hospital.monitor)
        planning.cancel(self.plan, actor=self.hospital.accountant, reason="重来")
        assert StocktakePlan.objects.get(pk=self.plan.pk).state == "cancelled"
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
