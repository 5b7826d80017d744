"""The code of a bin is read back from whatever a person types or a scanner sends."""

from __future__ import annotations

import pytest

from hrp.logistics.bins.rules import address, natural, scanned


@pytest.mark.parametrize(
    ("parts", "code"),
    [(("a", "3", "2", "5"), "A-03-02-05"), (("Ｂ１".replace("Ｂ", "b"), "12", "1", "c"), "B1-12-01-C"), ((" l ", "03", "02", "05"), "L-03-02-05")],
)  # fmt: skip
def test_parts_become_one_code(parts: tuple[str, str, str, str], code: str) -> None:
    where = address(*parts)
    assert (where.code, where.problems) == (code, {})


def test_a_part_nobody_can_scan_back_is_named() -> None:
    assert address("甲", "3", "", "5-6").problems.keys() == {"zone", "level", "place"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [("A-03-02-05", "A-03-02-05"), ("a-3-2-5", "A-03-02-05"), ("HW*A-03-02-05", "A-03-02-05"), ("HC00101", None), ("A-03-02", None), ("A-03-02-05-1", None), ("", None), ("A--2-5", None)],
)  # fmt: skip
def test_what_may_be_a_bin(raw: str, code: str | None) -> None:
    assert scanned(raw) == code


def test_two_comes_before_ten() -> None:
    assert sorted(["A-10-01-01", "A-02-01-01", "A-02-01-10", "A-02-01-09"], key=natural) == [
        "A-02-01-01", "A-02-01-09", "A-02-01-10", "A-10-01-01",
    ]  # fmt: skip
