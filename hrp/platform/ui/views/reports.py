"""A declared report: on the screen, as a workbook, on paper."""

from __future__ import annotations

import io
from typing import Any, Literal

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views import View

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.exchange import forms, pdf, sheets
from hrp.platform.exchange.sheets import OutColumn
from hrp.platform.org.models import Hospital
from hrp.platform.ui import columns as cols
from hrp.platform.ui import formats, reports
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.screens import Column
from hrp.platform.ui.views.errors import is_fragment

_KINDS: dict[str, Any] = {
    "money": "money", "quantity": "decimal", "price": "decimal", "percent": "decimal", "integer": "integer", "date": "date",
    "code": "code",
}  # fmt: skip
WIDE = 11  # more columns than this go on A3
PAPER_ROWS = 3_000


class ReportView(View):
    """Base of the three."""

    screen: Any = None

    def answer(self, request: HttpRequest, permission: str = "") -> reports.Answer:
        return reports.ask(self.screen, request.GET, actor_of(request), permission=permission)


class ReportPage(ReportView):
    """Query card and table; a fragment when htmx asks for one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        answer = self.answer(request)
        context = {
            "page_title": self.screen.title,
            "screen": self.screen,
            "answer": answer,
            "lines": answer.lines(),
            "span": len(answer.columns),
            "conditions": answer.conditions,
            "list_url": self.screen.base,
            "query": request.GET.urlencode(),
            "may_export": scope.has(actor_of(request), self.screen.export_permission),
        }
        fragment = is_fragment(request) and request.headers.get("HX-Target", "").endswith("#list")
        response = render(request, "ui/parts/report.html" if fragment else "ui/report.html", context)
        response["Vary"] = "HX-Request, HX-Request-Type, HX-Target"
        return response


class ReportWorkbook(ReportView):
    """Every row of the answer as .xlsx."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.answer(request, self.screen.export_permission)
        columns = [
            OutColumn(str(place), _titled(column), _KINDS.get(column.kind, "text"), total=column.total)
            for place, column in enumerate(answer.columns)
        ]
        rows = (
            {str(place): reports.exported(column, row) for place, column in enumerate(answer.columns)}
            for row in answer.rows
        )
        stream = io.BytesIO()
        sheets.write(
            rows, columns, self.screen.title, answer.words, stream, made_by=actor_of(request).display_name
        )
        stream.seek(0)
        return FileResponse(stream, as_attachment=True, filename=f"{_file_name(self.screen.title)}.xlsx")


class ReportPaper(ReportView):
    """The answer as PDF, ready to sign."""

    def get(self, request: HttpRequest) -> HttpResponse:
        answer = self.answer(request, self.screen.export_permission)
        columns = answer.columns
        data = forms.report(
            hospital=str(Hospital.objects.order_by("pk").first() or ""),
            title=self.screen.title,
            subtitle=answer.words,
            header=[[forms.HeaderCell(_titled(column)) for column in columns]],
            aligns=[_align(column) for column in columns],
            rows=[_paper_row(answer, line) for line in answer.lines(most=PAPER_ROWS)],
            notes=self.screen.note,
            signatures=(
                (self.screen.signatures[0], actor_of(request).display_name),
                *self.screen.signatures[1:],
            ),
            printed=formats.datetime_text(clock.now()),
            paper="a3" if len(columns) > WIDE else "a4",
        )
        response = HttpResponse(pdf.render("report", data), content_type="application/pdf")
        response["Content-Disposition"] = (
            content_disposition_header(False, f"{_file_name(self.screen.title)}.pdf") or ""
        )
        return response


def _paper_row(answer: reports.Answer, line: reports.Line) -> forms.ReportRow:
    if line.row is not None:
        return forms.ReportRow([reports.printed(column, line.row) for column in answer.columns])
    if line.kind == "group":
        return forms.ReportRow([line.title, *([""] * (len(answer.columns) - 1))], "group")
    return forms.ReportRow(
        [line.cells[0] or line.title, *line.cells[1:]], "total" if line.kind == "total" else "group"
    )


def _titled(column: Column) -> str:
    return f"{column.title}（%）" if column.kind == "percent" else column.title


def _align(column: Column) -> Literal["left", "center", "right"]:
    return "right" if column.kind in cols.NUMERIC else "left"


def _file_name(title: str) -> str:
    return f"{title}_{clock.local(clock.now()):%Y%m%d_%H%M}"
