"""Registers of intake: calls, mails, mailboxes, contacts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Call, CallEvent, Contact, Mail, Mailbox, MailFile
from hrp.operations.intake.rules import calls as rules
from hrp.operations.intake.services import calls, mailboxes, mails, merging, setup
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.ui.screens import Action, Column, Field, Filter, Notice, Panel, RegisterScreen, Tab

REASON = (Field("reason", title="说明", kind="textarea", required=True),)
STATES = {"ringing": "振铃中", "answered": "已接听", "missed": "未接听", "unanswered": "无人接听"}
GROUP = ("operations", "报修受理")


def _second(instant: dt.datetime | None) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M:%S}" if instant else ""


def _outcome(row: Any) -> Any:
    return getattr(row, "outcome", None)


def _ticket_url(row: Any) -> str:
    found = _outcome(row)
    return desk.url_of(found.ticket) if found is not None and found.ticket else ""


def _ticket_number(row: Any) -> str:
    found = _outcome(row)
    return found.ticket.number if found is not None and found.ticket else ""


def _became(row: Any) -> str:
    found = _outcome(row)
    return found.get_kind_display() if found is not None else "未登记"


def _apart(milliseconds: int | None) -> str:
    """A clock difference, when it is worth showing."""
    if milliseconds is None or abs(milliseconds) <= rules.SKEW_SHOWN.total_seconds() * 1000:
        return ""
    return f"{'慢' if milliseconds > 0 else '快'} {abs(milliseconds) / 1000:.1f} 秒"


def _state(call: Call) -> str:
    return STATES[selectors.story(call).state(clock.now())]


def _call_events(call: Call, actor: User) -> Any:
    return CallEvent.objects.filter(call=call).order_by("at", "pk")


def _dismiss_call(*, actor: User, obj: Call, values: dict[str, Any]) -> str:
    calls.dismiss(actor=actor, call=obj, reason=str(values.get("reason", "")))
    return "已标为不是报修"


def _attach_call(*, actor: User, obj: Call, values: dict[str, Any]) -> str:
    found = desk.ticket(actor, merging.find(str(values.get("ticket_number", ""))).pk)
    calls.add_to_ticket(actor=actor, call=obj, ticket=found)
    return desk.url_of(found)


def _issue_key(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    token = setup.issue_cti_key(actor=actor)
    return Notice(
        f"话务接口密钥：{token}（只显示这一次，一年有效；推送地址 {reverse('operations.cti.events')}）"
    )


CALLS = RegisterScreen(
    key="operations.call",
    model=Call,
    title="来电记录",
    icon="phone-incoming",
    url="operations/calls",
    editable=False,
    creatable=False,
    history=False,
    scope_field=selectors.PLACE,
    queryset=lambda actor: selectors.calls().select_related("outcome__ticket"),
    ordering=("-ring_at",),
    columns=(
        Column("ring_at", title="振铃", value=lambda c: _second(c.rang_at), sort="ring_at", fixed=True, card="meta"),
        Column("caller", card="title"),
        Column("state", title="状态", value=_state, card="tag"),
        Column("answered_at", title="接听", value=lambda c: _second(c.answered_at)),
        Column("wait", title="等候（秒）", kind="integer", value=lambda c: round((c.answered_at - c.rang_at).total_seconds()) if c.answered_at else None),
        Column("became", title="去向", value=_became, card="line"),
        Column("ticket", title="工单", value=_ticket_number, link=_ticket_url),
        Column("skew_ms", title="话务时钟差", value=lambda c: _apart(c.skew_ms)),
        Column("note", title="与人工登记", value=lambda c: c.outcome.note if _outcome(c) and c.outcome.kind == "matched" else ""),
        Column("source"), Column("call_id", kind="code", hidden=True), Column("direction", hidden=True),
    ),
    tabs=(
        Tab("open", "未登记", {"outcome__isnull": True, "direction": "in"}),
        Tab("shell", "未接自动建单", {"outcome__kind__in": ["shell", "again"]}),
        Tab("merged", "并入更早来电", {"outcome__kind": "merged"}),
        Tab("matched", "与人工登记对上", {"outcome__kind": "matched"}),
    ),
    filters=(
        Filter("q", title="号码", kind="text", lookups=("caller__contains", "number__contains", "call_id__icontains", "outcome__ticket__number__icontains"), placeholder="号码 / 话务编号 / 工单号"),
        Filter("ring_at", title="日期", kind="date_range"),
        Filter("source", kind="choice"),
    ),
    fields=("call_id", "direction", "caller", "callee", Field("ring_at", kind="text", title="振铃（话务系统）"), "received_at", "source"),
    panels=(
        Panel("events", "话务系统所报", _call_events, (
            "kind", Column("at", title="时间", value=lambda e: _second(e.at)), Column("received_at", title="系统收到", value=lambda e: _second(e.received_at)),
            Column("skew_ms", title="时钟差", value=lambda e: _apart(e.skew_ms)), "source", "agent",
        ), model=CallEvent),
    ),
    actions=(
        Action("key", "发放话务接口密钥", _issue_key, permission="operations.cti.setup", icon="key", place="page", confirm="生成一把只能推送话务事件的密钥，供话务系统使用。"),
        Action("records", "导入话单", lambda *, actor, obj, values: reverse("operations.call.records"), permission="operations.call.import", icon="file-import", place="page"),
        Action("open", "登记报修", lambda *, actor, obj, values: reverse("operations.call.register", args=[obj.pk]), permission="operations.ticket.log", icon="phone-plus", style="primary", shown=lambda c: _outcome(c) is None and c.direction == "in"),
        Action("attach", "记入已有工单", _attach_call, permission="operations.ticket.log", icon="link", fields=(Field("ticket_number", title="工单号", required=True),), shown=lambda c: _outcome(c) is None and c.direction == "in"),
        Action("dismiss", "不是报修", _dismiss_call, permission="operations.call.handle", icon="phone-off", fields=REASON, shown=lambda c: _outcome(c) is None),
    ),
    search=("caller__contains", "call_id__istartswith"),
    exact=("call_id",),
)  # fmt: skip


def _files(mail: Mail, actor: User) -> Any:
    return MailFile.objects.filter(mail=mail).order_by("-is_source", "pk")


def _file_url(row: MailFile) -> str:
    return reverse("operations.mail.file", args=[row.mail_id, row.pk]) if row.path else ""


def _dismiss_mail(*, actor: User, obj: Mail, values: dict[str, Any]) -> str:
    mails.dismiss(actor=actor, mail=obj, reason=str(values.get("reason", "")))
    return "已标为不是报修"


def _attach_mail(*, actor: User, obj: Mail, values: dict[str, Any]) -> str:
    found: Ticket = desk.ticket(actor, merging.find(str(values.get("ticket_number", ""))).pk)
    mails.add_to_ticket(actor=actor, mail=obj, ticket=found, as_contact=values.get("how") == "contact")
    return desk.url_of(found)


def _waiting(mail: Mail) -> bool:
    return _outcome(mail) is None


MAILS = RegisterScreen(
    key="operations.mail",
    model=Mail,
    title="邮件收取",
    icon="mail",
    url="operations/mails",
    editable=False,
    creatable=False,
    history=False,
    scope_field=selectors.PLACE,
    queryset=lambda actor: Mail.objects.select_related("outcome__ticket", "mailbox"),
    ordering=("-received_at",),
    columns=(
        Column("received_at", title="服务器收到", value=lambda m: _second(m.received_at), sort="received_at", fixed=True, card="meta"),
        Column("sender_name", title="发件人", value=lambda m: m.sender_name or m.sender, card="line"),
        Column("subject", card="title"),
        Column("kind", tones={"report": "check", "reply": "check", "unknown": "wait", "oversize": "wait", "broken": "back", "auto": "draft", "loop": "draft"}, card="tag"),
        Column("hot", title="紧急用语", value=lambda m: "、".join(m.hot_words)),
        Column("became", title="去向", value=lambda m: "—" if m.kind in ("auto", "loop") and _waiting(m) else "待分拣" if _waiting(m) else _became(m)),
        Column("ticket", title="工单", value=_ticket_number, link=_ticket_url),
        Column("sender", hidden=True), Column("why", hidden=True), Column("mailbox", hidden=True), Column("size", hidden=True),
    ),
    tabs=(
        Tab("triage", "待分拣", {"outcome__isnull": True, "kind__in": ["report", "reply", "unknown", "oversize", "broken"]}),
        Tab("placed", "已登记", {"outcome__isnull": False}),
        Tab("auto", "自动邮件与循环", {"kind__in": ["auto", "loop"]}),
    ),
    filters=(
        Filter("q", title="邮件", kind="text", lookups=("subject__icontains", "sender__icontains", "sender_name__icontains"), placeholder="主题 / 发件人"),
        Filter("received_at", title="日期", kind="date_range"),
        Filter("kind", kind="choice"),
    ),
    fields=(
        "subject", "sender", "sender_name", Field("received_at", kind="text"), Field("taken_at", kind="text"), "kind", Field("why", span=2), "size",
        Field("body", span=3), Field("message_id", span=2), Field("sha256", span=3),
    ),
    panels=(
        Panel("files", "原信与附件", _files, (
            Column("name", link=_file_url), "mime", Column("size", kind="integer"), Column("refused", title="未保存的原因"), Column("sha256", kind="code"),
        ), model=MailFile),
    ),
    actions=(
        Action("open", "登记报修", lambda *, actor, obj, values: reverse("operations.mail.register", args=[obj.pk]), permission="operations.mail.handle", icon="phone-plus", style="primary", shown=_waiting),
        Action("attach", "记入已有工单", _attach_mail, permission="operations.mail.handle", icon="link", shown=_waiting, fields=(
            Field("ticket_number", title="工单号", required=True),
            Field("how", title="作为", kind="choice", required=True, choices=(("contact", "再次联系（已结束的工单另起一轮）"), ("note", "备注"))),
        )),
        Action("dismiss", "不是报修", _dismiss_mail, permission="operations.mail.handle", icon="mail-off", fields=REASON, shown=_waiting),
    ),
    search=("subject__icontains", "sender__icontains"),
    exact=(),
)  # fmt: skip


MAILBOXES = RegisterScreen(
    key="operations.mailbox",
    model=Mailbox,
    title="报修邮箱",
    icon="mailbox",
    url="operations/mailboxes",
    menu=GROUP,
    order=70,
    save=mailboxes.save,
    disable=lambda *, actor, obj, reason: mailboxes.switch(actor=actor, box=obj, on=False),
    enable=lambda *, actor, obj: mailboxes.switch(actor=actor, box=obj, on=True),
    ordering=("address",),
    columns=(
        Column("address", fixed=True, card="title"), Column("name", card="line"), "host", "port", "tls", "folder",
        Column("checked_at", title="最近收取", value=lambda b: _second(b.checked_at), card="meta"),
        Column("failing_since", title="收取失败始于", value=lambda b: _second(b.failing_since)), "last_error", "is_active",
    ),
    fields=(
        "name", "address", "host", Field("port", kind="integer"), "tls", "username",
        Field("password", title="口令", kind="secret", help="加密保存，不再显示；不改口令时空着"), "folder",
        Field("max_bytes", title="单封上限（字节）", kind="integer", help="更大的邮件只收信头，转人工分拣"),
    ),
    search=("address__icontains", "name__icontains"),
    exact=("address",),
)  # fmt: skip


CONTACTS = RegisterScreen(
    key="operations.intake_contact",
    model=Contact,
    title="报修联系人",
    icon="address-book",
    url="operations/intake-contacts",
    menu=GROUP,
    order=60,
    ordering=("name",),
    scope_field="org_unit",
    queryset=lambda actor: Contact.objects.select_related("org_unit"),
    columns=(
        Column("name", fixed=True, card="title"), Column("number", kind="code", card="meta"), Column("email", card="line"),
        "org_unit", "module", "is_active",
    ),
    filters=(Filter("q", title="联系人", kind="text", lookups=("name__icontains", "number__contains", "email__icontains"), placeholder="姓名 / 电话 / 邮箱"),),
    fields=("name", "number", "email", Field("org_unit", lookup="org.unit"), "module", "is_active"),
    search=("name__icontains", "number__contains"),
    exact=(),
)  # fmt: skip

ALL = (CALLS, MAILS, MAILBOXES, CONTACTS)
