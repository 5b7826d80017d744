"""People for tests of every module: a user with just these permissions, everywhere or in one unit."""

from __future__ import annotations

import itertools

from hrp.platform.access.models import Role, RoleGrant, RolePermission, User
from hrp.platform.access.permissions import duty_of
from hrp.platform.base import stamps
from hrp.platform.org.models import OrgUnit

_numbers = itertools.count(1)


def person(
    *codes: str,
    unit: OrgUnit | None = None,
    include_children: bool = True,
    name: str = "",
    password: str | None = None,
) -> User:
    """A user holding ``codes`` (all of one duty) in ``unit``, or everywhere without one."""
    number = next(_numbers)
    duty = duty_of(codes[0]) if codes else "business"
    user = User.objects.create_user(
        f"u{number}", password, display_name=name or f"测试{number}", duty=duty, unit=unit
    )
    if codes:
        allow(user, *codes, unit=unit, include_children=include_children)
    return user


def allow(user: User, *codes: str, unit: OrgUnit | None = None, include_children: bool = True) -> Role:
    """Give ``user`` one more role holding ``codes``."""
    role = Role.objects.create(code=f"role{next(_numbers)}", title="测试角色", duty=user.duty)
    RolePermission.objects.bulk_create(RolePermission(role=role, code=code) for code in codes)
    RoleGrant.objects.create(user=user, role=role, org_unit=unit, include_children=include_children)
    stamps.forget()
    return role
