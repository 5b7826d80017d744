"""Roles and grants: the security administrator's, and never for themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction

from hrp.platform.access import scope
from hrp.platform.access.models import Duty, Role, RoleGrant, RolePermission, User
from hrp.platform.access.permissions import duty_of, registry
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.org.models import OrgUnit, Tree

EDIT_ROLE = "security.role.edit"
GRANT = "security.grant.edit"


@transaction.atomic
def create_role(
    *,
    actor: User,
    code: str,
    title: str,
    codes: Collection[str],
    duty: str = Duty.BUSINESS,
    description: str = "",
    requires_second_factor: bool = False,
) -> Role:
    """A role of one duty holding ``codes``, all declared and all of that duty."""
    scope.require(actor, EDIT_ROLE)
    _check_codes(duty, codes)
    try:
        with transaction.atomic():
            role = Role.objects.create(
                code=code,
                title=title,
                duty=duty,
                description=description,
                requires_second_factor=requires_second_factor,
            )
    except IntegrityError as error:
        raise Conflict(f"角色编码 {code} 已被使用。", way_out="请换一个编码。") from error
    RolePermission.objects.bulk_create(
        RolePermission(role=role, code=c, duty=duty) for c in sorted(set(codes))
    )
    stamps.forget()
    audit.record(
        actor=actor,
        act="access.role.create",
        target=f"access.role:{role.pk}",
        summary=f"建立角色 {title}",
        data={"codes": sorted(set(codes))},
    )
    return role


@transaction.atomic
def set_role_permissions(*, actor: User, role: Role, codes: Collection[str]) -> None:
    """Make ``codes`` exactly what the role holds."""
    scope.require(actor, EDIT_ROLE)
    _check_codes(role.duty, codes)
    wanted = set(codes)
    held = set(RolePermission.objects.filter(role=role).values_list("code", flat=True))
    RolePermission.objects.filter(role=role, code__in=held - wanted).delete()
    RolePermission.objects.bulk_create(
        RolePermission(role=role, code=code, duty=role.duty) for code in sorted(wanted - held)
    )
    stamps.forget()
    audit.record(
        actor=actor,
        act="access.role.set_permissions",
        target=f"access.role:{role.pk}",
        summary=f"调整角色 {role.title} 的权限",
        data={"added": sorted(wanted - held), "removed": sorted(held - wanted)},
    )


@transaction.atomic
def require_second_factor(*, actor: User, role: Role, required: bool) -> None:
    """Whether holders of the role must have a second factor. Takes effect at their next sign-in."""
    scope.require(actor, EDIT_ROLE)
    role.requires_second_factor = required
    role.save(update_fields=["requires_second_factor"])
    audit.record(
        actor=actor,
        act="access.role.require_second_factor",
        target=f"access.role:{role.pk}",
        summary=f"角色 {role.title} {'须' if required else '不再须'}双因子登录",
    )


@transaction.atomic
def grant(
    *,
    actor: User,
    user: User,
    role: Role,
    org_unit: OrgUnit | None = None,
    include_children: bool = True,
    tree: str = Tree.ADMIN,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> RoleGrant:
    """``user`` holds ``role`` in ``org_unit`` (None: everywhere) from ``valid_from`` (today) to ``valid_to``."""
    scope.require(actor, GRANT)
    _not_oneself(actor, user)
    if user.duty != role.duty:
        raise Conflict(
            f"{user.display_name} 的职责是{Duty(user.duty).label}，不能担任{Duty(role.duty).label}的角色“{role.title}”（三员分立）。",
            code="separation_of_duties",
            way_out="请授予同一职责的角色，或为新职责另建用户。",
        )
    if valid_to and valid_to < (valid_from or clock.today()):
        raise Invalid("授权止期早于起期。", problems=[Problem("早于起期", field="valid_to")])
    try:
        with transaction.atomic():
            made = RoleGrant.objects.create(
                user=user,
                role=role,
                duty=role.duty,
                org_unit=org_unit,
                include_children=include_children,
                tree=tree,
                valid_from=valid_from or clock.today(),
                valid_to=valid_to,
                granted_by=actor,
            )
    except IntegrityError as error:
        raise Conflict(
            f"{user.display_name} 在该范围已有“{role.title}”的授权。",
            way_out="请先收回原授权，或换一个起始日期。",
        ) from error
    stamps.forget()
    audit.record(
        actor=actor,
        act="access.grant.create",
        target=f"access.user:{user.pk}",
        summary=f"授予 {user.display_name} 角色“{role.title}”，范围 {org_unit or '全院'}",
        data={"grant": made.pk, "role": role.code, "valid_to": valid_to.isoformat() if valid_to else None},
    )
    return made


@transaction.atomic
def revoke(*, actor: User, grant: RoleGrant, reason: str) -> None:
    """End a grant with yesterday; one that would begin later, or began today, is removed. Seen within a second."""
    scope.require(actor, GRANT)
    _not_oneself(actor, grant.user)
    yesterday = clock.today() - dt.timedelta(days=1)
    number = grant.pk
    if grant.valid_from > yesterday:
        grant.delete()
    else:
        grant.valid_to = min(grant.valid_to or yesterday, yesterday)
        grant.save(update_fields=["valid_to"])
    stamps.forget()
    audit.record(
        actor=actor,
        act="access.grant.revoke",
        target=f"access.user:{grant.user_id}",
        summary=f"收回 {grant.user.display_name} 的角色“{grant.role.title}”：{reason}",
        data={"grant": number},
    )


def _not_oneself(actor: User, user: User) -> None:
    if actor == user:
        raise Forbidden("不能给自己授权或收回自己的授权。", way_out="请另一位安全管理员办理。")


def _check_codes(duty: str, codes: Collection[str]) -> None:
    problems = [Problem(f"权限 {code} 未登记", field="codes") for code in codes if code not in registry]
    problems += [
        Problem(f"权限 {code} 属于{Duty(duty_of(code)).label}", field="codes")
        for code in codes
        if code in registry and duty_of(code) != duty
    ]
    if problems:
        raise Invalid(
            f"{Duty(duty).label}角色只能含本职责的、已登记的权限。",
            code="separation_of_duties",
            way_out="请去掉下列权限后再保存。",
            problems=problems,
        )
