"""National codes taken apart, and what in them does not fit the item."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules import codes
from hrp.platform.base.refusals import Invalid


@given(st.from_regex(r"C[0-9]{19}([0-9]{7})?", fullmatch=True))
def test_the_parts_of_an_insurance_code_make_it_up_again(code: str) -> None:
    found = codes.insurance_code(code)
    assert "".join(vars(found).values()) == code


@pytest.mark.parametrize(
    "code",
    [
        "",
        "C010101001000010000",
        "C01010100100001000011",
        "c0101010010000100001",
        "C01010100100001０0001",
        "X0101010010000100001",
    ],
)
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        codes.insurance_code(code)
    assert refused.value.code == "bad_insurance_code"
    assert refused.value.way_out


def test_filings_of_a_city_and_of_the_nation() -> None:
    assert codes.filing("沪浦械备20190012号") == codes.Filing("沪浦", "2019", "0012")
    assert codes.certificate("国械备20180001") == codes.Filing("国", "2018", "0001")
    assert codes.certificate(" 国械注许20193141234 ") == codes.Registration(
        "国", "许", "2019", "3", "14", "1234"
    )


@pytest.mark.parametrize(
    "number",
    [
        "国械注准2016377102",
        "国械注准20164771020",
        "美械注准20163771020",
        "国食药监械(准)字2013第3770123号",
        "",
    ],
)
def test_other_certificates_are_refused(number: str) -> None:
    with pytest.raises(Invalid) as refused:
        codes.certificate(number)
    assert refused.value.code == "bad_certificate"


@pytest.mark.parametrize(
    ("number", "device_class", "catalogues", "expected"),
    [
        ("国械注准20163771020", "3", ("6877", "03"), []),
        ("国械注准20203031020", "3", ("6877", "03"), []),
        ("国械注准20163771020", "2", (), ["class_differs"]),
        ("国械注准20163771020", "3", ("6866", "14"), ["catalogue_differs"]),
        ("京械注准20213140123", "3", (), ["issuer_unexpected"]),
        ("京械注进20212140123", "2", (), ["issuer_unexpected"]),
        ("京械注准20212140123", "2", (), []),
        ("沪械备20190012号", "1", ("6864",), []),
        ("沪械备20190012号", "2", (), ["class_differs"]),
    ],
)
def test_what_does_not_fit_is_warned_about(
    number: str, device_class: str, catalogues: tuple[str, ...], expected: list[str]
) -> None:
    found = codes.check_class(
        codes.certificate(number), device_class=device_class, catalogue_codes=catalogues
    )
    assert [warning.code for warning in found] == expected
    assert all(warning.words for warning in found)
