"""The primitive: sums, floors, ties, signs and refusals, over everything hypothesis can think of."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.refusals import Invalid

amounts = st.integers(-(10**12), 10**12)
weights = st.dictionaries(
    st.text("abcdef0123456789", min_size=1, max_size=4),
    st.decimals(0, 10**6, places=4),
    min_size=1,
    max_size=12,
).filter(lambda w: any(w.values()))


@given(amounts, weights)
def test_parts_add_up_and_stay_within_one_unit_of_the_exact_share(amount, by):
    parts = largest_remainder(amount, by)
    total = sum(map(Fraction, by.values()))
    assert sum(parts.values()) == amount
    for code, weight in by.items():
        assert abs(parts[code] - Fraction(amount) * Fraction(weight) / total) < 1
        if weight == 0:
            assert parts[code] == 0


@given(amounts, weights)
def test_a_credit_mirrors_the_charge(amount, by):
    charge = largest_remainder(amount, by)
    assert largest_remainder(-amount, by) == {code: -part for code, part in charge.items()}


@given(amounts, weights, st.randoms())
def test_the_order_of_receivers_does_not_matter(amount, by, random):
    shuffled = list(by.items())
    random.shuffle(shuffled)
    assert largest_remainder(amount, dict(shuffled)) == largest_remainder(amount, by)


@given(amounts, weights, st.integers(1, 1000), st.integers(1, 1000))
def test_the_unit_of_the_driver_does_not_matter(amount, by, up, down):
    scaled = {code: Fraction(weight) * up / down for code, weight in by.items()}
    assert largest_remainder(amount, scaled) == largest_remainder(amount, by)


@given(amounts, weights)
def test_renaming_departments_only_moves_ties(amount, by):
    renamed = {f"{999 - place:03d}": weight for place, weight in enumerate(by.values())}
    before = sorted(largest_remainder(amount, by).values())
    assert sorted(largest_remainder(amount, renamed).values()) == before


def test_ties_go_to_the_smaller_code():
    assert largest_remainder(100, {"c": 1, "a": 1, "b": 1}) == {"a": 34, "b": 33, "c": 33}


def test_a_negative_driver_is_refused_by_name():
    with pytest.raises(Invalid) as refusal:
        largest_remainder(100, {"a": 1, "b": Decimal("-0.5")})
    assert refusal.value.code == "negative_driver"
    assert "b" in refusal.value.reason
    assert "-0.5" in refusal.value.reason


@pytest.mark.parametrize("by", [{}, {"a": 0, "b": 0}])
def test_money_with_nowhere_to_go_is_refused_but_nothing_needs_nowhere(by):
    with pytest.raises(Invalid) as refusal:
        largest_remainder(1, by)
    assert refusal.value.code == "no_driver"
    assert largest_remainder(0, by) == dict.fromkeys(by, 0)
