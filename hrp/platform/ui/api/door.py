"""The API itself, put together from the registries once every module has declared its screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

import hrp
from hrp.platform.access import api_auth
from hrp.platform.base.refusals import Forbidden, Invalid, NotFound, Problem, Refusal
from hrp.platform.ui import screens
from hrp.platform.ui.api import documents, registers
from hrp.platform.ui.middleware import from_database
from hrp.platform.ui.screens import DocumentScreen


class _Unauthorised(Forbidden):
    status = 401
    code = "unauthorised"


def _answer(refusal: Refusal) -> HttpResponse:
    return JsonResponse(
        refusal.as_dict(), status=refusal.status, json_dumps_params={"ensure_ascii": False}, safe=False
    )


def _validation(error: ValidationError) -> Refusal:
    problems = [
        Problem(str(one.get("msg", "")), field=".".join(str(part) for part in one.get("loc", ())[2:]))
        for one in error.errors
    ]
    return Invalid(
        _("请求内容的格式不对。"),
        way_out=_("请对照 /api/v1/openapi.json。"),
        problems=problems,
        code="malformed",
    )


def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, Refusal):
        return _answer(error)
    if isinstance(error, ValidationError):
        return _answer(_validation(error))
    if isinstance(error, AuthenticationError):
        return _answer(
            _Unauthorised(
                _("没有登录，或接口密钥无效。"), way_out=_("请在 Authorization 头里带上有效的接口密钥。")
            )
        )
    if isinstance(error, Http404):
        return _answer(NotFound(_("没有这个接口。"), way_out=_("请对照 /api/v1/openapi.json。")))
    if isinstance(error, HttpError):
        refusal = Invalid(str(error), code="malformed", way_out=_("请对照 /api/v1/openapi.json。"))
        refusal.status = error.status_code
        return _answer(refusal)
    known = from_database(error)
    if known is None:
        raise error
    return _answer(known)


def _for_callers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The description of the API is for who may call it."""
    ways = api_auth.either()

    @require_safe
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not any(way(request) for way in ways):
            return _refused(request, AuthenticationError())
        return view(request, **kwargs)

    return guarded


def build() -> NinjaAPI:
    """Every declared document and register under its own address."""
    api = NinjaAPI(
        title=_("杏林 HRP 接口"),
        version=hrp.__version__,
        description=_("单据与档案的读写；金额、数量以字符串给出，不丢精度。"),
        docs_url=None,  # the viewer would load scripts from elsewhere
        openapi_url="/openapi.json",
        docs_decorator=_for_callers,
        auth=api_auth.either(),
        urls_namespace="api",
    )
    for error in (Refusal, ValidationError, AuthenticationError, Http404, HttpError, DatabaseError):
        api.add_exception_handler(error, _refused)
    for screen in screens.registry:
        router = (
            documents.router_of(screen) if isinstance(screen, DocumentScreen) else registers.router_of(screen)
        )
        api.add_router(screen.base.rstrip("/"), router)
    return api


api = build()
