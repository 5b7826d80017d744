"""The front page, the global search, the remembered preferences and one's own page."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from hrp.platform.base.refusals import Invalid
from hrp.platform.ui import services
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.context import Shell
from hrp.platform.ui.search import find


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Results under the box of the top bar: pages, then documents and registers the person may see."""
    text = request.GET.get("q", "").strip()[:60]
    return render(
        request,
        "ui/parts/search.html",
        {"text": text, "groups": find(actor_of(request), text, Shell(request)) if text else []},
    )


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Remember row density and column choices."""
    try:
        given: Any = json.loads(request.body)
    except ValueError as error:
        raise Invalid("设置内容不是有效的 JSON。", way_out="请刷新页面后重试。") from error
    services.remember_preferences(actor=actor_of(request), given=given)
    return HttpResponse(status=204)


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/me.html", {"page_title": "个人中心"})
