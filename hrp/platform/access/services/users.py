"""Users: the system administrator makes, edits, locks and disables them, and never says what they may do."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hrp.platform.access import scope
from hrp.platform.access.models import Duty, User
from hrp.platform.access.services.passwords import one_time_password
from hrp.platform.access.services.sessions import end_all
from hrp.platform.audit import services as audit
from hrp.platform.base import stamps
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.rules.pinyin import pinyin_key

EDIT = "system.user.edit"
RESET_FACTOR = "security.user.reset_factor"
_EDITABLE = ("display_name", "pinyin", "unit", "phone", "email")


@transaction.atomic
def create_user(
    *,
    actor: User,
    username: str,
    display_name: str,
    unit: OrgUnit | None = None,
    duty: str = Duty.BUSINESS,
    phone: str = "",
    email: str = "",
) -> tuple[User, str]:
    """A new user and their one-time password (kept nowhere). What they may do the security administrator grants."""
    scope.require(actor, EDIT)
    user = User(
        username=User.normalize_username(username.strip()),
        display_name=display_name.strip(),
        pinyin=pinyin_key(display_name),
        unit=unit,
        duty=duty,
        phone=phone.strip(),
        email=email.strip(),
        must_change_password=True,
    )
    password = one_time_password()
    user.set_password(password)
    _check(user)
    user.save()
    audit.record(
        actor=actor,
        act="access.user.create",
        target=f"access.user:{user.pk}",
        summary=f"建立用户 {user.username}（{user.display_name}）",
        data={"duty": user.duty},
    )
    return user, password


@transaction.atomic
def edit_user(*, actor: User, user: User, **changes: Any) -> User:
    """Change name, pinyin, unit, phone or e-mail. A new name brings a new pinyin unless one is given."""
    scope.require(actor, EDIT)
    _not_machine(user)
    unknown = set(changes) - set(_EDITABLE)
    if unknown:
        raise TypeError(f"edit_user cannot change {sorted(unknown)}")
    if "display_name" in changes and "pinyin" not in changes:
        changes["pinyin"] = pinyin_key(changes["display_name"])
    for name, value in changes.items():
        setattr(user, name, value)
    _check(user)
    user.save(update_fields=list(changes))
    audit.record(
        actor=actor,
        act="access.user.edit",
        target=f"access.user:{user.pk}",
        summary=f"修改用户 {user.username}",
        data={"fields": sorted(changes)},
    )
    return user


@transaction.atomic
def lock_user(*, actor: User, user: User, reason: str) -> None:
    """Nobody signs in as this user, and who has is out at once."""
    _switch(actor, user, {"is_locked": True}, act="lock", reason=reason)


@transaction.atomic
def unlock_user(*, actor: User, user: User, reason: str) -> None:
    _switch(actor, user, {"is_locked": False}, act="unlock", reason=reason)


@transaction.atomic
def disable_user(*, actor: User, user: User, reason: str) -> None:
    """The person has left. The row stays: what they did refers to it."""
    _switch(actor, user, {"is_active": False}, act="disable", reason=reason)


@transaction.atomic
def enable_user(*, actor: User, user: User, reason: str) -> None:
    _switch(actor, user, {"is_active": True}, act="enable", reason=reason)


@transaction.atomic
def change_duty(*, actor: User, user: User, duty: str) -> None:
    """Only for a user who has never been granted a role: the three administrators exclude one another for good."""
    scope.require(actor, EDIT)
    _not_machine(user)
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(duty=duty)
    except IntegrityError as error:
        raise Conflict(
            f"{user.display_name} 已有角色授权记录，职责不能再改（三员分立）。",
            code="separation_of_duties",
            way_out="请为新职责另建一个用户，并停用原用户。",
        ) from error
    user.duty = duty
    stamps.forget()
    audit.record(
        actor=actor,
        act="access.user.change_duty",
        target=f"access.user:{user.pk}",
        summary=f"{user.display_name} 的职责改为{Duty(duty).label}",
    )


@transaction.atomic
def reset_second_factor(*, actor: User, user: User, reason: str) -> None:
    """The phone is lost: all second factors go, and the next sign-in sets up a new one where a role asks for it."""
    scope.require(actor, RESET_FACTOR)
    if actor == user:
        raise Forbidden("不能重置自己的双因子。", way_out="请另一位安全管理员办理，或使用恢复码登录。")
    removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    end_all(user, reason="双因子被重置")
    audit.record(
        actor=actor,
        act="access.user.reset_factor",
        target=f"access.user:{user.pk}",
        summary=f"重置 {user.display_name} 的双因子：{reason}",
        data={"removed": removed},
    )


def keep_preference(*, actor: User, key: str, value: Any) -> None:
    """Remember a choice of the screens (columns, density). Not an act: no audit row."""
    with transaction.atomic():
        kept = User.objects.select_for_update().values_list("preferences", flat=True).get(pk=actor.pk)
        actor.preferences = {**kept, key: value}
        User.objects.filter(pk=actor.pk).update(preferences=actor.preferences)


def _switch(actor: User, user: User, change: dict[str, bool], *, act: str, reason: str) -> None:
    scope.require(actor, EDIT)
    _not_machine(user)
    if actor == user:
        raise Forbidden("不能锁定、停用或启用自己。", way_out="请另一位系统管理员办理。")
    if not reason.strip():
        raise Invalid("请填写原因。", problems=[Problem("必填", field="reason")])
    User.objects.filter(pk=user.pk).update(**change)
    user.refresh_from_db(fields=list(change))
    if not user.may_sign_in:
        end_all(user, reason="用户被锁定或停用")
    stamps.forget()
    titles = {"lock": "锁定", "unlock": "解锁", "disable": "停用", "enable": "启用"}
    audit.record(
        actor=actor,
        act=f"access.user.{act}",
        target=f"access.user:{user.pk}",
        summary=f"{titles[act]}用户 {user.username}：{reason}",
    )


def _not_machine(user: User) -> None:
    if user.is_machine:
        raise Forbidden("系统任务用户不能修改。", way_out="它由程序自动维护，无需人工处理。")


def _check(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise Invalid(
            "用户信息有误。",
            problems=[
                Problem(message, field="" if field == "__all__" else field)
                for field, messages in error.message_dict.items()
                for message in messages
            ],
        ) from error
