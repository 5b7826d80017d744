"""Sessions: begun at sign-in, kept alive by use, ended by their owner, an administrator or the clock."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest

from hrp.platform.access.models import User, UserSession
from hrp.platform.access.selectors import has_second_factor, live_sessions, needs_second_factor
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound

STARTED, SEEN, MUST_ENROL = "hrp_started", "hrp_seen", "hrp_must_enrol"
TOUCH_SECONDS = 30


@transaction.atomic
def begin(request: HttpRequest, *, actor: User) -> None:
    """Note a fresh sign-in. Beyond the allowed number the sessions longest unused are ended."""
    now = clock.now()
    session = request.session
    session[STARTED] = session[SEEN] = now.timestamp()
    if needs_second_factor(actor) and not has_second_factor(actor):
        session[MUST_ENROL] = True
    if session.session_key is None:
        session.save()
    UserSession.objects.create(
        user=actor,
        session_key=session.session_key or "",
        ip=request.META.get("REMOTE_ADDR") or None,
        browser=request.headers.get("User-Agent", "")[:200],
        started_at=now,
        seen_at=now,
    )
    audit.record(actor=actor, act="access.session.begin", target=f"access.user:{actor.pk}", summary="登录")
    surplus = (
        list(live_sessions(actor)[settings.HRP_SESSIONS_PER_USER :]) if settings.HRP_SESSIONS_PER_USER else []
    )
    if surplus:
        _end(UserSession.objects.filter(pk__in=[row.pk for row in surplus]), "超出同时登录数")


def touch(request: HttpRequest) -> None:
    """Note use of the session, written at most every :data:`TOUCH_SECONDS`."""
    now = clock.now()
    session = request.session
    session.setdefault(STARTED, now.timestamp())
    if now.timestamp() - session.get(SEEN, 0) < TOUCH_SECONDS:
        return
    session[SEEN] = now.timestamp()
    UserSession.objects.filter(session_key=session.session_key, ended_at=None).update(seen_at=now)


@transaction.atomic
def end_own(request: HttpRequest, *, reason: str = "退出登录") -> None:
    """End the session of this request."""
    user = request.user
    if isinstance(user, User):
        UserSession.objects.filter(session_key=request.session.session_key, ended_at=None).update(
            ended_at=clock.now(), ended_by=reason[:50]
        )
        audit.record(actor=user, act="access.session.end", target=f"access.user:{user.pk}", summary=reason)
    logout(request)


@transaction.atomic
def end_one(*, actor: User, session_id: int) -> None:
    """End one of the actor's own sessions from another."""
    found = live_sessions(actor).filter(pk=session_id)
    if not found:
        raise NotFound("没有找到该会话，可能已经结束。", way_out="请刷新列表。")
    _end(found, "本人结束")
    audit.record(
        actor=actor, act="access.session.end", target=f"access.user:{actor.pk}", summary="结束另一会话"
    )


def end_all(user: User, *, reason: str, but: str | None = None) -> None:
    """End all sessions of ``user`` at once (but one session key). Part of the verb that gives the reason."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    _end(live_sessions(user).exclude(session_key=but) if but else live_sessions(user), reason)


def _end(rows: QuerySet[UserSession], reason: str) -> None:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).update(ended_at=clock.now(), ended_by=reason[:50])
