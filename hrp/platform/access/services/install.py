"""The first three users of a hospital: somebody has to be there before anybody can grant anything."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from hrp.platform.access.models import Duty, Role, RoleGrant, RolePermission, User
from hrp.platform.access.permissions import of_duty
from hrp.platform.access.services.machines import system_actor
from hrp.platform.access.services.passwords import give_one_time_password, one_time_password
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.org.rules.pinyin import pinyin_key

ADMINISTRATORS: dict[str, tuple[str, str]] = {
    Duty.SYSTEM.value: ("sysadmin", "系统管理员"),
    Duty.SECURITY.value: ("secadmin", "安全管理员"),
    Duty.AUDIT.value: ("auditadmin", "审计管理员"),
}


@transaction.atomic
def administrator_role(duty: str, *, second_factor: bool) -> Role:
    """The role of one of the three, holding every declared permission of its duty; topped up when called again."""
    title = ADMINISTRATORS[duty][1]
    role, made = Role.objects.get_or_create(
        code=f"{duty}_administrator",
        defaults={"title": title, "duty": duty, "requires_second_factor": second_factor},
    )
    held = set(RolePermission.objects.filter(role=role).values_list("code", flat=True))
    missing = [p.code for p in of_duty(duty) if p.code not in held]
    RolePermission.objects.bulk_create(RolePermission(role=role, code=c, duty=duty) for c in missing)
    stamps.forget()
    if made or missing:
        audit.record(
            actor=system_actor("install", title="安装程序"),
            act="access.role.install",
            target=f"access.role:{role.pk}",
            summary=f"{'建立' if made else '补齐'}角色 {title}",
            data={"added": missing},
        )
    return role


@transaction.atomic
def create_administrators(
    *, usernames: Mapping[str, str] | None = None, second_factor: bool = True
) -> list[tuple[User, str]]:
    """The three administrators with their one-time passwords. Refuses when any of the three duties has a user."""
    present = User.objects.filter(duty__in=ADMINISTRATORS).values_list("username", flat=True)
    names = {duty: (usernames or {}).get(duty) or name for duty, (name, _) in ADMINISTRATORS.items()}
    taken = sorted(
        {*present, *User.objects.filter(username__in=names.values()).values_list("username", flat=True)}
    )
    if taken:
        raise Conflict(
            f"已有管理员用户或同名用户：{'、'.join(taken)}。",
            code="administrators_exist",
            way_out="如忘记密码，请用 --reset 用户名 重置；如首次安装失败，请在空库上重试。",
        )
    if len(set(names.values())) < len(names):
        raise Conflict("三员的用户名不能相同。", way_out="三员必须由三个不同的人担任。")
    installer = system_actor("install", title="安装程序")
    made = []
    for duty, (_name, title) in ADMINISTRATORS.items():
        password = one_time_password()
        user = User.objects.create_user(
            names[duty],
            password,
            display_name=title,
            pinyin=pinyin_key(title),
            duty=duty,
            must_change_password=True,
            password_changed_at=clock.now(),
        )
        role = administrator_role(duty, second_factor=second_factor)
        RoleGrant.objects.create(user=user, role=role, duty=duty, valid_from=clock.today())
        audit.record(
            actor=installer,
            act="access.user.create",
            target=f"access.user:{user.pk}",
            summary=f"安装时建立{title} {user.username}",
        )
        made.append((user, password))
    stamps.forget()
    return made


@transaction.atomic
def reset_administrator(*, username: str) -> tuple[User, str]:
    """A one-time password for an administrator who has lost theirs: none of the three may set that of another.

    Whoever can run a command on the server could do anything there; the audit log has it all the same.
    """
    user = User.objects.filter(username=username, duty__in=ADMINISTRATORS, is_machine=False).first()
    if user is None:
        raise NotFound(f"没有管理员“{username}”。", way_out="请核对用户名；业务用户的密码由系统管理员重置。")
    password = give_one_time_password(user)
    audit.record(
        actor=system_actor("install", title="安装程序"),
        act="access.user.reset_password",
        target=f"access.user:{user.pk}",
        summary=f"在服务器上重置 {user.display_name} 的密码",
    )
    return user, password
