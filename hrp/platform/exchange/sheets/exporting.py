"""Lists out: XLSX with constant memory and CSV with a byte order mark, both safe to open in Excel."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets.books import new_book
from hrp.platform.exchange.sheets.specs import Kind

_FONT = "微软雅黑"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER_FORMAT = {
    "date": "yyyy-mm-dd",
    "month": "yyyy-mm",
    "integer": "#,##0",
    "decimal": "#,##0.####",
    "money": "#,##0.00;[Red]-#,##0.00",
}
_LONG = 10**8  # below this even six decimals fit into the 15 digits Excel keeps
_DAY_ZERO, _FIRST_DAY = dt.date(1899, 12, 30), dt.date(1900, 3, 1)  # earlier days Excel counts wrongly
SHEET_ROWS = 1_000_000


@dataclass(frozen=True)
class OutColumn:
    """A column of an export; ``total`` adds it up in the last row."""

    key: str
    title: str
    kind: Kind = "text"
    width: int = 0  # in characters; 0 chooses by kind
    total: bool = False


def guarded(text: str) -> str:
    """Text that no spreadsheet program takes for a formula: a leading ``= + - @`` TAB CR LF gets an apostrophe."""
    if text[:1].isalnum():
        return text
    stripped = text.lstrip(" \u3000\xa0")
    return f"'{text}" if stripped.startswith(_DANGEROUS) or text.startswith(_DANGEROUS) else text


def _value(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key)


def write(
    rows: Iterable[Any],
    columns: Sequence[OutColumn],
    title: str,
    filters_text: str,
    stream: BinaryIO,
    *,
    made_by: str = "",
) -> int:
    """Stream ``rows`` (mappings or objects) into an .xlsx file; returns how many. Memory does not grow with rows.

    Codes stay texts with their leading zeros; money is written with two decimals; more than a million rows are
    refused, since the rest would be lost silently.
    """
    book = new_book(stream, constant_memory=True, strings_to_numbers=False)
    sheet = book.add_worksheet(_sheet_name(title))
    base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
    formats = {kind: book.add_format({**base, "num_format": form}) for kind, form in _NUMBER_FORMAT.items()}
    formats["text"] = book.add_format(base)
    formats["code"] = book.add_format({**base, "num_format": "@"})
    head = book.add_format(
        {**base, "bold": True, "bg_color": "#E6EEF0", "bottom": 1, "border_color": "#8FA3B0"}
    )
    for index, column in enumerate(columns):
        sheet.set_column(
            index, index, column.width or _width(column), formats.get(column.kind, formats["text"])
        )
    sheet.set_row(0, 26)
    sheet.write_string(
        0, 0, title, book.add_format({**base, "font_size": 14, "bold": True, "font_color": "#0B6E6E"})
    )
    sheet.write_string(1, 0, filters_text, book.add_format({**base, "font_color": "#667788"}))
    for index, column in enumerate(columns):
        sheet.write_string(2, index, column.title, head)
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{made_by.replace('&', '&&')}&C" + _("第 &P 页 共 &N 页"))
    totals: dict[int, Decimal] = {index: Decimal(0) for index, column in enumerate(columns) if column.total}
    keys = [
        (index, column.key, column.kind, formats.get(column.kind, formats["text"]))
        for index, column in enumerate(columns)
    ]
    count = 0
    for row in rows:
        if count >= SHEET_ROWS:
            raise Invalid(
                _("超过 {limit} 行，一张工作表放不下。").format(limit=SHEET_ROWS),
                way_out=_("请缩小筛选范围，或导出 CSV。"),
                code="export_too_long",
            )
        line = count + 3
        for index, key, kind, form in keys:
            value = _value(row, key)
            if index in totals and value is not None:
                totals[index] += value
            _put(sheet, line, index, value, kind, form)
        count += 1
    if count:
        sheet.autofilter(2, 0, count + 2, len(columns) - 1)
    if totals:
        bold = {**base, "bold": True, "top": 1, "bg_color": "#F4F7F8"}
        plain = book.add_format(bold)
        for index, column in enumerate(columns):
            if index in totals:
                form = book.add_format({**bold, "num_format": _NUMBER_FORMAT.get(column.kind, "General")})
                _put(sheet, count + 3, index, totals[index], column.kind, form)
            else:
                sheet.write_string(count + 3, index, _("合计") if index == 0 else "", plain)
    book.close()
    return count


def _put(sheet: Any, line: int, index: int, value: Any, kind: str, form: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(line, index, _("是") if value else _("否"), form)
    elif isinstance(value, (int, Decimal)) and kind not in ("code", "text"):
        # Excel keeps 15 digits; a longer amount is shown exactly, as text, rather than rounded.
        if (
            isinstance(value, Decimal)
            and abs(value) > _LONG
            and len(value.normalize().as_tuple().digits) > 15
        ):
            sheet.write_string(line, index, format(value, "f"), form)
        else:
            sheet.write_number(line, index, value, form)
    elif isinstance(value, dt.datetime):
        sheet.write_string(line, index, value.strftime("%Y-%m-%d %H:%M:%S"), form)
    elif isinstance(value, dt.date):
        if value < _FIRST_DAY:
            sheet.write_string(line, index, value.isoformat(), form)
        else:
            sheet.write_number(line, index, (value - _DAY_ZERO).days, form)
    else:
        sheet.write_string(line, index, guarded(_clean(str(value)))[:32767], form)


def _clean(text: str) -> str:
    """Without the characters XML cannot hold."""
    if text.isprintable():
        return text
    return "".join(
        c
        for c in text
        if (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff") or c in "\t\r\n"
    )


def _width(column: OutColumn) -> int:
    by_kind = {"date": 12, "month": 10, "money": 16, "decimal": 12, "integer": 10, "bool": 8, "code": 16}
    return max(by_kind.get(column.kind, 22), len(column.title) * 2 + 4)


def _sheet_name(title: str) -> str:
    name = "".join("_" if c in "[]:*?/\\'" else c for c in title)[:31]
    return name or "Sheet1"


def write_csv(rows: Iterable[Any], columns: Sequence[OutColumn], stream: BinaryIO) -> int:
    """UTF-8 with a byte order mark, which is what makes Excel read Chinese; returns the number of rows."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=False, errors="replace")
    writer = csv.writer(text)
    writer.writerow([column.title for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_csv_text(_value(row, column.key), column.kind) for column in columns])
        count += 1
    text.flush()
    text.detach()
    return count


def _csv_text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dt.date):
        return value.strftime("%Y-%m") if kind == "month" else value.isoformat()
    return guarded(str(value))
