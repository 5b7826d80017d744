"""Printing documents: the generic form of every type as a PDF, counted."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import services
from hrp.platform.documents.models import Document, State
from hrp.platform.exchange import forms, pdf
from hrp.platform.ui import formats, grids, inputs, selectors
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.grids import Grid
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.views.documents import DocumentView

MOST = 100
_WATERMARKS = {State.VOID: "作 废", State.REVERSED: "已 红 冲", State.DRAFT: "草 稿", State.RETURNED: "草 稿"}


class _Print(DocumentView):
    def sheet(self, request: HttpRequest, document: Document, copy_number: int) -> dict[str, Any]:
        """What the form of this document says, from its declaration."""
        actor = actor_of(request)
        header = inputs.of_object(self.header_inputs(actor), document)
        bound = self.kept_inputs(self.line_inputs(actor))
        grid = Grid(
            bound,
            grids.object_lines(bound, self.lines_of(document, bound)),
            editable=False,
            amount=self.screen.amount,
            quantity=self.screen.quantity,
        )
        columns, lines = (
            self.screen.paper_lines(document)
            if self.screen.paper_lines is not None
            else _from_grid(grid, self.screen)
        )
        priced = [line.get(self.screen.amount) for line in lines]
        has_total = bool(document.total) or (bool(priced) and all(isinstance(one, Decimal) for one in priced))
        wanted = request.GET.get("paper", "")
        return forms.form(
            hospital=selectors.hospital_name(),
            title=document.spec.title,
            number=document.display_number,
            fields=[
                (one.title, one.shown, min(one.span, 3)) for one in header if one.shown != formats.NOTHING
            ],
            columns=[INDEX, *columns],
            lines=[{"index": str(place), **line} for place, line in enumerate(lines, start=1)],
            signatures=[
                (title, str(document.maker) if title == _("制单") else "") for title in self.screen.signatures
            ],
            total=document.total if has_total else None,
            paper="slip" if wanted == "slip" else "a4" if wanted == "a4" else self.screen.paper,
            note=document.note,
            printed=_("{person} 于 {at} 第 {copy} 次打印").format(
                person=actor, at=formats.datetime_text(clock.now()), copy=copy_number
            ),
            watermark=_WATERMARKS.get(State(document.state), ""),
            copies=self.screen.copies,
            copy=forms.reprint(copy_number),
        )


INDEX = forms.FormColumn("index", _("序号"), width=10, align="center")
PLACES = {"money": 2}
WIDTHS = {"money": 22, "quantity": 16, "price": 17, "date": 20, "percent": 14, "integer": 12, "bool": 12}


def _from_grid(grid: Grid, screen: Any) -> tuple[list[forms.FormColumn], list[dict[str, Any]]]:
    """The columns of the entry grid that say something, numbers as numbers, so that pages can be summed."""
    rows = [{one.name: _value(grid, one, row) for one in grid.inputs} for row in grid.raw]
    told = [
        one for one in grid.inputs
        if not one.declared.aside or any(row[one.name] not in ("", None) for row in rows)
    ]  # fmt: skip
    names = (screen.amount, screen.quantity)
    columns = [
        forms.FormColumn(
            one.name, one.title.removesuffix("（元）"), width=_width(one), align="right" if one.numeric else "left",
            places=PLACES.get(one.kind), total=one.numeric and (one.declared.total or one.name in names),
        )
        for one in told
    ]  # fmt: skip
    return columns, rows


def _width(one: Input) -> int:
    """Millimetres: by kind, for texts in proportion to the grid; the widest text shares what is left."""
    if one.kind in WIDTHS:
        return WIDTHS[one.kind]
    return 0 if not one.declared.width or one.declared.width >= WIDE else max(10, one.declared.width // 6)


WIDE = 190  # pixels


def _value(grid: Grid, one: Input, row: dict[str, str]) -> Any:
    text = grid.text_of(one, row)
    if one.kind == "date" and text.startswith("9999"):
        return ""
    if not one.numeric or not text:
        return text
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return text


class PrintPage(_Print):
    """One document as a PDF in the browser; a machine without Chinese fonts falls back to the browser's own print."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = self.load(request, pk, "print")
        copy_number = services.count_print(document, actor=actor_of(request))
        if self.screen.printed is not None:
            return _pdf(self.screen.printed(document, forms.reprint(copy_number)), document.display_number)
        data = self.sheet(request, document, copy_number)
        try:
            return _pdf(pdf.render(self.screen.form, data), document.display_number)
        except Conflict:
            return render(request, "ui/print.html", {"sheets": [data], "page_title": document.display_number})


class PrintMany(_Print):
    """Several ticked documents on one printable page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        ids = [int(text) for text in request.GET.getlist("id") if text.isdigit()][:MOST]
        if not ids:
            raise Invalid(_("没有勾选要打印的单据。"), way_out=_("请在列表中勾选后再打印。"))
        sheets = []
        for pk in ids:
            document = self.load(request, pk, "print")
            sheets.append(
                self.sheet(request, document, services.count_print(document, actor=actor_of(request)))
            )
        return render(
            request,
            "ui/print.html",
            {"sheets": sheets, "page_title": _("打印 {count} 张").format(count=len(sheets))},
        )


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = (
        f'inline; filename="{name.encode("ascii", "ignore").decode() or "print"}.pdf"'
    )
    return response
