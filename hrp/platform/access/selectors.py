"""Named reads of access."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from hrp.platform.access import scope
from hrp.platform.access.models import ApiKey, Role, RoleGrant, RolePermission, User, UserSession
from hrp.platform.base import clock
from hrp.platform.org.models import valid_on


def roles_of(user: User, *, on: dt.date | None = None) -> QuerySet[Role]:
    """The roles the user holds on the day (today), anywhere."""
    held = RoleGrant.objects.filter(valid_on(on or clock.today()), user=user)
    return Role.objects.filter(pk__in=held.values("role")).order_by("code")


def needs_second_factor(user: User) -> bool:
    """Whether one of the user's roles asks for a second factor."""
    return roles_of(user).filter(requires_second_factor=True).exists()


def has_second_factor(user: User) -> bool:
    """Whether the user has set up a code app or a passkey (recovery codes alone do not count)."""
    return Authenticator.objects.filter(
        user_id=user.pk, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()


def live_sessions(user: User) -> QuerySet[UserSession]:
    """Sessions of the user that have not ended, latest first."""
    return UserSession.objects.filter(user=user, ended_at=None).order_by("-seen_at")


def keys_of(user: User) -> QuerySet[ApiKey]:
    """The user's API keys that can still be used, latest first."""
    return ApiKey.objects.filter(user=user, revoked_at=None, expires_at__gt=clock.now()).order_by(
        "-created_at"
    )


def holders_of(code: str, *, unit_id: int | None = None) -> list[User]:
    """People who may sign in and hold ``code`` (for the unit, when given), by pinyin."""
    roles = RolePermission.objects.filter(code=code).values("role")
    grants = RoleGrant.objects.filter(valid_on(clock.today()), role__in=roles)
    people = User.objects.filter(
        pk__in=grants.values("user"), is_active=True, is_locked=False, is_machine=False
    ).order_by("pinyin", "username")
    return [user for user in people if scope.has(user, code, unit_id)]
