"""应付账龄 and 供应商对账单."""

from __future__ import annotations

import datetime as dt
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
from hrp.platform.exchange.sheets import OutColumn
from hrp.platform.ui.actors import actor_of

VIEW, EXPORT = "logistics.payable.view", "logistics.payable.export"


@require_GET
def ages(request: HttpRequest) -> HttpResponse:
    """What is owed to whom and for how long, at the end of a day."""
    actor = actor_of(request)
    exporting = "xlsx" in request.GET
    scope.require(actor, EXPORT if exporting else VIEW)
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


@require_GET
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """对账单 of one supplier, with what is open and what may be paid."""
    actor = actor_of(request)
    scope.require(actor, VIEW)
    supplier = get_object_or_404(Supplier, pk=pk)
    today = clock.today()
    last = asked.day(request.GET, "to", today)
    first = asked.day(request.GET, "from", (today.replace(day=1) - dt.timedelta(days=80)).replace(day=1))
    found = owed.statement(pk, min(first, last), last)
    kinds = dict(Payable.Kind.choices)
    context = {
        "page_title": f"{supplier} {_('对账单')}",
        "supplier": supplier,
        "first": min(first, last),
        "last": last,
        "statement": found,
        "rows": [(e, kinds[e.kind], url_for(e.source)) for e in found.entries],
        "open": [(item, kinds[item.kind], url_for(item.source)) for item in payables.open_items(pk)],
        "today": today,
        "paid": owed.payment_days(
            last.replace(month=1, day=1), last, target=parameters.payment_target(last), supplier_id=pk
        ),
        "may_pay": scope.has(actor, "logistics.payment_request.edit"),
    }
    return render(request, "settlement/statement.html", context)
