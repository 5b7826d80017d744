"""From bytes to plain grids: every sheet as rows of raw values, with what the package says about merges and formulas."""

from __future__ import annotations

import codecs
import csv
import io
import pickle
import posixpath
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets.guard import Examined, Extent, broken, examine, hostile, kind_of
from hrp.platform.exchange.sheets.parsing import UNREADABLE
from hrp.platform.exchange.sheets.specs import Limits, WorkbookSpec, folded

_PARSER = Path(__file__).with_name("parsing.py")
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Grid:
    """One sheet. ``rows[0]`` is row 1 of the sheet; a CSV file is one grid without a name."""

    name: str
    rows: Sequence[Sequence[object]]
    extent: Extent = field(default_factory=Extent)


@dataclass
class Book:
    grids: list[Grid]
    format: str
    encoding: str = ""
    epoch_1904: bool = False


def open_book(data: bytes, name: str, spec: WorkbookSpec, limits: Limits) -> Book:
    """Guarded reading of an .xlsx or .csv file; only the sheets the spec asks for are parsed."""
    if kind_of(data, name, limits) == "csv":
        if len(spec.sheets) > 1:
            raise Invalid(
                _("“{title}”有多个工作表，不能用 CSV 导入。").format(title=spec.title),
                way_out=_("请下载 .xlsx 模板填写。"),
                code="sheet_csv_many",
            )
        text, encoding = decode(data)
        return Book([Grid("", _csv_rows(text, spec, limits))], "csv", encoding)
    return _workbook(data, spec, limits)


def _workbook(data: bytes, spec: WorkbookSpec, limits: Limits) -> Book:
    examined = examine(data, limits)
    extents = _extents_by_sheet(examined)
    wanted = _wanted(list(extents), spec)
    grids = [
        Grid(name, rows, extents[name]) for name, rows in zip(wanted, _parsed(data, wanted), strict=True)
    ]
    return Book(grids, "xlsx", epoch_1904=examined.epoch_1904)


def _parsed(data: bytes, names: Sequence[str]) -> list[Sequence[Sequence[object]]]:
    """The used cells of the named sheets, read in a process of their own with limits on memory and time."""
    if not names:
        return []
    if any("\x1f" in name or "\n" in name for name in names):
        raise broken(_("工作表名称含有控制字符"))
    message = f"{len(data)}\n".encode() + "\x1f".join(names).encode() + b"\n" + data
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PARSER)], input=message, capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise hostile(_("读取超时")) from error
    if done.returncode == UNREADABLE:
        raise broken(_("工作簿内容读不出来"))
    if done.returncode:
        raise hostile(_("读取时超出内存或时间限制"))
    grids: list[Sequence[Sequence[object]]] = pickle.loads(done.stdout)  # noqa: S301 - written by our own process
    return grids


def _wanted(names: Sequence[str], spec: WorkbookSpec) -> list[str]:
    if not names:
        raise broken(_("没有工作表"))
    titles = {folded(sheet.title) for sheet in spec.sheets} | {folded(sheet.name) for sheet in spec.sheets}
    found = [name for name in names if folded(name) in titles]
    if found or len(spec.sheets) > 1:
        return found
    return [next((name for name in names if folded(name) != folded("填写说明")), names[0])]


def _extents_by_sheet(examined: Examined) -> dict[str, Extent]:
    """Sheet name -> extent, through workbook.xml and its relationships."""
    try:
        relations = {
            item.get("Id"): posixpath.normpath(posixpath.join("/xl", item.get("Target") or "")).lstrip("/")
            for item in fromstring(examined.parts["xl/_rels/workbook.xml.rels"])
        }
        sheets = fromstring(examined.parts["xl/workbook.xml"]).iter()
        return {
            item.get("name") or "": examined.extents.get(relations.get(item.get(_REL)) or "", Extent())
            for item in sheets
            if item.tag.endswith("}sheet")
        }
    except Exception as error:
        raise broken(_("工作簿目录读不出来")) from error


def decode(data: bytes) -> tuple[str, str]:
    """Text and the encoding found: byte order mark, then UTF-8, then GB18030, each strictly."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            ladder = [encoding]
            break
    else:
        ladder = ["utf-8", "gb18030"]
    for encoding in ladder:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text, encoding
    raise Invalid(
        _("文件不是文本，或者文字编码无法识别。"),
        way_out=_("请另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后再上传。"),
        code="sheet_encoding",
    )


def _csv_rows(text: str, spec: WorkbookSpec, limits: Limits) -> list[list[object]]:
    sheet = spec.sheets[0]
    titles = {
        folded(name) for column in sheet.columns for name in (column.title, column.key, *column.aliases)
    }
    head = [line for line in text[:20000].splitlines() if line.strip()][:10]

    def matches(delimiter: str) -> int:
        try:
            return max(
                (sum(folded(c) in titles for c in row) for row in csv.reader(head, delimiter=delimiter)),
                default=0,
            )
        except csv.Error:
            return 0

    delimiter = max(",;\t", key=matches)
    rows: list[list[object]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if len(row) > limits.columns:
                raise Invalid(
                    _("第 {row} 行有 {count} 列，超过 {limit} 列。").format(
                        row=len(rows) + 1, count=len(row), limit=limits.columns
                    ),
                    way_out=_("请检查分隔符（逗号、分号或制表符）是否正确。"),
                    code="sheet_extent",
                )
            rows.append([_csv_cell(cell) for cell in row])
            if len(rows) > sheet.max_rows + 1000:
                break  # the row limit is reported with the other problems
    except csv.Error as error:
        raise Invalid(
            _("CSV 第 {row} 行附近的引号不配对或单元格过长。").format(row=len(rows) + 1),
            way_out=_('内容中的引号要写成两个（""），或改用 .xlsx 模板。'),
            code="sheet_csv_broken",
        ) from error
    return rows


def _csv_cell(cell: str) -> str:
    # ="00123" is how careful people keep leading zeros in a CSV that Excel will open.
    if cell.startswith('="') and cell.endswith('"') and len(cell) >= 3:
        return cell[2:-1]
    return cell
