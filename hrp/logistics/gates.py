"""What rooms above add to the documents of stock: checks before a document may go on, and what follows its posting.

A gate looks at one moment of business. Its ``check`` returns problems (shown at their lines) and never writes; its
``prepare`` runs inside the posting before stock is taken, its ``apply`` after, under the locks of stock; its ``mirror``
undoes both when the document is reversed, under the locks of stock as well. Posting and reversal lock in one order: other
documents, stock, and what rooms keep beside it. A gate that needs another document locks it in ``hold``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from hrp.platform.base.refusals import Problem
from hrp.platform.base.registry import Registry

if TYPE_CHECKING:
    from hrp.logistics.subledger.writing import Move
    from hrp.platform.documents.spec import PostingContext
    from hrp.platform.ledger.drafts import EntryDraft


class Moment(StrEnum):
    ORDER = "order"
    RECEIPT = "receipt"
    REQUEST = "request"
    ISSUE = "issue"
    TRANSFER = "transfer"
    SETTLEMENT = "settlement"
    SUPPLIER_RETURN = "supplier_return"
    INVOICE = "invoice"


Check = Callable[[Any, Sequence[Any], dt.date], list[Problem]]
Act = Callable[[Any, "PostingContext"], None]
Apply = Callable[[Any, "PostingContext"], "Sequence[EntryDraft] | None"]


@dataclass(frozen=True)
class Gate:
    """``check(document, lines, on)`` at save and again at submission; the others, ``(document, ctx)``, at posting.

    What ``apply`` returns is booked with the document's own entries, and mirrored with them. With ``kinds`` it is asked
    only when a line is of an item of one of these kinds, where the document says which it has.
    """

    name: str
    moment: Moment
    check: Check | None = None
    prepare: Act | None = None
    apply: Apply | None = None
    mirror: Act | None = None
    hold: Act | None = None
    kinds: frozenset[str] = frozenset()


_gates: Registry[Gate] = Registry("关口")


def register(gate: Gate) -> Gate:
    return _gates.register(f"{gate.moment}/{gate.name}", gate)


def problems(moment: Moment, document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """What every gate of a moment finds wrong."""
    return [
        problem
        for gate in _gates
        if gate.moment == moment and gate.check is not None
        for problem in gate.check(document, lines, on)
    ]


def held(moment: Moment, document: Any, ctx: PostingContext) -> None:
    """Let every gate of a moment lock the other documents it will change, before stock is locked."""
    for gate in _gates:
        if gate.moment == moment and gate.hold is not None:
            gate.hold(document, ctx)


def prepared(moment: Moment, document: Any, ctx: PostingContext) -> None:
    """Let every gate of a moment do what must be done before stock is locked and taken."""
    held(moment, document, ctx)
    for gate in _gates:
        if gate.moment == moment and gate.prepare is not None:
            gate.prepare(document, ctx)


def applied(
    moment: Moment, document: Any, ctx: PostingContext, *, kinds: frozenset[str] | None = None
) -> tuple[EntryDraft, ...]:
    """Let every gate of a moment do its part of a posting; what it adds to the document's entries.

    ``kinds``: of what kinds the items of the lines are, when the document knows.
    """
    return tuple(
        draft
        for gate in _gates
        if gate.moment == moment
        and gate.apply is not None
        and not (gate.kinds and kinds is not None and gate.kinds.isdisjoint(kinds))
        for draft in gate.apply(document, ctx) or ()
    )


def mirrored(moment: Moment, document: Any, ctx: PostingContext) -> None:
    """Let every gate of a moment undo its part, the last one first."""
    for gate in reversed(list(_gates)):
        if gate.moment == moment and gate.mirror is not None:
            gate.mirror(document, ctx)


# -- what follows the movements of pieces, whichever document made them -------------------------------------------------


@dataclass(frozen=True)
class Follower:
    """``follow(moves, store_id=, kind=, ctx=)`` after moves were written, mirrors among them (``reverses_id``).

    It is told of moves of items that are followed piece by piece, and of nothing else.
    """

    name: str
    follow: Callable[..., None]


_followers: Registry[Follower] = Registry("随动")


def follow(follower: Follower) -> Follower:
    return _followers.register(follower.name, follower)


def moved(moves: Sequence[Move], *, store_id: int, kind: str, ctx: PostingContext) -> None:
    """Tell every follower of moves of pieces; one that refuses undoes the posting."""
    for follower in _followers:
        follower.follow(moves, store_id=store_id, kind=kind, ctx=ctx)


Barrier = Callable[["PostingContext"], None]
_barriers: Registry[Barrier] = Registry("过账关卡")


def close_off(name: str, barrier: Barrier) -> Barrier:
    """Ask ``barrier(ctx)`` before stock moves in a period; it raises Conflict when the period takes no more moves."""
    return _barriers.register(name, barrier)


def require_open(ctx: PostingContext) -> None:
    """Raise Conflict when a barrier does not let this posting move stock."""
    for barrier in _barriers:
        barrier(ctx)


@dataclass(frozen=True)
class Ordered:
    """What was ordered on one order line: base units, yuan per base unit, and the order's number."""

    quantity: Decimal
    price: Decimal
    number: str


