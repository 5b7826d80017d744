"""Other systems we call, and what became of each message to them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.exchange import messages
from hrp.platform.exchange.models import Message, Partner
from hrp.platform.ui.screens import Action, Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "system.partner.view": "查看接口伙伴",
    "system.partner.edit": "维护接口伙伴与密钥",
    "system.exchange.view": "查看接口消息",
    "system.exchange.edit": "重发接口消息",
}


@transaction.atomic
def _save(*, actor: User, pk: int | None, values: dict[str, Any]) -> Partner:
    scope.require(actor, "system.partner.edit")
    if "is_active" in values:
        values = {**values, "is_active": values["is_active"] in (True, "on", "true", "True", "1")}
    row = messages.save_partner(pk=pk, values=values)
    _log(actor, "save", row, "建立" if pk is None else "修改")
    return row


@transaction.atomic
def _set_secret(*, actor: User, obj: Partner, values: dict[str, Any]) -> str:
    messages.set_secret(partner=obj, secret=str(values.get("secret", "")))
    _log(actor, "secret", obj, "更换密钥")
    return f"已更换 {obj.name} 的密钥；密钥不会再显示"


def _log(actor: User, act: str, row: Partner, what: str) -> None:
    audit.record(
        actor=actor,
        act=f"system.partner.{act}",
        target=f"system.partner:{row.pk}",
        summary=f"{what}接口伙伴 {row}",
    )


PARTNERS = RegisterScreen(
    key="system.partner",
    model=Partner,
    title="接口伙伴",
    icon="plug-connected",
    url="system/partners",
    menu=("settings", "接口"),
    order=10,
    save=_save,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("name", card="title"),
        Column("base_url", card="line"),
        "timeout_s",
        Column("has_secret", title="有密钥", kind="bool"),
        Column("is_active", title="启用", card="tag"),
    ),
    fields=(
        Field("code", immutable=True, help="业务用它指名对方：his 收费、emr 电子病历"), Field("name"), Field("timeout_s"),
        Field("base_url", span=2, help="消息发往 接口地址/类别，例如 http://his.hospital.local:8080/api/his.charge"),
        Field("is_active"),
    ),
    actions=(
        Action("secret", "更换密钥", _set_secret, permission="system.partner.edit", icon="key", fields=(Field("secret", title="新密钥", kind="text", required=True, span=3, help="保存后不再显示；请求头带时间戳与 HMAC-SHA-256 签名"),)),
    ),
    active=lambda row: True,
    search=("code__istartswith", "name__icontains"),
    label=lambda row: row.name,
)  # fmt: skip


def _again(*, actor: User, obj: Message, values: dict[str, Any]) -> str:
    with transaction.atomic():
        messages.send_again(obj)
        audit.record(
            actor=actor,
            act="system.exchange.again",
            target=f"system.exchange:{obj.pk}",
            summary=f"重发接口消息 {obj}",
        )
    return "已重新排队"


MESSAGES = RegisterScreen(
    key="system.exchange",
    model=Message,
    title="接口消息",
    icon="arrows-exchange",
    url="system/exchange",
    menu=("settings", "接口"),
    order=20,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Message.objects.select_related("partner"),
    ordering=("-id",),
    columns=(
        Column("created_at", kind="datetime", fixed=True, card="meta"),
        Column("partner", card="line"),
        Column("kind", card="meta"),
        Column("key", card="title"),
        Column("state", kind="choice", tones={"waiting": "wait", "sent": "done", "failed": "back"}, card="tag"),
        "attempts", "tried_at", "sent_at", "error",
    ),
    filters=(
        Filter("state"),
        Filter("q", title="业务键", kind="text", lookups=("key__icontains", "kind__istartswith")),
        Filter("partner", kind="register", register="system.partner"),
    ),
    fields=(
        "partner", "kind", "key", "state", "attempts", "created_at", "tried_at", "sent_at", Field("error", span=3),
        Field("answer", span=3), Field("body", kind="textarea", span=3),
    ),
    actions=(Action("again", "重新发送", _again, permission="system.exchange.edit", icon="refresh", shown=lambda row: row.state != "sent"),),
    search=(),
    exact=(),
)  # fmt: skip

ALL = (PARTNERS, MESSAGES)
