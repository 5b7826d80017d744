"""Were the product wrong, a proof would say so: each bug planted here is found by the proof named beside it.

And each proof is silent on the product as it is: the very same story is told twice, with the bug and without.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from hrp.logistics import subledger
from hrp.logistics.budget import services as budget
from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.highvalue import rules as pieces
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.pieces import following, memo
from hrp.logistics.models import Batch
from hrp.logistics.requesting.documents import department_return
from hrp.logistics.rules import valuation
from hrp.logistics.settlement.services import closing
from hrp.logistics.settlement.subledger import receiving
from hrp.logistics.subledger import holding, layers, mirroring, taking, writing
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import numbering
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.documents.testing import DAY
from tests.materials.world import CENT, Hospital

Patch = pytest.MonkeyPatch
Story = Callable[[Hospital], set[str]]
USED_UP = "发完即清零"


# -- stories: what people do, and what of it is itself a promise ---------------------------------------------------


def used_up(hospital: Hospital) -> set[str]:
    """All that came in can go out again, in parts, at the very amount it came in with."""
    item = hospital.items[1]
    hospital.receive_lot(item, 7, "10.00")
    try:
        costs = [hospital.issue(item, quantity).total for quantity in (2, 2, 3)]
    except Conflict:
        return {USED_UP}
    return set() if sum(costs) == 10 and hospital.worth(item) == (0, 0) else {USED_UP}


def issued(hospital: Hospital) -> set[str]:
    for item in hospital.items:
        hospital.receive_lot(item, 10, "33.33")
        hospital.issue(item, 4)
    return set()


def issued_and_undone(hospital: Hospital) -> set[str]:
    """Out of two batches and two layers, so that a mirror has more than one thing to mirror."""
    for item in hospital.items[0], hospital.items[2]:
        hospital.receive_lot(item, 10, "33.33", "A")
        hospital.receive_lot(item, 7, "25.00", "B")
        hospital.undo(hospital.issue(item, 12))
    return set()


def undone_twice(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[0], 10, "33.33")
    issue = hospital.issue(hospital.items[0], 4)
    hospital.undo(issue)
    with suppress(Conflict):
        hospital.undo(issue)
    return set()


def brought_back(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[0], 3, "10.00")
    hospital.bring_back(hospital.issue(hospital.items[0], 3))
    return set()


def expired_overnight(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[1], 5, "5.00")
    Batch.objects.update(expiry=DAY - dt.timedelta(days=1))
    with suppress(Conflict):
        hospital.issue(hospital.items[1], 1)
    return set()


def sent(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[0], 3, "10.00")
    hospital.arrive(hospital.send_to(hospital.items[0], 2, 0, 1), Decimal("0.5"))
    return set()


def asked(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[0], 9, "10.00")
    hospital.ask(hospital.items[0], 3)
    return set()


def pieces_issued(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.stent, 2, "1600.00")
    hospital.issue(hospital.stent, 2)
    return set()


def used_twice(hospital: Hospital) -> set[str]:
    hospital.consign(2)
    unit = TraceUnit.objects.order_by("pk")[0]
    hospital.use(unit)
    with suppress(Conflict):
        hospital.use(unit)
    return set()


def returned_to_supplier(hospital: Hospital) -> set[str]:
    hospital.send_back(hospital.receive_lot(hospital.items[0], 3, "10.00"), Decimal("0.5"))
    return set()


def two_months(hospital: Hospital) -> set[str]:
    hospital.receive_lot(hospital.items[0], 3, "10.00")
    closing.close(actor=hospital.clerk, period=hospital.period)
    december = hospital.next_month()
    hospital.header = lambda **more: Hospital.header(hospital, **{"business_date": "2026-12-03", **more})  # type: ignore[method-assign]
    hospital.receive_lot(hospital.items[0], 2, "6.00")
    closing.close(actor=hospital.clerk, period=december)
    return set()


def budgeted(hospital: Hospital) -> set[str]:
    BudgetLine.objects.create(
        org_unit=hospital.world.unit, material_class_id=hospital.stent.material_class_id, amount=Decimal(900),
        control="soft", valid_from=DAY.replace(month=1, day=1), valid_to=DAY.replace(month=12, day=31),
    )  # fmt: skip
    hospital.receive_lot(hospital.items[0], 10, "33.33")
    hospital.undo(hospital.issue(hospital.items[0], 4))
    return set()


# -- the bugs ------------------------------------------------------------------------------------------------------


def cut_off(held: Decimal, amount: Decimal, quantity: Decimal) -> Decimal:
    """A price cut to two places and multiplied back, without regard to the last piece."""
    return (amount / held).quantize(CENT, rounding=ROUND_DOWN) * quantity


def dearer_on_the_way(patch: Patch) -> None:
    write = subledger.write

    def planted(moves: Any, *, kind: str, **more: Any) -> None:
        dear = [replace(m, amount=m.amount + CENT) for m in moves] if kind == "transfer_dispatch" else moves
        write(dear, kind=kind, **more)

    patch.setattr(subledger, "write", planted)


def last_line_forgotten(patch: Patch) -> None:
    write = mirroring.write
    patch.setattr(mirroring, "write", lambda moves, **more: write(moves[:-1], **more))


def any_day_will_do(patch: Patch) -> None:
    pick = taking.pick_fefo
    patch.setattr(taking, "pick_fefo", lambda *given, **more: pick(*given, **more | {"on": dt.date.min}))


def use_allowed_again(patch: Patch) -> None:
    patch.setattr(pieces, "verdict", lambda *_given, **_more: (pieces.Verdict.OK, ""))
    patch.setattr(pieces, "ALLOWED", pieces.ALLOWED | {"use": frozenset(pieces.State)})


def cabinet_not_emptied(patch: Patch) -> None:
    write = memo.write
    patch.setattr(
        memo, "write", lambda *given, **more: None if more["kind"] == "use" else write(*given, **more)
    )


def numbers_by_two(patch: Patch) -> None:
    stamping = numbering.stamping
    patch.setattr(numbering, "stamping", lambda *given: stamping(*given).replace("last + 1", "last + 2"))


def statement(patch: Patch, module: Any, name: str, old: str, new: str) -> None:
    """Change a statement of the product; the words must be there."""
    assert old in getattr(module, name)
    patch.setattr(module, name, getattr(module, name).replace(old, new))


@dataclass(frozen=True)
class Bug:
    """``plant`` makes the product wrong; ``story`` lets it go wrong; ``proof`` must find it."""

    plant: Callable[[Patch], None]
    story: Story
    proof: str


BUGS = {
    "舍入漏分：出库按两位单价乘回": Bug(lambda p: p.setattr(valuation, "value_out", cut_off), used_up, USED_UP),
    "退库按单价乘回，退完仍差一分": Bug(
        lambda p: p.setattr(department_return, "value_out", cut_off), brought_back, "LOG-I23"
    ),
    "余额没有跟着流水减少": Bug(
        lambda p: statement(p, writing, "DECREASE_SQL", "quantity = b.quantity + t.quantity", "quantity = b.quantity"),
        issued, "LOG-I2",
    ),
    "库存价值没有跟着流水减少": Bug(
        lambda p: statement(p, writing, "VALUE_LESS_SQL", "amount = v.amount + m.amount", "amount = v.amount"),
        issued, "LOG-I2V",
    ),
    "红冲不还先进先出的层": Bug(lambda p: p.setattr(layers, "give_back", lambda **_: True), issued_and_undone, "LOG-I4"),
    "红冲漏了最后一行": Bug(last_line_forgotten, issued_and_undone, "LOG-I6"),
    "同一张单据红冲两次": Bug(
        lambda p: p.setattr(documents, "begin", lambda one, act, *, actor: (documents.lock(one), State.REVERSED)),
        undone_twice, "logistics_move_reverses_id_key",
    ),
    "调拨换了金额": Bug(dearer_on_the_way, sent, "LOG-I5T"),
    "过期批次照发": Bug(any_day_will_do, expired_overnight, "LOG-I19"),
    "申领领走后占用未释放": Bug(lambda p: p.setattr(holding, "consume", lambda *_, **__: None), asked, "LOG-I21"),
    "出库没有记总账": Bug(lambda p: p.setattr(StockIssue, "entries", lambda *_: []), issued, "LOG-I8"),
    "一件在两处：发出的唯一码仍留在库": Bug(
        lambda p: p.setattr(following, "_leave", lambda *_, **__: None), pieces_issued, "LOG-I7"
    ),
    "一件用了两次": Bug(use_allowed_again, used_twice, "logistics_one_use"),
    "寄售件用了仍在备查": Bug(cabinet_not_emptied, used_twice, "LOG-I11"),
    "编号跳号": Bug(numbers_by_two, issued, "LOG-I12"),
    "退货没有冲减暂估": Bug(
        lambda p: p.setattr(receiving.estimates, "write", lambda *_, **__: None), returned_to_supplier, "LOG-I9"
    ),
    "月结丢了上期结存": Bug(
        lambda p: statement(p, closing, "FROM_LAST_SQL", "WHERE close_id = %s", "WHERE close_id = %s AND false"),
        two_months, "LOG-I13",
    ),
    "出库红冲没有退回预算": Bug(lambda p: p.setattr(budget, "undo", lambda **_: None), budgeted, "LOG-I14A"),
}  # fmt: skip


def said(hospital: Hospital, story: Story) -> set[str]:
    """Who objects: promises of the story, constraints and triggers of the database, invariants."""
    try:
        with transaction.atomic():
            failed = story(hospital)
    except DatabaseError as refused:
        told: Any = refused.__cause__
        return {told.diag.constraint_name or told.diag.context.split("()")[0].split()[-1]}
    return failed | {o.id for o in health.run() if o.state != "ok"}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str, hospital: Hospital, monkeypatch: Patch) -> None:
    bug = BUGS[name]
    bug.plant(monkeypatch)
    assert bug.proof in said(hospital, bug.story)


@pytest.mark.parametrize("story", sorted({bug.story for bug in BUGS.values()}, key=lambda one: one.__name__))
def test_every_proof_is_silent_without_it(story: Story, hospital: Hospital) -> None:
    assert said(hospital, story) == set()
