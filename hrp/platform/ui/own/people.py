"""用户 and 角色."""

from __future__ import annotations

from typing import Any

from hrp.platform.access.models import Role, RoleGrant, RolePermission, User
from hrp.platform.access.permissions import registry as permissions
from hrp.platform.ui.screens import Column, Field, Filter, Panel, RegisterScreen


def _grants(user: User, actor: Any) -> Any:
    return (
        RoleGrant.objects.filter(user=user)
        .select_related("role", "org_unit", "granted_by")
        .order_by("-valid_from")
    )


def _role_codes(role: Role, actor: Any) -> Any:
    return RolePermission.objects.filter(role=role).order_by("code")


def _code_title(row: RolePermission) -> str:
    found = permissions.get(row.code)
    return found.title if found else row.code


GRANT_COLUMNS = (
    Column("role", title="角色"),
    Column("org_unit", title="范围", value=lambda grant: grant.org_unit or "全院"),
    "include_children",
    "valid_from",
    "valid_to",
    Column("granted_by", title="授权人"),
)

USERS = RegisterScreen(
    key="system.user",
    model=User,
    title="用户",
    icon="users",
    url="system/users",
    menu=("settings", "系统管理"),
    order=10,
    ordering=("username",),
    editable=False,
    creatable=False,
    queryset=lambda actor: User.objects.filter(is_machine=False).select_related("unit"),
    columns=(
        Column("username", sort=True, fixed=True, card="meta"),
        Column("display_name", card="title"),
        Column("unit", card="line"),
        Column("duty", tones={"business": "draft", "system": "check", "security": "wait", "audit": "info"}, card="tag"),
        "phone",
        "email",
        "is_active",
        Column("is_locked", title="锁定"),
        Column("last_login", title="上次登录", sort=True),
    ),
    filters=(
        Filter("q", title="用户", kind="text", lookups=("username__icontains", "display_name__icontains", "pinyin__icontains"), placeholder="工号 / 姓名 / 拼音码"),
        Filter("unit", kind="register", register="org.unit"),
        Filter("duty"),
        Filter("is_active", title="启用", kind="bool"),
    ),
    fields=("username", "display_name", "pinyin", "unit", "duty", "phone", "email", Field("last_login", title="上次登录")),
    panels=(Panel("grants", "角色授权", _grants, GRANT_COLUMNS, model=RoleGrant),),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.unit.name if user.unit else "",
)  # fmt: skip

ROLES = RegisterScreen(
    key="security.role",
    model=Role,
    title="角色",
    icon="shield",
    url="security/roles",
    menu=("settings", "安全管理"),
    order=10,
    editable=False,
    creatable=False,
    columns=(
        Column("code", fixed=True, card="meta"),
        Column("title", card="title"),
        Column("duty", tones={"business": "draft", "system": "check", "security": "wait", "audit": "info"}, card="tag"),
        Column("requires_second_factor", title="须双因子"),
        Column("description", card="line"),
    ),
    filters=(Filter("duty"), Filter("title", title="名称", kind="text")),
    fields=("code", "title", "duty", "requires_second_factor", Field("description", span=2)),
    panels=(
        Panel("codes", "权限", _role_codes, (Column("code", title="编码", kind="code"), Column("name", title="名称", value=_code_title)), model=RolePermission),
    ),
    search=("code__istartswith", "title__icontains"),
    label=lambda role: role.title,
)  # fmt: skip

ALL = (USERS, ROLES)
