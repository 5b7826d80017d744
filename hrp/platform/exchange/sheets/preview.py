"""The preview: every row checked, every bad cell named, all at once, before anything is written."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.exchange.sheets.cells import Wrong, blank, convert, shown
from hrp.platform.exchange.sheets.guard import Extent
from hrp.platform.exchange.sheets.reading import Book, Grid, open_book
from hrp.platform.exchange.sheets.specs import (
    NUMBERS,
    Limits,
    SheetColumn,
    SheetSpec,
    WorkbookSpec,
    folded,
    letter,
    workbook,
)

_TOTAL_ROWS = frozenset({"合计", "总计", "合计："})
_HEADER_WITHIN = 15  # rows searched for the header


@dataclass(frozen=True)
class CellProblem:
    """One bad cell. ``row`` as Excel numbers it; ``column`` its letter; both empty when a sheet or header is wrong."""

    sheet: str
    row: int | None
    column: str
    title: str
    value: str
    message: str
    way_out: str = ""

    def __str__(self) -> str:
        place = _("工作表“{sheet}”").format(sheet=self.sheet) if self.sheet else ""
        if self.row is not None:
            place += _("第 {row} 行").format(row=self.row)
        if self.column:
            place += _("{column} 列（{title}）").format(column=self.column, title=self.title)
        value = _("“{value}”").format(value=self.value) if self.value else ""
        return f"{place}{value}：{self.message}。{self.way_out}"


@dataclass(frozen=True)
class Row:
    number: int  # as Excel numbers it
    values: dict[str, object]


@dataclass
class SheetPreview:
    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    totals: dict[str, int | Decimal] = field(default_factory=dict)
    header_row: int = 1


@dataclass
class Preview:
    """What was read. Commit only when ``ok``; ``rows`` are the rows of the first sheet."""

    spec: WorkbookSpec
    sha256: str
    sheets: dict[str, SheetPreview]
    problems: list[CellProblem]
    problem_count: int  # may exceed len(problems), which is capped
    warnings: list[str]
    encoding: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem_count

    @property
    def rows(self) -> list[Row]:
        return self.sheets[self.spec.sheets[0].name].rows

    @property
    def totals(self) -> dict[str, int | Decimal]:
        return self.sheets[self.spec.sheets[0].name].totals

    @property
    def row_count(self) -> int:
        return sum(len(sheet.rows) for sheet in self.sheets.values())

    def require_ok(self) -> None:
        if not self.ok:
            raise Invalid(
                _("文件有 {count} 处问题，没有导入任何一行。").format(count=self.problem_count),
                way_out=_("请下载“问题清单”，改正标红的单元格后重新上传。"),
                code="sheet_problems",
                problems=[Problem(str(problem)) for problem in self.problems[:50]],
            )


class _Report:
    def __init__(self, limit: int) -> None:
        self.problems: list[CellProblem] = []
        self.count = 0
        self.limit = limit
        self.warnings: list[str] = []

    def add(self, problem: CellProblem) -> None:
        self.count += 1
        if len(self.problems) < self.limit:
            self.problems.append(problem)


def read(
    file: BinaryIO | bytes, spec: SheetSpec | WorkbookSpec, *, name: str = "", limits: Limits | None = None
) -> Preview:
    """Check a whole file against ``spec``. Raises Invalid only when the file cannot be opened at all."""
    limits = limits or Limits()
    book_spec = workbook(spec)
    data = file if isinstance(file, bytes) else file.read(limits.file_bytes + 1)
    book = open_book(data, name or str(getattr(file, "name", "")), book_spec, limits)
    report = _Report(limits.problems)
    sheets: dict[str, SheetPreview] = {}
    for sheet in book_spec.sheets:
        sheets[sheet.name] = SheetPreview(sheet.name, sheet.title)
        grid = _grid(book, sheet, len(book_spec.sheets) == 1)
        if grid is None:
            if sheet.name not in book_spec.optional:
                report.add(
                    CellProblem(
                        sheet.title,
                        None,
                        "",
                        "",
                        "",
                        _("缺少这个工作表"),
                        _("请用最新模板填写，不要删除或改名工作表。"),
                    )
                )
            continue
        _read_sheet(grid, sheet, book, sheets[sheet.name], report)
    if not report.count and not any(sheet.rows for sheet in sheets.values()):
        first = book_spec.sheets[0]
        report.add(CellProblem(first.title, None, "", "", "", _("没有数据行"), _("请在标题行下面填写数据。")))
    return Preview(
        book_spec,
        hashlib.sha256(data).hexdigest(),
        sheets,
        report.problems,
        report.count,
        report.warnings,
        book.encoding,
    )


def _grid(book: Book, sheet: SheetSpec, alone: bool) -> Grid | None:
    for grid in book.grids:
        if folded(grid.name) in (folded(sheet.title), folded(sheet.name)):
            return grid
    return book.grids[0] if alone and book.grids else None


def _read_sheet(grid: Grid, spec: SheetSpec, book: Book, out: SheetPreview, report: _Report) -> None:
    sheet_name = grid.name or spec.title
    found = _header(grid, spec, sheet_name, report)
    if found is None:
        return
    header, places = found
    out.header_row = header + 1
    if _too_long(grid, header, spec, sheet_name, report):
        return
    samples = _samples(spec)
    merges = [merge for merge in grid.extent.merges if merge[2] > header]
    for merge in merges:
        cell = letter(merge[1])
        report.add(
            CellProblem(
                sheet_name,
                merge[0] + 1,
                cell,
                "",
                "",
                _("数据区有合并单元格"),
                _("请取消合并，每一行都填写完整。"),
            )
        )
    columns = [(spec.column(key), index) for key, index in places.items()]
    cells = _Cells(sheet_name, grid.extent, book.epoch_1904, report)
    for number, raw in enumerate(grid.rows[header + 1 :], start=header + 2):
        if all(blank(cell) for cell in raw) and not cells.troubled(number):
            continue
        if _is_total(raw):
            report.warnings.append(_("第 {row} 行是合计行，已跳过。").format(row=number))
            continue
        values = cells.row(number, raw, columns)
        if samples and values == samples:
            report.warnings.append(_("第 {row} 行是模板的示例，已跳过。").format(row=number))
            continue
        out.rows.append(Row(number, values))
    _resolve_lookups(spec, places, out.rows, cells, report)
    _find_duplicates(spec, places, out.rows, sheet_name, report)
    _total(spec, out)


def _is_total(raw: Sequence[object]) -> bool:
    """The row our own exports end with."""
    first = next((cell for cell in raw if not blank(cell)), None)
    return isinstance(first, str) and first.strip() in _TOTAL_ROWS


def _too_long(grid: Grid, header: int, spec: SheetSpec, sheet_name: str, report: _Report) -> bool:
    """Whether there are more rows than allowed; then none of them is worth converting."""
    if len(grid.rows) - header - 1 <= spec.max_rows:
        return False
    filled = [
        number
        for number, raw in enumerate(grid.rows[header + 1 :], start=header + 2)
        if not all(map(blank, raw)) and not _is_total(raw)
    ]
    if len(filled) <= spec.max_rows:
        return False
    report.add(
        CellProblem(
            sheet_name, filled[spec.max_rows], "", "", "",
            _("数据超过 {limit} 行").format(limit=spec.max_rows), _("请拆成几个文件分别导入。"),
        )
    )  # fmt: skip
    return True


def _samples(spec: SheetSpec) -> dict[str, object]:
    """The sample row of the template as it would be read, so that it is not imported by mistake."""
    values: dict[str, object] = {}
    for column in spec.columns:
        if not column.example:
            values[column.key] = None
            continue
        value = convert(column.example, column)
        values[column.key] = None if isinstance(value, Wrong) else value
    return values if any(value is not None for value in values.values()) else {}


def _header(
    grid: Grid, spec: SheetSpec, sheet_name: str, report: _Report
) -> tuple[int, dict[str, int]] | None:
    """The header's row index and where each column stands; None (and problems) when it cannot be used."""
    names: dict[str, str] = {}
    for column in spec.columns:
        for title in (column.title, column.key, *column.aliases):
            names.setdefault(folded(title), column.key)
    best, best_hits = 0, 0
    for index, raw in enumerate(grid.rows[:_HEADER_WITHIN]):
        hits = sum(folded(shown(cell)) in names for cell in raw if not blank(cell))
        if hits > best_hits:
            best, best_hits = index, hits
    if not best_hits:
        titles = "、".join(column.title for column in spec.columns)
        report.add(
            CellProblem(
                sheet_name,
                None,
                "",
                "",
                "",
                _("没有找到标题行"),
                _("第一行应为：{titles}。请使用下载的模板。").format(titles=titles),
            )
        )
        return None
    places: dict[str, int] = {}
    for index, cell in enumerate(grid.rows[best]):
        if blank(cell):
            continue
        title = shown(cell).strip()
        key = names.get(folded(title))
        if key is None:
            report.warnings.append(
                _("工作表“{sheet}”{column} 列“{title}”不在模板中，已忽略。").format(
                    sheet=sheet_name, column=letter(index), title=title[:40]
                )
            )
        elif key in places:
            report.add(
                CellProblem(
                    sheet_name, best + 1, letter(index), title[:40], "",
                    _("与 {column} 列重复").format(column=letter(places[key])), _("请只保留一列。"),
                )
            )  # fmt: skip
        else:
            places[key] = index
    for column in spec.columns:
        if column.key not in places and column.required:
            report.add(
                CellProblem(
                    sheet_name, best + 1, "", column.title, "",
                    _("缺少必填列“{title}”").format(title=column.title), _("请补上该列，标题须与模板一致。"),
                )
            )  # fmt: skip
    return best, places


