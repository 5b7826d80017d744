"""The workbook people download to fill in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from hrp.platform.exchange.sheets.books import new_book
from hrp.platform.exchange.sheets.specs import SheetColumn, SheetSpec, WorkbookSpec, workbook

if TYPE_CHECKING:
    import xlsxwriter

_FONT = "微软雅黑"
_KIND_TEXT = {
    "text": "文字",
    "code": "编码（文本格式，前面的 0 会保留）",
    "date": "日期，如 2026-01-31",
    "month": "月份，如 2026-01",
    "integer": "整数",
    "decimal": "数字",
    "money": "金额（元）",
    "choice": "从下拉列表选择",
    "lookup": "系统中已有的编码或名称",
    "bool": "是 / 否",
}
_NUMBER_FORMAT = {
    "date": "yyyy-mm-dd",
    "month": "@",
    "integer": "0",
    "decimal": "General",
    "money": "#,##0.00",
}


def template(spec: SheetSpec | WorkbookSpec, *, sample: bool = False) -> bytes:
    """An .xlsx file: one sheet per spec with frozen header, lists and text formats, and a sheet 填写说明.

    The sample row, when asked for, is recognised by ``read`` and skipped if the user leaves it in.
    """
    book_spec = workbook(spec)
    buffer = io.BytesIO()
    book = new_book(buffer, in_memory=True)
    book.set_properties({"title": book_spec.title, "comments": f"hrp-sheet:{book_spec.name}"})
    for sheet in book_spec.sheets:
        _data_sheet(book, sheet, sample)
    _notes_sheet(book, book_spec)
    book.close()
    return buffer.getvalue()


def _data_sheet(book: xlsxwriter.Workbook, spec: SheetSpec, sample: bool) -> None:
    sheet = book.add_worksheet(spec.title[:31])
    base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
    head = {**base, "bold": True, "border": 1, "border_color": "#B8C4CE", "align": "center"}
    required = book.add_format({**head, "bg_color": "#0B6E6E", "font_color": "#FFFFFF"})
    optional = book.add_format({**head, "bg_color": "#E6EEF0", "font_color": "#17324D"})
    grey = {**base, "font_color": "#8795A1", "italic": True}
    sheet.set_row(0, 24)
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(spec.columns):
        title = f"{column.title}*" if column.required else column.title
        number_format = _NUMBER_FORMAT.get(column.kind, "@")
        width = max(len(column.title) * 2 + 4, min(column.max_length, 24) if column.kind == "text" else 12)
        sheet.set_column(index, index, min(width, 40), book.add_format({**base, "num_format": number_format}))
        sheet.write_string(0, index, title, required if column.required else optional)
        note = "\n".join(part for part in (_KIND_TEXT[column.kind], column.help) if part)
        sheet.write_comment(0, index, note, {"x_scale": 1.4, "font_name": _FONT, "font_size": 9})
        _validate(sheet, column, index, spec.max_rows)
        if sample and column.example:
            sheet.write_string(
                1, index, column.example, book.add_format({**grey, "num_format": number_format})
            )


def _validate(sheet: xlsxwriter.worksheet.Worksheet, column: SheetColumn, index: int, rows: int) -> None:
    options: dict[str, object]
    titles = [title for _value, title in column.choices] if column.kind == "choice" else []
    if column.kind == "bool":
        titles = ["是", "否"]
    if (
        titles
        and sum(len(title) + 1 for title in titles) <= 255
        and not any("," in title for title in titles)
    ):
        options = {"validate": "list", "source": titles}
    elif column.kind == "integer":
        options = {"validate": "integer", "criteria": "between", "minimum": -(10**12), "maximum": 10**12}
    elif column.kind in ("decimal", "money"):
        options = {"validate": "decimal", "criteria": "between", "minimum": -(10**13), "maximum": 10**13}
    elif column.kind in ("text", "code") and column.max_length <= 255:
        options = {"validate": "length", "criteria": "<=", "value": column.max_length}
    else:
        return
    options |= {
        "ignore_blank": True,
        "error_title": _("填写有误"),
        "error_message": (column.help or _KIND_TEXT[column.kind])[:255],
    }
    sheet.data_validation(1, index, rows, index, options)


def _notes_sheet(book: xlsxwriter.Workbook, spec: WorkbookSpec) -> None:
    sheet = book.add_worksheet(_("填写说明"))
    base = {
        "font_name": _FONT,
        "font_size": 10,
        "valign": "top",
        "text_wrap": True,
        "border": 1,
        "border_color": "#D5DDE3",
    }
    plain = book.add_format(base)
    head = book.add_format({**base, "bold": True, "bg_color": "#E6EEF0"})
    title = book.add_format({"font_name": _FONT, "font_size": 14, "bold": True, "font_color": "#0B6E6E"})
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 2, 12)
    sheet.set_column(3, 5, 30)
    sheet.write_string(0, 0, _("{title}：填写说明").format(title=spec.title), title)
    row = 2
    for part in spec.sheets:
        sheet.write_string(row, 0, _("工作表：{title}").format(title=part.title), head)
        sheet.merge_range(
            row,
            1,
            row,
            5,
            part.notes or _("标题行不要改动，从第 2 行开始填写；任何一格有误则整份不导入。"),
            plain,
        )
        for index, name in enumerate((_("列"), _("必填"), _("类型"), _("可填内容"), _("说明"), _("示例"))):
            sheet.write_string(row + 1, index, name, head)
        row += 2
        for column in part.columns:
            choices = "、".join(name for _value, name in column.choices)
            cells = (
                column.title,
                _("是") if column.required else "",
                _KIND_TEXT[column.kind],
                choices,
                column.help,
                column.example,
            )
            for index, text in enumerate(cells):
                sheet.write_string(row, index, text, plain)
            row += 1
        row += 1
