"""The rooms of operations in the hospital of the matrix: what lies in a department once in every place, the rest once.

All of it comes about as it would in a hospital: through the services, by the people of both parties.
"""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from typing import TYPE_CHECKING

from hrp.operations.acceptance.services import reports
from hrp.operations.desk.models import Breach, Ticket, TicketEvent
from hrp.operations.desk.services import breaches, closing, handling, intake, knowing, reviewing
from hrp.operations.desk.services.paging import source_of
from hrp.operations.desk.tests.world import RECORD
from hrp.operations.duty.models import PagingAttempt, PagingRun
from hrp.operations.duty.services import paging, rota, swaps
from hrp.operations.emergency.rules import Contact, Content, Role, Step
from hrp.operations.emergency.services import drills, plans
from hrp.operations.feedback.services import enquiries, rating, surveys
from hrp.operations.incidents.models import Gate, TravelTime
from hrp.operations.incidents.services import onsite
from hrp.operations.intake.models import Contact as Caller
from hrp.operations.intake.models import Mail
from hrp.operations.intake.services import calls, mailboxes, mails
from hrp.operations.knowledge import services as knowledge
from hrp.operations.training import selectors as trained
from hrp.operations.training import services as training
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, stamps
from hrp.platform.base.files import StoredFile
from hrp.platform.notify.models import Message
from hrp.platform.org.models import OrgTreeEdge
from tests.permissions.places import canary

if TYPE_CHECKING:
    from hrp.platform.access.models import User
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Hospital

MODULE = "物流管理系统"
TOKEN = "token-of-a-message"
FIRST_DAY = dt.date(2026, 11, 1)


def furnish(hospital: Hospital, *, file: str) -> None:
    """Fill every room; ``file`` is a stored file to serve as photograph and attachment."""
    rooms = _Rooms(hospital, file)
    rooms.plans()
    rooms.knowledge()
    rooms.training()
    rooms.gates_and_mailbox()
    rooms.duty()
    for place, unit in hospital.units.items():
        rooms.emergency(place, unit)
        rooms.finished(place, unit)
        rooms.asked(place, unit)
    rooms.paging()
    rooms.surveys()
    rooms.report()


