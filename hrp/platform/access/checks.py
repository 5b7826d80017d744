"""Asked by ``hrp check --database default`` and at every migration: does each role hold only what exists?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from hrp.platform.access.invariants import undeclared_permissions


@register(Tags.database)
def permissions_are_declared(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    try:
        rows = undeclared_permissions()
    except DatabaseError:
        return []  # before the first migration there is nothing to check
    return [
        Warning(
            f"角色 {row['role__code']} 含未登记的权限 {row['code']}",
            hint="改名或移除模块时须同时迁移角色权限。",
            id="access.W001",
        )
        for row in rows
    ]
