"""Answers of the look-up boxes, as JSON."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from hrp.platform.ui import lookups
from hrp.platform.ui.actors import actor_of

LONGEST_SCAN = 300
_OWN = ("q", "code", "shows")


@require_GET
def lookup(request: HttpRequest, key: str) -> JsonResponse:
    """``?q=`` searches (``hit`` is the exact match); ``?code=`` repeated resolves pasted codes together."""
    actor = actor_of(request)
    source = lookups.source(key)
    lookups.require(actor, key)
    params = {name: str(value) for name, value in request.GET.items() if name not in _OWN}
    shows = request.GET.getlist("shows")[:20]
    codes = request.GET.getlist("code")[: lookups.MOST_CODES]
    if codes:
        found = source.by_codes(actor, codes, params)
        items = [{**source.choice(obj, shows).as_dict(), "code": code} for code, obj in found.items()]
        return JsonResponse({"items": items, "hit": None})
    text = request.GET.get("q", "").strip()[:60]
    exact = source.exact(actor, text, params) if text else None
    items = [choice.as_dict() for choice in source.search(actor, text, params, shows)]
    hit = source.choice(exact, shows).as_dict() if exact is not None else None
    if hit is not None:  # what was named exactly stands first: Enter takes the first
        items = [hit, *(item for item in items if item["id"] != hit["id"])]
    return JsonResponse({"items": items, "hit": hit})


@require_POST
def scan(request: HttpRequest, key: str) -> JsonResponse:
    """What a scanner sent (``raw``, kept to the character) as values of an entry line of ``place``."""
    actor = actor_of(request)
    source = lookups.source(key)
    lookups.require(actor, key)
    raw, place = request.POST.get("raw", "")[:LONGEST_SCAN], request.POST.get("place", "")[:60]
    answer = source.scan(actor, raw, place, request.GET.getlist("shows")[:20])
    return JsonResponse(
        answer or {"hit": None, "fill": {}, "warnings": [], "error": "", "dialog": "", "once": False}
    )
