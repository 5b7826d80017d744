"""Somebody who owes a password change or a second factor gets nowhere else first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from hrp.platform.access.models import User
from hrp.platform.access.selectors import has_second_factor
from hrp.platform.access.services.passwords import is_password_due
from hrp.platform.access.services.sessions import MUST_ENROL

# What may be reached on the way there.
_ON_THE_WAY = ("account_logout", "account_change_password", "account_reauthenticate", "mfa_reauthenticate")


class StepsMiddleware:
    """Sends a signed-in person to the step they owe, until it is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        # views open to everybody (sign-in, probes, the API with its own keys) are open to this person too
        if not isinstance(request.user, User) or not getattr(view_func, "login_required", True):
            return None
        name = (request.resolver_match.url_name or "") if request.resolver_match else ""
        step = self._owed(request, request.user, name)
        return _go(request, reverse(step)) if step else None

    def _owed(self, request: HttpRequest, user: User, name: str) -> str:
        if is_password_due(user):
            return "" if name in _ON_THE_WAY else "account_change_password"
        if not request.session.get(MUST_ENROL):
            return ""
        if has_second_factor(user):
            del request.session[MUST_ENROL]
            return ""
        return "" if name in _ON_THE_WAY or name.startswith("mfa_") else "mfa_activate_totp"


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
