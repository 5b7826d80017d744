"""Reading what people typed on the pages of purchasing, and answering them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hrp.platform.base.refusals import Invalid, Problem, Refusal
from hrp.platform.ui.views import errors


def quantity(given: Mapping[str, str], name: str, title: str) -> Decimal:
    text = given.get(name, "").replace(",", "").replace("，", "").strip()
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= 10**14 or found != round(found, 4):
        raise Invalid(
            f"{title}“{text[:20]}”不是数量",
            problems=[Problem("应为数字，最多 4 位小数", field=name)],
            way_out="请更正后再提交。",
        )
    return found


def day(given: Mapping[str, str], name: str, title: str) -> dt.date | None:
    text = given.get(name, "").strip().replace("/", "-")
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"{title}“{text[:20]}”不是日期",
            problems=[Problem("写成 2026-11-23", field=name)],
            way_out="写成 2026-11-23。",
        ) from None


def answer(
    request: HttpRequest, verb: Callable[[], tuple[str, str]], *, alert: str = "#alert-page"
) -> HttpResponse:
    """Run one verb, which says what was done and where to go; a refusal stays on the page that asked."""
    try:
        said, there = verb()
    except Refusal as refusal:
        return errors.refused_in(request, refusal, alert)
    messages.success(request, said)
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": there})
    return redirect(there)
