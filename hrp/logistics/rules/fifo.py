"""First in, first out (先进先出): layers of goods, the oldest leaves first.

A whole layer gives its whole amount, a part gives A*q/Q rounded half up to 分 (cases STK-02 to STK-05).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO, Balance, require_positive, short


@dataclass(frozen=True)
class Layer:
    """What is left of one receipt: ``sequence`` is the order of posting, quantity in base units, amount in yuan."""

    sequence: int
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class LayerPart:
    """What an issue takes of one layer."""

    sequence: int
    quantity: Decimal
    amount: Decimal


def take(layers: Sequence[Layer], quantity: Decimal) -> tuple[list[Layer], list[LayerPart]]:
    """Layers that remain and the parts taken, oldest first; refuses (``insufficient``) more than is held.

    The order in which layers are given does not matter, their sequence does.
    """
    require_positive(quantity)
    held = total(layers).quantity
    if quantity > held:
        raise short(quantity, held)
    left: list[Layer] = []
    parts: list[LayerPart] = []
    wanted = quantity
    for layer in sorted(layers, key=lambda layer: layer.sequence):
        taken = min(layer.quantity, wanted)
        if taken == 0:
            left.append(layer)
            continue
        rest, amount = Balance(layer.quantity, layer.amount).take(taken)
        parts.append(LayerPart(layer.sequence, taken, amount))
        if rest.quantity:
            left.append(Layer(layer.sequence, rest.quantity, rest.amount))
        wanted -= taken
    return left, parts


def total(layers: Sequence[Layer]) -> Balance:
    """Quantity and amount of all layers together."""
    return Balance(
        sum((layer.quantity for layer in layers), ZERO), sum((layer.amount for layer in layers), ZERO)
    )


def opening_layers(balance: Balance, sequence: int) -> list[Layer]:
    """A balance kept by average becomes one layer, without revaluation, when FIFO begins with a fiscal year."""
    return [Layer(sequence, balance.quantity, balance.amount)] if balance.quantity else []
