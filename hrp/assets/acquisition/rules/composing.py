"""From pieces that arrived to cards: main machine and accessories together, or split by the life of the component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, to_cents

ZERO = Decimal(0)


class Treatment(StrEnum):
    OWN = "own"  # 单独建卡
    JOIN = "join"  # 并入主机
    SPLIT = "split"  # 按寿命分拆, a card of its own under the main machine's


@dataclass(frozen=True)
class Piece:
    """What arrived at a ``position``; ``main`` is the position of the machine an accessory belongs to. Yuan."""

    position: int
    amount: Decimal
    treatment: Treatment
    main: int | None = None


@dataclass(frozen=True)
class Composed:
    """A card to be: the position it is made for, what it costs, the positions joined in it, and the card above it."""

    position: int
    amount: Decimal
    joined: tuple[int, ...] = ()
    parent: int | None = None


def proposed(life_months: int | None, main_months: int | None) -> Treatment:
    """An accessory that lasts as long as its machine is part of it; another is a component with a card of its own."""
    if life_months is None or main_months is None or life_months == main_months:
        return Treatment.JOIN
    return Treatment.SPLIT


def compose(pieces: Sequence[Piece]) -> list[Composed]:
    """One card for every piece that is not joined to another; every yuan of the pieces is in exactly one card."""
    joined: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.treatment == Treatment.JOIN and piece.main is not None:
            joined.setdefault(piece.main, []).append(piece)
    cards = []
    for piece in pieces:
        if piece.treatment == Treatment.JOIN and piece.main is not None:
            continue
        parts = joined.get(piece.position, [])
        cards.append(
            Composed(
                piece.position,
                piece.amount + sum((part.amount for part in parts), ZERO),
                tuple(part.position for part in parts),
                piece.main if piece.treatment == Treatment.SPLIT else None,
            )
        )
    return cards


def by_source(amount: Decimal, planned: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What each source pays of a card, in the proportion of the plan, to the fen."""
    parts = largest_remainder(to_cents(amount), {key: to_cents(part) for key, part in planned.items()})
    return {key: from_cents(cents) for key, cents in parts.items() if cents}
