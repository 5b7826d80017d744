"""GS1 element strings: the table, the walk, its refusals, and the way from our own labels back."""

from __future__ import annotations

import datetime as dt
import re
import string
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hrp.logistics.rules import gs1, gs1_label, gs1_table
from hrp.logistics.rules.gs1 import GS
from hrp.logistics.rules.gs1_label import Label, element_string, printed
from hrp.logistics.rules.udi import parse
from hrp.platform.base.refusals import Invalid

GTIN = "06901234567892"
CSET82 = "!\"%&'()*+,-./0123456789:;<=>?" + string.ascii_letters + "_"
YEAR = 2026


def errors(scan: str, **options: bool) -> list[str]:
    return [issue.code for issue in parse(scan, reference_year=YEAR, **options).errors]


def warnings(scan: str, **options: bool) -> list[str]:
    return [issue.code for issue in parse(scan, reference_year=YEAR, **options).warnings]


def test_set_82_holds_82_characters_and_no_other() -> None:
    assert len(set(CSET82)) == 82
    allowed = {chr(n) for n in range(0x250) if gs1.SETS["X"].fullmatch(chr(n))}
    assert allowed == set(CSET82)


def test_every_row_of_the_table_is_understood_whole() -> None:
    for _, form, _ in gs1_table.ROWS:
        assert " ".join(m[0] for m in gs1_table.PART.finditer(form)) == form


def test_no_identifier_is_the_beginning_of_another() -> None:
    table = sorted(gs1_table.identifiers())
    assert not [(a, b) for a, b in pairwise(table) if b.startswith(a)]
    assert len(table) > 500


@pytest.mark.parametrize(
    ("ai", "length"),
    [("00", 18), ("01", 14), ("02", 14), ("11", 6), ("17", 6), ("20", 2), ("3103", 6), ("410", 13)],
)
def test_lengths_known_in_advance(ai: str, length: int) -> None:
    assert gs1_table.identifiers()[ai].length == length


@pytest.mark.parametrize("ai", ["10", "21", "240", "30", "37", "91", "402", "7003", "8017"])
def test_all_others_end_at_a_separator(ai: str) -> None:
    assert gs1_table.identifiers()[ai].length is None


@given(st.text("0123456789", min_size=7, max_size=17), st.data())
def test_one_wrong_digit_never_passes_the_check(body: str, data: st.DataObject) -> None:
    good = body + gs1.check_digit(body)
    place = data.draw(st.integers(0, len(good) - 1))
    wrong = (
        good[:place] + data.draw(st.sampled_from(string.digits.replace(good[place], ""))) + good[place + 1 :]
    )
    assert gs1.has_check_digit(good)
    assert not gs1.has_check_digit(wrong)


@pytest.mark.parametrize("text", ["", "5", "٠٦٩٠١٢٣٤٥٦٧٨٩٢", "0690123456789²", "069012345678 2"])
def test_what_is_no_ascii_number_has_no_check_digit(text: str) -> None:
    assert not gs1.has_check_digit(text)


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        (f"01{GTIN}9", "unknown_ai"),
        (f"01{GTIN}99", "length"),
        ("01069012345678", "length"),
        (f"01{GTIN}1724123", "length"),
        (f"01{GTIN}17{GS}10ABCDEF", "length"),
        ("010690123456789X", "digits"),
        (f"01{GTIN}1724023010B1", "date"),
        (f"01{GTIN}21", "length"),
        (f"01{GTIN}10{'A' * 21}", "length"),
        (f"01{GTIN}10批号", "charset"),
        (f"01{GTIN}30ABC", "digits"),
        ("10LOT1", "missing_gtin"),
        ("21SERIAL", "missing_gtin"),
        ("", "empty"),
        ("]C1", "empty"),
        ("hello", "unknown_ai"),
        ("(01)06901234567893", "check_digit"),
        ("(99999)1", "unknown_ai"),
    ],
)
def test_refused(scan: str, code: str) -> None:
    assert errors(scan) == [code]


def test_what_was_read_before_the_error_is_kept_and_the_raw_scan_always() -> None:
    scan = parse(f"]d201{GTIN}17241301", reference_year=YEAR)
    assert (scan.gtin, scan.expiry, scan.readable) == (GTIN, None, False)
    assert scan.raw == f"]d201{GTIN}17241301"
    assert "失效日期 (17)" in scan.errors[0].words


@pytest.mark.parametrize("ai", ["02", "8006"])
def test_a_logistic_label_names_its_goods_another_way(ai: str) -> None:
    rest = "0102" if ai == "8006" else ""
    assert errors(f"{ai}{GTIN}{rest}{GS}10LOT") == []


