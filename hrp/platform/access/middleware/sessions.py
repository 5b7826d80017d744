"""How long a session lives."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from hrp.platform.access.models import Duty
from hrp.platform.access.services.sessions import SEEN, STARTED, end_own, touch
from hrp.platform.base import clock

BACKGROUND = "X-Background"
"""Sent with what a page asks by itself, without anybody there: it must not keep a forgotten session alive."""


class SessionLimitsMiddleware:
    """Ends a session that was idle too long (administrators sooner) or has lived too long since sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            reason = self._over(request, request.user.duty)
            if reason:
                end_own(request, reason=reason)
                messages.info(request, reason)
            elif request.headers.get(BACKGROUND) != "1":
                touch(request)
        return self.get_response(request)

    def _over(self, request: HttpRequest, duty: str) -> str:
        now = clock.now().timestamp()
        idle = settings.HRP_SESSION_IDLE_MINUTES
        if duty != Duty.BUSINESS:
            idle = min(idle, settings.HRP_SESSION_IDLE_MINUTES_ADMIN)
        if now - request.session.get(SEEN, now) > idle * 60:
            return f"已超过 {idle} 分钟没有操作，请重新登录。"
        if now - request.session.get(STARTED, now) > settings.HRP_SESSION_HOURS * 3600:
            return f"登录已满 {settings.HRP_SESSION_HOURS} 小时，请重新登录。"
        return ""
