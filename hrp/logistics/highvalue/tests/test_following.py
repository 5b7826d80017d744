"""Pieces follow stock: received one by one, sent, issued, undone; at every step the count is the quantity."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.highvalue.models import TraceUnit, UnitScan
from hrp.logistics.highvalue.services import scans
from hrp.logistics.highvalue.tests.world import GTIN, Theatre
from hrp.platform.base.refusals import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db
GS = "\x1d"


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def states(theatre: Theatre) -> list[str]:
    found = TraceUnit.objects.exclude(state="labelled").order_by("pk")
    return list(found.values_list("state", flat=True))


def test_a_receipt_gives_every_piece_a_code_and_undoing_takes_them_away(theatre: Theatre) -> None:
    units = theatre.buy(3)
    assert [unit.uid[:2] for unit in units] == ["YN"] * 3
    assert {unit.store_id for unit in units} == {theatre.store.pk}
    theatre.check()
    document = StockReceipt.objects.get()
    theatre.reverse(document)
    assert states(theatre) == []
    theatre.check()


def test_scanned_codes_become_the_pieces_and_may_come_again_after_undoing(theatre: Theatre) -> None:
    header = {"store": theatre.store.pk, "supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk}
    line = theatre.line(2, "B1", price="0", amount="1600")
    for _ in range(2):
        draft = theatre.draft(StockReceipt, header, line)
        code = f"01{GTIN}17280630{'10B1'}{GS}21SN7"
        scans.scan(actor=theatre.nurse, source=draft.source, code=code)
        with pytest.raises(Conflict) as again:
            scans.scan(actor=theatre.nurse, source=draft.source, code=code)
        assert again.value.code == "scanned"
        units = theatre.units_of(theatre.post(draft))
        assert (units[0].uid, units[0].gtin, units[0].serial) == ("SN7", GTIN, "SN7")
        assert units[1].uid.startswith("YN")
        theatre.check()
        theatre.reverse(draft)
    assert TraceUnit.objects.filter(serial="SN7").count() == 1


def test_a_wrong_lot_or_another_product_is_not_scanned_in(theatre: Theatre) -> None:
    header = {"store": theatre.store.pk, "supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk}
    draft = theatre.draft(StockReceipt, header, theatre.line(1, "B1", price="0", amount="800"))
    with pytest.raises(Conflict) as refused:
        scans.scan(actor=theatre.nurse, source=draft.source, code=f"01{GTIN}10B9{GS}21SN1")
    assert refused.value.code == "not_wanted"
    with pytest.raises(Invalid, match="产品码"):
        scans.scan(actor=theatre.nurse, source=draft.source, code=f"010690123456790810B1{GS}21SN1")


def test_what_leaves_must_be_named_unless_all_of_it_leaves(theatre: Theatre) -> None:
    units = theatre.buy(3)
    part = theatre.issue(1)
    with pytest.raises(Conflict) as refused:
        theatre.post(part)
    assert refused.value.code == "units_not_named"
    assert "须扫 1 个" in refused.value.problems[0].message
    scans.scan(actor=theatre.nurse, source=part.source, code=units[1].uid)
    theatre.post(part)
    assert states(theatre) == ["in_stock", "out", "in_stock"]
    theatre.check()
    theatre.post(theatre.issue(2))
    assert states(theatre) == ["out", "out", "out"]
    theatre.check()
    theatre.reverse(part)
    assert states(theatre) == ["out", "in_stock", "out"]
    theatre.check()


def test_a_transfer_carries_its_pieces_over_and_back(theatre: Theatre) -> None:
    units = theatre.buy(2)
    sent = theatre.send(1)
    scans.scan(actor=theatre.nurse, source=sent.source, code=units[0].uid)
    theatre.post(sent)
    theatre.check()
    arrived = theatre.arrive(sent, units[0].batch_id, 1)
    units[0].refresh_from_db()
    assert (units[0].state, units[0].store_id) == ("in_stock", theatre.second.pk)
    theatre.check()
    theatre.reverse(arrived)
    theatre.check()
    theatre.reverse(sent)
    units[0].refresh_from_db()
    assert units[0].store_id == theatre.store.pk
    theatre.check()


def test_half_a_stent_is_refused_at_the_line(theatre: Theatre) -> None:
    with pytest.raises(Invalid) as refused:
        theatre.issue("0.5")  # type: ignore[arg-type]
    assert "整数" in refused.value.problems[0].message


def test_a_scan_of_a_posted_document_or_of_an_unknown_code_is_refused(theatre: Theatre) -> None:
    units = theatre.buy(2)
    part = theatre.issue(1)
    with pytest.raises(NotFound):
        scans.scan(actor=theatre.nurse, source=part.source, code="NOBODY")
    one = scans.scan(actor=theatre.nurse, source=part.source, code=units[0].uid)
    scans.unscan(actor=theatre.nurse, source=part.source, pk=one.pk)
    assert not UnitScan.objects.exists()
    scans.scan(actor=theatre.nurse, source=part.source, code=units[0].uid)
    theatre.post(part)
    with pytest.raises(Conflict):
        scans.scan(actor=theatre.nurse, source=part.source, code=units[1].uid)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM logistics_unit",
        "UPDATE logistics_unit SET state = 'used'",
        "UPDATE logistics_unit SET store_id = NULL",
        "UPDATE logistics_unit SET owner = 'supplier'",
        "DELETE FROM logistics_unit_event",
        "INSERT INTO logistics_unit_event (unit_id, act, from_state, to_state, source, line_position, at, actor_id, note)"
        " SELECT id, 'use', 'picked', 'used', 'x', 0, now(), (SELECT min(id) FROM access_user), '' FROM logistics_unit",
    ],
)
def test_the_database_refuses_to_rewrite_a_piece(theatre: Theatre, statement: str) -> None:
    theatre.buy(1)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


STEPS = st.lists(
    st.tuples(st.sampled_from(("buy", "consign", "issue", "use", "cancel", "book", "reverse")), st.integers(0, 99)),
    min_size=4, max_size=12,
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_done_every_piece_is_in_one_place(theatre: Theatre, steps: list[Any]) -> None:
    with transaction.atomic():
        done: list[Any] = []
        uses: list[Any] = []
        for what, chance in steps:
            with suppress(Invalid if what == "book" else Conflict), suppress(Conflict), transaction.atomic():
                _do(theatre, done, uses, what, chance)
            theatre.check()
        transaction.set_rollback(True)


def _do(theatre: Theatre, done: list[Any], uses: list[Any], what: str, chance: int) -> None:
    from hrp.logistics.highvalue.documents.consign_in import ConsignIn
    from hrp.logistics.highvalue.models import PatientUse
    from hrp.logistics.highvalue.services import using

    if what == "buy":
        header = {"store": theatre.store.pk, "supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk}
        done.append(
            theatre.do(
                StockReceipt, header, theatre.line(1 + chance % 3, "B", price="0", amount=f"{chance}.07")
            )
        )
    elif what == "consign":
        done.append(theatre.do(ConsignIn, theatre.consign_header(), theatre.line(1 + chance % 3, "B")))
    elif what == "issue":
        done.append(theatre.post(theatre.issue(1 + chance % 2)))
    elif what == "use":
        there = TraceUnit.objects.filter(state__in=("in_stock", "in_consign")).order_by("pk")
        if there:
            uses.append(theatre.use(there[chance % len(there)]))
    elif what == "cancel" and uses:
        use = PatientUse.objects.get(pk=uses[chance % len(uses)].pk)
        using.cancel(actor=theatre.other, use=use, reason="扫错")
        uses[:] = [one for one in uses if one.pk != use.pk]
    elif what == "book" and uses:
        done.append(theatre.book(uses[chance % len(uses)]))
    elif what == "reverse" and done:
        document = done[chance % len(done)]
        theatre.reverse(document)
        done.remove(document)
