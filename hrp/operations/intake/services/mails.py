"""Mails taken in: kept as they came, sorted, and made into tickets, contacts or work for triage. None is ever lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass, field, replace

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.desk.services import handling, intake
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Mail, Mailbox, MailFile, MailOutcome
from hrp.operations.intake.rules import mails as rules
from hrp.operations.intake.rules import message
from hrp.operations.intake.rules.message import Letter
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Conflict, Invalid, Refusal
from hrp.platform.notify import services as notify

logger = logging.getLogger(__name__)

TRIAGE = "operations.mail.handle"
ON_CALL = ("值班工程师", "服务台主管")
FLOOD, FLOOD_WITHIN = 20, dt.timedelta(minutes=10)
FOLDER = "mails"


@dataclass(frozen=True)
class Arrived:
    """A mail as fetched. ``whole`` is False when only its header was."""

    raw: bytes
    uid: int
    size: int
    received_at: dt.datetime | None = None
    whole: bool = True


@dataclass
class _Kept:
    """Files written for a mail, to be removed again if its transaction fails."""

    paths: list[str] = field(default_factory=list)


def postman() -> User:
    """The actor of what happens by itself to a mail."""
    return system_actor("mailbox", title="邮件收取")


def take_in(*, mailbox: Mailbox, arrived: Arrived) -> Mail | None:
    """Keep a mail and act on it. None when it was taken in before (same Message-ID and same words).

    Whatever is wrong with a mail, it is kept: one we fail to read is kept raw for triage.
    """
    try:
        return _take(mailbox, arrived, message.read(arrived.raw))
    except Exception:
        logger.exception("mail %s of %s is kept unread", arrived.uid, mailbox)
        digest = hashlib.sha256(arrived.raw).hexdigest()
        blank = Letter(f"<{digest}@unread>", "", "", "无法解析的邮件", "", {})
        return _take(mailbox, arrived, blank, broken=True)


def _take(mailbox: Mailbox, arrived: Arrived, letter: Letter, *, broken: bool = False) -> Mail | None:
    kept = _Kept()
    try:
        with transaction.atomic():
            mail = _write(mailbox, arrived, letter, kept, broken=broken)
            if mail is not None:
                _act(mail)
    except BaseException:
        for path in kept.paths:
            files.remove(path)
        raise
    return mail


def _write(mailbox: Mailbox, arrived: Arrived, letter: Letter, kept: _Kept, *, broken: bool) -> Mail | None:
    now = clock.now()
    digest = hashlib.sha256(arrived.raw).hexdigest()
    known = Mail.objects.filter(mailbox=mailbox, message_id=letter.message_id).first()
    if known is not None:
        if (known.sender, known.subject, known.body) == (letter.sender, letter.subject, letter.body):
            return None
        # another mail under a used Message-ID: a careless program must not make a report vanish
        letter = replace(letter, message_id=f"{letter.message_id[:180]}#{digest[:32]}")
        if Mail.objects.filter(mailbox=mailbox, message_id=letter.message_id).exists():
            return None
    sorted_as = (
        rules.Sorted("broken", "无法解析，原文已保存") if broken else _sort(mailbox, arrived, letter, now)
    )
    mail = Mail.objects.create(
        mailbox=mailbox,
        message_id=letter.message_id,
        uid=arrived.uid,
        sender=letter.sender,
        sender_name=letter.sender_name,
        subject=letter.subject,
        body=letter.body,
        kind=sorted_as.kind,
        why=sorted_as.why[:200],
        hot_words=rules.hot_words(letter.subject, letter.body),
        received_at=min(arrived.received_at or now, now),
        taken_at=now,
        size=arrived.size,
        sha256=digest,
    )
    _keep_files(mail, arrived, letter, kept)
    audit.record(
        actor=postman(), act="operations.mail.take", target=f"operations.mail:{mail.pk}",
        summary=f"{mail.sender} {mail}"[:200], data={"sha256": digest, "kind": mail.kind},
    )  # fmt: skip
    return mail


def _sort(mailbox: Mailbox, arrived: Arrived, letter: Letter, now: dt.datetime) -> rules.Sorted:
    """By its header, by who sent it, and by how much that sender has sent lately."""
    own = Mailbox.objects.values_list("address", flat=True)
    found = rules.sort(letter.headers, sender=letter.sender, own=list(own), subject=letter.subject)
    if found.kind in ("auto", "loop"):
        return found
    recent = Mail.objects.filter(sender=letter.sender, taken_at__gt=now - FLOOD_WITHIN).count()
    if recent >= FLOOD:
        return rules.Sorted("loop", f"同一发件人 10 分钟内的第 {recent + 1} 封")
    if not arrived.whole:
        return rules.Sorted(
            "oversize", f"{arrived.size / 2**20:.1f} MB，超过上限，只收取了信头；原信仍在邮箱中"
        )
    if not (selectors.contact_of_email(letter.sender) or selectors.member_of_email(letter.sender)):
        return rules.Sorted("unknown", "发件人不在报修联系人和合同人员中")
    return found


def _keep_files(mail: Mail, arrived: Arrived, letter: Letter, kept: _Kept) -> None:
    """The mail itself, then what came with it; a file that is not accepted leaves its name, size and hash."""
    source = files.store_bytes(arrived.raw, name="原始邮件.eml", kind="txt", folder=FOLDER)
    kept.paths.append(source.path)
    rows = [_row(mail, source, is_source=True)]
    for enclosed in letter.files:
        name = files.clean_name(enclosed.name) or "附件"
        try:
            kind = files.checked(enclosed.data, name)
        except Refusal as refusal:
            digest = hashlib.sha256(enclosed.data).hexdigest()
            rows.append(
                MailFile(
                    mail=mail, name=name, sha256=digest, size=len(enclosed.data), refused=refusal.reason[:200]
                )
            )
            continue
        stored = files.store_bytes(enclosed.data, name=name, kind=kind, folder=FOLDER)
        kept.paths.append(stored.path)
        rows.append(_row(mail, stored))
    MailFile.objects.bulk_create(rows)


def _row(mail: Mail, stored: files.StoredFile, *, is_source: bool = False) -> MailFile:
    return MailFile(
        mail=mail, name=stored.name, path=stored.path, sha256=stored.sha256, size=stored.size, mime=stored.mime,
        is_source=is_source,
    )  # fmt: skip


def _act(mail: Mail) -> None:
    """What the rules can place is placed; everything else waits at triage, and urgent words are told at once."""
    if mail.kind in ("auto", "loop"):
        return
    try:
        with transaction.atomic():
            _place(mail)
    except Refusal as refusal:
        logger.warning("mail %s waits at triage: %s", mail.pk, refusal.reason)
    outcome = MailOutcome.objects.filter(mail=mail).select_related("ticket").first()
    ticket = outcome.ticket if outcome else None
    if mail.hot_words or outcome is None:
        words = "、".join(mail.hot_words)
        notify.notify(
            recipients=contracts.users_with(ON_CALL),
            kind="operations.intake",
            title=(f"邮件提到「{words}」，请立即致电核实：" if words else "邮件待分拣：") + str(mail),
            body=f"{mail.sender_name or mail.sender} · {ticket.number if ticket else '尚未登记'}",
            url=desk.url_of(ticket) if ticket else f"/operations/mails/{mail.pk}",
            dedupe_key=f"mail:{mail.pk}",
        )


def _place(mail: Mail) -> None:
    if mail.kind not in ("report", "reply"):
        return
    contact, member = selectors.contact_of_email(mail.sender), selectors.member_of_email(mail.sender)
    supplier = contact is None and member is not None and contracts.side_of(member) == Side.SUPPLIER
    if mail.kind == "reply":
        ticket = Ticket.objects.filter(number=rules.ticket_in(mail.subject)).first()
        if ticket is not None:
            _thread(mail, ticket, supplier=supplier)
            return
    if supplier:
        return  # the supplier does not report faults to itself: a person looks at what this is
    unit = (
        contact.org_unit if contact else (member.unit if member and member.unit else selectors.default_unit())
    )
    report = intake.Report(
        org_unit=unit, module=contact.module if contact else "", title="", level="",
        reporter_name=contact.name if contact else (member.display_name if member else mail.sender_name),
        reporter_phone=(contact.number if contact else member.phone if member else "")[:30],
    )  # fmt: skip
    ticket = _open(mail, report, postman())
    _conclude(mail, "opened", ticket, postman())


def _open(mail: Mail, report: intake.Report, actor: User) -> Ticket:
    """A ticket from a mail, counted from when the server had it. What the report leaves open the mail fills in."""
    terms = contracts.terms_of(contracts.require_version(mail.received_at))
    filled = replace(
        report,
        title=report.title or rules.title_of(mail.subject, mail.body),
        description=report.description or mail.body[:4000],
        level=report.level or rules.level_in(mail.subject, list(terms.levels)) or _mildest(terms),
        module=report.module or rules.module_in(f"{mail.subject}\n{mail.body}", terms.modules) or "其他",
        reporter_name=(report.reporter_name or mail.sender_name or mail.sender)[:50],
    )
    return intake.log_written_contact(actor=actor, report=filled, channel="email", receipt=_receipt(mail))


def _mildest(terms: Terms) -> str:
    return terms.ranked()[-1].code


def _receipt(mail: Mail) -> intake.Call:
    return intake.Call(
        call_at=mail.received_at,
        external_id=mail.message_id[:100],
        late_reason=f"邮件服务器收到时间，{mail.message_id}"[:200],
        raw={"mail": mail.pk, "sender": mail.sender, "sha256": mail.sha256},
    )


def _thread(mail: Mail, ticket: Ticket, *, supplier: bool) -> None:
    """An answer to a ticket: the hospital's is another contact while it is open; otherwise a note, for both to read.

    An answer to a ticket that is over is noted and stays at triage: 「谢谢」 must not start new clocks, and a fault
    that is back must.
    """
    actor = postman()
    if not supplier and ticket.state in OPEN_STATES and mail.received_at >= ticket.first_contact_at:
        who = mail.sender_name or mail.sender
        changed = intake.log_further_contact(
            actor=actor, ticket=ticket, call=_receipt(mail), channel="email", told_by=who[:50]
        )
        handling.add_note(actor=actor, ticket=changed, text=_quote(mail))
        _conclude(mail, "contact", ticket, actor)
        return
    if ticket.state in ("merged", "cancelled"):
        return
    handling.add_note(actor=actor, ticket=ticket, text=_quote(mail))
    if supplier or ticket.state in OPEN_STATES:
        _conclude(mail, "noted", ticket, actor)


def _quote(mail: Mail) -> str:
    return f"{mail.sender_name or mail.sender} 来信「{mail}」：{mail.body[:1500]}"


def _conclude(mail: Mail, kind: str, ticket: Ticket | None, actor: User, note: str = "") -> MailOutcome:
    known = MailOutcome.objects.filter(mail=mail).first()
    if known is not None:
        raise Conflict(
            f"这封邮件已处理：{known.get_kind_display()}", way_out="请刷新页面。", code="mail_concluded"
        )
    return MailOutcome.objects.create(
        mail=mail, kind=kind, ticket=ticket, actor=actor, note=note[:200], at=clock.now()
    )


@transaction.atomic
def open_from_mail(*, actor: User, mail: Mail, report: intake.Report) -> Ticket:
    """Triage: the mail is a report. Its clock starts when the server had it, however long it waited here."""
    scope.require(actor, TRIAGE)
    ticket = _open(mail, report, actor)
    _conclude(mail, "opened", ticket, actor)
    return ticket


@transaction.atomic
def add_to_ticket(*, actor: User, mail: Mail, ticket: Ticket, as_contact: bool) -> Ticket:
    """Triage: the mail belongs to a ticket, as another contact (one that is over begins anew) or as a note."""
    scope.require(actor, TRIAGE)
    if as_contact:
        if mail.received_at < ticket.first_contact_at:
            changed = intake.merge_earlier_call(
                actor=actor,
                ticket=ticket,
                first_call_at=mail.received_at,
                source=f"邮件 {mail.message_id}"[:200],
            )
        else:
            who = (mail.sender_name or mail.sender)[:50]
            changed = intake.log_further_contact(
                actor=actor, ticket=ticket, call=_receipt(mail), channel="email", told_by=who
            )
    else:
        changed = handling.add_note(actor=actor, ticket=ticket, text=_quote(mail))
    _conclude(mail, "contact" if as_contact else "noted", ticket, actor)
    return changed


@transaction.atomic
def dismiss(*, actor: User, mail: Mail, reason: str) -> MailOutcome:
    """Triage: the mail is no report."""
    scope.require(actor, TRIAGE)
    if not reason.strip():
        raise Invalid("请写明这封邮件是什么", way_out="例如广告、内部通知。")
    done = _conclude(mail, "dismissed", None, actor, reason.strip())
    audit.record(
        actor=actor, act="operations.mail.dismiss", target=f"operations.mail:{mail.pk}",
        summary=f"{mail} 不是报修：{reason.strip()}"[:200],
    )  # fmt: skip
    return done
