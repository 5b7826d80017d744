"""What a page was asked for: days, stores, a class; and files given back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from hrp.logistics.models import Store
from hrp.logistics.settlement.selectors.stock_ledger import Wanted
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound, Refusal
from hrp.platform.exchange.sheets import OutColumn, write
from hrp.platform.ledger.models import Book
from hrp.platform.ui.views import errors

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def day(given: Mapping[str, str], name: str, default: dt.date) -> dt.date:
    """A day typed into an address; the default when it cannot be read."""
    try:
        return dt.date.fromisoformat(given.get(name, "").strip().replace("/", "-"))
    except ValueError:
        return default


def key(given: Mapping[str, str], name: str) -> int | None:
    written = given.get(name, "")
    return int(written) if written.isdigit() and len(written) < 18 else None


def book() -> Book:
    found = Book.objects.order_by("pk").first()
    if found is None:
        raise NotFound("还没有账套", way_out="请财务先建立账套。")
    return found


def stores_of(actor: User, permission: str) -> list[Store]:
    """The stores a person may see."""
    rows = scope.filter(actor, permission, Store.objects.order_by("code"))
    return list(rows)


def wanted(request: HttpRequest, actor: User, permission: str, *, item_id: int | None = None) -> Wanted:
    """The span and narrowing of a stock ledger; what lies outside a person's scope is left out."""
    today = clock.today()
    first, last = day(request.GET, "from", today.replace(day=1)), day(request.GET, "to", today)
    store = key(request.GET, "store")
    held = scope.units(actor, permission)
    stores: list[int] | None = None
    if held is not None or store is not None:
        visible = {one.pk for one in stores_of(actor, permission)}
        stores = sorted(visible & {store} if store is not None else visible)
    return Wanted(min(first, last), max(first, last), stores, key(request.GET, "class"), item_id)


def workbook(
    rows: Iterable[Any], columns: Sequence[OutColumn], title: str, caption: str, *, actor: User
) -> HttpResponse:
    stream = io.BytesIO()
    write(rows, columns, title, caption, stream, made_by=actor.display_name)
    response = HttpResponse(stream.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx") or ""
    return response


def answer(
    request: HttpRequest, form: str, verb: Callable[[], object], *, said: str, back: str
) -> HttpResponse:
    """Run one verb: back to the page when it worked, its refusal inside the dialog that asked for it when not."""
    try:
        verb()
    except Refusal as refusal:
        refused = errors.refused(request, refusal)
        if errors.is_fragment(request):
            refused["HX-Retarget"] = f"#alert-{form}"
            refused["HX-Reswap"] = "innerHTML"
        return refused
    messages.success(request, said)
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": back})
    return redirect(back)
