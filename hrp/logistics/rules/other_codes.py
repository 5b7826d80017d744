"""The two rarer kinds: AHM codes of devices and the 20 digits of the drug trace code (药品追溯码)."""

from __future__ import annotations

import datetime as dt
import re

from hrp.logistics.rules.label_dates import label_date
from hrp.logistics.rules.scan import Agency, Issue, Scan

#: 20 digits of which the first seven name the drug (NMPAB/T 1002-2019); 00 begins an SSCC and 80 a GS1 identifier.
DRUG_TRACE = re.compile(r"8[1-9]\d{18}", re.ASCII)
BOUNDARY = re.compile(r"[.\x1d]")
TITLES = {"BN": "批号", "SN": "序列号", "MD": "生产日期", "BD": "保质日期", "ED": "有效期"}
DATES = ("MD", "BD", "ED")


def read_drug_trace(raw: str, digits: str) -> Scan:
    """``di`` is the drug's seven digits, ``serial`` the rest; lot and dates are asked of the trace platform."""
    return Scan(raw, Agency.DRUG_TRACE, di=digits[:7], serial=digits[7:])


def read_ahm(raw: str, text: str, *, reference_year: int) -> Scan:
    """Product before the first tagged field, then BN lot, SN serial, MD made, BD best before, ED expiry.

    The coding rules name these fields but the layout around them is seldom seen (30 codes in the national database),
    so every reading carries the warning ``compare_with_label``. Errors: ``format``, ``duplicate_ai``, ``date``.
    """
    product: list[str] = []
    values: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    errors: list[Issue] = []
    for segment in BOUNDARY.split(text.removeprefix("AHM").strip(".\x1d")):
        tag, value = segment[:2], segment[2:]
        if tag in TITLES and value:
            issue = _read_field(tag, value, values, dates, reference_year=reference_year)
        elif values:
            issue = Issue("format", f"AHM 码中的“{segment}”无法识别")
        else:
            product.append(segment)
            issue = None
        if issue:
            errors.append(issue)
    di = ".".join(part for part in product if part)
    if not di:
        errors.append(Issue("format", "AHM 码中没有厂商与产品代码"))
    return Scan(
        raw,
        Agency.AHM,
        di=di,
        lot=values.get("BN", ""),
        serial=values.get("SN", ""),
        prod_date=dates.get("MD"),
        expiry=dates.get("ED"),
        best_before=dates.get("BD"),
        warnings=(Issue("compare_with_label", "AHM 码的版式未经核实，请与标签文字核对"),),
        errors=tuple(errors),
    )


def _read_field(
    tag: str, value: str, values: dict[str, str], dates: dict[str, dt.date], *, reference_year: int
) -> Issue | None:
    if values.setdefault(tag, value) != value:
        words = f"{TITLES[tag]}出现两次且不同：“{values[tag]}”与“{value}”"
        return Issue("duplicate_ai", words, tag)
    if tag in DATES:
        try:
            dates[tag] = label_date(value, reference_year=reference_year)
        except ValueError:
            return Issue("date", f"{TITLES[tag]}“{value}”不是存在的日期", tag)
    return None
