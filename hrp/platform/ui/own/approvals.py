"""审批流程 and 审批代理."""

from __future__ import annotations

from typing import Any

from hrp.platform.access.models import Role, User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid, Problem
from hrp.platform.documents.models import ApprovalLevel, ApprovalRoute, Delegation
from hrp.platform.documents.registry import types
from hrp.platform.ui import services
from hrp.platform.ui.screens import Choices, Column, Field, Filter, Lookup, Panel, RegisterScreen

PERMISSIONS = {
    "documents.approval_route.view": "查看审批流程",
    "documents.approval_route.edit": "维护审批流程",
    "documents.delegation.view": "查看审批代理",
    "documents.delegation.edit": "设置审批代理",
}


def kinds(actor: Any) -> Choices:
    return [(one.spec.kind, one.spec.title) for one in types]


def _kind_title(route: ApprovalRoute) -> str:
    found = types.get(route.kind)
    return found.spec.title if found else route.kind


def _add_level(*, actor: Any, obj: ApprovalRoute, values: dict[str, Any]) -> None:
    services.add_row(
        ApprovalLevel,
        actor=actor,
        values={**values, "route": obj.pk},
        act="documents.approval_route.edit",
        target=f"documents.approval_route:{obj.pk}",
        summary=f"审批流程 {obj} 增加环节 {values.get('title', '')}",
    )


ROUTES = RegisterScreen(
    key="documents.approval_route",
    model=ApprovalRoute,
    title="审批流程",
    icon="git-branch",
    url="documents/approval-routes",
    menu=("settings", "业务规则"),
    order=10,
    ordering=("kind", "amount_from"),
    scope_field="org_unit",
    columns=(
        Column("title", fixed=True, card="title"),
        Column("kind", title="单据类型", value=_kind_title, card="line"),
        Column("org_unit", title="适用科室", card="meta"),
        Column("amount_from"),
        Column("amount_below"),
        Column("is_active", title="启用"),
    ),
    filters=(Filter("kind", title="单据类型", kind="choice", choices=kinds), Filter("is_active", title="启用", kind="bool")),
    fields=(
        Field("title", title="流程名称"), Field("kind", kind="choice", choices=kinds, title="单据类型"),
        Field("org_unit", title="适用科室", help="空为全院"), Field("amount_from"), Field("amount_below", help="空为不限"), "is_active",
    ),
    panels=(
        Panel(
            key="levels",
            title="审批环节",
            rows=lambda route, actor: route.levels.select_related("role"),
            model=ApprovalLevel,
            columns=("position", "title", Column("role", title="审批角色")),
            fields=("position", "title", Field("role", lookup="documents.role")),
            add=_add_level,
            add_title="增加环节",
            permission="documents.approval_route.edit",
            empty="还没有环节：没有环节的流程提交后直接视为已审核",
        ),
    ),
    exact=(),
    search=("title__icontains",),
)  # fmt: skip


def _save_delegation(*, actor: Any, pk: int | None, values: dict[str, Any]) -> Any:
    if not values.get("principal"):
        values["principal"] = actor.pk
    if str(values.get("deputy")) == str(actor.pk) and str(values["principal"]) != str(actor.pk):
        raise Forbidden(
            "不能把他人的审批权委托给自己。", way_out="请委托人本人，或另一位有权维护审批代理的人办理。"
        )
    if pk is None and str(values.get("valid_to", "")) < clock.today().isoformat():
        raise Invalid("代理期已经过去。", problems=[Problem("结束日期早于今天", field="valid_to")])
    return services.save_row(DELEGATIONS, actor=actor, pk=pk, values=values)


DELEGATIONS = RegisterScreen(
    key="documents.delegation",
    model=Delegation,
    title="审批代理",
    icon="user-share",
    url="documents/delegations",
    menu=("settings", "业务规则"),
    order=20,
    ordering=("-valid_from",),
    columns=(
        Column("principal", fixed=True, card="title"),
        Column("deputy", card="line"),
        Column("valid_from", card="meta"),
        Column("valid_to", card="meta"),
        "reason",
    ),
    fields=(
        Field("principal", lookup="documents.person"), Field("deputy", lookup="documents.person"), Field("reason"), "valid_from", "valid_to",
    ),
    save=_save_delegation,
    exact=(),
    search=("reason__icontains",),
)  # fmt: skip

# The people and roles an approval may name; their own registers belong to the administrators.
PEOPLE = Lookup(
    key="documents.person",
    title="人员",
    queryset=lambda actor, params: User.objects.filter(
        is_active=True, is_machine=False, duty="business"
    ).select_related("unit"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.unit.name if user.unit else "",
)
BUSINESS_ROLES = Lookup(
    key="documents.role",
    title="业务角色",
    queryset=lambda actor, params: Role.objects.filter(duty="business").order_by("code"),
    search=("code__istartswith", "title__icontains"),
    label=lambda role: role.title,
)

ALL = (ROUTES, DELEGATIONS)
LOOKUPS = (PEOPLE, BUSINESS_ROLES)
