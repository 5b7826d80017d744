"""The journal refuses what would make it untrue, even to raw SQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.testing import DAY, World
from hrp.platform.ledger import selectors, services
from hrp.platform.ledger.chart import install_measure
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Entry, Line, Period

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def balanced(world: World, amount: str = "12.34") -> EntryDraft:
    value = Decimal(amount)
    return EntryDraft(
        DAY,
        "水电费",
        (LineDraft("5001.07", value, world.unit.pk, "F1"), LineDraft("2302", -value, fund="F1")),
    )


def book(world: World, draft: EntryDraft, source: str = "test.act:1") -> int:
    period = selectors.lock_open_period(world.campus.pk, draft.date)
    return services.record([draft], period=period, source=source, kind="post", actor=world.owner)[0]


def settle() -> None:
    """Bring the checks of commit forward."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_balanced_entry_is_booked_to_the_fen(world: World) -> None:
    book(world, balanced(world))
    settle()
    assert selectors.balance("5001.07", until=DAY) == Decimal("12.34")
    assert selectors.balance("2302", until=DAY) == Decimal("-12.34")


def test_an_unbalanced_draft_is_refused_before_it_is_written(world: World) -> None:
    draft = EntryDraft(DAY, "错", (LineDraft("5001.07", Decimal("1.00"), world.unit.pk, "F1"),))
    with pytest.raises(Invalid) as refused:
        book(world, draft)
    assert refused.value.code == "unbalanced"
    assert not Entry.objects.exists()


def raw_entry(world: World, *, day: dt.date = DAY) -> int:
    return Entry.objects.create(
        book=world.book, period=world.period, date=day, source="raw:1", kind="post", text="原始", actor=world.owner,
        recorded_at=dt.datetime(2026, 11, 10, tzinfo=dt.UTC), xact_id=0,
    ).pk  # fmt: skip


def raw_line(entry: int, account: str, amount: str, position: int = 1, unit: int | None = None) -> None:
    Line.objects.create(
        entry_id=entry, position=position, account_id=selectors.account_ids([account])[account], amount=Decimal(amount),
        org_unit_id=unit,
    )  # fmt: skip


def test_an_entry_that_does_not_balance_cannot_be_committed(world: World) -> None:
    with pytest.raises(DatabaseError, match="不平"), transaction.atomic():
        raw_line(raw_entry(world), "2302", "5.00")
        settle()


def test_an_entry_without_lines_cannot_be_committed(world: World) -> None:
    with pytest.raises(DatabaseError, match="不平"), transaction.atomic():
        raw_entry(world)
        settle()


def test_a_date_outside_its_period_is_refused(world: World) -> None:
    with pytest.raises(DatabaseError, match="不在会计期间"), transaction.atomic():
        raw_entry(world, day=dt.date(2026, 12, 1))


def test_a_closed_period_refuses_raw_entries(world: World) -> None:
    Period.objects.update(state=Period.State.CLOSED)
    with pytest.raises(DatabaseError, match="已结账"), transaction.atomic():
        raw_entry(world)


def test_nan_is_not_an_amount(world: World) -> None:
    with (
        pytest.raises(DatabaseError, match="ledger_line_is_a_number"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        entry = raw_entry(world)
        cursor.execute(
            "INSERT INTO ledger_line (entry_id, position, account_id, amount, quantity, memo)"
            " SELECT %s, 1, id, 'NaN', 0, '' FROM ledger_account WHERE code = '2302'",
            [entry],
        )


def test_a_statistic_carries_no_money_and_an_expense_names_its_department(world: World) -> None:
    install_measure(code="STAT.X", name="试", measure="人")
    with pytest.raises(DatabaseError, match="科目性质"), transaction.atomic():
        raw_line(raw_entry(world), "STAT.X", "1.00", unit=world.unit.pk)
    with pytest.raises(DatabaseError, match="科目性质"), transaction.atomic():
        raw_line(raw_entry(world), "5001.07", "1.00")


def test_the_same_source_is_booked_once(world: World) -> None:
    book(world, balanced(world))
    with pytest.raises(DatabaseError), transaction.atomic():
        book(world, balanced(world))


def test_months_open_without_a_gap_and_close_in_order(world: World) -> None:
    with pytest.raises(Conflict) as refused:
        services.open_period(book=world.book, year=2027, month=1, actor=world.owner)
    assert refused.value.code == "period_gap"
    december = services.open_period(book=world.book, year=2026, month=12, actor=world.owner)
    with pytest.raises(Conflict) as refused:
        services.close_period(period=december, actor=world.owner)
    assert refused.value.code == "earlier_period_open"
    services.close_period(period=world.period, actor=world.owner)
    with pytest.raises(Conflict) as refused:
        book(world, balanced(world))
    assert refused.value.code == "period_closed"


def test_only_the_newest_closed_month_is_reopened_and_with_a_reason(world: World) -> None:
    december = services.open_period(book=world.book, year=2026, month=12, actor=world.owner)
    services.close_period(period=world.period, actor=world.owner)
    services.close_period(period=december, actor=world.owner)
    with pytest.raises(Conflict):
        services.reopen_period(period=world.period, actor=world.owner, reason="补记")
    with pytest.raises(Invalid):
        services.reopen_period(period=december, actor=world.owner, reason=" ")
    assert (
        services.reopen_period(period=december, actor=world.owner, reason="补记").state == Period.State.OPEN
    )


def test_a_month_does_not_close_over_a_broken_invariant(world: World) -> None:
    """A month with a corrupted stock balance is refused by the invariant's name."""
    from hrp.logistics.models import StockBalance
    from hrp.logistics.tests.test_documents import Stockroom
    from hrp.platform.documents.spec import ACTS

    room = Stockroom(world)
    clerk = world.user("clerk", "库管", *(f"logistics.stock_receipt.{act}" for act in ACTS))
    room.receive(clerk, {"item": room.gauze.pk, "quantity": "5", "price": "2"})
    StockBalance.objects.update(quantity=6)
    with pytest.raises(Conflict) as refused:
        services.close_period(period=world.period, actor=world.owner)
    assert any(p.message.startswith("LOG-I2") for p in refused.value.problems)
    assert Period.objects.get(pk=world.period.pk).state == Period.State.OPEN


def test_a_line_cannot_join_an_entry_of_an_earlier_transaction(committed_db: object) -> None:
    world = World()
    with transaction.atomic():
        entry = book(world, balanced(world))
    with pytest.raises(DatabaseError, match="已封存"), transaction.atomic():
        raw_line(entry, "2302", "1.00", position=9)
