"""What a scan is answered with: one of three sounds, a few words, and the list as it is now."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from django.http import HttpRequest, JsonResponse

from hrp.platform.base.refusals import Invalid, Refusal
from hrp.platform.ui import bodies

MOST_BYTES = 512 * 1024
AGAIN = frozenset({"picked_already", "signed", "counted_before"})


class Sound(IntEnum):
    OK = 1
    DUPLICATE = 2
    STOP = 3


def given(request: HttpRequest) -> dict[str, Any]:
    """The JSON body of a scan. Raises Invalid."""
    body = bodies.raw(request, most=MOST_BYTES)
    try:
        found = json.loads(body) if body is not None else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("扫描内容看不懂", way_out="请刷新页面后重扫。")
    return found


def key_of(text: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        raise Invalid("扫描号不对", way_out="请刷新页面后重扫。") from None


def answer(verb: Callable[[], dict[str, Any]]) -> JsonResponse:
    """Run one scan; a refusal is an answer too, with the sound that makes the person stop or look."""
    try:
        return JsonResponse({"sound": Sound.OK, **verb()})
    except Refusal as refused:
        sound = Sound.DUPLICATE if refused.code in AGAIN else Sound.STOP
        words = [problem.message for problem in refused.problems[:3]] or [refused.way_out]
        return JsonResponse({"sound": sound, "code": refused.code, "title": refused.reason, "words": words})
