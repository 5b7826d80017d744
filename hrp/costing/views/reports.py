"""The official tables: on the screen, as a workbook, on paper."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.costing.selectors import runs, tables
from hrp.costing.views import asked
from hrp.costing.views.asked import Asked, cell_url
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.money import from_cents
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents.models import State
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.sheets import OutColumn, write
from hrp.platform.ui import formats

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ANCHORS = {
    "direct": "#documents",
    "indirect": "#hops",
    "from_a": "#hops",
    "from_x": "#hops",
    "from_t": "#hops",
}


@require_GET
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One table; every amount of a department is a link to what is behind it."""
    want = asked.report(request, number)
    context: dict[str, Any] = {
        "page_title": want.definition.title,
        "definition": want.definition,
        "definitions": list(tables.DEFINITIONS.values()),
        "range": want.range,
        "run": want.run,
        "choices": _choices(want),
        "query": want.query,
    }
    if want.run is not None:
        built = tables.build(want.run, want.definition, want.range, units=runs.rows_of(want.actor))
        context |= {
            "report": built,
            "certificate": runs.certificate_for(want.actor, want.run),
            "rows": [_shown(built, row) for row in built.rows],
            "is_reversed": want.run.state == State.REVERSED,
            "may_export": scope.has(want.actor, runs.EXPORT),
        }
    return render(request, "costing/report.html", context)


@require_GET
def workbook(request: HttpRequest, number: str) -> HttpResponse:
    """The table as .xlsx."""
    want = asked.report(request, number, runs.EXPORT)
    built = _built(want)
    columns = [OutColumn("title", _("科室"), width=30), OutColumn("code", _("编码"), "code")]
    flat = [(group, column) for group in built.groups for column in group.columns]
    for place, (group, column) in enumerate(flat):
        title = group.title if group.title == column.title else f"{group.title}-{column.title}"
        if len(built.groups[0].columns) > 2:
            title = column.title
        columns.append(OutColumn(f"c{place}", title, "decimal" if column.percent else "money", width=16))
    rows = (
        {
            "title": row.title, "code": row.code,
            **{f"c{place}": _value(cell) for place, cell in enumerate(row.cells)},
        }
        for row in built.rows
    )  # fmt: skip
    stream = io.BytesIO()
    write(rows, columns, built.title, _caption(built), stream, made_by=want.actor.display_name)
    return _file(stream.getvalue(), XLSX, f"{built.title} {built.run.month:%Y-%m}.xlsx", attached=True)


@require_GET
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The table as PDF, ready to print and sign."""
    want = asked.report(request, number, runs.EXPORT)
    built = _built(want)
    wide = len(built.columns) > 12
    data = forms.report(
        hospital=str(built.run.hospital),
        title=built.title,
        subtitle=_("口径：{range}").format(range=built.range.title),
        header=_paper_header(built),
        aligns=["left", *_right(len(built.columns))],
        widths=[46 if wide else 56, *(0 for _column in built.columns)],
        rows=[
            forms.ReportRow(
                [row.title, *(_printed(cell) for cell in row.cells)],
                {"unit": "", "subtotal": "group", "total": "total"}[row.kind],  # type: ignore[arg-type]
            )
            for row in built.rows
        ],
        period=f"{built.run.month:%Y年%m月}",
        code=f"科室{built.number} · {built.run.number}",
        notes=built.note,
        signatures=(("制表", want.actor.display_name), "审核", "财务负责人"),
        printed=formats.datetime_text(clock.now()),
        watermark=_("已红冲") if built.run.state == State.REVERSED else "",
        paper="a3" if wide else "a4",
    )
    return _file(
        pdf.render("report", data),
        "application/pdf",
        f"{built.title} {built.run.month:%Y-%m}.pdf",
        attached=False,
    )


def _built(want: Asked) -> tables.Report:
    if want.run is None:
        raise NotFound(_("还没有分摊结果"), way_out=_("请先新建并过账成本分摊单。"))
    units = runs.rows_of(want.actor, runs.EXPORT)
    return tables.build(want.run, want.definition, want.range, units=units)


def _choices(want: Asked) -> list[tuple[int, str]]:
    marks = {State.REVERSED: _("（已红冲）")}
    return [
        (
            run.pk,
            f"{run.month:%Y-%m} {run.get_purpose_display()} {run.number}{marks.get(State(run.state), '')}",
        )
        for run in runs.reportable(want.actor)[:120]
    ]


def _shown(built: tables.Report, row: tables.Row) -> dict[str, Any]:
    cells = []
    for cell in row.cells:
        column = cell.column
        url = ""
        if row.unit_id is not None and cell.fen and not column.percent:
            anchor = ANCHORS.get(column.part, "")
            url = cell_url(built.run.pk, row.unit_id, column.item7, built.range, anchor)
        cells.append({"text": _printed(cell) or formats.NOTHING, "url": url, "negative": cell.fen < 0})
    return {"kind": row.kind, "title": row.title, "code": row.code, "cells": cells}


def _value(cell: tables.Cell) -> Decimal | None:
    if cell.column.percent:
        return None if cell.share is None else Decimal(str(round(cell.share * 100, 2)))
    return from_cents(cell.fen)


def _printed(cell: tables.Cell) -> str:
    value = _value(cell)
    if value is None or not value:
        return ""
    return f"{value:.2f}%" if cell.column.percent else f"{value:,.2f}"


def _caption(built: tables.Report) -> str:
    return _("{hospital}　{month}　口径：{range}　单位：元　分摊单：{number}").format(
        hospital=built.run.hospital,
        month=f"{built.run.month:%Y年%m月}",
        range=built.range.title,
        number=built.run.number,
    )


def _paper_header(built: tables.Report) -> list[list[forms.HeaderCell]]:
    first = [forms.HeaderCell(_("科室"), rowspan=2)]
    second = []
    for group in built.groups:
        if len(group.columns) == 1:
            first.append(forms.HeaderCell(group.title, rowspan=2))
        else:
            first.append(forms.HeaderCell(group.title, colspan=len(group.columns)))
            second += [forms.HeaderCell(column.title) for column in group.columns]
    return [first, second]


def _right(count: int) -> list[Literal["left", "center", "right"]]:
    return ["right"] * count


def _file(content: bytes, kind: str, name: str, *, attached: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(attached, name) or ""
    return response
