"""Calls and mails around the tickets of the demo desk: the list of the telephone system, what rang just now, three mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from hrp.operations.desk.demo import AGENT
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Contact, Mailbox
from hrp.operations.intake.services import calls, cdr, mailboxes, mails
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit

_CONTACTS = (
    ("王药师", "药", "6612", "wangyaoshi@hospital.example", "物流管理系统"),
    ("陈会计", "财务", "6205", "chenkuaiji@hospital.example", "成本核算管理系统"),
    ("许老师", "人", "6310", "xulaoshi@hospital.example", "人力资源管理系统"),
)
"""Name, what the name of their department contains, number, address, the system they report for."""
_STRANGER = "13800002468"


def seed(users: Mapping[str, User], units: Sequence[OrgUnit]) -> None:
    """To be called after the desk's own story; nothing here changes it."""
    now = clock.now()
    for name, part, number, email, module in _CONTACTS:
        unit = next((one for one in units if part in one.name), units[0])
        Contact.objects.create(name=name, number=number, email=email, module=module, org_unit=unit)
    _call_list(now)
    _calls_of_now(now, users[AGENT].username)
    _mails(now)


def _call_list(now: dt.datetime) -> None:
    """The list of the telephone system agrees with what the desk wrote down, give or take a second."""
    robot = calls.telephone()
    done = cdr.Imported()
    contacts = selectors.phone_contacts(now - dt.timedelta(days=400), now, manual=True)
    for place, (evidence, ticket) in enumerate(contacts):
        ring = min(
            evidence.ring_at + dt.timedelta(seconds=place % 3), evidence.answered_at or evidence.entered_at
        )
        over = (evidence.answered_at or ring) + dt.timedelta(seconds=40 + place % 90)
        told = [("ring", ring), ("ended", min(over, now))]
        if evidence.answered_at:
            told.insert(1, ("answered", evidence.answered_at))
        with clock.pinned(max(evidence.entered_at, over)):
            for kind, at in told:
                event = calls.Incoming(
                    call_id=f"CDR-{ticket.number}", kind=kind, at=at, ring_at=ring, caller=evidence.caller,
                    callee="8000", source="cdr",
                )  # fmt: skip
                call, _fresh = calls.write(actor=robot, event=event)
            cdr.reconcile(call=call, done=done)


def _calls_of_now(now: dt.datetime, agent: str) -> None:
    """A stranger who gave up, a call nobody took, and one the agent has on the line this minute."""
    story = (
        ("K1", _STRANGER, (("ring", 640), ("ended", 635))),
        ("K2", "6310", (("ring", 380), ("missed", 352))),
        ("K3", "6205", (("ring", 95), ("answered", 86))),
    )
    robot = calls.telephone()
    for call_id, caller, told in story:
        for kind, ago in told:
            at = now - dt.timedelta(seconds=ago)
            with clock.pinned(at):
                calls.take(
                    actor=robot,
                    event=calls.Incoming(
                        call_id=f"{now:%Y%m%d}-{call_id}", kind=kind, at=at, caller=caller, callee="8000",
                        agent=agent if kind == "answered" else "",
                    ),
                )  # fmt: skip


def _mails(now: dt.datetime) -> None:
    """The mailbox is not fetched in the demo; what lies in it came in as any mail does."""
    robot = system_actor("demo", title="演示数据")
    box: Mailbox = mailboxes.save(
        actor=robot, pk=None,
        values={
            "name": "HRP 报修", "address": "baoxiu@hospital.example", "host": "imap.hospital.example", "tls": "ssl",
            "username": "baoxiu", "password": "demo-only",
        },
    )  # fmt: skip
    mailboxes.switch(actor=robot, box=box, on=False)
    story: tuple[tuple[int, str, str, str, str, dict[str, str]], ...] = (
        (95, "王药师", "wangyaoshi@hospital.example", "高值耗材入库单打印模糊", "昨天起入库单二维码打印模糊，扫不出来，可手工录入。\n三号库房 王药师", {}),
        (62, "刘工", "liugong@supplies.example", "贵院系统无法接收我司发货单", "今早推送的三张发货单均提示超时，请协助查看。", {}),
        (50, "陈会计", "chenkuaiji@hospital.example", "自动回复：外出开会", "本人今日外出，有事请致电 6205。", {"Auto-Submitted": "auto-replied"}),
    )  # fmt: skip
    for uid, (minutes, name, sender, subject, text, headers) in enumerate(story, start=1):
        message = EmailMessage()
        message["From"], message["Subject"] = f"{name} <{sender}>", subject
        message["Message-ID"] = f"<demo-{uid}@hospital.example>"
        for header, value in headers.items():
            message[header] = value
        message.set_content(text)
        raw = message.as_bytes()
        received = now - dt.timedelta(minutes=minutes)
        with clock.pinned(received + dt.timedelta(seconds=25)):
            mails.take_in(mailbox=box, arrived=mails.Arrived(raw, uid, len(raw), received))
