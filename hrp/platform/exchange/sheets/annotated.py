"""The error workbook: the person's own rows again, bad cells coloured, with a column 问题 that says what to do."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from hrp.platform.exchange.sheets.books import new_book
from hrp.platform.exchange.sheets.cells import shown
from hrp.platform.exchange.sheets.preview import CellProblem, Preview
from hrp.platform.exchange.sheets.reading import open_book
from hrp.platform.exchange.sheets.specs import Limits, folded, letter

if TYPE_CHECKING:
    import xlsxwriter


def annotate(data: bytes, preview: Preview, *, name: str = "", limits: Limits | None = None) -> bytes:
    """The original file's sheets as texts with the problems of ``preview`` written beside them.

    Everything is written as text, so nothing a stranger typed becomes a formula; the file can be corrected and
    uploaded again, since the column 问题 is ignored by ``read``.
    """
    opened = open_book(data, name, preview.spec, limits or Limits())
    buffer = io.BytesIO()
    book = new_book(buffer, in_memory=True)
    base = {"font_name": "微软雅黑", "font_size": 10}
    plain = book.add_format({**base, "num_format": "@"})
    bad = book.add_format(
        {
            **base,
            "num_format": "@",
            "bg_color": "#FDE2E1",
            "font_color": "#B42318",
            "border": 1,
            "border_color": "#F3A6A1",
        }
    )
    told = book.add_format({**base, "font_color": "#B42318"})
    head = book.add_format({**base, "bold": True, "bg_color": "#E6EEF0"})
    general = [problem for problem in preview.problems if problem.row is None]
    for grid in opened.grids:
        spec = next(
            (s for s in preview.spec.sheets if folded(grid.name) in (folded(s.title), folded(s.name))),
            preview.spec.sheets[0],
        )
        header = preview.sheets[spec.name].header_row - 1
        problems: defaultdict[int, list[CellProblem]] = defaultdict(list)
        for problem in preview.problems:
            if problem.row is not None and problem.sheet in (grid.name, spec.title):
                problems[problem.row - 1].append(problem)
        sheet = book.add_worksheet((grid.name or spec.title)[:31])
        width = max((len(row) for row in grid.rows), default=0)
        existing = [shown(cell).strip() for cell in (grid.rows[header] if header < len(grid.rows) else [])]
        beside = existing.index(_("问题")) if _("问题") in existing else width
        sheet.set_column(0, max(width - 1, 0), 16, plain)
        sheet.set_column(beside, beside, 80, told)
        sheet.freeze_panes(header + 1, 0)
        for number, row in enumerate(grid.rows):
            wrong = {problem.column for problem in problems[number]} if number in problems else set()
            for index in range(len(row)):
                if index == beside:
                    continue
                if (text := shown(row[index])) or letter(index) in wrong:
                    style = bad if letter(index) in wrong else (head if number == header else plain)
                    sheet.write_string(number, index, text[:32000], style)
            if number in problems:
                sheet.write_string(
                    number, beside, "\n".join(_sentence(p) for p in problems[number])[:32000], told
                )
        sheet.write_string(header, beside, _("问题"), head)
    _summary(book, preview, general, told)
    book.close()
    return buffer.getvalue()


def _sentence(problem: CellProblem) -> str:
    place = (
        _("{column} 列“{title}”：").format(column=problem.column, title=problem.title)
        if problem.column
        else ""
    )
    return f"{place}{problem.message}。{problem.way_out}"


def _summary(book: xlsxwriter.Workbook, preview: Preview, general: list[CellProblem], style: object) -> None:
    sheet = book.add_worksheet(_("问题汇总"))
    sheet.set_column(0, 0, 120)
    sheet.write_string(
        0, 0, _("共 {count} 处问题，没有导入任何一行。").format(count=preview.problem_count), style
    )
    lines = [str(problem) for problem in general]
    if preview.problem_count > len(preview.problems):
        lines.append(
            _("问题过多，只列出前 {count} 处；改正后会继续检查其余部分。").format(count=len(preview.problems))
        )
    for number, line in enumerate([*lines, *preview.warnings[:200]], start=2):
        sheet.write_string(number, 0, line)
