"""How a program, or the product's own pages, speak for somebody at the API."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie

from hrp.platform.access.models import User
from hrp.platform.access.services import user_of


class KeyAuth(HttpBearer):
    """``Authorization: Bearer hrp_...``. The request's user becomes the key's owner, narrowed to its scopes."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = user_of(token)
        if user is not None:
            request.user = user
        return user


class SessionAuth(APIKeyCookie):
    """The session of a signed-in person, with CSRF protection."""

    def __init__(self) -> None:
        self.param_name = settings.SESSION_COOKIE_NAME
        super().__init__(csrf=True)

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        return request.user if isinstance(request.user, User) else None


def either() -> list[HttpBearer | APIKeyCookie]:
    """What ``NinjaAPI(auth=...)`` takes."""
    return [KeyAuth(), SessionAuth()]