class _Cells:
    """Cell by cell, with the sheet's name and peculiarities at hand."""

    def __init__(self, sheet: str, extent: Extent, epoch_1904: bool, report: _Report) -> None:
        self.sheet = sheet
        self.errors = extent.errors
        self.bare = extent.bare_formulas
        self.odd_rows = {row for row, _column in self.errors | self.bare}
        self.epoch_1904 = epoch_1904
        self.report = report

    def troubled(self, number: int) -> bool:
        return number - 1 in self.odd_rows

    def wrong(self, number: int, index: int, column: SheetColumn, raw: object, wrong: Wrong) -> None:
        self.report.add(
            CellProblem(
                self.sheet, number, letter(index), column.title, shown(raw)[:60], wrong.message, wrong.way_out
            )
        )

    def row(
        self, number: int, raw: Sequence[object], columns: Sequence[tuple[SheetColumn, int]]
    ) -> dict[str, object]:
        values: dict[str, object] = {}
        odd = self.troubled(number)
        for column, index in columns:
            cell = raw[index] if index < len(raw) else None
            values[column.key] = None
            if odd and (wrong := self._odd(number, index)):
                self.wrong(number, index, column, cell, wrong)
            elif blank(cell):
                if column.required:
                    self.wrong(
                        number,
                        index,
                        column,
                        "",
                        Wrong(_("必填，不能为空"), f"{column.help}。" if column.help else _("请填写。")),
                    )
            else:
                value = convert(cell, column, epoch_1904=self.epoch_1904)
                if isinstance(value, Wrong):
                    self.wrong(number, index, column, cell, value)
                else:
                    values[column.key] = value
        return values

    def _odd(self, number: int, index: int) -> Wrong | None:
        if (number - 1, index) in self.errors:
            return Wrong(_("单元格是错误值（#N/A、#REF! 等）"), _("请改正公式，或直接填写数值。"))
        if (number - 1, index) in self.bare:
            return Wrong(_("公式没有计算结果"), _("请在 Excel 中打开并保存一次，或粘贴为数值。"))
        return None


