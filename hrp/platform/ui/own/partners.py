"""接口伙伴 and 接口消息: whom we exchange messages with, and what became of each message."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.documents.registry import url_for
from hrp.platform.exchange.messages import outbound, partners
from hrp.platform.exchange.models import Partner, PartnerAttempt, PartnerMessage
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "system.partner.view": "查看接口伙伴",
    "system.partner.edit": "设置接口伙伴与密钥",
    "system.partner_message.view": "查看接口消息",
    "system.partner_message.edit": "重发接口消息",
}
TONES = {"waiting": "wait", "delivered": "done", "handled": "done", "refused": "back", "exhausted": "back"}


@transaction.atomic
def _save(*, actor: User, pk: int | None, values: dict[str, Any]) -> Partner:
    scope.require(actor, "system.partner.edit")
    row = partners.save(pk=pk, values=values)
    _log(actor, "save", row, "建立" if pk is None else "修改")
    return row


@transaction.atomic
def _set_secret(*, actor: User, obj: Partner, values: dict[str, Any]) -> str:
    partners.set_secret(partner=obj, secret=str(values.get("secret", "")))
    _log(actor, "secret", obj, "更换密钥")
    return f"已更换 {obj.title} 的密钥；密钥不会再显示"


def _switch(active: bool) -> Any:
    def run(*, actor: User, obj: Partner, values: dict[str, Any]) -> str:
        with transaction.atomic():
            partners.switch(partner=obj, active=active)
            _log(actor, "switch", obj, "启用" if active else "停用")
        return f"已{'启用' if active else '停用'} {obj.title}"

    return run


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
        Column("code", sort=True, fixed=True, card="meta"), Column("title", card="title"), Column("url", card="line"),
        Column("user", title="代表用户"), "timeout_s", Column("has_secret", title="有密钥", kind="bool"),
        Column("is_active", title="启用", card="tag"),
    ),
    filters=(Filter("is_active", title="启用", kind="bool"),),
    fields=(
        Field("code", immutable=True, help="供应商平台填供应商编码"), Field("title"), Field("timeout_s"),
        Field("url", span=2, help="我方消息以 POST 发到这里"), Field("user", lookup="system.user", help="对方发来的消息以此人的权限办理"),
        Field("allowed", kind="textarea", span=2, help="一行一个 主机:端口；不在其中的地址一律不连接"),
    ),
    actions=(
        Action("secret", "更换密钥", _set_secret, permission="system.partner.edit", icon="key", fields=(Field("secret", title="新密钥", kind="text", required=True, span=3, help="双方都用它签名；保存后不再显示"),)),
        Action("on", "启用", _switch(True), permission="system.partner.edit", icon="player-play", style="primary", shown=lambda row: not row.is_active),
        Action("off", "停用", _switch(False), permission="system.partner.edit", icon="player-pause", style="danger", confirm="停用后不再收发它的消息。", shown=lambda row: row.is_active),
    ),
    active=lambda row: True,
    search=("code__istartswith", "title__icontains"),
    label=lambda row: row.title,
)  # fmt: skip


def _again(*, actor: User, obj: PartnerMessage, values: dict[str, Any]) -> str:
    outbound.send_again(message=obj, actor=actor)
    audit.record(
        actor=actor,
        act="system.partner_message.again",
        target=f"system.partner_message:{obj.pk}",
        summary=f"重发 {obj}",
    )
    return "已重新排队"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)[:2000] if value is not None else ""


MESSAGES = RegisterScreen(
    key="system.partner_message",
    model=PartnerMessage,
    title="接口消息",
    icon="arrows-left-right",
    url="system/partner-messages",
    menu=("settings", "接口"),
    order=20,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: PartnerMessage.objects.select_related("partner"),
    ordering=("-id",),
    columns=(
        Column("created_at", fixed=True, sort=True, card="meta"), Column("partner", card="line"), "direction",
        Column("kind", card="title"), Column("key"), Column("source", link=lambda row: url_for(row.source)),
        Column("state", kind="choice", tones=TONES, card="tag"), "attempts", "settled_at", "error",
    ),
    filters=(
        Filter("state"), Filter("direction"), Filter("partner", kind="register", register="system.partner"),
        Filter("q", title="类型 / 幂等键", kind="text", lookups=("kind__icontains", "key__icontains", "source__icontains")),
        Filter("created_at", title="时间", kind="date_range"),
    ),
    fields=("partner", "direction", "kind", Field("key", span=2), "source", "state", "attempts", "created_at", "settled_at", Field("error", span=3)),
    panels=(
        Panel(
            "content", "内容", lambda row, actor: [{"body": _text(row.body), "answer": _text(row.answer)}],
            (Column("body", title="请求", kind="text"), Column("answer", title="回答", kind="text")),
        ),
        Panel("tries", "发送记录", lambda row, actor: row.tries.all(), ("at", "ok", "took_ms", "said", "error"), model=PartnerAttempt),
    ),
    actions=(Action("again", "重发", _again, permission="system.partner_message.edit", icon="refresh", shown=lambda row: row.state == "exhausted"),),
    search=(),
    exact=(),
)  # fmt: skip

ALL = (PARTNERS, MESSAGES)
