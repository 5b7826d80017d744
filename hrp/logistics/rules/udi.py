"""A scanned code, whoever issued it, taken apart: GS1, MA, AHM, drug trace, or a plain product number.

《医疗器械唯一标识系统规则》 recognises three issuing agencies. The raw scan is always kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hrp.logistics.rules import gs1, ma_code, other_codes
from hrp.logistics.rules.scan import Issue, Scan

SYMBOLOGY = re.compile(r"\](E\d|[A-Za-z]\d)")
PRODUCT_LENGTHS = (8, 12, 13, 14)


def parse(raw: str, *, separators: Sequence[str] = (), reference_year: int, require_di: bool = True) -> Scan:
    """Take a scan apart; what is wrong is in ``errors`` of the answer, nothing is raised for a bad scan.

    :param separators: what this scanner sends for FNC1 besides GS (0x1D), such as ``|`` or ``{GS}``
    :param reference_year: this year, for the century of two-digit years
    :param require_di: False for the second of two bar codes of a label, which carries no product; digits that could be
        either are then read as data
    :raises ValueError: a separator that could be data of its own
    """
    text = raw.strip(" \r\n\t")
    symbology = SYMBOLOGY.match(text)
    if symbology:
        text = text[symbology.end() :]
    text = _with_gs(text, separators).strip(gs1.GS)
    if not text:
        return Scan(raw, errors=(Issue("empty", "没有扫到内容"),))
    if text.startswith("MA."):
        return ma_code.read(raw, text, reference_year=reference_year)
    if text.startswith("AHM"):
        return other_codes.read_ahm(raw, text, reference_year=reference_year)
    if other_codes.DRUG_TRACE.fullmatch(text):
        return other_codes.read_drug_trace(raw, text)
    number = text.isascii() and text.isdigit() and len(text) in PRODUCT_LENGTHS
    if number and symbology and symbology[1].startswith("E"):
        return gs1.product_only(raw, text)
    if number and require_di and gs1.has_check_digit(text):
        return gs1.product_only(raw, text)
    read = gs1.read(raw, text, reference_year=reference_year, require_di=require_di)
    if number and read.errors and read.errors[0].code == "unknown_ai":
        return gs1.product_only(raw, text)
    return read


def heard_separator(raw: str, *, before: str, after: str) -> str | None:
    """Self-test of a scanner: what arrived between two known parts of a test label; "" when nothing did.

    None when the scan is not of the test label.
    """
    text = SYMBOLOGY.sub("", raw.strip(" \r\n\t"), count=1)
    if not (text.startswith(before) and text.endswith(after) and len(text) >= len(before) + len(after)):
        return None
    return text[len(before) : len(text) - len(after)]


def _with_gs(text: str, separators: Sequence[str]) -> str:
    for separator in sorted(separators, key=len, reverse=True):
        if gs1.SETS["X"].fullmatch(separator):
            raise ValueError(f"separator {separator!r} could be data")
        text = text.replace(separator, gs1.GS)
    return text
