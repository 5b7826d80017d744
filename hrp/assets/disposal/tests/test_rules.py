"""Who must approve, and what cannot be cut small."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.disposal.rules import Basis, Limit, months_short, required, split

MONEY = st.decimals(min_value=1, max_value=10**6, places=2)
COSTS = st.lists(MONEY, min_size=1, max_size=8)


def limits(single: str, batch: str) -> list[Limit]:
    rows = []
    for basis, edge in ((Basis.SINGLE, Decimal(single)), (Basis.BATCH, Decimal(batch))):
        rows += [Limit(basis, Decimal(0), edge, "医院", 1), Limit(basis, edge, None, "财政部门", 3)]
    return rows


CITY = limits("50000", "300000")


@given(COSTS)
def test_the_furthest_rule_holds(costs: list[Decimal]) -> None:
    found = required(CITY, costs)
    assert found is not None
    above = max(costs) >= 50000 or sum(costs) >= 300000
    assert found.rank == (3 if above else 1)


@given(COSTS, COSTS)
def test_cutting_never_needs_less_than_together(first: list[Decimal], second: list[Decimal]) -> None:
    together = required(CITY, [*first, *second])
    alone = required(CITY, second)
    assert together is not None
    assert alone is not None
    cut = split(CITY, first, second, rank=alone.rank)
    assert (cut is not None) == (together.rank > alone.rank)
    if cut is not None:
        assert cut.together == sum(first, Decimal(0)) + sum(second, Decimal(0))


@given(COSTS)
def test_what_is_first_is_never_cut(costs: list[Decimal]) -> None:
    assert split(CITY, [], costs, rank=1) is None


def test_edges_belong_to_the_upper_row() -> None:
    ranks = [required(CITY, [Decimal(cost)]) for cost in ("49999.99", "50000.00")]
    assert [limit.rank for limit in ranks if limit] == [1, 3]
    assert required([], [Decimal(1)]) is None
    assert [months_short(held, life) for held, life in ((10, 60), (60, 60), (70, 60), (3, None))] == [
        50,
        0,
        0,
        0,
    ]