def test_the_same_element_twice_is_no_contradiction() -> None:
    assert errors(f"01{GTIN}10A{GS}01{GTIN}10A") == []
    assert errors(f"01{GTIN}10A{GS}10B") == ["duplicate_ai"]


def test_long_identifiers_and_leading_or_doubled_separators() -> None:
    scan = parse(f"{GS}01{GTIN}{GS}{GS}8012V1.2{GS}3103001750{GS}", reference_year=YEAR)
    assert scan.other == {"8012": "V1.2", "3103": "001750"}


def test_print_with_spaces_reads_like_the_scan() -> None:
    scan = parse(f"(01) {GTIN} (17)260531 (10)A(5)B (21)9", reference_year=YEAR)
    assert (scan.gtin, scan.lot, scan.serial) == (GTIN, "A(5)B", "9")
    assert scan.expiry == dt.date(2026, 5, 31)


@pytest.mark.parametrize(
    ("lot", "warned"),
    [
        ("A1317260531", True),  # the expiry follows
        ("A1317260531" + "21SER", True),  # expiry and serial follow
        ("A1311240101" + "10X", True),
        ("A1317261331", False),  # month 13
        ("17260531", False),  # nothing before it: a lot is never empty
        ("A1312260531", False),  # not one of the dates a device carries
    ],
)
def test_a_lot_that_may_have_swallowed_a_date_is_doubted(lot: str, warned: bool) -> None:
    assert ("lot_may_contain_date" in warnings(f"01{GTIN}10{lot}")) is warned


def test_no_doubt_when_the_date_is_there_by_itself() -> None:
    assert warnings(f"01{GTIN}1726053110A1317260531") == []
    assert warnings(f"01{GTIN}21A1317260531") == ["serial_may_contain_date"]


texts = st.text(CSET82, min_size=1, max_size=20)
days = st.dates(dt.date(YEAR - 49, 1, 1), dt.date(YEAR + 50, 12, 31))
labels = st.builds(
    Label,
    gtin=st.text("0123456789", min_size=13, max_size=13).map(lambda body: body + gs1.check_digit(body)),
    prod_date=st.none() | days,
    expiry=st.none() | days,
    lot=st.just("") | texts,
    serial=st.just("") | texts,
)


@given(labels)
@example(Label(GTIN, None, dt.date(2026, 2, 28), "LOT", "SER"))
def test_our_label_reads_back_as_it_was_written(label: Label) -> None:
    text = element_string(label, reference_year=YEAR)
    for scan in (text, f"]C1{text}", text.replace(GS, "|")):
        read = parse(scan, separators=["|"], reference_year=YEAR)
        assert read.errors == ()
        assert Label(read.gtin, read.prod_date, read.expiry, read.lot, read.serial) == label


@given(labels)
def test_fixed_lengths_come_first_so_one_separator_is_enough(label: Label) -> None:
    text = element_string(label, reference_year=YEAR)
    assert text.count(GS) == (1 if label.lot and label.serial else 0)
    order = [ai for ai, _ in label.elements]
    assert order == sorted(order, key=["01", "11", "17", "10", "21"].index)
    assert re.sub(r"[()]", "", printed(Label(label.gtin, label.prod_date))) == element_string(
        Label(label.gtin, label.prod_date), reference_year=YEAR
    )


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (Label("06901234567893"), "check_digit"),
        (Label(GTIN, lot="A B"), "charset"),
        (Label(GTIN, lot="A" * 21), "length"),
        (Label(GTIN, expiry=dt.date(9999, 12, 31)), "date"),
    ],
)
def test_a_label_that_would_not_read_back_is_not_printed(label: Label, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        element_string(label, reference_year=YEAR)
    assert refused.value.code == code


@given(st.text(max_size=60))
def test_any_scan_has_an_answer(text: str) -> None:
    scan = parse(text, separators=["|", "{GS}"], reference_year=YEAR)
    assert scan.raw == text
    assert all(issue.words for issue in (*scan.errors, *scan.warnings))


@given(st.text("0123456789" + GS + "()AB.|", max_size=48))
def test_any_scan_that_looks_like_a_code_has_an_answer(text: str) -> None:
    scan = parse(text, separators=["|"], reference_year=YEAR)
    if scan.readable and scan.gtin:
        assert gs1.has_check_digit(scan.gtin)


def test_label_module_names_only_what_the_parser_knows() -> None:
    everything = Label(GTIN, dt.date(2026, 1, 1), dt.date(2027, 1, 1), "L", "S")
    assert {ai for ai, _ in everything.elements} <= set(gs1_table.identifiers())
    assert gs1_label.printed(everything) == f"(01){GTIN}(11)260101(17)270101(10)L(21)S"
