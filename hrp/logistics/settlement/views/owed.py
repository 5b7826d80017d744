"""应付账龄 and 供应商对账单: of the whole hospital, as a supplier is owed by it and not by a department."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.models import Supplier
from hrp.logistics.settlement import parameters
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.selectors import owed
from hrp.logistics.settlement.subledger import payables
from hrp.logistics.settlement.views import asked
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.documents.registry import url_for
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.sheets import OutColumn
from hrp.platform.ui import formats
from hrp.platform.ui.actors import actor_of

VIEW, EXPORT = "logistics.payable.view", "logistics.payable.export"


@require_GET
def ages(request: HttpRequest) -> HttpResponse:
    """What is owed to whom and for how long, at the end of a day."""
    actor = actor_of(request)
    exporting = "xlsx" in request.GET
    scope.require_everywhere(actor, EXPORT if exporting else VIEW)
    on = asked.day(request.GET, "on", clock.today())
    limits = parameters.ageing(on)
    rows, titles = owed.aged(on, limits), owed.age_titles(limits)
    if exporting:
        columns = [
            OutColumn("code", "编码", "code"),
            OutColumn("name", "供应商", width=34),
            OutColumn("total", "应付合计", "money", total=True),
        ]
        columns += [OutColumn(f"a{n}", title, "money", total=True) for n, title in enumerate(titles)]
        columns.append(OutColumn("estimated", "暂估", "money", total=True))
        cells = (
            {
                "code": r.code,
                "name": r.name,
                "total": r.total,
                "estimated": r.estimated,
                **{f"a{n}": a for n, a in enumerate(r.by_age)},
            }
            for r in rows
        )
        return asked.workbook(cells, columns, f"应付账龄 {on}", f"截至 {on}", actor=actor)
    target = parameters.payment_target(on)
    year = on.replace(month=1, day=1)
    context: dict[str, Any] = {
        "page_title": _("应付账款"),
        "on": on,
        "rows": rows,
        "titles": titles,
        "sums": [sum((r.by_age[n] for r in rows), owed.ZERO) for n in range(len(titles))],
        "total": sum((r.total for r in rows), owed.ZERO),
        "estimated": sum((r.estimated for r in rows), owed.ZERO),
        "paid": owed.payment_days(year, on, target=target),
        "target": target,
        "may_export": scope.has(actor, EXPORT),
    }
    return render(request, "settlement/payables.html", context)


def _span(request: HttpRequest) -> tuple[dt.date, dt.date]:
    """The days of a statement; by default this month and the two or three before it."""
    today = clock.today()
    last = asked.day(request.GET, "to", today)
    first = asked.day(request.GET, "from", (today.replace(day=1) - dt.timedelta(days=80)).replace(day=1))
    return min(first, last), last


@require_GET
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """对账单 of one supplier, with what is open and what may be paid."""
    actor = actor_of(request)
    scope.require_everywhere(actor, VIEW)
    supplier = get_object_or_404(Supplier, pk=pk)
    today = clock.today()
    first, last = _span(request)
    found = owed.statement(pk, first, last)
    kinds = dict(Payable.Kind.choices)
    context = {
        "page_title": f"{supplier} {_('对账单')}",
        "supplier": supplier,
        "first": first,
        "last": last,
        "statement": found,
        "rows": [(e, kinds[e.kind], url_for(e.source)) for e in found.entries],
        "open": [(item, kinds[item.kind], url_for(item.source)) for item in payables.open_items(pk)],
        "today": today,
        "paid": owed.payment_days(
            last.replace(month=1, day=1), last, target=parameters.payment_target(last), supplier_id=pk
        ),
        "may_export": scope.has(actor, EXPORT),
        "may_pay": scope.has(actor, "logistics.payment_request.edit"),
    }
    return render(request, "settlement/statement.html", context)


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """对账单 as PDF, for the supplier to confirm and sign."""
    actor = actor_of(request)
    scope.require_everywhere(actor, EXPORT)
    supplier = get_object_or_404(Supplier, pk=pk)
    first, last = _span(request)
    found = owed.statement(pk, first, last)
    kinds = dict(Payable.Kind.choices)
    rows = [forms.ReportRow([str(first), "期初余额", "", "", "", f"{found.opening:,.2f}"], "group")]
    rows += [
        forms.ReportRow(
            [str(e.date), kinds[e.kind], e.reference, _amount(e.owed), _amount(e.paid), f"{e.balance:,.2f}"]
        )
        for e in found.entries
    ]
    sums = [str(last), "期末余额", "", f"{found.owed:,.2f}", f"{found.paid:,.2f}", f"{found.closing:,.2f}"]
    rows.append(forms.ReportRow(sums, "total"))
    titles = ("日期", "性质", "发票 / 回单号", "应付", "已付", "余额")
    data = forms.report(
        hospital=str(asked.book().hospital),
        title="供应商往来对账单",
        subtitle=f"供应商：{supplier.code} {supplier.name}",
        header=[[forms.HeaderCell(title) for title in titles]],
        aligns=["left", "left", "left", "right", "right", "right"],
        widths=[26, 24, 0, 32, 32, 34],
        rows=rows,
        period=f"{first} 至 {last}",
        notes="请核对盖章后寄回；如有不符，请注明差异。",
        signatures=(("制表", actor.display_name), "医院财务", "供应商（盖章）"),
        printed=formats.datetime_text(clock.now()),
        landscape=False,
    )
    return HttpResponse(pdf.render("report", data), content_type="application/pdf")


def _amount(value: Decimal) -> str:
    return f"{value:,.2f}" if value else ""
