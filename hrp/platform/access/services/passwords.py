"""Setting passwords."""

from __future__ import annotations

import datetime as dt
import secrets
import string

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import Duty, PasswordHistory, User
from hrp.platform.access.services.sessions import end_all
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid, Problem

RESET = "system.user.edit"


def is_password_due(user: User) -> bool:
    """Whether the password must be changed before anything else: it was given by somebody, or is too old."""
    if user.must_change_password:
        return True
    days = settings.HRP_PASSWORD_MAX_AGE_DAYS
    return bool(days) and clock.now() - (user.password_changed_at or user.created_at) > dt.timedelta(
        days=days
    )


@transaction.atomic
def change_password(*, actor: User, new: str, keep_session: str | None = None) -> None:
    """The actor takes a new password. All their other sessions end; the one with ``keep_session`` may stay."""
    _store(actor, new, must_change=False)
    end_all(actor, reason="修改密码", but=keep_session)
    audit.record(
        actor=actor,
        act="access.user.change_password",
        target=f"access.user:{actor.pk}",
        summary="修改本人密码",
    )


@transaction.atomic
def reset_password(*, actor: User, user: User) -> str:
    """Give ``user`` a one-time password (returned, kept nowhere), to be changed at the next sign-in.

    Whoever sets a password can sign in with it, so nobody sets that of another administrator: the system
    administrator would be security and audit administrator as well.
    """
    scope.require(actor, RESET)
    if user.is_machine:
        raise Forbidden("系统任务用户不能登录，不能设置密码。", way_out="如需程序调用接口，请建立接口密钥。")
    if user.duty not in (Duty.BUSINESS, actor.duty):
        raise Forbidden(
            f"{user.display_name} 是{Duty(user.duty).label}，其密码不能由{Duty(actor.duty).label}重置（三员分立）。",
            way_out=f"请在服务器上执行 hrp create_admins --reset {user.username}，把一次性密码交给本人。",
        )
    password = give_one_time_password(user)
    audit.record(
        actor=actor,
        act="access.user.reset_password",
        target=f"access.user:{user.pk}",
        summary=f"重置 {user.display_name} 的密码",
    )
    return password


def give_one_time_password(user: User) -> str:
    """A new password that must be changed at the next sign-in; who is signed in is out. The caller says who did it."""
    password = one_time_password()
    _store(user, password, must_change=True)
    end_all(user, reason="密码被重置")
    return password


def one_time_password() -> str:
    """Sixteen characters of all four classes, none of them easily misread."""
    letters = "".join(set(string.ascii_letters + string.digits) - set("0O1lI"))
    body = "".join(secrets.choice(sorted(letters)) for _ in range(12))
    return f"{secrets.choice('ABCDEFGH')}{body}{secrets.choice('abcdefgh')}{secrets.choice('+-=%')}{secrets.choice('23456789')}"


def _store(user: User, password: str, *, must_change: bool) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "新密码不符合要求。",
            code="weak_password",
            way_out="请按页面上的要求另设一个密码。",
            problems=[Problem(message, field="password1") for message in error.messages],
        ) from error
    now = clock.now()
    if user.has_usable_password():
        PasswordHistory.objects.create(user=user, password=user.password, created_at=now)
    user.set_password(password)
    user.must_change_password = must_change
    user.password_changed_at = now
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
