"""The three documents keep every promise of a document, and a run is exact, sealed and refused when it must be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import (
    AccountItemMap,
    AllocationPosting,
    AllocationRule,
    CollectedCost,
    DepartmentFullCost,
    Driver,
    DriverValue,
    RuleFallback,
    RunCertificate,
    RunDepartment,
)
from hrp.costing.tests.hospital import MONTH_END, CostedHospital
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY, DocumentContract, World
from hrp.platform.ledger import stat
from hrp.platform.ledger.models import Entry, Line
from hrp.platform.org.models import OrgUnit, OrgUnitCategory


class TestCostEntry(DocumentContract):
    model = CostEntry

    def prepare(self) -> None:
        self.place = CostedHospital(self.world)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "cost_kind": "payroll"}

    def lines(self) -> list[dict[str, Any]]:
        return [
            self.place.cost(self.world.unit, "5001.01", "1200.50", memo="工资"),
            self.place.cost(self.world.other, "5001.01", "-0.50", fund="F2"),
        ]

    def test_expense_meets_the_counterpart_of_its_kind_per_fund(self) -> None:
        document = self.posted()
        assert document.total == Decimal("1200.00")
        lines = Entry.objects.get(source=document.source).lines.order_by("position")
        assert [(x.account.code, x.fund.code, x.amount, x.org_unit_id) for x in lines] == [
            ("5001.01", "F1", Decimal("1200.50"), self.world.unit.pk),
            ("5001.01", "F2", Decimal("-0.50"), self.world.other.pk),
            ("2201", "F1", Decimal("-1200.50"), None),
            ("2201", "F2", Decimal("0.50"), None),
        ]

    def test_what_is_no_expense_is_refused_by_line(self) -> None:
        wrong = [
            self.place.cost(self.world.unit, "1002", "5"),
            self.place.cost(self.world.unit, "5001.01", "0"),
        ]
        with pytest.raises(Invalid) as refused:
            services.save_draft(CostEntry, actor=self.maker, header=self.header(), lines=wrong)
        assert {(p.line, p.field) for p in refused.value.problems} == {(0, "account"), (1, "amount")}


class TestStatEntry(DocumentContract):
    model = StatEntry

    def prepare(self) -> None:
        self.place = CostedHospital(self.world)

    def header(self) -> dict[str, Any]:
        return self.common_header()

    def lines(self) -> list[dict[str, Any]]:
        return [
            self.place.stat("P01", self.world.unit, "12.5"),
            self.place.stat("P05", self.world.unit, "40", self.place.supply),
        ]

    def test_quantities_travel_as_stat_lines(self) -> None:
        document = self.posted()
        lines = Line.objects.filter(entry__source=document.source).order_by("position")
        assert [(x.account.code, x.amount, x.quantity, x.counter_unit_id) for x in lines] == [
            ("STAT.P01", 0, Decimal("12.5"), None),
            ("STAT.P05", 0, Decimal(40), self.place.supply.pk),
        ]

    @pytest.mark.parametrize(
        ("driver", "quantity", "server", "field"),
        [("P05", "1", None, "server"), ("P01", "1", "supply", "server"), ("P01", "-1", None, "quantity")],
    )
    def test_a_wrong_line_is_named(self, driver: str, quantity: str, server: str | None, field: str) -> None:
        unit = getattr(self.place, server) if server else None
        line = self.place.stat(driver, self.world.unit, quantity, unit)
        with pytest.raises(Invalid) as refused:
            services.save_draft(StatEntry, actor=self.maker, header=self.header(), lines=[line])
        assert [(p.line, p.field) for p in refused.value.problems] == [(0, field)]

    def test_the_same_quantity_twice_is_refused(self) -> None:
        line = self.place.stat("P01", self.world.unit, "1")
        with pytest.raises(Invalid) as refused:
            services.save_draft(StatEntry, actor=self.maker, header=self.header(), lines=[line, line])
        assert "第 1 行" in refused.value.problems[0].message

    def test_a_measure_of_another_module_cannot_be_typed_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = stat.Measure("P01", "职工人数", "人", "STAT.P01", "hr.headcount")
        monkeypatch.setitem(stat.measures._things, "P01", taken)
        with pytest.raises(Invalid) as refused:
            self.draft()
        assert "hr.headcount" in refused.value.problems[0].message


class TestAllocationRun(DocumentContract):
    model = AllocationRun
    max_post_queries = 40

    def prepare(self) -> None:
        self.place = CostedHospital(self.world)
        self.place.enter_month()

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "business_date": DAY, "purpose": "statutory",
            "rule_set": self.place.rules.pk, "credit_pools": "allocate",
        }  # fmt: skip

    def test_numbers_have_no_gap_after_a_refused_posting(self) -> None:
        first = self.posted()
        second = self.draft(purpose="management")
        broken = services.submit(second, actor=self.maker)
        undo = transaction.savepoint()
        posting.post(broken, actor=self.maker)
        transaction.savepoint_rollback(undo)
        broken.refresh_from_db()
        again = posting.post(broken, actor=self.maker)
        assert int(str(again.number)[-5:]) == int(str(first.number)[-5:]) + 1

    def test_posting_costs_a_bounded_number_of_queries(self) -> None:
        document = self.approved()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(self), "posted", lambda _: None)
            patch.setattr(type(self), "approved", lambda _: document)
            super().test_posting_costs_a_bounded_number_of_queries()

    def test_it_leaves_no_journal_entry(self) -> None:
        assert not Entry.objects.filter(source=self.posted().source).exists()


@pytest.fixture
def place(db: None) -> CostedHospital:
    return CostedHospital(World())


@pytest.fixture
def month(place: CostedHospital) -> CostedHospital:
    place.enter_month()
    return place


def full_costs(run: AllocationRun) -> dict[str, tuple[int, int, int, int]]:
    totals: dict[str, tuple[int, int, int, int]] = {}
    for cost in DepartmentFullCost.objects.filter(run_id=run.pk).select_related("unit"):
        now = totals.get(cost.unit.code, (0, 0, 0, 0))
        add = (cost.direct_fen, cost.from_a_fen, cost.from_x_fen, cost.from_t_fen)
        totals[cost.unit.code] = tuple(a + b for a, b in zip(now, add, strict=True))  # type: ignore[assignment]
    return totals


def test_a_month_is_allocated_to_the_fen(month: CostedHospital) -> None:
    run = month.allocate()
    # Items never mix, so each is split by itself: 院办 1,000.00 of 人员 over 3, 3, 2, 1 heads; 供应室 300.00 of 其他
    # and 111.11 of 人员 over 10, 10, 1; 检验科 500.00 of 化验材料, 222.22 + 5.29 of 人员, 14.28 of 其他 over 7, 5.
    assert full_costs(run) == {
        "A1": (100000, 0, 0, 0),
        "X1": (30000, 11111, 0, 0),
        "T1": (50000, 22222, 1957, 0),
        "U1": (200000, 33334, 19577, 43271),
        "U2": (400000, 33333, 19577, 30908),
    }
    assert run.total == Decimal("7800.00")
    certificate = RunCertificate.objects.get(run_id=run.pk)
    assert (certificate.before_fen, certificate.after_fen, certificate.excluded_fen) == (780000, 780000, 0)
    assert len(certificate.matrix) == 28
    assert {(m["item7"], m["fund"]): m["after_fen"] for m in certificate.matrix if m["after_fen"]} == {
        ("1", "F1"): 300000, ("1", "F2"): 400000, ("2", "F1"): 50000, ("7", "F1"): 30000,
    }  # fmt: skip
    assert certificate.actor_name == "成本会计"
    posting_ = AllocationPosting.objects.get(run_id=run.pk, level=1, receiver=month.lab)
    assert (posting_.numerator, posting_.denominator, posting_.driver_code) == (2, 9, "P01")


def test_the_same_month_gives_the_same_hash_and_a_changed_one_another(month: CostedHospital) -> None:
    first = month.allocate()
    second = month.allocate(purpose="management")
    hashes = [RunCertificate.objects.get(run_id=run.pk).input_sha256 for run in (first, second)]
    assert hashes[0] == hashes[1]
    month.enter_costs(month.cost(month.office, "5101.07", "0.01"))
    third = month.allocate(purpose="simulation")
    assert RunCertificate.objects.get(run_id=third.pk).input_sha256 != hashes[0]


def test_one_posted_run_per_month_and_purpose_until_it_is_reversed(month: CostedHospital) -> None:
    first = month.allocate()
    with pytest.raises(Conflict) as refused:
        month.allocate()
    assert refused.value.code == "run_exists"
    assert str(first.number) in refused.value.reason
    posting.reverse(first, actor=month.accountant, reason="补录费用", on=MONTH_END)
    second = month.allocate()
    assert full_costs(second) == full_costs(first)


def test_the_tie_out_notices_a_cost_posted_after_the_run(month: CostedHospital) -> None:
    month.allocate()
    assert [o.id for o in health.run("costing") if o.state != "ok"] == []
    month.enter_costs(month.cost(month.office, "5101.07", "0.01"))
    broken = [o for o in health.run("costing") if o.state != "ok"]
    assert [o.id for o in broken] == ["COST-I6"]
    assert broken[0].found == 1


def test_a_department_out_of_scope_ties_out_and_is_not_allocated(month: CostedHospital) -> None:
    canteen = month.unit("N1", "职工食堂公司", "excluded")
    month.enter_costs(month.cost(canteen, "5001.07", "77.00"))
    month.enter_stats(month.stat("P01", canteen, "100"))
    run = month.allocate()
    certificate = RunCertificate.objects.get(run_id=run.pk)
    assert (certificate.collected_fen, certificate.excluded_fen) == (787700, 7700)
    assert "N1" not in full_costs(run)
    assert AllocationPosting.objects.get(run_id=run.pk, level=1, receiver=month.lab).denominator == 9


def test_an_account_known_not_to_be_a_cost_ties_out_only(month: CostedHospital) -> None:
    mapping = AccountItemMap.objects.get(account__code="5001.07")
    AccountItemMap.objects.filter(pk=mapping.pk).update(item=None, reason="专用基金列支")
    run = month.allocate()
    assert RunCertificate.objects.get(run_id=run.pk).excluded_fen == 30000
    assert CollectedCost.objects.get(run_id=run.pk, account__code="5001.07").item is None


def test_everything_that_cannot_be_collected_is_named_at_once(month: CostedHospital) -> None:
    AccountItemMap.objects.filter(account__code="5001.07").delete()
    OrgUnitCategory.objects.filter(unit=month.lab).delete()
    with pytest.raises(Invalid) as refused:
        month.allocate()
    assert refused.value.code == "not_collectable"
    text = " ".join(p.message for p in refused.value.problems)
    assert "5001.07" in text
    assert "300.00" in text
    assert "T1 检验科" in text
    assert "500.00" in text
    assert not RunCertificate.objects.exists()


def test_a_merged_department_is_counted_where_it_went(month: CostedHospital) -> None:
    old = OrgUnit.objects.create(
        campus=month.world.campus, code="U0", name="老心内科", valid_from=dt.date(2020, 1, 1),
        valid_to=DAY, merged_into=month.world.unit,
    )  # fmt: skip
    month.post(
        CostEntry, month.header(cost_kind="other", business_date=DAY), [month.cost(old, "5001.01", "10.00")]
    )
    assert full_costs(month.allocate())["U1"][0] == 201000


def test_a_month_without_cost_is_refused(place: CostedHospital) -> None:
    with pytest.raises(Conflict) as refused:
        place.allocate()
    assert refused.value.code == "no_cost"


def test_a_missing_driver_blocks_and_an_approved_fallback_lets_pass(place: CostedHospital) -> None:
    place.enter_costs(
        place.cost(place.supply, "5001.07", "300.00"), place.cost(place.world.unit, "5001.01", "1")
    )
    place.enter_stats(place.stat("P01", place.world.unit, "3"), place.stat("P01", place.world.other, "1"))
    with pytest.raises(Invalid) as refused:
        place.allocate()
    assert refused.value.code == "no_driver"
    assert "X1 供应室" in refused.value.reason
    assert "P05" in refused.value.reason
    assert "300" in refused.value.reason
    RuleFallback.objects.create(
        rule=AllocationRule.objects.get(level=2), position=1, driver=Driver.objects.get(code="P01"),
        approval="成本委员会 2026-11", approved_by=place.world.owner,
    )  # fmt: skip
    run = place.allocate()
    postings = AllocationPosting.objects.filter(run_id=run.pk)
    assert {(p.receiver.code, p.amount_fen, p.driver_code, p.fallback_depth) for p in postings} == {
        ("U1", 22500, "P01", 1), ("U2", 7500, "P01", 1),
    }  # fmt: skip
    assert "备用参数" in RunCertificate.objects.get(run_id=run.pk).warnings[0]


def test_a_credit_pool_is_held_on_request(month: CostedHospital) -> None:
    month.enter_costs(month.cost(month.lab, "5001.02.04", "-5000.00"))
    held = month.allocate(purpose="simulation", credit_pools="hold")
    certificate = RunCertificate.objects.get(run_id=held.pk)
    assert certificate.held_fen < 0
    assert certificate.before_fen == certificate.after_fen
    assert any("挂账" in warning for warning in certificate.warnings)
    assert not AllocationPosting.objects.filter(run_id=held.pk, source=month.lab).exists()
    allocated = month.allocate()
    assert RunCertificate.objects.get(run_id=allocated.pk).held_fen == 0


def test_rules_of_a_month_that_is_not_theirs_are_refused(month: CostedHospital) -> None:
    type(month.rules).objects.filter(pk=month.rules.pk).update(valid_from=dt.date(2027, 1, 1))
    with pytest.raises(Invalid) as refused:
        month.allocate()
    assert refused.value.problems[0].field == "rule_set"


@pytest.mark.parametrize("model", [RunCertificate, RunDepartment, CollectedCost, DriverValue, AllocationPosting, DepartmentFullCost])  # fmt: skip
def test_raw_sql_cannot_change_the_result_of_a_run(month: CostedHospital, model: Any) -> None:
    month.allocate()
    table = model._meta.db_table
    assert model.objects.exists()
    for change in (
        f"UPDATE {table} SET run_id = run_id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


COPY_POSTING = """
INSERT INTO costing_posting (run_id, level, source_id, receiver_id, item_id, fund_id, amount_fen, rule_id, driver_code,
    numerator, denominator, fallback_depth)
