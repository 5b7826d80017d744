"""Pages that say no: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from hrp.platform.base import clock, origin
from hrp.platform.base.refusals import Problem, Refusal

TITLES = {
    400: "请求有误",
    403: "没有权限",
    404: "找不到",
    409: "当前状态不允许",
    413: "内容太大",
    422: "填写有误",
    429: "操作太频繁",
    500: "系统出错",
}


LAST_ERROR, LAST_ERROR_SECONDS = "hrp_last_error", 900
_SALT = "hrp.last_error"


def _remember(
    request: HttpRequest, response: HttpResponse, status: int, heading: str, code: str
) -> HttpResponse:
    """Let the browser carry what just went wrong, so that a report of it needs no copying of codes.

    A signed cookie of a quarter of an hour: it works where scripts and the database do not.
    """
    told = {
        "status": status,
        "code": code or str(status),
        "heading": heading[:200],
        "request": origin.current().request_id,
        "page": request.path[:200],
        "at": clock.now().isoformat(timespec="seconds"),
    }
    response.set_cookie(
        LAST_ERROR,
        signing.dumps(told, salt=_SALT, compress=True),
        max_age=LAST_ERROR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


def last_error(request: HttpRequest) -> Mapping[str, Any]:
    """What went wrong last in this browser within the quarter of an hour; empty when nothing did."""
    try:
        told = signing.loads(request.COOKIES.get(LAST_ERROR, ""), salt=_SALT, max_age=LAST_ERROR_SECONDS)
    except signing.BadSignature:
        return {}
    return told if isinstance(told, dict) else {}


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page (not for a whole one, as after Back)."""
    return bool(request.headers.get("HX-Request")) and request.headers.get("HX-Request-Type") != "full"


def answer(
    request: HttpRequest,
    status: int,
    heading: str,
    *,
    way_out: str = "",
    problems: Sequence[Problem] = (),
    code: str = "",
) -> HttpResponse:
    """The same refusal as JSON, as a strip in the present page, or as a page of its own."""
    if wants_json(request):
        return JsonResponse(
            {
                "error": code or str(status),
                "reason": heading,
                "way_out": way_out,
                "problems": [
                    {"message": p.message, "field": p.field, "line": p.line, "way_out": p.way_out}
                    for p in problems
                ],
            },
            status=status,
            json_dumps_params={"ensure_ascii": False},
        )
    context = {
        "status": status,
        "status_title": TITLES.get(status, ""),
        "heading": heading,
        "way_out": way_out,
        "problems": problems,
        "page_title": TITLES.get(status, heading),
        "error_code": code or str(status),
        "request_id": origin.current().request_id,
    }
    if is_fragment(request):
        response = render(request, "ui/parts/alert.html", context, status=status)
        response["HX-Retarget"] = "#alerts"
        response["HX-Reswap"] = "innerHTML show:window:top"
        return _remember(request, response, status, heading, code)
    return _remember(request, render(request, "ui/error.html", context, status=status), status, heading, code)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return answer(
        request,
        refusal.status,
        refusal.reason,
        way_out=refusal.way_out,
        problems=refusal.problems,
        code=refusal.code,
    )


def refused_in(request: HttpRequest, refusal: Refusal, place: str) -> HttpResponse:
    """As :func:`refused`; a fragment's answer goes to the element ``place`` (a selector), e.g. inside its dialog."""
    response = refused(request, refusal)
    if is_fragment(request):
        response["HX-Retarget"] = place
        response["HX-Reswap"] = "innerHTML"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400, _("服务器看不懂这次请求。"), way_out=_("请刷新页面后重试。"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(
        request, 403, _("您没有打开此页面的权限。"), way_out=_("如工作需要，请联系安全管理员授予相应角色。")
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(
        request,
        403,
        _("页面停留太久或已在别处登录，本次提交没有生效。"),
        way_out=_("请刷新页面后重新提交。"),
        code="csrf",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(
        request, 404, _("没有找到您要的页面或单据。"), way_out=_("请检查地址或编号，或用 Ctrl K 搜索。")
    )


def broken(request: HttpRequest) -> HttpResponse:
    """The page for a fault of ours; leans on nothing that may itself be broken."""
    if wants_json(request):
        body: dict[str, Any] = {
            "error": "internal", "reason": "系统出错，本次操作没有生效。", "way_out": "请稍后重试或联系信息中心。", "problems": []
        }  # fmt: skip
        return JsonResponse(body, status=500, json_dumps_params={"ensure_ascii": False})
    request.user = getattr(request, "user", None)  # type: ignore[assignment]
    from django.template.loader import render_to_string

    heading = _("系统出错，本次操作没有生效")
    response = HttpResponse(
        render_to_string(
            "ui/broken.html",
            {
                "status": 500,
                "status_title": TITLES[500],
                "heading": heading,
                "way_out": _("请返回后点页面上方的「报修」，出错信息会自动带上。"),
                "error_code": "internal",
                "request_id": origin.current().request_id,
            },
        ),
        status=500,
    )
    return _remember(request, response, 500, heading, "internal")
