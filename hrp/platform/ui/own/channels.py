"""Channels, people's addresses and what became of each message: the system administrator's pages of ``notify``."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.notify import selectors, services
from hrp.platform.notify.models import ContactPoint, Delivery, Gateway, GatewayTest
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "system.channel.view": "查看消息渠道",
    "system.channel.edit": "设置消息渠道与密钥",
    "system.contact.view": "查看人员联系方式",
    "system.contact.edit": "维护人员联系方式",
    "system.delivery.view": "查看消息投递",
    "system.delivery.edit": "重新投递消息",
}
STATE_TONES = {"waiting": "wait", "delivered": "done", "skipped": "draft", "exhausted": "back"}


@transaction.atomic
def _save_gateway(*, actor: User, pk: int | None, values: dict[str, Any]) -> Gateway:
    scope.require(actor, "system.channel.edit")
    ticked = (True, "on", "true", "True", "1")
    flags: dict[str, Any] = {
        name: values[name] in ticked for name in ("needs_internet", "by_default") if name in values
    }
    row = services.save_gateway(pk=pk, values={**values, **flags})
    _log(actor, "save", row, "建立" if pk is None else "修改")
    return row


@transaction.atomic
def _set_secret(*, actor: User, obj: Gateway, values: dict[str, Any]) -> str:
    services.set_secret(gateway=obj, secret=str(values.get("secret", "")))
    _log(actor, "secret", obj, "更换密钥")
    return f"已更换 {obj.title} 的密钥；密钥不会再显示"


def _switch(active: bool) -> Any:
    def run(*, actor: User, obj: Gateway, values: dict[str, Any]) -> str:
        with transaction.atomic():
            services.switch_gateway(gateway=obj, active=active)
            _log(actor, "switch", obj, "启用" if active else "停用")
        return f"已{'启用' if active else '停用'} {obj.title}"

    return run


def _test(*, actor: User, obj: Gateway, values: dict[str, Any]) -> str:
    result = services.try_gateway(gateway=obj, actor=actor)
    _log(actor, "test", obj, f"自检{'通过' if result.passed else '未通过'}")
    return f"自检通过，用时 {result.took_ms} 毫秒" if result.passed else f"自检未通过：{result.error}"


def _log(actor: User, act: str, row: Gateway, what: str) -> None:
    audit.record(
        actor=actor,
        act=f"system.channel.{act}",
        target=f"system.channel:{row.pk}",
        summary=f"{what}渠道 {row}",
    )


def _last_test(row: Gateway) -> str:
    found = selectors.tests(row).first()
    return "—" if found is None else ("通过" if found.passed else "未通过")


GATEWAYS = RegisterScreen(
    key="system.channel",
    model=Gateway,
    title="消息渠道",
    icon="broadcast",
    url="system/channels",
    menu=("settings", "消息"),
    order=10,
    save=_save_gateway,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("title", card="title"),
        Column("kind", card="line"),
        "url", "needs_internet", "timeout_s",
        Column("has_secret", title="有密钥", kind="bool"),
        Column("last_test", title="最近自检", value=_last_test, card="meta"),
        Column("is_active", title="启用", card="tag"),
    ),
    filters=(Filter("kind"), Filter("is_active", title="启用", kind="bool")),
    fields=(
        Field("code", immutable=True, help="呼叫链用它指名渠道：voice 语音、sms 短信、wecom 企业微信、dingtalk 钉钉"),
        Field("title"), Field("kind"),
        Field("url", span=2, help="可含 {secret}；企业微信应用消息填到 /cgi-bin 为止"),
        Field("timeout_s"),
        Field("allowed", kind="textarea", span=2, help="一行一个 主机:端口；不在其中的地址一律不连接，重定向一律算失败"),
        Field("account", help="企业微信应用消息填 企业ID:AgentId"),
        Field("needs_internet", help="短信猫、院内网关不依赖"), Field("by_default", help="未作选择的人也从这里收"),
        Field("test_address", help="自检发往这个号码或账号"),
        Field("body", kind="textarea", span=3, help="短信、语音网关的请求内容（JSON 或一行一个 名称=值），可用 {mobile} {title} {text} {link} {id} {name} {account} {secret}；空着用默认"),
        Field("headers", kind="textarea", span=2, help="一行一个 名称: 值，可含 {secret}"),
        Field("expects", help="回答中表示成功的值，例如 data.code=0"),
    ),
    panels=(
        Panel(
            "tests", "自检记录", lambda row, actor: selectors.tests(row)[:30],
            (
                "at", Column("by", title="发起", value=lambda test: test.by.display_name if test.by else "每日自检"),
                "passed", "address", "took_ms", "error",
            ),
            model=GatewayTest,
        ),
    ),
    actions=(
        Action("test", "立即自检", _test, permission="system.channel.edit", icon="send"),
        Action("secret", "更换密钥", _set_secret, permission="system.channel.edit", icon="key", fields=(Field("secret", title="新密钥", kind="text", required=True, span=3, help="保存后不再显示"),)),
        Action("on", "启用", _switch(True), permission="system.channel.edit", icon="player-play", style="primary", shown=lambda row: not row.is_active),
        Action("off", "停用", _switch(False), permission="system.channel.edit", icon="player-pause", style="danger", confirm="停用后，经此渠道的消息不再发出。", shown=lambda row: row.is_active),
    ),
    active=lambda row: True,
    search=("code__istartswith", "title__icontains"),
    label=lambda row: row.title,
)  # fmt: skip


@transaction.atomic
def _save_contact(*, actor: User, pk: int | None, values: dict[str, Any]) -> ContactPoint:
    scope.require(actor, "system.contact.edit")
    row = services.save_contact(pk=pk, values=values)
    audit.record(
        actor=actor,
        act="system.contact.save",
        target=f"system.contact:{row.pk}",
        summary=f"登记联系方式 {row}",
    )
    return row


CONTACTS = RegisterScreen(
    key="system.contact",
    model=ContactPoint,
    title="联系方式",
    icon="address-book",
    url="system/contacts",
    menu=("settings", "消息"),
    order=20,
    save=_save_contact,
    queryset=lambda actor: ContactPoint.objects.select_related("user"),
    ordering=("user__username", "kind"),
    columns=(
        Column("user__username", title="工号", sort="user__username", fixed=True, card="meta"),
        Column("user", title="姓名", card="title"), Column("kind", card="line"), Column("address", card="meta"),
    ),
    filters=(
        Filter("q", title="人员", kind="text", lookups=("user__username__icontains", "user__display_name__icontains", "user__pinyin__icontains")),
        Filter("kind"),
    ),
    fields=(Field("user", lookup="system.user", immutable=True), Field("kind", immutable=True), Field("address")),
    search=(),
    exact=(),
)  # fmt: skip


def _again(*, actor: User, obj: Delivery, values: dict[str, Any]) -> str:
    services.deliver_again(delivery=obj.pk)
    audit.record(
        actor=actor,
        act="system.delivery.again",
        target=f"system.delivery:{obj.pk}",
        summary=f"重新投递 {obj.message}",
    )
    return "已重新排队"


def _channel_title(row: Delivery) -> str:
    return selectors.titles().get(row.channel, row.channel)


DELIVERIES = RegisterScreen(
    key="system.delivery",
    model=Delivery,
    title="消息投递",
    icon="mail-forward",
    url="system/deliveries",
    menu=("settings", "消息"),
    order=30,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: selectors.deliveries().exclude(channel="in_app"),
    ordering=("-id",),
    columns=(
        Column("message__created_at", title="时间", kind="datetime", fixed=True, card="meta"),
        Column("message__title", title="消息", card="title"),
        Column("message__recipient", title="收件人", card="line"),
        Column("channel", value=_channel_title, card="meta"),
        Column("state", kind="choice", tones=STATE_TONES, card="tag"),
        "address", "attempts", "tried_at", "delivered_at", "error",
    ),
    filters=(Filter("state"), Filter("channel", kind="text"), Filter("message__recipient", title="收件人", kind="text", lookups=("message__recipient__display_name__icontains",))),
    fields=(
        Field("message", span=2), "channel", "state", "attempts", "address", "tried_at", "delivered_at", Field("error", span=3),
    ),
    actions=(Action("again", "重新投递", _again, permission="system.delivery.edit", icon="refresh", shown=lambda row: row.state == "exhausted"),),
    search=(),
    exact=(),
)  # fmt: skip

ALL = (GATEWAYS, CONTACTS, DELIVERIES)
