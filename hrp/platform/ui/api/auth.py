"""Who calls: a signed-in browser (with its CSRF token) or a program with an API key."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from hrp.platform.access.models import User
from hrp.platform.access.services import keys


class SessionAuth(APIKeyCookie):
    param_name = "hrp_session"

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        return request.user if isinstance(request.user, User) and request.user.may_sign_in else None


class KeyAuth(HttpBearer):
    """``Authorization: Bearer <key>``. The key may do what its user may, narrowed to its own scopes."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = keys.user_of(token)
        if user is not None:
            request.user = user
        return user
