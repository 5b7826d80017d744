"""The board on the wall."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.operations.desk import selectors
from hrp.operations.desk.board import board
from hrp.platform.access import scope
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views.errors import is_fragment


@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """Open tickets by time left; its middle fetches itself anew every fifteen seconds."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    template = "desk/parts/wall.html" if is_fragment(request) else "desk/wall.html"
    response = render(request, template, {"page_title": _("服务台大屏"), "board": board(actor)})
    response["Vary"] = "HX-Request, HX-Request-Type"
    return response
