"""LR(A, λ): split an integer amount by weights so that the parts are integers and add up to it exactly.

Each part is the floor of its exact share; the units left over go one each to the largest remainders, ties to the
smaller code. A negative amount is split like its absolute value and the sign restored (红字冲销 mirrors the accrual).
Properties: the sum is exact; weight 0 receives 0; every part is less than one unit from its exact share; the result
does not depend on the order in which the receivers are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm

from hrp.platform.base.refusals import Invalid

Weight = int | Decimal | Fraction


class Shares:
    """Weights of receivers, prepared once so that many amounts can be split by them.

    Refuses a negative weight (``negative_driver``). Receivers of weight 0 are kept out of every split.
    """

    __slots__ = ("__dict__", "codes", "denominator", "total", "units")

    def __init__(self, weights: Mapping[str, Weight]) -> None:
        exact = {code: Fraction(weight) for code, weight in weights.items()}
        for code, weight in exact.items():
            if weight < 0:
                raise Invalid(
                    f"接收方 {code} 的分摊参数为负数（{_plain(weight)}）",
                    code="negative_driver",
                    way_out="请更正该接收方的分摊依据；由退费造成的负数须先在原单据中改为 0 并注明原因。",
                )
        scale = lcm(*(weight.denominator for weight in exact.values()))
        self.codes: tuple[str, ...] = tuple(sorted(code for code, weight in exact.items() if weight))
        self.units: tuple[int, ...] = tuple(int(exact[code] * scale) for code in self.codes)
        self.total: int = sum(self.units)
        self.denominator: Fraction = Fraction(self.total, scale)

    @cached_property
    def as_dict(self) -> dict[str, Fraction]:
        """The non-zero weights as exact fractions of the original unit."""
        scale = Fraction(self.total) / self.denominator if self.total else Fraction(1)
        return {code: unit / scale for code, unit in zip(self.codes, self.units, strict=True)}

    def split(self, amount: int) -> list[int]:
        """Parts of ``amount``, aligned with :attr:`codes`; refuses (``no_driver``) when no weight is positive."""
        total, units = self.total, self.units
        if total == 0:
            if amount == 0:
                return []
            raise Invalid(
                f"金额 {amount} 无法分摊：所有接收方的分摊参数合计为 0",
                code="no_driver",
                way_out="请补录分摊依据（统计量、数量或金额），或改用经批准的备用参数。",
            )
        size = abs(amount)
        parts = [size * unit // total for unit in units]
        left = size - sum(parts)
        if left:
            order = sorted(range(len(units)), key=lambda k: (-(size * units[k] % total), k))
            for k in order[:left]:
                parts[k] += 1
        return parts if amount >= 0 else [-part for part in parts]


def largest_remainder(amount: int, weights: Mapping[str, Weight]) -> dict[str, int]:
    """Split ``amount`` over every receiver of ``weights`` (receivers of weight 0 get 0), codes ascending."""
    shares = Shares(weights)
    parts = dict.fromkeys(sorted(weights), 0)
    parts.update(zip(shares.codes, shares.split(amount), strict=False))
    return parts


def _plain(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / value.denominator:f}"