def _resolve_lookups(
    spec: SheetSpec, places: dict[str, int], rows: list[Row], cells: _Cells, report: _Report
) -> None:
    for column in spec.columns:
        if column.lookup is None or column.key not in places:
            continue
        texts = frozenset(str(row.values[column.key]) for row in rows if row.values[column.key] is not None)
        known = column.lookup(texts) if texts else {}
        for row in rows:
            text = row.values[column.key]
            if text is None:
                continue
            if text in known:
                row.values[column.key] = known[str(text)]
            else:
                row.values[column.key] = None
                out = column.help and f"{column.help}。"
                cells.wrong(
                    row.number, places[column.key], column, text,
                    Wrong(_("系统中没有这一项"), out or _("请先在系统中建立，或核对名称和编码。")),
                )  # fmt: skip


def _find_duplicates(
    spec: SheetSpec, places: dict[str, int], rows: list[Row], sheet_name: str, report: _Report
) -> None:
    for group in spec.unique:
        if any(key not in places for key in group):
            continue
        seen: dict[tuple[object, ...], int] = {}
        for row in rows:
            value = tuple(row.values[key] for key in group)
            if None in value:
                continue
            if value in seen:
                first = spec.column(group[0])
                text = "／".join(value_text(part) for part in value)
                report.add(
                    CellProblem(
                        sheet_name, row.number, letter(places[group[0]]), first.title, text[:60],
                        _("与第 {row} 行重复").format(row=seen[value]), _("请删除其中一行。"),
                    )
                )  # fmt: skip
            else:
                seen[value] = row.number


def value_text(value: object) -> str:
    """A converted value as people write it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else str(value)


def _total(spec: SheetSpec, out: SheetPreview) -> None:
    for column in spec.columns:
        if column.kind in NUMBERS:
            numbers = [v for row in out.rows if isinstance(v := row.values.get(column.key), (int, Decimal))]
            out.totals[column.key] = sum(numbers, Decimal(0) if column.kind != "integer" else 0)
