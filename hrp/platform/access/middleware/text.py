"""Text no database column can hold is refused at the door, not in the middle of a verb."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

Respond = Callable[[HttpRequest], HttpResponse]

_BAD = re.compile("[\x00\ud800-\udfff]")
# a JSON string may smuggle the same characters in as escapes; an even run of backslashes escapes only itself
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")


class CleanTextMiddleware:
    """Answers 400 to a request with a NUL or a lone surrogate in path, query, form, upload name or JSON body."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(_BAD.search(text) for text in _texts(request)) or _has_bad_json(request):
            return _refuse(request)
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterable[str]:
    yield request.path
    for name, values in request.GET.lists():
        yield name
        yield from values
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for name, values in request.POST.lists():
            yield name
            yield from (value for value in values if isinstance(value, str))
        for name, file in request.FILES.items():
            yield name
            yield getattr(file, "name", "") or ""


def _has_bad_json(request: HttpRequest) -> bool:
    if request.content_type != "application/json":
        return False
    body = request.body
    if b"\x00" in body:
        return True
    if not _ESCAPED.search(body):
        return False
    try:
        # pairs of escapes are honest characters outside the BMP: only what is bad after decoding is bad
        return any(_BAD.search(text) for text in _strings(json.loads(body)))
    except (ValueError, RecursionError):
        return False  # not JSON at all: the view says so in its own words


def _strings(document: Any) -> Iterable[str]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _refuse(request: HttpRequest) -> HttpResponse:
    reason, way_out = _("请求中含有无法保存的字符（空字符或残缺的编码）。"), _("请删去不可见字符后重新提交。")
    if request.path.startswith("/api/") or request.content_type == "application/json":
        return JsonResponse(
            {"error": "bad_text", "reason": reason, "way_out": way_out, "problems": []}, status=400
        )
    return HttpResponse(f"{reason}{way_out}", status=400, content_type="text/plain; charset=utf-8")
