"""人民币大写 read back by an independent parser, and the examples printed in the rule itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.platform.exchange.amounts import rmb_upper, thousands

DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def parse(text: str) -> Decimal:
    """Read 大写 as a person would: digit, unit, then 万 and 亿 multiply what stands before them."""
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负")
    whole, _, rest = text.rpartition("元") if "元" in text else ("", "", text)

    def below(part: str) -> int:
        total = section = digit = 0
        for character in part:
            if character in DIGITS:
                digit = DIGITS[character]
            elif character in UNITS:
                section += digit * UNITS[character]
                digit = 0
            elif character == "万":
                total += (section + digit) * 10_000
                section = digit = 0
        return total + section + digit

    yi, _, rest_yuan = whole.rpartition("亿") if "亿" in whole else ("", "", whole)
    cents = (below(yi) * 10**8 + below(rest_yuan)) * 100
    digit = 0
    for character in rest.removesuffix("整"):
        if character in DIGITS:
            digit = DIGITS[character]
        elif character == "角":
            cents += digit * 10
        elif character == "分":
            cents += digit
    return sign * Decimal(cents).scaleb(-2)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0", "零元整"),
        ("-0.05", "负伍分"),
        ("0.30", "叁角整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000010000", "壹万亿零壹万元整"),
        ("1000200000000", "壹万零贰亿元整"),
        ("2000.005", "贰仟元零壹分"),
    ],
)
def test_printed_examples(amount: str, expected: str) -> None:
    assert rmb_upper(Decimal(amount)) == expected


@given(st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_reads_back(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    text = rmb_upper(amount)
    assert parse(text) == amount
    assert "零零" not in text
    assert "零元" not in text or cents == 0
    assert text.endswith(("整", "分"))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e16", "-1e16"])
def test_refuses_what_has_no_name(amount: str) -> None:
    with pytest.raises(ValueError):
        rmb_upper(Decimal(amount))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=2))
def test_thousands_keeps_the_value(amount: Decimal) -> None:
    text = thousands(amount)
    assert Decimal(text.replace(",", "")) == amount
    assert not text.startswith("-0.00")
