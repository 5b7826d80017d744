"""GS1 element strings, as scanned or as printed with brackets: walked identifier by identifier, nothing guessed.

Written here because libraries read past what a hospital must see; ADR 0011 says which and how far they agree.
``gs1_label.element_string`` is the way back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from hrp.logistics.rules import gs1_table
from hrp.logistics.rules.gs1_table import Identifier, Part
from hrp.logistics.rules.label_dates import is_label_date, label_date
from hrp.logistics.rules.scan import Agency, Issue, Scan

GS = "\x1d"
SETS = {
    "N": re.compile(r"[0-9]*"),
    "X": re.compile(r"[!\"%-?A-Z_a-z]*"),
    "Y": re.compile(r"[#\-/0-9A-Z]*"),
    "Z": re.compile(r"[\-0-9A-Z_a-z=]*"),
}
SET_WORDS = {
    "N": "数字",
    "X": "GS1 允许的字符（字母、数字与部分符号，不含空格）",
    "Y": "大写字母、数字与 #-/",
    "Z": "网址安全字符",
}
PRINTED = re.compile(r"\((\d{2,4})\)", re.ASCII)
DATES = {"11": "prod_date", "15": "best_before", "17": "expiry"}
NAMED = ("01", "10", "21", *DATES)
#: Identifiers that name the goods; without one of them lot, serial and dates belong to nothing.
GOODS = frozenset(["01", "02", "03", "8006", "8026"])
BELONGING = frozenset(["10", "11", "13", "15", "16", "17", "20", "21", "22", "235", "240", "241", "30"])
SWALLOWED = re.compile(r"(?=(11|15|17)(\d{6})(?:$|10.|21.))", re.ASCII)

Element = tuple[str, str]


class _Wrong(Exception):
    def __init__(self, code: str, words: str, ai: str = "") -> None:
        super().__init__(code)
        self.issue = Issue(code, words, ai)


def check_digit(body: str) -> str:
    """The mod-10 digit that completes a GTIN, GLN or SSCC body: weights 3, 1, 3 … from the right."""
    weighted = (int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return str(-sum(weighted) % 10)


def has_check_digit(digits: str) -> bool:
    """Whether a number of ASCII digits ends in its own check digit."""
    plain = digits.isascii() and digits.isdigit() and len(digits) > 1
    return plain and digits[-1] == check_digit(digits[:-1])


def read(raw: str, text: str, *, reference_year: int, require_di: bool = True) -> Scan:
    """Take an element string apart; ``text`` is ``raw`` without symbology identifier, separators mapped to GS.

    ``require_di`` is False when a second bar code of a label, which carries no product, is read by itself.
    """
    elements: list[Element] = []
    errors: list[Issue] = []
    try:
        for element in _walk(text):
            _validate(*element, reference_year=reference_year)
            elements.append(element)
        _belong_together(elements, require_di=require_di)
    except _Wrong as wrong:
        errors.append(wrong.issue)
    values = dict(elements)
    dates: dict[str, dt.date] = {
        name: label_date(values[ai], reference_year=reference_year)
        for ai, name in DATES.items()
        if ai in values
    }
    gtin = values.get("01", "")
    return Scan(
        raw,
        Agency.GS1,
        di=gtin,
        gtin=gtin,
        lot=values.get("10", ""),
        serial=values.get("21", ""),
        prod_date=dates.get("prod_date"),
        expiry=dates.get("expiry"),
        best_before=dates.get("best_before"),
        other={ai: value for ai, value in values.items() if ai not in NAMED},
        warnings=tuple(_doubts(values)),
        errors=tuple(errors),
    )


def product_only(raw: str, digits: str) -> Scan:
    """A plain EAN-8, UPC-A, EAN-13 or ITF-14 number, left-padded to the GTIN-14 it is; errors: ``check_digit``."""
    gtin = digits.rjust(14, "0")
    if not has_check_digit(gtin):
        return Scan(raw, Agency.GS1, errors=(_wrong_check_digit("01", gtin).issue,))
    return Scan(raw, Agency.GS1, di=gtin, gtin=gtin)


def _walk(text: str) -> Iterator[Element]:
    if PRINTED.match(text):
        yield from _walk_printed(text)
        return
    at = 0
    while at < len(text):
        if text[at] == GS:  # after a fixed length it is redundant (UDI-08)
            at += 1
            continue
        identifier = gs1_table.find(text, at)
        if identifier is None:
            raise _Wrong("unknown_ai", f"第 {at + 1} 位起的“{text[at : at + 4]}”不是 GS1 应用标识符")
        at += len(identifier.ai)
        end = text.find(GS, at)
        end = len(text) if end < 0 else end
        if identifier.length is not None:
            end = min(end, at + identifier.length)
        yield identifier.ai, text[at:end]
        at = end


def _walk_printed(text: str) -> Sequence[Element]:
    """Brackets belong to the print, not to the data; those around what is no identifier are data (UDI-02)."""
    marks = [mark for mark in PRINTED.finditer(text) if mark[1] in gs1_table.identifiers()]
    if not marks or marks[0].start():
        raise _Wrong("unknown_ai", f"“{text[:6]}”不是 GS1 应用标识符")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [(mark[1], text[mark.end() : end].strip(f" {GS}")) for mark, end in zip(marks, ends, strict=True)]


def _validate(ai: str, value: str, *, reference_year: int) -> None:
    identifier = gs1_table.identifiers()[ai]
    at = 0
    for part in identifier.parts:
        piece = value[at : at + part.most]
        if len(piece) < part.least:
            raise _Wrong("length", _too_short(identifier, value), ai)
        _validate_part(identifier, part, piece, reference_year=reference_year)
        at += len(piece)
    if at < len(value):
        words = (
            f"{_name(identifier)}有 {len(value)} 位，最多 {identifier.most} 位；多半是扫码枪没有送出分隔符"
        )
        raise _Wrong("length", words, ai)


def _validate_part(identifier: Identifier, part: Part, piece: str, *, reference_year: int) -> None:
    name = _name(identifier)
    if not SETS[part.charset].fullmatch(piece):
        code = "digits" if part.charset == "N" else "charset"
        raise _Wrong(code, f"{name}“{piece}”含有{SET_WORDS[part.charset]}以外的字符", identifier.ai)
    if part.check == "!" and not has_check_digit(piece):
        raise _wrong_check_digit(identifier.ai, piece)
    if part.check == "@":
        try:
            label_date(piece, reference_year=reference_year)
        except ValueError:
            raise _Wrong("date", f"{name}“{piece}”不是存在的日期（年月日各两位）", identifier.ai) from None


def _wrong_check_digit(ai: str, digits: str) -> _Wrong:
    name = _name(gs1_table.identifiers()[ai])
    words = f"{name}“{digits}”的校验位应为 {check_digit(digits[:-1])}，实为 {digits[-1]}，请重新扫描"
    return _Wrong("check_digit", words, ai)


def _belong_together(elements: Sequence[Element], *, require_di: bool) -> None:
    values: dict[str, str] = {}
    for ai, value in elements:
        if values.setdefault(ai, value) != value:
            name = _name(gs1_table.identifiers()[ai])
            raise _Wrong("duplicate_ai", f"{name}出现两次且不同：“{values[ai]}”与“{value}”", ai)
    if require_di and not GOODS & values.keys():
        lonely = [ai for ai in values if ai in BELONGING]
        if lonely:
            name = _name(gs1_table.identifiers()[lonely[0]])
            raise _Wrong("missing_gtin", f"有{name}而没有产品标识 (01)，请把标签上的另一个条码一并扫入", "01")


def _doubts(values: dict[str, str]) -> Sequence[Issue]:
    """A lot or serial that ends in what looks like a date nobody else gave: the separator was lost (UDI-06)."""
    issues: list[Issue] = []
    for ai, code in (("10", "lot_may_contain_date"), ("21", "serial_may_contain_date")):
        for found in SWALLOWED.finditer(values.get(ai, "")):
            if found[1] in values or not is_label_date(found[2]) or found.start() == 0:
                continue
            name = gs1_table.identifiers()[ai].title
            lost = gs1_table.identifiers()[found[1]].title
            words = f"{name}“{values[ai]}”可能吞进了{lost}“{found[2]}”，请与实物标签或送货单核对"
            issues.append(Issue(code, words, ai))
            break
    return issues


def _too_short(identifier: Identifier, value: str) -> str:
    return f"{_name(identifier)}“{value}”位数不足"


def _name(identifier: Identifier) -> str:
    return f"{identifier.title} ({identifier.ai}) "
