"""三员: the system administrator's users, the security administrator's roles and grants."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.platform.access import services
from hrp.platform.access.models import ApiKey, Duty, Role, RoleGrant, RolePermission, User
from hrp.platform.access.permissions import registry as permissions
from hrp.platform.base.refusals import NotFound
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Notice, Output, Panel, RegisterScreen

DUTY_TONES = {"business": "draft", "system": "check", "security": "wait", "audit": "info"}
REASON = (Field("reason", title="原因", kind="textarea", required=True),)
_WHO = (
    Filter(
        "q", title="用户", kind="text", placeholder="工号 / 姓名 / 拼音码",
        lookups=("username__icontains", "display_name__icontains", "pinyin__icontains"),
    ),
    Filter("unit", kind="register", register="org.unit"),
    Filter("duty"),
)  # fmt: skip


def _unit(values: dict[str, Any], name: str = "unit") -> OrgUnit | None:
    return OrgUnit.objects.get(pk=values[name]) if values.get(name) else None


def _day(values: dict[str, Any], name: str) -> dt.date | None:
    return dt.date.fromisoformat(values[name]) if values.get(name) else None


# -- users: system administrator -------------------------------------------------------------------------------


def _create(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    user, password = services.create_user(
        actor=actor, username=values["username"], display_name=values["display_name"], unit=_unit(values),
        duty=values.get("duty") or Duty.BUSINESS, phone=values.get("phone", ""), email=values.get("email", ""),
    )  # fmt: skip
    return Notice(f"已建立 {user.username}，初始密码 {password}（只显示这一次，首次登录须修改）")


def _edit(*, actor: User, pk: int, values: dict[str, Any]) -> User:
    user = User.objects.get(pk=pk)
    changes = {name: values[name] for name in ("display_name", "phone", "email") if name in values}
    return services.edit_user(actor=actor, user=user, unit=_unit(values), **changes)


def _with_reason(verb: Any, said: str) -> Any:
    def run(*, actor: User, obj: User, values: dict[str, Any]) -> str:
        verb(actor=actor, user=obj, reason=str(values.get("reason", "")))
        return f"{said} {obj.display_name}"

    return run


def _reset(*, actor: User, obj: User, values: dict[str, Any]) -> str:
    password = services.reset_password(actor=actor, user=obj)
    return Notice(f"{obj.display_name} 的新密码 {password}（只显示这一次，下次登录须修改）")


def _grants_of(user: User, actor: Any) -> Any:
    return (
        RoleGrant.objects.filter(user=user)
        .select_related("role", "org_unit", "granted_by")
        .order_by("-valid_from")
    )


GRANT_COLUMNS = (
    Column("role", title="角色"),
    Column("org_unit", title="范围", value=lambda grant: grant.org_unit or "全院"),
    "include_children", "valid_from", "valid_to", Column("granted_by", title="授权人"),
)  # fmt: skip

USERS = RegisterScreen(
    key="system.user",
    model=User,
    title="用户",
    icon="users",
    url="system/users",
    menu=("settings", "系统管理"),
    order=10,
    ordering=("username",),
    creatable=False,
    save=_edit,
    queryset=lambda actor: User.objects.filter(is_machine=False).select_related("unit"),
    columns=(
        Column("username", sort=True, fixed=True, card="meta"),
        Column("display_name", card="title"),
        Column("unit", card="line"),
        Column("duty", tones=DUTY_TONES, card="tag"),
        "phone", "email", "is_active", Column("is_locked", title="锁定"), Column("last_login", title="上次登录", sort=True),
    ),
    filters=(*_WHO, Filter("is_active", title="启用", kind="bool"), Filter("is_locked", title="锁定", kind="bool")),
    fields=(
        Field("username", readonly=True), Field("display_name"), Field("unit"), Field("duty", readonly=True), "phone", "email",
        Field("last_login", title="上次登录", readonly=True), Field("is_locked", title="锁定", readonly=True),
    ),
    panels=(Panel("grants", "角色授权（由安全管理员授予）", _grants_of, GRANT_COLUMNS, model=RoleGrant),),
    actions=(
        Action(
            "create", "新建用户", _create, permission="system.user.edit", icon="user-plus", style="primary", place="page",
            fields=(
                Field("username", title="工号 / 用户名"), "display_name", Field("unit", required=False),
                Field("duty", required=True, default=lambda actor: "business"), "phone", "email",
            ),
        ),
        Action("lock", "锁定", _with_reason(services.lock_user, "已锁定"), permission="system.user.edit", icon="lock", style="danger", fields=REASON, shown=lambda user: not user.is_locked),
        Action("unlock", "解锁", _with_reason(services.unlock_user, "已解锁"), permission="system.user.edit", icon="lock-open", fields=REASON, shown=lambda user: user.is_locked),
        Action("reset", "重置密码", _reset, permission="system.user.edit", icon="key", confirm="为该用户生成一次性密码，其现有登录全部退出。"),
    ),
    disable=lambda *, actor, obj, reason: services.disable_user(actor=actor, user=obj, reason=reason),
    enable=lambda *, actor, obj: services.enable_user(actor=actor, user=obj, reason="恢复使用"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.unit.name if user.unit else "",
)  # fmt: skip

# -- roles and grants: security administrator ------------------------------------------------------------------


def _codes_of(role: Role, actor: Any) -> Any:
    return RolePermission.objects.filter(role=role).order_by("code")


def _title_of(row: RolePermission) -> str:
    found = permissions.get(row.code)
    return found.title if found else row.code


def _holders_of(role: Role, actor: Any) -> Any:
    return RoleGrant.objects.filter(role=role).select_related("user", "org_unit").order_by("-valid_from")


def _create_role(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    role = services.create_role(
        actor=actor, code=values["code"], title=values["title"], codes=[], duty=values.get("duty") or Duty.BUSINESS,
        description=values.get("description", ""), requires_second_factor=bool(values.get("requires_second_factor")),
    )  # fmt: skip
    return f"/security/roles/{role.pk}/permissions"


def _second_factor(required: bool) -> Any:
    def run(*, actor: User, obj: Role, values: dict[str, Any]) -> str:
        services.require_second_factor(actor=actor, role=obj, required=required)
        return f"{obj.title} {'须' if required else '不再须'}双因子登录"

    return run


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
        Column("duty", tones=DUTY_TONES, card="tag"),
        Column("requires_second_factor", title="须双因子"),
        Column("description", card="line"),
    ),
    filters=(Filter("duty"), Filter("title", title="名称", kind="text")),
    fields=("code", "title", "duty", "requires_second_factor", Field("description", span=2)),
    panels=(
        Panel("codes", "权限", _codes_of, (Column("code", title="编码", kind="code"), Column("name", title="名称", value=_title_of)), model=RolePermission),
        Panel("holders", "持有人", _holders_of, (Column("user", title="用户"), *GRANT_COLUMNS[1:5]), model=RoleGrant),
    ),
    outputs=(Output("调整权限", lambda role: f"/security/roles/{role.pk}/permissions", icon="list-check", permission="security.role.edit"),),
    actions=(
        Action(
            "create", "新建角色", _create_role, permission="security.role.edit", icon="plus", style="primary", place="page",
            fields=("code", "title", Field("duty", required=True), "requires_second_factor", "description"),
        ),
        Action("factor", "要求双因子", _second_factor(True), permission="security.role.edit", icon="shield-check", confirm="持有此角色的人下次登录须设置双因子。", shown=lambda role: not role.requires_second_factor),
        Action("no_factor", "不要求双因子", _second_factor(False), permission="security.role.edit", icon="shield-off", confirm="不再要求双因子登录会降低安全性。", shown=lambda role: role.requires_second_factor),
    ),
    search=("code__istartswith", "title__icontains"),
    label=lambda role: role.title,
)  # fmt: skip


def _grant(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    made = services.grant(
        actor=actor, user=User.objects.get(pk=values["user"]), role=Role.objects.get(pk=values["role"]),
        org_unit=_unit(values, "org_unit"), include_children=bool(values.get("include_children")),
        tree=values.get("tree") or "admin", valid_from=_day(values, "valid_from"), valid_to=_day(values, "valid_to"),
    )  # fmt: skip
    return f"已授予 {made.user.display_name}：{made.role.title}"


def _revoke(*, actor: User, obj: RoleGrant, values: dict[str, Any]) -> str:
    services.revoke(actor=actor, grant=obj, reason=str(values.get("reason", "")))
    return "/security/grants/"


GRANTS = RegisterScreen(
    key="security.grant",
    model=RoleGrant,
    title="角色授权",
    icon="user-check",
    url="security/grants",
    menu=("settings", "安全管理"),
    order=20,
    editable=False,
    creatable=False,
    ordering=("-granted_at",),
    queryset=lambda actor: RoleGrant.objects.select_related("user", "role", "org_unit", "granted_by"),
    columns=(
        Column("user", title="用户", fixed=True, card="title"),
        Column("role", title="角色", card="line"),
        Column("duty", tones=DUTY_TONES, card="tag"),
        Column("org_unit", title="范围", value=lambda grant: grant.org_unit or "全院", card="meta"),
        "include_children", Column("valid_from", sort=True, card="meta"), "valid_to", Column("granted_by", title="授权人"),
        Column("granted_at", sort=True),
    ),
    filters=(
        Filter("user", kind="text", lookups=("user__username__icontains", "user__display_name__icontains", "user__pinyin__icontains"), title="用户"),
        Filter("role", kind="register", register="security.role"),
        Filter("duty"),
    ),
    fields=("user", "role", "duty", Field("org_unit", help="空为全院"), "include_children", "tree", "valid_from", "valid_to", "granted_by", "granted_at"),
    actions=(
        Action(
            "grant", "授予角色", _grant, permission="security.grant.edit", icon="user-plus", style="primary", place="page",
            fields=(
                Field("user", lookup="security.user"), Field("role", lookup="security.role"), Field("org_unit", required=False, help="空为全院"),
                Field("include_children", default=lambda actor: True), Field("tree", required=False), Field("valid_from", required=False, help="空为今天"), Field("valid_to", help="空为长期"),
            ),
        ),
        Action("revoke", "收回", _revoke, permission="security.grant.edit", icon="user-minus", style="danger", fields=REASON),
    ),
    exact=(),
    search=(),
)  # fmt: skip


def _reset_factor(*, actor: User, obj: User, values: dict[str, Any]) -> str:
    services.reset_second_factor(actor=actor, user=obj, reason=str(values.get("reason", "")))
    return f"已重置 {obj.display_name} 的双因子"


SECURITY_USERS = RegisterScreen(
    key="security.user",
    model=User,
    title="用户权限",
    icon="user-shield",
    url="security/users",
    menu=("settings", "安全管理"),
    order=30,
    ordering=("username",),
    editable=False,
    creatable=False,
    queryset=lambda actor: User.objects.filter(is_machine=False).select_related("unit"),
    columns=(
        Column("username", sort=True, fixed=True, card="meta"), Column("display_name", card="title"), Column("unit", card="line"),
        Column("duty", tones=DUTY_TONES, card="tag"), "is_active", Column("is_locked", title="锁定"),
    ),
    filters=_WHO,
    fields=("username", "display_name", "unit", "duty"),
    panels=(Panel("grants", "角色授权", _grants_of, GRANT_COLUMNS, model=RoleGrant),),
    actions=(Action("reset_factor", "重置双因子", _reset_factor, permission="security.user.reset_factor", icon="shield-off", style="danger", fields=REASON),),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.unit.name if user.unit else "",
)  # fmt: skip


def _revoke_key(*, actor: User, obj: ApiKey, values: dict[str, Any]) -> str:
    if obj.revoked_at is not None:
        raise NotFound("这把密钥已经吊销。", way_out="请刷新列表。")
    services.revoke_key(actor=actor, key_id=obj.pk)
    return f"已吊销 {obj.name}"


KEYS = RegisterScreen(
    key="security.key",
    model=ApiKey,
    title="接口密钥",
    icon="key",
    url="security/keys",
    menu=("settings", "安全管理"),
    order=40,
    codes={"view": "security.user.view", "edit": "security.key.revoke"},
    editable=False,
    creatable=False,
    ordering=("-created_at",),
    queryset=lambda actor: ApiKey.objects.select_related("user", "created_by"),
    columns=(
        Column("name", fixed=True, card="title"), Column("prefix", title="前缀", kind="code", card="meta"), Column("user", card="line"),
        Column("expires_at", sort=True), "last_used_at", Column("revoked_at", card="meta"), Column("created_at", sort=True),
    ),
    fields=("name", "prefix", "user", Field("scopes", span=3), "expires_at", "last_used_at", "revoked_at", "created_at", "created_by"),
    actions=(Action("revoke", "吊销", _revoke_key, permission="security.key.revoke", icon="trash", style="danger", confirm="吊销后使用这把密钥的程序立即不能访问。", shown=lambda key: key.revoked_at is None),),
    exact=(),
    search=(),
)  # fmt: skip

ALL = (USERS, ROLES, GRANTS, SECURITY_USERS, KEYS)
