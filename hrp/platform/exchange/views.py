"""The door of partners: ``POST /exchange/partners/<code>/messages``, signed with the partner's secret."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hrp.platform.base.refusals import Refusal
from hrp.platform.exchange.messages import inbound
from hrp.platform.notify import signing

MOST_BYTES = 1_000_000


@csrf_exempt
@login_not_required
@require_POST
def take(request: HttpRequest, code: str) -> JsonResponse:
    """Take ``{"id", "kind", "body"}``. The same id of a kind again is answered as before and changes nothing."""
    body = request.read(MOST_BYTES + 1)
    sender = inbound.authenticated(
        code,
        timestamp=request.headers.get(signing.TIMESTAMP, ""),
        signature=request.headers.get(signing.SIGNATURE, ""),
        body=body,
    )
    if len(body) > MOST_BYTES or sender is None:
        return JsonResponse(
            {"error": "bad_signature", "reason": "签名不符或已过期，或内容太大。"}, status=403
        )
    try:
        answer = inbound.take(sender, body)
    except Refusal as refusal:
        return JsonResponse(refusal.as_dict(), status=refusal.status)
    said = JsonResponse(dict(answer.body), status=answer.status)
    if answer.repeated:
        said["Idempotent-Replay"] = "true"
    return said