class _Rooms:
    """``engineer`` and ``agent`` of the supplier, ``head`` of the hospital."""

    def __init__(self, hospital: Hospital, file: str) -> None:
        self.hospital = hospital
        self.file = file
        self.engineer: User = hospital.people["se"]
        self.head: User = hospital.people["sc"]
        self.narrow: User = hospital.people["al"]
        self.now = clock.now()

    def ago(self, minutes: int) -> dt.datetime:
        return self.now - dt.timedelta(minutes=minutes)

    # -- what is the whole contract's ------------------------------------------------------------------------------

    def plans(self) -> None:
        put = self.hospital.put
        content = Content(
            "主库不可用", (Role("指挥", "周毅"),), (Step("切换备库", "周毅", "30 分钟"),),
            (Contact("周毅", "杏林软件", "138"),), "24 小时内不回切。", "主库在三楼机房。",
        )  # fmt: skip
        contract = self.hospital.contract
        version = plans.draft(actor=self.engineer, contract=contract, scenario="db_down", content=content)
        for signer in (self.engineer, self.head):
            version = plans.sign(actor=signer, version=version)
        put("operations.plan", "own", version.plan)
        put("operations.plan.sign", "own", version)
        asked = plans.request_revision(actor=self.head, plan=version.plan, text="换机房")
        put("operations.plan.answer", "own", asked)
        self.plan = str(version)
        held, _ahead = (
            drills.plan_drill(
                actor=self.engineer, scenario="db_down", planned_on=self.now.date(), place="机房",
                situation="断电", goal="半小时内恢复",
            )
            for _ in range(2)
        )  # fmt: skip
        drills.add_finding(actor=self.head, drill=held, what="电话已换", owner="周毅", due_on=self.now.date())
        drills.conclude(
            actor=self.engineer, drill=held, began_at=self.ago(90), ended_at=self.ago(30), result="passed",
            summary="达到目标",
        )  # fmt: skip

    def knowledge(self) -> None:
        """An article in use, of which its author writes the next version."""
        text = knowledge.Text("出库报错", "点出库即报错", "重启服务")
        version = knowledge.draft(actor=self.engineer, text=text, module=MODULE)
        knowledge.review(actor=self.head, version=version, approved=True)
        knowledge.publish(actor=self.head, version=version)
        version.article.refresh_from_db()
        knowledge.revise(actor=self.engineer, article=version.article)
        self.article = self.hospital.put("operations.article", "own", version.article)
        self.hospital.put("operations.knowledge", "own", version.article)

    def training(self) -> None:
        material = training.add_material(
            actor=self.engineer, title="库房操作", version="1", module=MODULE, file_name="a.pdf", content=b"%PDF-"
        )  # fmt: skip
        training.add_question(
            actor=self.engineer, material=material, text="先做什么", options=["扫码", "关机"], right=[0]
        )
        plan = training.Plan(
            title="库房培训", audience="business", module=MODULE, material=material, starts_at=self.ago(30),
            ends_at=self.now + dt.timedelta(hours=1), place="示教室", trainer="周毅",
        )  # fmt: skip
        session = training.arrange(actor=self.engineer, plan=plan)
        people = [training.Person(canary(place), unit) for place, unit in self.hospital.units.items()]
        self.hospital.secrets["operations.training.join"] = trained.token(session)
        training.sign_from_list(actor=self.engineer, session=session, people=people)

    def gates_and_mailbox(self) -> None:
        gate = onsite.set_up_gate(
            actor=self.head, gate=Gate(campus=self.hospital.base.campus, name="东门", place="信息楼")
        )
        self.gate = gate
        self.hospital.secrets["operations.gate.check_in"] = gate.code
        TravelTime.objects.create(
            user=self.engineer, starts_from="城西", minutes=30, verified_on=self.now.date()
        )
        self.box = mailboxes.save(
            actor=self.engineer, pk=None,
            values={
                "name": "报修", "address": "report@hospital.example", "host": "127.0.0.1", "tls": "none", "port": "1",
                "username": "report", "password": "secret",
            },
        )  # fmt: skip

    def duty(self) -> None:
        """A week of the rota, in which one asks another to take over."""
        people = [self.narrow, self.engineer]
        for person in people:
            rota.save_person(actor=self.narrow, user=person, travel_minutes=30)
        tomorrow = self.now.date() + dt.timedelta(days=1)
        rota.generate(
            actor=self.narrow, layer="一线", people=people, first_day=tomorrow,
            last_day=tomorrow + dt.timedelta(days=13), hours=168,
        )  # fmt: skip
        begins = self.now + dt.timedelta(days=2)
        swap = swaps.ask(
            actor=self.narrow, layer="一线", colleague=self.engineer, starts_at=begins,
            ends_at=begins + dt.timedelta(hours=4), reason="外出",
        )  # fmt: skip
        self.hospital.put("operations.duty", "own", swap)
        self.hospital.put("operations.contacts", "own", self.head)

    # -- what lies in a department -----------------------------------------------------------------------------------

    def emergency(self, place: str, unit: OrgUnit) -> None:
        """Answered too late, commanded, visited, resolved, reviewed."""
        word, put = canary(place), self.hospital.put
        with clock.pinned(self.ago(300)):
            ticket = intake.log_phone_contact(
                actor=self.engineer, report=_report(unit, word, "1"), call=_call(self.ago(300))
            )
        with clock.pinned(self.ago(90)):
            handling.respond(actor=self.engineer, ticket=ticket)
            handling.start_emergency(
                actor=self.engineer,
                ticket=ticket,
                commander="周毅",
                staff="周毅",
                plan=self.plan,
                bridge=word,
            )
            ticket = handling.declare_remote_failed(actor=self.engineer, ticket=ticket, reason=word)
        with clock.pinned(self.ago(60)):
            photo = StoredFile(self.file, "0" * 64, 2, "image/jpeg", f"{word}.jpg")
            arrival = onsite.check_in(
                actor=self.engineer, ticket=ticket, gate=self.gate, photo=photo, note=word
            )
        put("operations.arrival", place, arrival)
        with clock.pinned(self.ago(30)):
            handling.resolve(actor=self.engineer, ticket=ticket, summary=word)
        action = reviewing.ReviewAction(word, self.engineer.display_name, self.now.date())
        reviewing.write_review(
            actor=self.engineer, ticket=ticket, root_cause=word, delays=word, actions=[action]
        )
        reviewing.approve_review(actor=self.head, ticket=ticket, opinion=word)
        put("operations.incident", place, ticket)
        put("operations.gate.check_in", place, ticket)
        written = TicketEvent.objects.get(ticket=ticket, type="REVIEW_WRITTEN")
        put("operations.incident.action_done", place, written)
        breaches.scan(actor=system_actor("desk", title="服务台时钟"))
        put("operations.breach", place, Breach.objects.filter(ticket=ticket).order_by("pk")[0])

    def finished(self, place: str, unit: OrgUnit) -> None:
        """Resolved, recorded, confirmed, closed and rated."""
        word, put = canary(place), self.hospital.put
        ticket = intake.log_phone_contact(
            actor=self.engineer, report=_report(unit, word), call=_call(self.now)
        )
        knowing.adopt(actor=self.engineer, ticket=ticket, article=self.article)
        ticket = handling.resolve(actor=self.engineer, ticket=ticket, summary=word)
        text = closing.RecordText(**{**vars(RECORD), "symptom": word})
        record = closing.write_maintenance_record(actor=self.engineer, ticket=ticket, text=text)
        put("operations.record", place, record)
        closing.confirm_by_hospital(actor=self.head, ticket=ticket, opinion=word)
        ticket = closing.close(actor=self.head, ticket=ticket)
        put("operations.rating", place, rating.rate(actor=self.head, ticket=ticket, score=2, reason=word))

    def asked(self, place: str, unit: OrgUnit) -> None:
        """A call, a mail and an enquiry; and whom the number belongs to."""
        word, put = canary(place), self.hospital.put
        caller = Caller.objects.create(name=word, number=f"66{len(word)}{unit.pk}", org_unit=unit)
        put("operations.intake_contact", place, caller)
        robot = calls.telephone()
        for kind, ago in (("answered", 2), ("ended", 1)):
            event = calls.Incoming(
                call_id=f"call-{place}", kind=kind, at=self.ago(ago), ring_at=self.ago(3), caller=word
            )
            call = calls.take(actor=robot, event=event).call
        calls.open_from_call(actor=self.engineer, call=call, report=_report(unit, word))
        put("operations.call", place, call)
        put("operations.mail", place, self._mail(place, unit))
        enquiry = enquiries.ask(
            actor=self.head,
            asked=enquiries.Asked("consult", unit, MODULE, f"如何盘点 {word}", word, asker_name=word),
        )
        put("operations.enquiry", place, enquiry)

    def _mail(self, place: str, unit: OrgUnit) -> Mail:
        word = canary(place)
        letter = EmailMessage()
        letter["From"], letter["Subject"] = f"{word} <{place}@stranger.example>", f"打不开 {word}"
        letter["Message-ID"] = f"<{place}@stranger.example>"
        letter.set_content(word)
        raw = letter.as_bytes()
        mail = mails.take_in(mailbox=self.box, arrived=mails.Arrived(raw, unit.pk, len(raw), self.ago(5)))
        assert mail is not None
        mails.open_from_mail(actor=self.engineer, mail=mail, report=_report(unit, word))
        self.hospital.put("operations.mail:file", place, mail.files.first())
        return mail

    # -- what comes of it --------------------------------------------------------------------------------------------

    def paging(self) -> None:
        """Somebody was called about the emergency of the own department, and has the link of a message."""
        ticket = Ticket.objects.get(pk=self.hospital.objects["operations.incident"]["own"])
        run = PagingRun.objects.filter(source=source_of(ticket)).latest("pk")
        message = Message(
            recipient=self.engineer, kind="operations.page", title="请应答", created_at=self.now
        )
        message.save()
        PagingAttempt.objects.create(
            run=run, position=1, user=self.engineer, place="一线", channel="inbox", at=self.now, message=message,
            token_sha256=paging.digest(TOKEN),
        )  # fmt: skip
        self.hospital.put("operations.paging", "own", run)
        self.hospital.secrets["operations.paging.link"] = TOKEN

    def surveys(self) -> None:
        """One answered by every department, and one not yet published."""
        given, _ahead = (
            surveys.plan(actor=self.head, title=title, opens_on=self.now.date(), closes_on=self.now.date())
            for title in ("上半年", "下半年")
        )
        asked = surveys.add_question(actor=self.head, survey=given, text="意见", kind="text")
        for unit in self.hospital.units.values():
            OrgTreeEdge.objects.create(tree="accounting", unit=unit, parent=None, valid_from=FIRST_DAY)
        stamps.forget()
        surveys.publish(actor=self.head, survey=given)
        for place, unit in self.hospital.units.items():
            surveys.reply(actor=self.head, survey=given, org_unit=unit, given={asked.pk: canary(place)})

    def report(self) -> None:
        made = reports.make_report(
            actor=self.head, contract=self.hospital.contract, kind="monthly", first=FIRST_DAY
        )
        self.hospital.put("operations.report", "own", made)


def _report(unit: OrgUnit, word: str, level: str = "C") -> intake.Report:
    return intake.Report(
        org_unit=unit, module=MODULE, title=f"无法出库 {word}", level=level, reporter_name=word, description=word
    )  # fmt: skip


def _call(at: dt.datetime) -> intake.Call:
    return intake.Call(call_at=at, answered_at=at, caller="6612")