OrderSide = Callable[[Sequence[int]], dict[int, Ordered]]
_orders: Registry[OrderSide] = Registry("订单")


def know_orders(name: str, look_up: OrderSide) -> OrderSide:
    """Let invoices be compared with orders: ``look_up(order line ids)`` gives what was ordered, by id."""
    return _orders.register(name, look_up)


def ordered(order_lines: Sequence[int]) -> dict[int, Ordered]:
    """What was ordered on these lines; empty where nobody knows orders."""
    return (
        {pk: found for look_up in _orders for pk, found in look_up(order_lines).items()}
        if order_lines
        else {}
    )


StillEstimated = Callable[[Sequence[int]], dict[int, Decimal]]
_estimates: Registry[StillEstimated] = Registry("暂估")


def know_estimates(name: str, look_up: StillEstimated) -> StillEstimated:
    """Let returns know what has been invoiced: ``look_up(receipt line ids)`` locks and gives what is still estimated."""
    return _estimates.register(name, look_up)


def still_estimated(receipt_lines: Sequence[int]) -> dict[int, Decimal] | None:
    """Base units of these lines no invoice has come for; None where nobody knows invoices."""
    found = [look_up(receipt_lines) for look_up in _estimates]
    return {pk: quantity for one in found for pk, quantity in one.items()} if found else None


OwnPromises = Callable[[str], Sequence[str]]
_promises: Registry[OwnPromises] = Registry("占用")


def know_promises(name: str, look_up: OwnPromises) -> OwnPromises:
    """Let screens know which promises of stock a document (``source``) serves: ``look_up(source)`` gives their sources."""
    return _promises.register(name, look_up)


def served_promises(source: str) -> list[str]:
    """The sources whose promises this document serves when it is posted."""
    return [found for look_up in _promises for found in look_up(source)]


@dataclass(frozen=True)
class EmptyCards:
    """Empty fixed-pack cards (定数卡) of one item: how many, and the base units they stand for."""

    count: int
    quantity: Decimal


class Cards(Protocol):
    """What purchasing must know of the cards that hang in stores."""

    def empty(self, store_id: int) -> dict[int, EmptyCards]: ...
    def scan(self, store_id: int, item_id: int, count: int, *, actor: Any) -> int: ...
    def ask(self, store_id: int, item_ids: Sequence[int], *, source: str) -> None: ...


_cards: Registry[Cards] = Registry("定数卡")


def know_cards(cards: Cards) -> Cards:
    return _cards.register("cards", cards)


def cards() -> Cards | None:
    """The cards of stores; None where no room keeps any."""
    return next(iter(_cards), None)


@dataclass(frozen=True)
class Settled:
    """What a settlement of used goods made payable: base units, yuan, and its number."""

    quantity: Decimal
    amount: Decimal
    number: str


SettledSide = Callable[[Sequence[str]], dict[str, Settled]]
_settled: Registry[SettledSide] = Registry("使用结算")


def know_settled(name: str, look_up: SettledSide) -> SettledSide:
    """Let invoices be compared with settlements of use: ``look_up(sources)`` gives what was settled, by source."""
    return _settled.register(name, look_up)


def settled(sources: Sequence[str]) -> dict[str, Settled]:
    """What these documents settled; empty where nobody knows settlements of use."""
    return {source: found for look_up in _settled for source, found in look_up(sources).items()}


@dataclass(frozen=True)
class Owed:
    """How a document changes what a supplier is owed, in yuan; a return lessens it.

    With ``receipt_line_id`` it touches the estimate (暂估) of that line by ``quantity`` and ``amount``, without one the
    invoiced payable.
    """

    supplier_id: int
    amount: Decimal
    quantity: Decimal = Decimal(0)
    receipt_line_id: int | None = None
