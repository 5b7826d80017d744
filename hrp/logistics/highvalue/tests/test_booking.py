"""ACC-02: a consigned piece used makes one receipt and one issue of the agreed price; only then is something owed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hrp.logistics.highvalue.documents.consign_out import ConsignOut
from hrp.logistics.highvalue.documents.consign_statement import ConsignStatement
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.models import ConsignMove, TraceUnit
from hrp.logistics.highvalue.services import booking, freezing
from hrp.logistics.highvalue.tests.world import Theatre
from hrp.logistics.models import StockMove
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Entry, Line

pytestmark = pytest.mark.django_db


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def owed(account: str) -> Decimal:
    return -sum(Line.objects.filter(account__code=account).values_list("amount", flat=True), Decimal(0))


def test_consigned_goods_are_in_no_account_until_they_are_used(theatre: Theatre) -> None:
    theatre.consign(3)
    assert not Entry.objects.exists()
    assert theatre.held() == 0


def test_use_makes_the_pair_and_the_payable(theatre: Theatre) -> None:
    first, second, _ = theatre.consign(3)
    theatre.buy(1, "L1", "750")  # own stock of the very same batch at another price
    document = theatre.book(theatre.use(first), theatre.use(second))
    moves = StockMove.objects.filter(source=document.source).order_by("pk")
    assert [(m.kind, m.line_position, m.quantity, m.amount) for m in moves] == [
        ("use_receipt", 1, 1, Decimal("798.00")), ("use_receipt", 2, 1, Decimal("798.00")),
        ("use_issue", 1, -1, Decimal("-798.00")), ("use_issue", 2, -1, Decimal("-798.00")),
    ]  # fmt: skip
    lines = Entry.objects.get(source=document.source).lines.order_by("position")
    assert [(x.account.code, x.amount, x.org_unit_id) for x in lines] == [
        ("1302.05", Decimal("1596.00"), None), ("2302.03", Decimal("-1596.00"), None),
        ("5001.02.05", Decimal("1596.00"), theatre.world.unit.pk), ("1302.05", Decimal("-1596.00"), None),
    ]  # fmt: skip
    assert (document.total, owed("2302.03"), theatre.held()) == (Decimal("1596.00"), Decimal("1596.00"), 1)
    theatre.check()
    theatre.reverse(document)
    assert owed("2302.03") == 0
    assert TraceUnit.objects.filter(state="used").count() == 2
    theatre.check()


def test_the_hospitals_own_piece_leaves_at_what_it_cost_even_if_its_batch_was_frozen_since(
    theatre: Theatre,
) -> None:
    unit, *_ = theatre.buy(3, amount="1000")
    use = theatre.use(unit)
    theatre.check()
    freezing.freeze(actor=theatre.nurse, reason="不良事件", batch_id=unit.batch_id)
    document = theatre.book(use)
    assert (document.total, theatre.held(theatre.store)) == (Decimal("333.33"), 2)
    unit.refresh_from_db()
    assert (unit.state, unit.store) == ("booked", None)
    theatre.check()


def test_nightly_booking_takes_every_department_once(theatre: Theatre) -> None:
    uses = [theatre.use(unit) for unit in theatre.consign(2)]
    done = booking.book_all(actor=theatre.nurse, on=DAY)
    assert [document.total for document in done] == [Decimal("1596.00")]
    assert booking.book_all(actor=theatre.nurse, on=DAY) == []
    assert {use.unit_id for use in uses} == set(
        TraceUnit.objects.filter(state="booked").values_list("pk", flat=True)
    )
    theatre.check()


def test_a_use_is_booked_once(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(1)
    use = theatre.use(unit)
    theatre.book(use)
    with pytest.raises(Invalid):
        theatre.book(use)


def test_settlement_makes_it_an_ordinary_payable(theatre: Theatre) -> None:
    unit, spare = theatre.consign(2)
    booked = theatre.book(theatre.use(unit))
    with pytest.raises(Invalid):
        theatre.do(UseSettlement, {"supplier": theatre.supplier.pk, "upto": DAY}, {"unit": spare.pk})
    settled = theatre.do(UseSettlement, {"supplier": theatre.supplier.pk, "upto": DAY}, {"unit": unit.pk})
    assert (settled.total, owed("2302.03"), owed("2302")) == (Decimal("798.00"), 0, Decimal("798.00"))
    theatre.check()
    with pytest.raises(Conflict) as refused:
        theatre.reverse(booked)
    assert refused.value.code == "stock_gone"
    theatre.reverse(settled)
    theatre.reverse(booked)
    assert (owed("2302.03"), owed("2302")) == (0, 0)
    theatre.check()


def test_what_is_left_goes_back_to_the_supplier(theatre: Theatre) -> None:
    unit, other = theatre.consign(2)
    theatre.use(unit)
    header = {"store": theatre.cabinet.pk, "supplier": theatre.supplier.pk, "reason": "unsold"}
    with pytest.raises(Invalid):
        theatre.do(ConsignOut, header, {"unit": unit.pk})
    back = theatre.do(ConsignOut, header, {"unit": other.pk})
    assert sum(ConsignMove.objects.values_list("quantity", flat=True)) == 0
    theatre.check()
    theatre.reverse(back)
    assert sum(ConsignMove.objects.values_list("quantity", flat=True)) == 1
    theatre.check()


def test_goods_brought_for_one_operation_are_for_that_patient(theatre: Theatre) -> None:
    with pytest.raises(Invalid, match="1 处"):
        theatre.consign(1, mode="carried")
    unit, *_ = theatre.consign(1, mode="carried", visit_no="ZY7")
    with pytest.raises(Conflict, match="ZY7"):
        theatre.use(unit, theatre.visit("ZY8"))
    theatre.book(theatre.use(unit, theatre.visit("ZY7")))
    theatre.check()


def test_the_suppliers_statement_agrees_or_is_explained(theatre: Theatre) -> None:
    batch = theatre.consign(3)[0].batch
    other = theatre.consign(1, "L2")[0].batch

    def state(*lines: tuple[int, str, str]) -> None:
        rows = [
            {"item": theatre.stent.pk, "batch": pk, "stated": stated, "explanation": why}
            for pk, stated, why in lines
        ]
        with clock.pinned(clock.at(DAY, 20)):
            theatre.do(ConsignStatement, {"supplier": theatre.supplier.pk}, *rows)

    with pytest.raises(Conflict) as refused:
        state((batch.pk, "4", ""))
    assert refused.value.code == "statement_differs"
    assert len(refused.value.problems) == 2, "the line that differs, and the batch they forgot"
    state((batch.pk, "4", "一件在途，次日送达"), (other.pk, "1", ""))
    theatre.check()
