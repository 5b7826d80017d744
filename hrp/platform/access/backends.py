"""Which user rows may sign in, and stay signed in."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from hrp.platform.access.models import User


class PasswordBackend(AuthenticationBackend):
    """Username and password. Asked again at every request, so a disabled or locked user is out at once."""

    def user_can_authenticate(self, user: Any) -> bool:
        return isinstance(user, User) and user.may_sign_in
