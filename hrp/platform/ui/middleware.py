"""Doors shut and refusals shown: sign-in by default, NUL refused, every Refusal rendered in the way it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Conflict, Refusal
from hrp.platform.ui.views import errors

OPEN_PATHS = ("/healthz", "/readyz", "/metrics", "/api/")


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page needs a signed-in person, except probes and the API, which has its own keys."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.path.startswith(OPEN_PATHS):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if request.headers.get("HX-Request"):
            # a fragment must not receive a whole sign-in page: the window goes there instead
            return HttpResponse(status=401, headers={"HX-Redirect": f"{self.get_login_url(view_func)}"})
        return super().handle_no_permission(request, view_func)


class RefusalMiddleware:
    """Renders refusals; turns those of the database's own triggers into the same words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or any("\x00" in value for value in _given(request)):
            return errors.answer(
                request, 400, _("请求里含有非法字符（NUL）。"), way_out=_("请删除不可见字符后重新输入。")
            )
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return errors.refused(request, exception)
        if isinstance(exception, RequestDataTooBig):
            return errors.answer(
                request, 413, _("上传的内容太大。"), way_out=_("请拆成几份，或减小文件后再试。")
            )
        if isinstance(exception, DatabaseError):
            refusal = from_database(exception)
            return errors.refused(request, refusal) if refusal else None
        return None


def _given(request: HttpRequest) -> list[str]:
    values = [value for _, many in request.GET.lists() for value in many]
    if request.method == "POST" and request.content_type in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        try:
            values += [value for _, many in request.POST.lists() for value in many]
        except (SuspiciousOperation, RequestDataTooBig):
            return values
    return values


def from_database(error: DatabaseError) -> Refusal | None:
    """The refusal behind an error that one of our own triggers raised (SQLSTATE HRxxx), or None."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if not state.startswith("HR"):
        return None
    said = getattr(cause, "diag", None)
    return Conflict(
        getattr(said, "message_primary", None) or str(error),
        way_out=getattr(said, "message_hint", None) or "",
        code=state.lower(),
    )
