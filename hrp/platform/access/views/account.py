"""One's own account: my roles, my sessions, my keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.platform.access import services
from hrp.platform.access.forms import KeyForm
from hrp.platform.access.models import User
from hrp.platform.access.selectors import keys_of, live_sessions, roles_of
from hrp.platform.access.services.sessions import end_one
from hrp.platform.access.views.signin import still_you
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal


def me(request: HttpRequest) -> User:
    """The signed-in user; the middleware has seen to it that there is one."""
    if not isinstance(request.user, User):
        raise TypeError("account pages need a signed-in user")
    return request.user


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """Which roles I hold, where I am signed in, and which programs speak for me."""
    user = me(request)
    return render(
        request,
        "access/sessions.html",
        {
            "roles": roles_of(user),
            "sessions": live_sessions(user),
            "current_key": request.session.session_key,
            "keys": keys_of(user),
        },
    )


@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    try:
        end_one(actor=me(request), session_id=session_id)
        messages.success(request, _("已结束该会话。"))
    except Refusal as refusal:
        messages.error(request, f"{refusal.reason}{refusal.way_out}")
    return redirect("access_sessions")


@require_http_methods(["GET", "POST"])
@still_you
def new_key(request: HttpRequest) -> HttpResponse:
    user = me(request)
    form = KeyForm(request.POST or None, user=user)
    token = ""
    if request.method == "POST" and form.is_valid():
        try:
            _key, token = services.create_key(
                actor=user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=clock.now() + form.lifetime(),
            )
        except Refusal as refusal:
            for problem in refusal.problems:
                form.add_error(problem.field if problem.field in form.fields else None, problem.message)
    return render(request, "access/new_key.html", {"form": form, "token": token})


@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    try:
        services.revoke_key(actor=me(request), key_id=key_id)
        messages.success(request, _("已吊销该密钥。"))
    except Refusal as refusal:
        messages.error(request, f"{refusal.reason}{refusal.way_out}")
    return redirect("access_sessions")
