"""Stocktaking (盘点): what is posted is a difference, never a new balance (case ACC-04)."""

from __future__ import annotations

from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO, Balance, line_amount, value_out
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Invalid


def difference(*, book_at_freeze: Decimal, counted: Decimal, moved_before_count: Decimal = ZERO) -> Decimal:
    """Counted less what should have been there when it was counted, in base units: surplus positive.

    ``moved_before_count`` is the signed sum of moves posted after the snapshot whose goods had come or gone when the
    counter stood at the shelf; what moved after the count is no concern of it. Refuses (``not_positive``) a negative
    count.
    """
    if counted < 0:
        raise Invalid("实盘数量不能为负", code="not_positive", way_out="请重新盘点并填写实际数量。")
    return counted - (book_at_freeze + moved_before_count)


def value(quantity: Decimal, held: Balance, *, latest_price: Decimal | None = None) -> Decimal:
    """Signed amount in yuan of a difference of ``quantity`` in a batch or item of which ``held`` is on the books.

    A loss costs what an issue would; a surplus costs the average of what is held, else ``latest_price``.
    Refuses ``loss_exceeds_book`` (the book has fallen below the loss since) and ``no_price``.
    """
    if quantity <= 0:
        if -quantity > held.quantity:
            raise Invalid(
                f"盘亏 {-quantity:f} 多于账面现存 {held.quantity:f}",
                code="loss_exceeds_book",
                way_out="快照之后库存已变动，请复盘后再过账。",
            )
        return -value_out(held.quantity, held.amount, -quantity) if quantity else ZERO
    if held.quantity:
        return round_money(held.amount * quantity / held.quantity)
    if latest_price is None:
        raise Invalid(
            "盘盈物资没有可参照的成本", code="no_price", way_out="请填写最近一次入库的单价或评估价。"
        )
    return line_amount(quantity, latest_price)


def needs_recount(counts: tuple[Decimal, Decimal], *, tolerance: Decimal) -> bool:
    """Two blind counters differ by more than the tolerance (base units)."""
    return abs(counts[0] - counts[1]) > tolerance
