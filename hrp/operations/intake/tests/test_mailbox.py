"""A mailbox read over IMAP: reports, answers, automatic mail, strangers, what is broken, and a server that dies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.urls import reverse

from hrp.operations.desk.models import ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.tests.world import MONDAY, World, later
from hrp.operations.intake import selectors
from hrp.operations.intake.jobs import fetch
from hrp.operations.intake.models import Mail, Mailbox, MailFile, MailOutcome
from hrp.operations.intake.services import mailboxes
from hrp.operations.intake.tests import world as tests
from hrp.operations.intake.tests.conftest import PASSWORD, USER, Postoffice
from hrp.operations.intake.tests.world import door
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Invalid
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db
KNOWN, STRANGER = "wang@hospital.example", "someone@elsewhere.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 30 + b"IEND\xaeB`\x82"


@pytest.fixture
def world() -> World:
    return tests.make()


def settings(postoffice: Postoffice, **changes: Any) -> dict[str, Any]:
    return {
        "name": "报修", "address": "baoxiu@hospital.example", "host": "127.0.0.1", "port": str(postoffice.port),
        "tls": "none", "username": USER, "password": PASSWORD, "folder": "reports", "max_bytes": "200000", **changes,
    }  # fmt: skip


@pytest.fixture
def box(world: World, postoffice: Postoffice) -> Mailbox:
    with clock.pinned(MONDAY):
        return mailboxes.save(actor=world.engineer, pk=None, values=settings(postoffice))


def mail(
    subject: str = "出库保存报错", sender: str = KNOWN, text: str = "三号库房，可手工登记", **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        f"王药师 <{sender}>",
        "baoxiu@hospital.example",
        subject,
    )
    message["Message-ID"] = headers.pop(
        "Message_ID", f"<{abs(hash((subject, sender, text)))}@hospital.example>"
    )
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


@pytest.fixture
def send(postoffice: Postoffice, box: Mailbox) -> Callable[..., int]:
    """Deliver mails at MONDAY and fetch ``minutes`` later."""

    def run(*mails: EmailMessage | bytes, minutes: float = 5) -> int:
        for one in mails:
            postoffice.deliver(one if isinstance(one, bytes) else one.as_bytes(), at=MONDAY)
        box.refresh_from_db()
        with clock.pinned(later(minutes)):
            return mailboxes.poll(mailbox=box)

    return run


def test_mail_becomes_a_ticket_from_when_the_server_had_it(
    world: World, box: Mailbox, send: Any, postoffice: Postoffice
) -> None:
    assert send(mail(), minutes=45) == 1
    ticket = Ticket.objects.get()
    assert ticket.first_contact_at == MONDAY
    assert (ticket.level, ticket.title, ticket.module) == ("C", "出库保存报错", "物流管理系统")
    assert (ticket.org_unit, ticket.reporter_name, ticket.reporter_phone) == (
        world.store,
        "王药师",
        tests.NUMBER,
    )
    assert ContactEvidence.objects.get().channel == "email"
    assert postoffice.unseen() == 0


def test_mail_is_taken_once_whatever_happens_to_the_folder(box: Mailbox, send: Any) -> None:
    assert send(mail()) == 1
    assert send() == 0
    assert send(mail()) == 0  # the same mail delivered twice
    Mailbox.objects.update(uid_validity=1, last_uid=0)  # as if the folder had been made anew
    assert send() == 0
    assert (Mail.objects.count(), Ticket.objects.count()) == (1, 1)


def test_another_mail_under_a_used_message_id_is_not_lost(send: Any) -> None:
    send(mail("一", Message_ID="<same@x>"), mail("二", Message_ID="<same@x>"))
    assert set(Mail.objects.values_list("subject", flat=True)) == {"一", "二"}
    assert Ticket.objects.count() == 2


def test_grave_report_by_mail_is_kept_provisionally_and_on_call_is_told(world: World, send: Any) -> None:
    send(mail("1级 全院各库房瘫痪"))
    ticket = Ticket.objects.get()
    assert (ticket.level, ticket.reported_level) == ("B", "1")
    assert "channel_rejected" in ticket.flags
    assert Message.objects.filter(recipient=world.engineer, kind="operations.intake").count() == 1


def test_urgent_words_reach_on_call_even_at_level_c(world: World, send: Any) -> None:
    send(mail("请教一个问题", text="昨天全院停机是什么原因"))
    assert Ticket.objects.get().level == "C"
    told = Message.objects.get(recipient=world.engineer, kind="operations.intake")
    assert "停机" in told.title
    assert "全院" in told.title


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_HRP_Ticket": "FW2026-00001"},
        {"Return_Path": "<>"},
    ],
)
def test_automatic_mail_is_kept_but_opens_nothing(world: World, send: Any, headers: dict[str, str]) -> None:
    assert send(mail("自动回复：外出，全院停机", **headers)) == 1
    assert Mail.objects.get().kind in ("auto", "loop")
    assert not Ticket.objects.exists()
    assert not Message.objects.filter(kind="operations.intake").exists()


def test_automatic_answer_to_a_ticket_is_no_contact(world: World, send: Any) -> None:
    ticket = world.call("B")
    send(mail(f"自动回复：{ticket.number}", Auto_Submitted="auto-replied"))
    assert TicketEvent.objects.filter(ticket=ticket, type__in=["CONTACT", "NOTE"]).count() == 1


def test_flood_of_one_sender_stops_opening_tickets_and_loses_nothing(send: Any) -> None:
    assert send(*[mail(f"第 {n} 封") for n in range(23)]) == 23
    assert Ticket.objects.count() == 20
    assert Mail.objects.filter(kind="loop").count() == 3


def test_stranger_waits_at_triage_and_becomes_a_ticket_there(world: World, send: Any) -> None:
    send(mail("无法登录", STRANGER), minutes=30)
    one = Mail.objects.get()
    assert (one.kind, Ticket.objects.count()) == ("unknown", 0)
    assert selectors.to_triage(world.head) == 1
    assert Message.objects.filter(recipient=world.engineer, title__startswith="邮件待分拣").exists()
    form = {
        "reporter_name": "某人", "org_unit": world.ward.code, "module": "其他", "title": "无法登录", "level": "C",
    }  # fmt: skip
    with clock.pinned(later(90)):
        page = door(world.head).get(reverse("operations.mail.register", args=[one.pk])).content.decode()
        assert "无法登录" in page
        answer = door(world.head).post(reverse("operations.mail.register", args=[one.pk]), form)
        assert answer.status_code == 302, answer.content.decode()
        again = door(world.head).post(reverse("operations.mail.register", args=[one.pk]), form)
    assert again.status_code == 409
    assert Ticket.objects.get().first_contact_at == MONDAY
    assert selectors.to_triage(world.head) == 0


def test_answer_of_the_hospital_is_another_contact(world: World, send: Any) -> None:
    ticket = world.call("B", at=MONDAY - dt.timedelta(minutes=10))
    send(mail(f"答复: [{ticket.number}] 还是不行", text="又有两个科室"))
    ticket.refresh_from_db()
    contacts = TicketEvent.objects.filter(ticket=ticket, type="CONTACT").order_by("seq")
    assert (contacts.count(), contacts[1].payload["channel"]) == (2, "email")
    assert TicketEvent.objects.get(ticket=ticket, type="NOTE").payload["text"].endswith("又有两个科室")
    assert MailOutcome.objects.get().kind == "contact"


def test_thanks_do_not_reopen_and_triage_can(world: World, send: Any) -> None:
    ticket = tests.desk.resolved(world)
    with clock.pinned(later(45)):
        ticket.refresh_from_db()
    for minutes, subject in ((50.0, "谢谢"), (55.0, "又不行了")):
        send(mail(f"Re: {ticket.number} {subject}"), minutes=minutes)
    ticket.refresh_from_db()
    assert (ticket.cycle, ticket.state) == (1, "resolved")
    assert TicketEvent.objects.filter(ticket=ticket, type="NOTE").count() == 2
    back = Mail.objects.get(subject__contains="又不行了")
    with clock.pinned(later(60)):
        url = f"/operations/mails/{back.pk}/act/attach"
        door(world.head).post(url, {"ticket_number": ticket.number, "how": "contact"})
    assert MailOutcome.objects.get(mail=back).kind == "contact"


def test_answer_of_the_supplier_is_a_note_and_no_response(world: World, send: Any) -> None:
    ticket = world.call("B", at=MONDAY - dt.timedelta(minutes=10), answered_s=None)
    world.engineer.email = "zhang@supplier.example"
    world.engineer.save(update_fields=["email"])
    send(mail(f"Re: {ticket.number}", "zhang@supplier.example"))
    ticket.refresh_from_db()
    assert ticket.state == "new"
    assert MailOutcome.objects.get().kind == "noted"


def test_stranger_naming_a_ticket_writes_nothing_on_it(world: World, send: Any) -> None:
    ticket = world.call("B", at=MONDAY - dt.timedelta(minutes=10))
    before = ticket.last_seq
    send(mail(f"Re: {ticket.number}", STRANGER))
    ticket.refresh_from_db()
    assert ticket.last_seq == before
    assert Mail.objects.get().kind == "unknown"


def test_attachments_lie_beside_the_ticket_and_bad_ones_leave_their_hash(world: World, send: Any) -> None:
    message = mail()
    message.add_attachment(PNG, maintype="image", subtype="png", filename="截图.png")
    message.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="修复.exe")
    send(message)
    source, picture, program = MailFile.objects.order_by("-is_source", "pk")
    assert source.is_source
    assert files.resolve(picture.path).read_bytes() == PNG
    assert (program.path, len(program.sha256), "扩展名" in program.refused) == ("", 64, True)
    ticket = Ticket.objects.get()
    with clock.pinned(later(10)):
        page = door(world.nurse).get(reverse("operations.ticket.detail", args=[ticket.pk]))
        assert page.status_code == 404  # another department's
        page = door(world.head).get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
        assert "截图.png" in page
        url = reverse("operations.mail.file", args=[picture.mail_id, picture.pk])
        answer = door(world.head).get(url)
        assert b"".join(answer) == PNG
        assert answer["Content-Disposition"].startswith("attachment")
        assert door(world.nurse).get(url).status_code == 404


def test_oversize_mail_is_not_fetched_but_shown(world: World, send: Any, postoffice: Postoffice) -> None:
    send(mail("日志见附件", text="x" * 90 + ("y" * 70 + "\n") * 4000))
    one = Mail.objects.get()
    assert (one.kind, one.body, one.size > 200_000) == ("oversize", "", True)
    assert selectors.to_triage(world.head) == 1
    assert postoffice.unseen() == 1


def test_mail_nobody_can_read_is_kept_raw(world: World, send: Any) -> None:
    from hrp.operations.intake.rules import message

    raw = b"From: wang@hospital.example\r\nSubject: x\r\n\r\n\xff\xfe\x00broken"
    with patch.object(message, "read", side_effect=RuntimeError("bug")):
        assert send(raw) == 1
    one = Mail.objects.get()
    assert one.kind == "broken"
    assert files.resolve(MailFile.objects.get().path).read_bytes() == raw
    assert selectors.to_triage(world.head) == 1


def test_failure_between_two_mails_loses_neither(send: Any, box: Mailbox, postoffice: Postoffice) -> None:
    from hrp.operations.intake.services import imap

    postoffice.deliver(mail("一").as_bytes(), at=MONDAY)
    postoffice.deliver(mail("二").as_bytes(), at=MONDAY)
    whole, asked = imap.Session.whole, []

    def breaks(self: imap.Session, uid: int) -> bytes:
        asked.append(uid)
        if len(asked) == 2:
            raise ConnectionResetError("line cut")
        return whole(self, uid)

    with patch.object(imap.Session, "whole", breaks):
        assert send() == 0
    assert Ticket.objects.count() == 1
    assert send() == 1
    assert Ticket.objects.count() == 2


def test_dead_server_raises_one_alert_and_mail_is_fetched_when_it_is_back(
    world: World, box: Mailbox, postoffice: Postoffice
) -> None:
    postoffice.stop()

    def alerts() -> int:
        return Message.objects.filter(recipient=world.head, title__startswith="报修邮箱收不到信").count()

    for minutes, expected in ((0, 0), (2, 0), (3, 1), (10, 1), (200, 1), (244, 2)):
        with clock.pinned(later(minutes)):
            fetch(mailbox=box.pk)
        assert alerts() == expected, minutes
    box.refresh_from_db()
    assert box.failing_since == MONDAY
    postoffice.start()
    postoffice.make_folder("reports")
    postoffice.deliver(mail().as_bytes(), at=later(100))
    with clock.pinned(later(245)):
        fetch(mailbox=box.pk)
    assert Ticket.objects.get().first_contact_at == later(100)
    assert Message.objects.filter(recipient=world.head, title__startswith="报修邮箱已恢复").count() == 1
    box.refresh_from_db()
    assert (box.failing_since, box.last_error) == (None, "")


def test_wrong_password_is_a_failure_not_a_crash(world: World, box: Mailbox, postoffice: Postoffice) -> None:
    with clock.pinned(MONDAY):
        mailboxes.save(actor=world.engineer, pk=box.pk, values=settings(postoffice, password="wrong"))
        box.refresh_from_db()
        assert mailboxes.poll(mailbox=box) == 0
    assert box.failing_since == MONDAY


def test_certificate_nobody_vouches_for_is_refused(
    world: World, box: Mailbox, postoffice: Postoffice
) -> None:
    with clock.pinned(MONDAY):
        mailboxes.save(actor=world.engineer, pk=box.pk, values=settings(postoffice, tls="ssl"))
        box.refresh_from_db()
        assert mailboxes.poll(mailbox=box) == 0
    assert box.last_error


def test_password_is_sealed_and_never_shown(world: World, box: Mailbox) -> None:
    assert PASSWORD not in box.secret
    agent = door(world.engineer)
    for url in (
        f"/operations/mailboxes/{box.pk}",
        f"/operations/mailboxes/{box.pk}/edit",
        "/operations/mailboxes/",
    ):
        page = agent.get(url)
        assert page.status_code == 200
        assert PASSWORD not in page.content.decode()
        assert box.secret not in page.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM operations_mailbox_event")
        assert not re.search(re.escape(box.secret), str(cursor.fetchall()))


def test_settings_through_the_form_keep_an_empty_password(
    world: World, box: Mailbox, postoffice: Postoffice
) -> None:
    form = settings(postoffice, password="", name="新名")
    answer = door(world.engineer).post(f"/operations/mailboxes/{box.pk}/edit", form)
    assert answer.status_code == 302, answer.content.decode()
    before = box.secret
    box.refresh_from_db()
    assert (box.name, box.secret) == ("新名", before)
    assert door(world.head).post(f"/operations/mailboxes/{box.pk}/edit", form).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "mail.hospital.example"}, "tls"),
        ({"port": "70000"}, "port"),
        ({"folder": 'a"b'}, "folder"),
        ({"folder": "报修"}, "folder"),
        ({"address": ""}, "address"),
        ({"tls": "md5"}, "tls"),
        ({"password": ""}, "password"),
    ],
)
def test_settings_that_cannot_work_or_are_unsafe_are_refused(
    world: World, postoffice: Postoffice, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        mailboxes.save(actor=world.engineer, pk=None, values=settings(postoffice, **changes))
    assert field in {problem.field for problem in refused.value.problems}
    assert not Mailbox.objects.exists()
