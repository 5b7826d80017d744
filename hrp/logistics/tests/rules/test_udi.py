"""One entry for every kind of code a hospital scans."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.logistics.rules.label_dates import full_year, label_date
from hrp.logistics.rules.scan import Agency
from hrp.logistics.rules.udi import heard_separator, parse

YEAR = 2026
MA = "MA.156.M0.100123.1A00001X"


@pytest.mark.parametrize(
    ("scan", "gtin"),
    [
        ("96385074", "00000096385074"),  # EAN-8
        ("614141007349", "00614141007349"),  # UPC-A
        ("6901234567892", "06901234567892"),  # EAN-13
        ("]E06901234567892\r\n", "06901234567892"),
        ("]E496385074", "00000096385074"),
        ("16901234567899", "16901234567899"),  # ITF-14
    ],
)
def test_a_plain_product_number_is_padded_to_a_gtin(scan: str, gtin: str) -> None:
    read = parse(scan, reference_year=YEAR)
    assert (read.agency, read.di, read.gtin, read.errors) == (Agency.GS1, gtin, gtin, ())


@pytest.mark.parametrize("scan", ["6901234567893", "]E06901234567893"])
def test_a_misread_product_number_is_told_by_its_check_digit(scan: str) -> None:
    read = parse(scan, reference_year=YEAR)
    assert [issue.code for issue in read.errors] == ["check_digit"]
    assert "应为 2，实为 3" in read.errors[0].words


def test_the_second_bar_code_of_a_label_is_data_even_when_it_could_be_an_ean() -> None:
    """17260428 is 28 April 2026 and also a valid EAN-8."""
    alone = parse("17260428", reference_year=YEAR)
    second = parse("17260428", reference_year=YEAR, require_di=False)
    assert alone.gtin == "00000017260428"
    assert (second.gtin, second.expiry) == ("", dt.date(2026, 4, 28))


def test_configured_separators_stand_for_gs_longest_first() -> None:
    for separator in ("|", "{GS}", "^]", "\x1e"):
        read = parse(
            f"010690123456789210A1{separator}21S1",
            separators=["{GS}", "|", "^", "^]", "\x1e"],
            reference_year=YEAR,
        )
        assert (read.lot, read.serial, read.errors) == ("A1", "S1", ())


@pytest.mark.parametrize("separator", ["A", "-", "GS", ""])
def test_a_separator_that_could_be_data_is_a_mistake_of_configuration(separator: str) -> None:
    with pytest.raises(ValueError, match="could be data"):
        parse("010690123456789210A1", separators=[separator], reference_year=YEAR)


def test_ma_codes() -> None:
    read = parse(f"]Q1{MA}.LA213-B1.S0042.M20240131.E270100.DST7", reference_year=YEAR)
    assert (read.agency, read.di, read.gtin) == (Agency.MA, MA, "")
    assert (read.lot, read.serial) == ("A213-B1", "0042")
    assert (read.prod_date, read.expiry) == (dt.date(2024, 1, 31), dt.date(2027, 1, 31))
    assert (read.other, read.errors, read.warnings) == ({"D": "ST7"}, (), ())


def test_an_ma_code_of_the_product_only_and_one_with_a_validity() -> None:
    assert parse(MA, reference_year=YEAR).di == MA
    assert parse(f"{MA}.V261231", reference_year=YEAR).expiry == dt.date(2026, 12, 31)
    assert parse(f"{MA}.V261231.E270630", reference_year=YEAR).expiry == dt.date(2027, 6, 30)


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        ("MA.156.M0.1001.1A00001X", "format"),
        (f"{MA}9", "format"),
        (f"{MA}.X1", "unknown_tag"),
        (f"{MA}.L", "unknown_tag"),
        (f"{MA}.LA.LB", "duplicate_ai"),
        (f"{MA}.E261301", "date"),
        (f"{MA}.E2613", "date"),
    ],
)
def test_ma_refused(scan: str, code: str) -> None:
    assert [issue.code for issue in parse(scan, reference_year=YEAR).errors] == [code]


def test_an_ma_code_of_another_trade_is_doubted() -> None:
    read = parse(MA.replace("M0", "F1"), reference_year=YEAR)
    assert [issue.code for issue in read.warnings] == ["not_medical"]


def test_ahm_codes_are_read_and_always_doubted() -> None:
    read = parse("AHM.8600001.000123.BN20240501.SN77.MD240501.ED260430.BD260331", reference_year=YEAR)
    assert (read.agency, read.di) == (Agency.AHM, "8600001.000123")
    assert (read.lot, read.serial) == ("20240501", "77")
    assert read.prod_date == dt.date(2024, 5, 1)
    assert (read.expiry, read.best_before) == (dt.date(2026, 4, 30), dt.date(2026, 3, 31))
    assert [issue.code for issue in read.warnings] == ["compare_with_label"]
    assert read.errors == ()


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        ("AHM", "format"),
        ("AHM.BN1", "format"),
        ("AHM.1.BN1.ZZ9", "format"),
        ("AHM.1.BN1.BN2", "duplicate_ai"),
        ("AHM.1.ED261301", "date"),
    ],
)
def test_ahm_refused(scan: str, code: str) -> None:
    assert [issue.code for issue in parse(scan, reference_year=YEAR).errors] == [code]


def test_the_drug_trace_code_and_what_only_looks_like_it() -> None:
    read = parse("81234567890123456789", reference_year=YEAR)
    assert (read.agency, read.di, read.serial) == (Agency.DRUG_TRACE, "8123456", "7890123456789")
    pallet = parse("00106141412345678908", reference_year=YEAR)  # an SSCC has 20 digits with its identifier
    assert (pallet.agency, pallet.other, pallet.errors) == (Agency.GS1, {"00": "106141412345678908"}, ())


@pytest.mark.parametrize(("sent", "heard"), [("\x1d", "\x1d"), ("", ""), ("{GS}", "{GS}")])
def test_the_self_test_shows_what_a_scanner_sends(sent: str, heard: str) -> None:
    assert heard_separator(f"]C110ABC{sent}21XYZ\r", before="10ABC", after="21XYZ") == heard


def test_the_self_test_knows_another_label() -> None:
    assert heard_separator("6901234567892", before="10ABC", after="21XYZ") is None
    assert heard_separator("10AB", before="10AB", after="AB") is None


@pytest.mark.parametrize("reference", [2000, 2026, 2049, 2051, 2099])
def test_every_two_digit_year_lies_within_49_back_and_50_ahead(reference: int) -> None:
    years = sorted(full_year(n, reference_year=reference) for n in range(100))
    assert years == list(range(reference - 49, reference + 51))


@pytest.mark.parametrize("digits", ["2402", "24022", "240230", "241301", "²40101", "20240230", "000000"])
def test_no_such_day(digits: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        label_date(digits, reference_year=YEAR)
