"""Answers from outside the application: the link of a message, and the key pressed on the telephone."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from hrp.operations.duty.services import paging
from hrp.platform.base.refusals import Refusal
from hrp.platform.notify import signing
from hrp.platform.notify.services import is_from_gateway
from hrp.platform.ui import bodies

MOST_BYTES = 4096


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button: opening a link answers nothing, because message programs open links by themselves."""
    context: dict[str, object] = {"page_title": _("应答呼叫")}
    try:
        attempt = paging.attempt_of(token)
        context |= {"run": attempt.run, "name": attempt.user.display_name}
        if request.method == "POST":
            context |= {"run": paging.acknowledge_by_link(token=token), "done": True}
    except Refusal as refusal:
        context["refusal"] = refusal
    status = context["refusal"].status if isinstance(context.get("refusal"), Refusal) else 200  # type: ignore[attr-defined]
    return render(request, "duty/link.html", context, status=status)


@csrf_exempt
@login_not_required
@require_POST
def voice(request: HttpRequest, code: str) -> HttpResponse:
    """``{"id": message, "digits": "1"}`` signed with the secret of gateway ``code``: the called person pressed the key."""
    body = bodies.raw(request, most=MOST_BYTES)
    signed = body is not None and is_from_gateway(
        code=code,
        timestamp=request.headers.get(signing.TIMESTAMP, ""),
        signature=request.headers.get(signing.SIGNATURE, ""),
        body=body,
    )
    if body is None or not signed:
        return JsonResponse({"error": "bad_signature", "reason": _("签名不符或已过期")}, status=403)
    try:
        given = json.loads(body)
        message, digits = int(given["id"]), str(given["digits"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "invalid", "reason": _("内容应含 id 和 digits")}, status=422)
    if digits != "1":
        return JsonResponse({"answered": False})
    try:
        run = paging.acknowledge_by_voice(message=message, channel=code)
    except Refusal as refusal:
        return JsonResponse(refusal.as_dict(), status=refusal.status)
    return JsonResponse({"answered": True, "state": run.state})
