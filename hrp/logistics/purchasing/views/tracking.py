"""订单跟踪: every order a buyer answers for, what is late first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.models import Supplier
from hrp.logistics.purchasing.selectors import progress
from hrp.platform.access import scope
from hrp.platform.ui.actors import actor_of

VIEW, RECEIVE = "logistics.purchase_order.view", "logistics.inspection.edit"
SIZE = 40


@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """One tab of the orders in scope."""
    actor = actor_of(request)
    scope.require(actor, VIEW)
    tab = request.GET.get("tab", "open")
    text = request.GET.get("q", "").strip()[:40]
    supplier = request.GET.get("supplier", "")
    page = max(int(request.GET.get("page", "1")) if request.GET.get("page", "1").isdecimal() else 1, 1)
    rows, counts = progress.listing(
        units=scope.units(actor, VIEW), tab=tab, text=text, supplier=int(supplier) if supplier.isdecimal() else None,
        limit=SIZE, offset=(page - 1) * SIZE,
    )  # fmt: skip
    known = dict(progress.TABS)
    total = counts.get(tab, counts["open"])
    context = {
        "page_title": _("订单跟踪"),
        "tabs": [(code, title, counts[code]) for code, title in progress.TABS],
        "tab": tab if tab in known else "open",
        "rows": rows,
        "words": text,
        "supplier": Supplier.objects.filter(pk=supplier).first() if supplier.isdecimal() else None,
        "page": page,
        "pages": max(-(-total // SIZE), 1),
        "total": total,
        "may_receive": scope.has(actor, RECEIVE),
        "may_order": scope.has(actor, "logistics.purchase_order.edit"),
        "receivable": ("sent", "confirmed", "partial"),
    }
    return render(request, "purchasing/orders.html", context)
