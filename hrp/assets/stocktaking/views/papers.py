"""盘点表 and 盘点结果表 of a department, labels of assets, photographs of findings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.stocktaking.models import Finding, StocktakeTask
from hrp.assets.stocktaking.services import labels
from hrp.platform.access import scope
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal
from hrp.platform.documents import services as documents
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui import formats
from hrp.platform.ui import selectors as ui
from hrp.platform.ui.actors import actor_of

VIEW = "assets.stocktake_task.view"
MOST = 200
COLUMNS = (
    FormColumn("index", "序号", width=10, align="center"), FormColumn("number", "资产编号", width=32), FormColumn("name", "名称型号"),
    FormColumn("place", "账面地点", width=32),
)  # fmt: skip


@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What to look for, to be ticked by hand; after the plan is reconciled, what was found."""
    actor = actor_of(request)
    scope.require(actor, VIEW)
    rows = StocktakeTask.objects.select_related("plan", "org_unit").filter(pk=pk)
    task = scope.filter(actor, VIEW, rows).first()
    if task is None:
        raise NotFound(_("没有找到该盘点任务。"), way_out=_("请从列表打开。"))
    lines = list(task.lines.select_related("asset", "location", "result").order_by("asset__number"))
    ended = any(hasattr(line, "result") for line in lines)
    if ended:
        columns = (
            *COLUMNS,
            FormColumn("cost", "原值", width=24, align="right", places=2, total=True),
            FormColumn("result", "结果", width=20),
        )
    else:
        columns = (*COLUMNS, FormColumn("real", "实际地点", width=26), FormColumn("state", "状况", width=18))
    data = forms.form(
        hospital=ui.hospital_name(), title=_("资产盘点结果表") if ended else _("资产盘点表"), number=f"ZPD-{task.plan_id}-{task.pk}",
        fields=[
            (_("盘点"), str(task.plan)), (_("科室"), str(task.org_unit)), (_("账面时点"), formats.datetime_text(task.plan.frozen_at)),
            (_("截止日期"), str(task.plan.due_on)), (_("项数"), str(len(lines))), (_("科室说明"), task.note),
        ],
        columns=columns, lines=[_line(place, line) for place, line in enumerate(lines, start=1)],
        signatures=("盘点人", "监盘人", "科室负责人", "资产管理办公室"),
        total=sum((line.cost for line in lines), Decimal(0)) if ended else None,
        copy=forms.reprint(documents.count_paper("assets.stocktake_task", task.pk, actor=actor)),
        printed=f"{actor} {formats.datetime_text(clock.now())}",
    )  # fmt: skip
    try:
        content = pdf.render("form", data)
    except Conflict:
        return render(request, "ui/print.html", {"sheets": [data], "page_title": data["title"]})
    return _pdf(content, f"stocktake-{task.pk}.pdf")


def _line(place: int, line: Any) -> dict[str, Any]:
    asset = line.asset
    result = getattr(line, "result", None)
    return {
        "index": str(place), "number": asset.number, "name": f"{asset.name} {asset.model}".strip(), "place": str(line.location or ""),
        "cost": line.cost, "result": result.get_kind_display() if result else "",
    }  # fmt: skip


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@require_http_methods(["GET", "POST"])
def label_page(request: HttpRequest) -> HttpResponse:
    """A narrowing, ticked assets; the answer is the PDF."""
    actor = actor_of(request)
    scope.require(actor, labels.PRINT)
    given = request.POST if request.method == "POST" else request.GET
    rows = scope.filter(actor, labels.PRINT, Asset.objects.filter(status__in=HELD)).select_related("org_unit")
    units = list(
        OrgUnit.objects.filter(pk__in=rows.order_by().values("org_unit").distinct()).order_by("code")
    )
    unit = next((one for one in units if str(one.pk) == given.get("unit")), None)
    text = given.get("q", "").strip()[:60]
    ids = [int(pk) for pk in given.getlist("id") if pk.isdigit() and len(pk) < 18]
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            chosen = list(rows.filter(pk__in=ids[: labels.MOST + 1]).order_by("number"))
            return _pdf(
                labels.print_labels(chosen, hospital=ui.hospital_name(), actor=actor), "asset-labels.pdf"
            )
        except (Invalid, Conflict) as refused:
            refusal = refused
    found = list(
        _narrowed(rows, unit, text, ids if request.method == "GET" else []).order_by("-id")[: MOST + 1]
    )
    times = labels.printed([asset.pk for asset in found])
    return render(
        request, "stocktaking/labels.html",
        {
            "page_title": _("资产标签"), "units": units, "unit": unit, "q": text, "more": len(found) > MOST, "refusal": refusal,
            "rows": [(asset, times.get(asset.pk, 0), asset.pk in ids) for asset in found[:MOST]],
        },
        status=refusal.status if refusal else 200,
    )  # fmt: skip


def _narrowed(rows: Any, unit: OrgUnit | None, text: str, ids: list[int]) -> Any:
    if ids:
        return rows.filter(pk__in=ids)
    if unit is not None:
        rows = rows.filter(org_unit=unit)
    if text:
        by_number, by_name = rows.filter(number__istartswith=text), rows.filter(name__icontains=text)
        rows = by_number | by_name | rows.filter(pinyin__icontains=text)
    return rows


@require_GET
def photo(request: HttpRequest, pk: int) -> FileResponse:
    """The photograph of a finding."""
    actor = actor_of(request)
    scope.require(actor, VIEW)
    rows = Finding.objects.filter(pk=pk).exclude(photo="")
    found = scope.filter(actor, VIEW, rows, "task__org_unit_id").first()
    if found is None:
        raise NotFound(_("没有找到照片。"), way_out=_("请从盘点发现打开。"))
    response = FileResponse(
        files.resolve(found.photo).open("rb"),
        content_type="image/png" if found.photo.endswith("png") else "image/jpeg",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
