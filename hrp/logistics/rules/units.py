"""Units of measure: exact rationals to the base unit, so that 2 箱 of 20 盒 of 10 支 are 400 支 (case STK-14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hrp.platform.base.refusals import Invalid

PLACES = 4  # of a quantity


@dataclass(frozen=True)
class Unit:
    """A unit of an item: one of it is ``num / den`` base units."""

    name: str
    num: int
    den: int = 1

    @property
    def factor(self) -> Fraction:
        """Base units in one; refuses (``bad_factor``) anything not positive."""
        if self.num <= 0 or self.den <= 0:
            raise Invalid(
                f"单位“{self.name}”的换算率 {self.num}/{self.den} 无效",
                code="bad_factor",
                way_out="换算率的分子分母须为正整数。",
            )
        return Fraction(self.num, self.den)


def chain(base: str, steps: Sequence[tuple[str, int]]) -> list[Unit]:
    """Units from the smallest up: ``chain("支", [("盒", 10), ("箱", 20)])`` makes 支 1, 盒 10, 箱 200."""
    units, size = [Unit(base, 1)], 1
    for name, count in steps:
        size *= count
        units.append(Unit(name, size))
    return units


def to_base(quantity: Decimal, unit: Unit) -> Decimal:
    """Quantity in base units; refuses (``not_exact``) one that four decimals cannot hold."""
    return _decimal(Fraction(quantity) * unit.factor, f"{quantity:f} {unit.name}")


def from_base(quantity: Decimal, unit: Unit) -> Decimal:
    """Quantity in ``unit``; refuses (``not_exact``) one that four decimals cannot hold: show it as :func:`parts`."""
    return _decimal(Fraction(quantity) / unit.factor, f"{quantity:f} 折合{unit.name}")


def parts(quantity: Decimal, units: Sequence[Unit]) -> list[tuple[Decimal, Unit]]:
    """A quantity in base units as people count it, largest unit first: 2 箱 3 盒 5 支; zeros left out.

    The smallest unit takes what is left, with its decimals. Raises ValueError for a negative quantity.
    """
    if quantity < 0:
        raise ValueError(f"{quantity} is negative")
    *larger, smallest = sorted(units, key=lambda unit: unit.factor, reverse=True)
    rest, counted = Fraction(quantity), list[tuple[Decimal, Unit]]()
    for unit in larger:
        whole = rest // unit.factor
        rest -= whole * unit.factor
        if whole:
            counted.append((Decimal(whole), unit))
    if rest or not counted:
        counted.append((_decimal(rest / smallest.factor, f"{quantity:f} 折合{smallest.name}"), smallest))
    return counted


def packs_up(quantity: Decimal, pack: Decimal) -> Decimal:
    """The smallest whole number of packs that holds ``quantity``, in the unit of both (max/min ordering, KPI-02)."""
    if pack <= 0:
        raise Invalid(f"包装量 {pack:f} 无效", code="bad_factor", way_out="包装量须大于零。")
    return math.ceil(Fraction(quantity) / Fraction(pack)) * pack if quantity > 0 else Decimal(0)


def _decimal(value: Fraction, what: str) -> Decimal:
    scaled = value * 10**PLACES
    if scaled.denominator != 1:
        raise Invalid(
            f"{what} 不能折算为不超过 {PLACES} 位小数的数量",
            code="not_exact",
            way_out="请改用较小的单位填写数量。",
        )
    return Decimal(scaled.numerator).scaleb(-PLACES).normalize() + Decimal(0)
