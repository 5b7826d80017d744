"""The door of the telephone system: ``POST /operations/cti/events`` with an API key."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hrp.operations.desk import selectors as desk
from hrp.operations.desk.rules.events import parse_instant
from hrp.operations.intake.services import calls
from hrp.platform.access import scope
from hrp.platform.access.api_auth import KeyAuth
from hrp.platform.base import origin
from hrp.platform.base.refusals import Invalid, Problem, Refusal
from hrp.platform.ui import bodies

MOST_BYTES = 20_000
_TEXTS = {"caller": 30, "callee": 30, "agent": 50}


@csrf_exempt
@login_not_required
@require_POST
def events(request: HttpRequest) -> JsonResponse:
    """Take one event of a call. Told twice, it is answered the same and changes nothing.

    Body: ``{"call_id", "event": "ring|answered|missed|ended", "at"}`` and, where known, ``sent_at``, ``ring_at``,
    ``direction`` (in, out), ``caller``, ``callee``, ``agent``; instants are ISO 8601 with an offset.
    """
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    actor = KeyAuth().authenticate(request, token.strip()) if scheme.casefold() == "bearer" else None
    if actor is None:
        return JsonResponse(
            {"error": "unauthorised", "reason": "没有接口密钥，或密钥无效。", "way_out": "请在 Authorization 头里带上有效的接口密钥。"},
            status=401,
        )  # fmt: skip
    try:
        with origin.acting(actor):
            scope.require(actor, calls.POST)
            taken = calls.take(actor=actor, event=_read(request))
    except Refusal as refusal:
        return JsonResponse(refusal.as_dict(), status=refusal.status)
    ticket = taken.ticket
    return JsonResponse(
        {
            "call": taken.call.pk,
            "fresh": taken.fresh,
            "skew_ms": taken.call.skew_ms,
            "ticket": {"number": ticket.number, "url": desk.url_of(ticket)} if ticket else None,
            "waiting": taken.refused,
        },
        status=201 if taken.fresh else 200,
    )


def _read(request: HttpRequest) -> calls.Incoming:
    given = _body(request)
    problems = [Problem("缺少", field=name) for name in ("call_id", "event", "at") if not given.get(name)]
    call_id = str(given.get("call_id", ""))
    if len(call_id) > 100 or not call_id.isprintable():
        problems.append(Problem("最多 100 个可见字符", field="call_id"))
    for name, most in _TEXTS.items():
        if len(str(given.get(name) or "")) > most:
            problems.append(Problem(f"最多 {most} 个字符", field=name))
    if given.get("direction", "in") not in ("in", "out"):
        problems.append(Problem("应为 in 或 out", field="direction"))
    if problems:
        raise Invalid(
            "话务事件的内容不对", way_out="请核对话务系统的推送设置。", problems=problems, code="cti_body"
        )
    return calls.Incoming(
        call_id=call_id,
        kind=str(given["event"]),
        at=parse_instant(given["at"], "at"),
        sent_at=_instant(given, "sent_at"),
        ring_at=_instant(given, "ring_at"),
        direction=str(given.get("direction", "in")),
        raw=given,
        **{name: str(given.get(name) or "") for name in _TEXTS},
    )


def _instant(given: Mapping[str, Any], name: str) -> dt.datetime | None:
    return parse_instant(given[name], name) if given.get(name) else None


def _body(request: HttpRequest) -> dict[str, Any]:
    body = bodies.raw(request, most=MOST_BYTES)
    if body is None:
        raise Invalid(
            "内容太大，或不是 JSON",
            way_out="一次只推送一个事件，Content-Type 为 application/json。",
            code="cti_body",
        )
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("内容不是 JSON 对象", way_out="请以 UTF-8 编码推送一个 JSON 对象。", code="cti_body")
    return given
