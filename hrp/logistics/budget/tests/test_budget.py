"""Money of a budget is in one state at a time, and no more of it is spent than a hard line holds."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.budget import services
from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.logistics.budget.services import Want
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.tests.test_subledger import Business
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
YEAR = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 12, 31)}


class Budgeted(Business):
    def __init__(self, control: str = "hard", amount: str = "100.00") -> None:
        super().__init__()
        self.group = self.items[0].material_class_id
        self.unit = self.world.unit.pk
        self.world.grant(self.clerk, "logistics.budget_line.change")
        self.line = BudgetLine.objects.create(
            org_unit=self.world.unit,
            material_class_id=self.group,
            amount=Decimal(amount),
            control=control,
            **YEAR,
        )

    def want(self, amount: Any) -> list[Want]:
        return [Want(self.unit, self.group, Decimal(amount), position=1)]

    def hold(self, state: str, amount: Any, source: str, **more: Any) -> Any:
        wants = self.want(amount) if amount else []
        return services.hold(state, wants, source=source, day=DAY, on=DAY, actor=self.clerk, **more)

    def spend(self, amount: Any, source: str) -> Any:
        return services.actual(self.want(amount), source=source, on=DAY, actor=self.clerk)

    def sums(self) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for entry in BudgetEntry.objects.filter(line=self.line):
            found[entry.state] = found.get(entry.state, Decimal(0)) + entry.amount
        return {state: amount for state, amount in found.items() if amount}


@pytest.fixture
def budgeted() -> Budgeted:
    return Budgeted()


def test_money_passes_from_reserved_to_committed_to_spent(budgeted: Budgeted) -> None:
    """60 asked for; 50 of it ordered, so 10 stay asked for; 45 came, so 5 stay ordered: never more than 60 in all."""
    budgeted.hold("reserved", 60, "r:1")
    budgeted.hold("reserved", 10, "r:1", by="o:1")
    budgeted.hold("committed", 50, "o:1")
    assert budgeted.sums() == {"reserved": 10, "committed": 50}
    budgeted.hold("committed", 5, "o:1", by="i:1")
    budgeted.spend(45, "i:1")
    assert budgeted.sums() == {"reserved": 10, "committed": 5, "actual": 45}
    services.undo(by="i:1", on=DAY, actor=budgeted.clerk)
    budgeted.hold("committed", 50, "o:1", by="i:1", checked=False)
    assert budgeted.sums() == {"reserved": 10, "committed": 50}
    services.release(source="o:1", on=DAY, actor=budgeted.clerk)
    services.release(source="r:1", on=DAY, actor=budgeted.clerk)
    assert budgeted.sums() == {}
    budgeted.check()


def test_an_issue_spends_at_cost_and_its_reversal_gives_back(budgeted: Budgeted) -> None:
    item = budgeted.items[1]
    budgeted.receive(item, 10, "90.00")
    issue = budgeted.issue(item, 10)
    assert budgeted.sums() == {"actual": Decimal("90.00")}
    budgeted.receive(item, 10, "90.00")
    with pytest.raises(Conflict) as refused:
        budgeted.issue(item, 2)
    assert refused.value.code == "over_budget"
    assert "可用预算 10.00 元，超出 8.00 元" in refused.value.problems[0].message
    assert "追加预算" in refused.value.way_out
    budgeted.reverse(issue)
    assert budgeted.sums() == {}
    budgeted.issue(item, 2)
    budgeted.check()


def test_soft_lines_warn_and_lines_that_are_off_only_count() -> None:
    soft = Budgeted("soft")
    [over] = soft.spend(130, "i:1")
    assert over.amount == 30
    BudgetLine.objects.update(control="off")
    assert soft.spend(10, "i:2") == []
    assert soft.sums() == {"actual": 140}


def test_a_class_has_its_own_line_or_the_department_s_common_one(budgeted: Budgeted) -> None:
    common = BudgetLine.objects.create(
        org_unit=budgeted.world.unit, amount=Decimal(50), control="hard", **YEAR
    )
    assert services.lines_for([Want(budgeted.unit, budgeted.group, Decimal(1))], on=DAY) == {
        (budgeted.unit, budgeted.group, ""): budgeted.line.pk
    }
    other = Want(budgeted.unit, 10**6, Decimal(1))
    assert services.lines_for([other], on=DAY) == {(budgeted.unit, 10**6, ""): common.pk}
    assert services.lines_for([other], on=dt.date(2027, 1, 1)) == {}
    with pytest.raises(IntegrityError), transaction.atomic():
        BudgetLine.objects.create(
            org_unit=budgeted.world.unit,
            amount=Decimal(50),
            valid_from=DAY,
            valid_to=DAY + dt.timedelta(days=400),
        )


def test_more_is_granted_with_a_reason_and_what_is_used_is_not_taken_away(budgeted: Budgeted) -> None:
    budgeted.hold("reserved", 100, "r:1")
    with pytest.raises(Conflict) as refused:
        services.change(actor=budgeted.clerk, line=budgeted.line, amount=Decimal(-1), reason="压减")
    assert refused.value.code == "budget_used"
    services.change(actor=budgeted.clerk, line=budgeted.line, amount=Decimal(20), reason="新增床位")
    budgeted.hold("reserved", 20, "r:2")


def test_what_is_left_is_carried_to_the_line_that_follows(budgeted: Budgeted) -> None:
    BudgetLine.objects.update(valid_to=dt.date(2026, 10, 31))
    budgeted.line.refresh_from_db()
    with pytest.raises(Conflict):
        services.carry(actor=budgeted.clerk, line=budgeted.line)
    following = BudgetLine.objects.create(
        org_unit=budgeted.world.unit, material_class_id=budgeted.group, amount=Decimal(10), control="hard",
        valid_from=dt.date(2026, 11, 1), valid_to=dt.date(2026, 11, 30),
    )  # fmt: skip
    assert services.carry(actor=budgeted.clerk, line=budgeted.line) == 100
    budgeted.spend(110, "i:1")
    with pytest.raises(Conflict):
        budgeted.spend("0.01", "i:2")
    with pytest.raises(Conflict):
        services.carry(actor=budgeted.clerk, line=budgeted.line)
    assert sum(e.amount for e in BudgetEntry.objects.filter(line=following, state="carried")) == 100
    budgeted.check()


def test_the_database_refuses_to_hold_less_than_nothing(budgeted: Budgeted) -> None:
    budgeted.hold("reserved", 5, "r:1")
    entry = BudgetEntry.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        BudgetEntry.objects.create(
            line=entry.line, state="reserved", amount=Decimal(-6), source="r:1", by="x:1", on=DAY, actor=budgeted.clerk,
            recorded_at=entry.recorded_at,
        )  # fmt: skip


ACTS = st.lists(
    st.tuples(st.sampled_from(("reserved", "committed", "spend", "release", "undo", "back")), st.integers(0, 6000), st.integers(0, 3)),
    min_size=3, max_size=15,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_what_is_held_is_what_was_said_last_and_no_hard_line_is_exceeded(
    budgeted: Budgeted, acts: list[Any]
) -> None:
    """Against a plain account of who holds and who spent what."""
    with transaction.atomic():
        book: dict[tuple[str, str], Decimal] = {}
        for what, fen, which in acts:
            amount, source = Decimal(fen) / 100, f"d:{which}"
            before = dict(book)
            try:
                with transaction.atomic():
                    _do(budgeted, book, what, amount, source)
            except Conflict:
                book = before
            states = {state for state, _ in book}
            sums = {
                state: sum((v for (s, _), v in book.items() if s == state), Decimal(0)) for state in states
            }
            assert budgeted.sums() == {state: amount for state, amount in sums.items() if amount}
            assert sum(sums.values()) <= 100
        transaction.set_rollback(True)


def _do(
    budgeted: Budgeted, book: dict[tuple[str, str], Decimal], what: str, amount: Decimal, source: str
) -> None:
    if what in ("reserved", "committed"):
        book[what, source] = amount
        budgeted.hold(what, amount, source)
    elif what == "spend":
        book["actual", source] = book.get(("actual", source), Decimal(0)) + amount
        budgeted.spend(amount, source)
    elif what == "release":
        book.pop(("reserved", source), None)
        book.pop(("committed", source), None)
        services.release(source=source, on=DAY, actor=budgeted.clerk)
    elif what == "undo":
        book.pop(("actual", source), None)
        for by in (f"back:{source}", source):  # what came back is undone first, as its document must be
            services.undo(by=by, on=DAY, actor=budgeted.clerk)
    else:
        spent = book.get(("actual", source), Decimal(0))
        book["actual", source] = spent - min(amount, spent)
        services.take_back(
            budgeted.want(amount), source=source, day=DAY, by=f"back:{source}", on=DAY, actor=budgeted.clerk
        )


def test_eight_who_want_the_last_of_a_budget_get_exactly_that(committed_db: Any) -> None:
    budgeted = Budgeted()

    def take(number: int) -> str:
        try:
            budgeted.hold("reserved", 20, f"r:{number}")
        except Conflict as refused:
            return refused.code
        else:
            return "ok"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        outcomes = sorted(people.map(take, range(8)))
    assert outcomes == ["ok"] * 5 + ["over_budget"] * 3
    assert budgeted.sums() == {"reserved": 100}


def test_who_undoes_an_issue_waits_for_stock_before_holding_the_budget(committed_db: Any) -> None:
    """Stock first, budgets after, in posting and in undoing: two at once wait for each other instead of deadlocking."""
    budgeted = Budgeted()
    item = budgeted.items[1]
    budgeted.receive(item, 10, "90.00")
    issue = budgeted.issue(item, 5)

    def undo() -> None:
        try:
            budgeted.reverse(StockIssue.objects.get(pk=issue.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM logistics_balance WHERE item_id = %s FOR UPDATE", [item.pk])
            undoing = other.submit(undo)
            assert any(_somebody_waits(cursor) for _ in range(200)), "it did not wait for the stock"
            cursor.execute("SELECT FROM logistics_budget_line FOR UPDATE NOWAIT")
        undoing.result(timeout=20)
    assert budgeted.sums() == {}
    budgeted.check()


def _somebody_waits(cursor: Any) -> bool:
    cursor.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(cursor.fetchone()[0])