SELECT run_id, level, source_id, receiver_id, item_id, fund_id, amount_fen, rule_id, driver_code, numerator,
    denominator, fallback_depth FROM costing_posting LIMIT 1
"""


def test_the_database_sums_a_run_before_it_commits(month: CostedHospital) -> None:
    month.allocate()
    with pytest.raises(DatabaseError, match="不守恒"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{COPY_POSTING}; SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("committed_db")
def test_a_committed_run_takes_no_more_facts() -> None:
    month = CostedHospital(World())
    month.enter_month()
    month.allocate()
    with pytest.raises(DatabaseError, match="已封存"), connection.cursor() as cursor:
        cursor.execute(COPY_POSTING)


def test_rules_that_a_posted_run_used_cannot_change(month: CostedHospital) -> None:
    rule = AllocationRule.objects.get(level=1)
    AllocationRule.objects.filter(pk=rule.pk).update(rank=7)
    month.allocate()
    for change in (lambda: AllocationRule.objects.filter(pk=rule.pk).update(rank=8), rule.delete):
        with pytest.raises(DatabaseError, match="不能修改"), transaction.atomic():
            change()


def test_a_certificate_needs_a_run_being_posted(month: CostedHospital) -> None:
    run = month.allocate()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO costing_certificate SELECT (jsonb_populate_record(c, '{\"run_id\": 999999}')).*"
            " FROM costing_certificate c WHERE run_id = %s", [run.pk],
        )  # fmt: skip
