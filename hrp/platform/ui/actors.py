"""The signed-in person behind a request."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from hrp.platform.access.models import User
from hrp.platform.base.refusals import Forbidden


def actor_of(request: HttpRequest) -> User:
    """The user who acts. Every page behind the sign-in middleware has one."""
    if isinstance(request.user, User):
        return request.user
    raise Forbidden(_("请先登录。"), way_out=_("登录后再进行此操作。"))
