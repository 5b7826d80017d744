"""What an issue costs: the amount leaves with the goods, and the last unit takes the tail.

Quantities are in the base unit, amounts in yuan. Zero quantity always leaves zero amount (cases STK-09, STK-20,
STK-22), which a unit price kept to four places cannot promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Conflict, Invalid

ZERO = Decimal(0)
SHOWN_PRICE = Decimal("0.0001")


def value_out(holding_quantity: Decimal, holding_amount: Decimal, quantity: Decimal) -> Decimal:
    """Amount of ``quantity`` out of a holding: A*q/Q rounded half up to 分; the last unit takes the tail.

    Hence zero quantity always leaves zero amount (cases STK-20 and STK-22).
    """
    if quantity == holding_quantity:
        return holding_amount
    return min(round_money(holding_amount * quantity / holding_quantity), holding_amount)


def line_amount(quantity: Decimal, price: Decimal) -> Decimal:
    """Amount of a receipt line: quantity times entered price, rounded half up to 分."""
    return round_money(quantity * price)


@dataclass(frozen=True)
class Balance:
    """What is held: quantity in the base unit, amount in yuan. Never negative; no amount without quantity."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO

    @property
    def price(self) -> Decimal:
        """Average price to four places, for display only; 0 when nothing is held."""
        if not self.quantity:
            return ZERO
        return (self.amount / self.quantity).quantize(SHOWN_PRICE, rounding=ROUND_HALF_UP)

    def add(self, quantity: Decimal, amount: Decimal) -> Balance:
        """Goods received at ``amount``; refuses (``not_positive``) a quantity of nothing or a negative amount."""
        require_positive(quantity)
        if amount < 0:
            raise Invalid(
                f"入库金额不能为负（{amount:f} 元）",
                code="not_positive",
                way_out="减少已入库的金额请用成本调整或红冲。",
            )
        return Balance(self.quantity + quantity, self.amount + amount)

    def take(self, quantity: Decimal) -> tuple[Balance, Decimal]:
        """What remains and what the issue costs; refuses (``insufficient``) more than is held."""
        require_positive(quantity)
        if quantity > self.quantity:
            raise short(quantity, self.quantity)
        amount = value_out(self.quantity, self.amount, quantity)
        return Balance(self.quantity - quantity, self.amount - amount), amount

    def take_at(self, quantity: Decimal, amount: Decimal) -> Balance:
        """What remains when exactly ``amount`` leaves with ``quantity``, as a reversal demands (STK-16).

        Refuses (``insufficient``) when quantity or amount is no longer there, or when an amount would stay behind
        without quantity.
        """
        require_positive(quantity)
        left = Balance(self.quantity - quantity, self.amount - amount)
        if left.quantity < 0:
            raise short(quantity, self.quantity)
        if left.amount < 0 or (left.quantity == 0 and left.amount != 0):
            raise Conflict(
                f"原金额 {amount:f} 元已不能整笔退出：现存 {self.quantity:f}，金额 {self.amount:f} 元",
                code="insufficient",
                way_out="请先红冲使用它的后续单据，或以成本调整处理差额。",
            )
        return left


def price_difference(balance: Balance, amount: Decimal) -> Balance:
    """The balance after a cost adjustment of ``amount`` (signed) without quantity; refuses (``insufficient``).

    An adjustment may neither make the amount negative nor give an amount to what is no longer held.
    """
    left = balance.amount + amount
    if left < 0 or (balance.quantity == 0 and left != 0):
        raise Conflict(
            f"调整 {amount:f} 元后库存金额为 {left:f} 元，而现存数量为 {balance.quantity:f}",
            code="insufficient",
            way_out="请把已耗用部分的差额计入费用。",
        )
    return Balance(balance.quantity, left)


def require_positive(quantity: Decimal) -> None:
    """Refuses (``not_positive``) a quantity of nothing or less."""
    if quantity <= 0:
        raise Invalid(
            f"数量必须大于零（{quantity:f}）",
            code="not_positive",
            way_out="请填写大于零的数量；更正已过账的数量请用红冲。",
        )


def short(wanted: Decimal, held: Decimal) -> Conflict:
    """The refusal of an issue of more than is held."""
    return Conflict(
        f"库存不足：需要 {wanted:f}，现存 {held:f}",
        code="insufficient",
        way_out="请减少数量、改用其他库房，或先办理入库。",
    )
