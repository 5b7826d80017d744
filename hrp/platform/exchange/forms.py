"""Data for the printed templates, computed exactly and in one place: pages, page subtotals, capital numerals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from hrp.platform.exchange.amounts import rmb_upper, thousands
from hrp.platform.exchange.codes import code128_svg, qr_svg

LINES_PER_PAGE = {"slip": 8, "a4": 22, "a4-wide": 12}
FIELDS_PER_ROW = {"slip": 4, "a4": 3, "a4-wide": 4}
ROOM = {"slip": 213, "a4": 178, "a4-wide": 265}  # millimetres between the margins
LEAST = 32  # millimetres for a column that shares what is left: a name must be read


@dataclass(frozen=True)
class FormColumn:
    """A column of a form's line table. Numbers are shown with ``places`` decimals; ``total`` sums them per page."""

    key: str
    title: str
    width: int = 0  # millimetres; 0 shares what is left
    align: Literal["left", "center", "right"] = "left"
    places: int | None = None
    total: bool = False


def _cell(value: Any, column: FormColumn) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return thousands(value, column.places) if column.places is not None else trimmed(value)
    return str(value)


def trimmed(value: Decimal) -> str:
    """``12.5000`` -> ``12.5``, with thousands separators."""
    text = format(value, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def reprint(copy_number: int) -> str:
    """What marks every print after the first."""
    return f"补打 {copy_number - 1}" if copy_number > 1 else ""


def form(
    *,
    hospital: str,
    title: str,
    number: str,
    fields: Sequence[tuple[str, str] | tuple[str, str, int]],
    columns: Sequence[FormColumn],
    lines: Sequence[Mapping[str, Any]],
    signatures: Sequence[str | tuple[str, str]],
    total: Decimal | None = None,
    paper: Literal["a4", "slip"] = "a4",
    note: str = "",
    printed: str = "",
    watermark: str = "",
    copies: Sequence[str] = (),
    copy: str = "",
    qr: str = "",
) -> dict[str, Any]:
    """Data for ``pdf.render("form", ...)``. ``qr`` is the text of the QR code, the number when empty.

    ``copies`` are the parts of the form (三联): named at the foot of carbon paper, sheets of their own on A4. ``copy``
    stands beside the QR code, e.g. that this is a reprint.
    """
    sheet: str = "a4-wide" if paper == "a4" and _needs(columns) > ROOM["a4"] else paper
    columns = _squeezed(columns, ROOM[sheet])
    per_page = LINES_PER_PAGE[sheet]
    chunks = [lines[i : i + per_page] for i in range(0, len(lines), per_page)] or [[]]
    return {
        "paper": sheet,
        "hospital": hospital,
        "title": title,
        "number": number,
        "qr": qr_svg(qr or number) if qr or number else None,
        "barcode": code128_svg(number, quiet=0) if number and number.isascii() else None,
        "fields": _tiled(fields, FIELDS_PER_ROW[sheet]),
        "columns": [{"title": c.title, "width": c.width, "align": c.align} for c in columns],
        "per_page": per_page,
        "pages": [_page(chunk, columns) for chunk in chunks],
        "total": thousands(total) if total is not None else None,
        "total_upper": f"人民币{rmb_upper(total)}" if total is not None else None,
        "signatures": _signed(signatures),
        "note": note,
        "printed": printed,
        "watermark": watermark,
        "copies": list(copies) if paper == "slip" else [],
        "parts": [""] if paper == "slip" or not copies else list(copies),
        "copy": copy,
    }


def _page(lines: Sequence[Mapping[str, Any]], columns: Sequence[FormColumn]) -> dict[str, Any]:
    return {
        "lines": [[_cell(line.get(column.key), column) for column in columns] for line in lines],
        "subtotal": _subtotal(lines, columns),
    }


def _signed(signatures: Sequence[str | tuple[str, str]]) -> list[dict[str, str]]:
    pairs = ((one, "") if isinstance(one, str) else one for one in signatures)
    return [{"label": label, "name": name} for label, name in pairs]


def _needs(columns: Sequence[FormColumn]) -> int:
    return sum(column.width or LEAST for column in columns)


def _squeezed(columns: Sequence[FormColumn], room: int) -> list[FormColumn]:
    """Columns that fit: where even the wide sheet is too narrow, each gives up the same share of its width."""
    fixed = sum(column.width for column in columns)
    left = room - sum(LEAST for column in columns if not column.width)
    if fixed <= left or left <= 0:
        return list(columns)
    return [
        replace(column, width=column.width * left // fixed) if column.width else column for column in columns
    ]


def _tiled(fields: Sequence[tuple[str, str] | tuple[str, str, int]], wide: int) -> list[dict[str, Any]]:
    """Fields in rows: one that does not fit any more begins the next, and the one before it takes what was left."""
    placed: list[dict[str, Any]] = []
    used = 0
    for field in fields:
        span = min(field[2] if len(field) > 2 else 1, wide)
        if used + span > wide:
            placed[-1]["span"] += wide - used
            used = 0
        placed.append({"label": field[0], "value": field[1], "span": span})
        used = (used + span) % wide
    return placed


def _subtotal(chunk: Sequence[Mapping[str, Any]], columns: Sequence[FormColumn]) -> list[str]:
    if not any(column.total for column in columns):
        return []

    def total(column: FormColumn) -> str:
        known = [value for line in chunk if isinstance(value := line.get(column.key), Decimal)]
        return _cell(sum(known, Decimal(0)), column) if known else ""

    return [total(column) if column.total else "" for column in columns]


@dataclass(frozen=True)
class HeaderCell:
    """A cell of a report's header; a level leaves out what a rowspan above it covers."""

    text: str
    colspan: int = 1
    rowspan: int = 1


@dataclass(frozen=True)
class ReportRow:
    cells: Sequence[Any]
    style: Literal["", "total", "group"] = ""
    indent: int = 0


def report(
    *,
    hospital: str,
    title: str,
    header: Sequence[Sequence[HeaderCell]],
    aligns: Sequence[Literal["left", "center", "right"]],
    rows: Sequence[ReportRow],
    period: str = "",
    unit: str = "元",
    widths: Sequence[int] = (),
    places: int = 2,
    subtitle: str = "",
    code: str = "",
    notes: str = "",
    signatures: Sequence[str | tuple[str, str]] = ("制表", "审核"),
    printed: str = "",
    watermark: str = "",
    paper: Literal["a4", "a3"] = "a4",
    landscape: bool = True,
) -> dict[str, Any]:
    """Data for ``pdf.render("report", ...)``. Widths in millimetres, 0 shares what is left, -1 fits the content.

    Raises ValueError when the header's spans do not tile the columns, or a row is of another length.
    """
    count = len(aligns)
    _check_header(header, count)
    for number, row in enumerate(rows, start=1):
        if len(row.cells) != count:
            raise ValueError(f"第 {number} 行有 {len(row.cells)} 格，应为 {count} 格")
    sizes = list(widths) or [0] * count
    data: dict[str, Any] = {
        "hospital": hospital,
        "title": title,
        "subtitle": subtitle,
        "period": period,
        "unit": unit,
        "code": code,
        "notes": notes,
        "printed": printed,
        "watermark": watermark,
        "paper": paper,
        "landscape": landscape,
        "columns": [{"align": align, "width": width} for align, width in zip(aligns, sizes, strict=True)],
        "header": [
            [{"text": c.text, "colspan": c.colspan, "rowspan": c.rowspan} for c in level] for level in header
        ],
        "rows": [
            {"cells": [_shown(cell, places) for cell in row.cells], "style": row.style, "indent": row.indent}
            for row in rows
        ],
        "signatures": [
            {"label": s, "name": ""} if isinstance(s, str) else {"label": s[0], "name": s[1]}
            for s in signatures
        ],
    }
    return data


def _shown(value: Any, places: int) -> str:
    if value is None:
        return ""
    return thousands(value, places) if isinstance(value, Decimal) else str(value)


def _check_header(header: Sequence[Sequence[HeaderCell]], count: int) -> None:
    covered = [0] * len(header)
    for index, level in enumerate(header):
        for cell in level:
            for below in range(index, index + cell.rowspan):
                if below >= len(header):
                    raise ValueError(f"表头“{cell.text}”的 rowspan 超出表头")
                covered[below] += cell.colspan
    if any(width != count for width in covered):
        raise ValueError(f"表头各层宽度 {covered} 应均为 {count}")


def label(
    *,
    title: str,
    code: str,
    fields: Sequence[tuple[str, str]] = (),
    corner: str = "",
    qr: str = "",
    bars: bool = True,
) -> dict[str, Any]:
    """One label of ``pdf.render("label", {"hospital", "width", "height", "labels": [...]})``; sizes in millimetres."""
    return {
        "title": title,
        "code": code,
        "corner": corner,
        "fields": [{"label": name, "value": value} for name, value in fields],
        "qr": qr_svg(qr or code),
        "barcode": code128_svg(code, quiet=0) if bars and code.isascii() else None,
    }
