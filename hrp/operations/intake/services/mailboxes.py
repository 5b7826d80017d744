"""Mailboxes: their settings, and fetching what is new in them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
from typing import Any

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.intake.models import TLS, Mailbox
from hrp.operations.intake.services import imap, mails
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, vault
from hrp.platform.base.refusals import Invalid, NotFound, Problem, Refusal
from hrp.platform.notify import services as notify

logger = logging.getLogger(__name__)

EDIT = "operations.mailbox.edit"
AT_ONCE = 50
ALERT_AFTER, REMIND_EVERY = dt.timedelta(minutes=3), dt.timedelta(hours=4)
ALERTED = ("值班工程师", "服务台主管", "甲方系统主管工程师")


@transaction.atomic
def save(*, actor: User, pk: int | None, values: dict[str, Any]) -> Mailbox:
    """Create or change a mailbox. The password is written only: an empty one keeps what is there."""
    scope.require(actor, EDIT)
    box = Mailbox() if pk is None else Mailbox.objects.select_for_update().filter(pk=pk).first()
    if box is None:
        raise NotFound("没有找到该邮箱", way_out="请返回列表刷新。")
    for name in ("name", "address", "host", "username", "folder"):
        if name in values:
            setattr(box, name, str(values[name]).strip())
    box.tls = values.get("tls") or box.tls
    problems = [
        Problem("请填写", field=name)
        for name in ("name", "address", "host", "username")
        if not getattr(box, name)
    ]
    box.port = _number(values, "port", box.port, 1, 65535, problems)
    box.max_bytes = _number(values, "max_bytes", box.max_bytes, 10_000, 200 * 2**20, problems)
    box.folder = box.folder or "INBOX"
    password = str(values.get("password") or "")
    if password:
        box.secret = vault.seal(password)
    elif not box.secret:
        problems.append(Problem("请填写口令", field="password"))
    if not box.folder.isascii() or not set('"\\\r\n').isdisjoint(box.folder):
        problems.append(Problem("文件夹名只能用英文字母、数字和符号", field="folder"))
    if box.tls not in dict(TLS):
        problems.append(Problem("请选择加密方式", field="tls"))
    elif box.tls == "none" and not _is_loopback(box.host):
        problems.append(Problem("口令不得明文传输：不加密只允许本机地址", field="tls"))
    if Mailbox.objects.filter(address__iexact=box.address).exclude(pk=box.pk).exists():
        problems.append(Problem("该邮箱已登记", field="address"))
    if problems:
        raise Invalid("邮箱设置有误", way_out="请按标红处修改。", problems=problems)
    box.save()
    audit.record(
        actor=actor, act="operations.mailbox.edit", target=f"operations.mailbox:{box.pk}",
        summary=f"设置报修邮箱 {box.address}", data={"password_changed": bool(password)},
    )  # fmt: skip
    return box


def _number(
    values: dict[str, Any], name: str, present: int, least: int, most: int, problems: list[Problem]
) -> int:
    raw = str(values.get(name) if values.get(name) not in (None, "") else present)
    if not raw.isdecimal() or not least <= int(raw) <= most:
        problems.append(Problem(f"应为 {least}—{most} 的整数", field=name))
        return present
    return int(raw)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@transaction.atomic
def switch(*, actor: User, box: Mailbox, on: bool) -> Mailbox:
    """Begin or stop fetching."""
    scope.require(actor, EDIT)
    box.is_active = on
    box.failing_since, box.alerted_at, box.last_error = None, None, ""
    box.save(update_fields=["is_active", "failing_since", "alerted_at", "last_error"])
    audit.record(
        actor=actor, act="operations.mailbox.switch", target=f"operations.mailbox:{box.pk}",
        summary=f"{'启用' if on else '停用'}报修邮箱 {box.address}",
    )  # fmt: skip
    return box


def poll(*, mailbox: Mailbox) -> int:
    """Fetch what is new; returns how many mails were taken in. A mailbox that cannot be read is alerted, not raised.

    A mail counts as fetched in the transaction that keeps it, so whatever breaks off, the next time goes on there;
    a folder made anew (another UIDVALIDITY) is read from its beginning, known mails being recognised.
    """
    try:
        with imap.session(
            host=mailbox.host, port=mailbox.port, tls=mailbox.tls, username=mailbox.username,
            password=vault.unseal(mailbox.secret), folder=mailbox.folder,
        ) as session:  # fmt: skip
            taken = _fetch(mailbox, session)
    except (*imap.FAILURES, Refusal) as error:
        _failed(mailbox, str(getattr(error, "reason", "") or error) or type(error).__name__)
        return 0
    _well(mailbox)
    return taken


def _fetch(mailbox: Mailbox, session: imap.Session) -> int:
    if session.validity != mailbox.uid_validity:
        mailbox.uid_validity, mailbox.last_uid = session.validity, 0
        mailbox.save(update_fields=["uid_validity", "last_uid"])
    taken = 0
    for uid in session.uids_after(mailbox.last_uid)[:AT_ONCE]:
        waiting = session.look(uid)
        arrived = None
        if waiting is not None:
            whole = waiting.size <= mailbox.max_bytes
            raw = session.whole(uid) if whole else session.head(uid)
            arrived = mails.Arrived(raw, uid, waiting.size, waiting.received_at, whole)
        with transaction.atomic():
            if arrived is not None and mails.take_in(mailbox=mailbox, arrived=arrived) is not None:
                taken += 1
            mailbox.last_uid = uid
            mailbox.save(update_fields=["last_uid"])
        if arrived is not None and arrived.whole:
            session.mark_seen(uid)
    return taken


def _failed(mailbox: Mailbox, error: str) -> None:
    now = clock.now()
    mailbox.checked_at, mailbox.last_error = now, error[:300]
    mailbox.failing_since = mailbox.failing_since or now
    due = now - mailbox.failing_since >= ALERT_AFTER and (
        mailbox.alerted_at is None or now - mailbox.alerted_at >= REMIND_EVERY
    )
    if due:
        mailbox.alerted_at = now
        _tell(
            mailbox,
            f"报修邮箱收不到信：{mailbox.address}",
            f"自 {clock.local(mailbox.failing_since):%m-%d %H:%M} 起收取失败：{mailbox.last_error}。邮件仍在邮件服务器上，恢复后补收；"
            "其间请留意邮箱或提醒科室改打热线。",
            f"down:{now.timestamp()}",
        )
    mailbox.save(update_fields=["checked_at", "last_error", "failing_since", "alerted_at"])
    logger.warning("mailbox %s: %s", mailbox.address, error)


def _well(mailbox: Mailbox) -> None:
    if mailbox.alerted_at is not None:
        _tell(mailbox, f"报修邮箱已恢复：{mailbox.address}", "", f"up:{clock.now().timestamp()}")
    mailbox.checked_at = clock.now()
    mailbox.failing_since, mailbox.alerted_at, mailbox.last_error = None, None, ""
    mailbox.save(update_fields=["checked_at", "failing_since", "alerted_at", "last_error"])


def _tell(mailbox: Mailbox, title: str, body: str, key: str) -> None:
    notify.notify(
        recipients=contracts.users_with(ALERTED), kind="operations.intake", title=title, body=body,
        url=f"/operations/mailboxes/{mailbox.pk}", dedupe_key=f"mailbox:{mailbox.pk}:{key}",
    )  # fmt: skip
