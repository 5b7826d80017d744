"""盘点表: the blind sheet for the shelf, and the result with books, counts and differences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.counting.models import CountResult, CountTask
from hrp.logistics.counting.services import concluding
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.documents import services as documents
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.ui import formats, selectors
from hrp.platform.ui.actors import actor_of

VIEW = "logistics.count.view"
ITEM_COLUMNS = (
    FormColumn("index", "序号", width=10, align="center"),
    FormColumn("code", "物资编码", width=19),
    FormColumn("item", "名称规格"),
    FormColumn("unit", "单位", width=10, align="center"),
    FormColumn("lot", "批号", width=21),
    FormColumn("expiry", "有效期至", width=19),
)


@require_GET
def blind(request: HttpRequest, pk: int) -> HttpResponse:
    """What to count, without what the books say."""
    task = _task(request, pk)
    columns = (
        *ITEM_COLUMNS,
        FormColumn("first", "初盘", width=22),
        FormColumn("second", "复盘", width=22),
        FormColumn("note", "备注", width=20),
    )
    lines = [_line(line) for line in task.lines.select_related("item", "batch").order_by("position")]
    return _printed(
        request,
        task,
        _("盘点表（盲盘）"),
        columns,
        lines,
        kind="blind",
        signatures=("初盘人", "复盘人", "监盘人"),
    )


@require_GET
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Books, counts, differences and roughly what they are worth."""
    task = _task(request, pk)
    if task.state != CountTask.State.DONE:
        raise Conflict(_("盘点尚未结束，没有结果"), way_out=_("请先结束盘点。"))
    results = list(
        CountResult.objects.filter(line__task=task)
        .select_related("line__item", "line__batch")
        .order_by("line__position")
    )
    worth = concluding.values(results, task.store_id)
    columns = (
        *ITEM_COLUMNS, FormColumn("book", "账面", width=16, align="right"), FormColumn("counted", "实盘", width=16, align="right"),
        FormColumn("difference", "差异", width=13, align="right"), FormColumn("amount", "差异金额", width=18, align="right", places=2, total=True),
    )  # fmt: skip
    lines = [
        _line(one.line)
        | {
            "book": one.line.book + one.moved, "counted": one.counted, "difference": one.difference or None,
            "amount": round_money(worth[one.pk]) if one.difference else None,
        }
        for one in results
    ]  # fmt: skip
    total = sum((line["amount"] for line in lines if line["amount"] is not None), Decimal(0))
    signatures = ("盘点人", "监盘人", "库管员", "会计", "批准")
    return _printed(
        request, task, _("盘点结果表"), columns, lines, kind="result", signatures=signatures, total=total
    )


def _task(request: HttpRequest, pk: int) -> CountTask:
    rows = CountTask.objects.select_related("store", "counter_1", "counter_2").filter(pk=pk)
    task = scope.filter(actor_of(request), VIEW, rows, "store__org_unit_id").first()
    if task is None:
        scope.require(actor_of(request), VIEW)
        raise NotFound(_("没有找到该盘点任务。"), way_out=_("请从列表打开。"))
    return task


def _line(line: Any) -> dict[str, Any]:
    expiry = line.batch.expiry
    return {
        "index": str(line.position), "code": line.item.code, "item": str(line.item), "unit": line.item.unit,
        "lot": line.batch.lot, "expiry": "" if expiry == NO_EXPIRY else str(expiry),
    }  # fmt: skip


def _printed(
    request: HttpRequest,
    task: CountTask,
    title: str,
    columns: tuple[FormColumn, ...],
    lines: list[dict[str, Any]],
    *,
    kind: str,
    signatures: tuple[str, ...],
    total: Decimal | None = None,
) -> HttpResponse:
    counters = "、".join(str(one) for one in (task.counter_1, task.counter_2) if one is not None)
    data = forms.form(
        hospital=selectors.hospital_name(), title=title, number=f"PD-{task.pk}",
        fields=[
            ("库房", str(task.store)), ("方式", task.get_method_display()),
            ("账面时点", formats.datetime_text(task.frozen_at)), ("盘点人", counters),
        ],
        columns=columns, lines=lines, signatures=signatures, total=total, note=task.note,
        copy=forms.reprint(documents.count_paper(f"logistics.count.{kind}", task.pk, actor=actor_of(request))),
        printed=f"{actor_of(request)} {formats.datetime_text(clock.now())}",
    )  # fmt: skip
    try:
        content = pdf.render("form", data)
    except Conflict:
        return render(request, "ui/print.html", {"sheets": [data], "page_title": title})
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="count-{task.pk}.pdf"'
    return response
