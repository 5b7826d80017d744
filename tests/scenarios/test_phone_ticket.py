"""A morning at the service desk, as an account manager would tell it.

Monday 10:00. The drug store calls: no store room of the hospital can issue. Nobody takes the call; the engineer on
duty calls back after three minutes. The emergency service starts within the hour, remote work fails, somebody drives
to the hospital, the fault is cleared, the maintenance record is written, confirmed, archived, and the ticket closed.
One promise was missed on the way, and it is on record for good.
"""

from __future__ import annotations

import hashlib

import pytest

from hrp.operations.desk.models import Breach, Clock, RecordArchive, Ticket, TicketEvent
from hrp.operations.desk.services import breaches, closing, handling, intake, reviewing
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


def clock_line(ticket: Ticket, kind: str) -> tuple[str, int | None]:
    row = Clock.objects.get(ticket=ticket, kind=kind)
    return row.verdict, row.margin_s


def test_the_morning_no_store_could_issue() -> None:
    hospital = desk.make()
    zhang, li = hospital.engineer, hospital.head

    # 10:00:00 the phone rings and nobody answers; at 10:00:30 the missed call is on the desk
    ticket = hospital.call("1", answered_s=None)
    assert (ticket.number, ticket.state) == ("FW2026-00001", "new")
    assert ticket.pressing_due_at == later(5), "three hundred seconds to answer"
    assert Message.objects.filter(recipient=li).exists(), "the hospital's engineer is told at once"

    # 10:03 Zhang calls back: two minutes to spare
    with clock.pinned(later(3)):
        ticket = handling.respond(actor=zhang, ticket=ticket, note="与王药师通话，全院出库报错")
    assert clock_line(ticket, "response") == ("met", 120)

    # 10:40 the emergency service starts, with twenty minutes to spare
    with clock.pinned(later(40)):
        ticket = handling.start_emergency(
            actor=zhang,
            ticket=ticket,
            commander="张工",
            staff="赵工",
            plan="EP-HRP-01 v3",
            bridge="内线 8000",
        )
    assert clock_line(ticket, "emergency_start") == ("met", 1200)

    # 10:50 the supplier would rather call it a B; the contract does not allow it alone
    with clock.pinned(later(50)), pytest.raises(Conflict) as refused:
        handling.reclassify(actor=zhang, ticket=ticket, to="B", basis="impact_reduced", reason="部分库房可用")
    assert "三(二)5" in refused.value.reason

    # 11:00 the hospital says: remote work has failed. Four hours to be here
    with clock.pinned(later(60)):
        ticket = handling.declare_remote_failed(actor=li, ticket=ticket, reason="存储控制器故障灯亮")
    assert ticket.pressing_due_at == later(300)

    # 15:00:01 nobody is here, and the desk itself says so
    with clock.pinned(later(300 + 1 / 60)):
        assert breaches.scan(actor=system_actor("desk")) == 1
    missed = Breach.objects.get(ticket=ticket)
    assert (missed.kind, missed.due, missed.detected_late) == ("onsite", later(300), False)

    # 15:10 the engineer arrives, ten minutes late
    with clock.pinned(later(310)):
        ticket = handling.arrive_on_site(actor=zhang, ticket=ticket, place="信息科机房", witness="李主管")
    assert clock_line(ticket, "onsite") == ("breached", -600)

    # 16:00 issued again; no record, no closing
    with clock.pinned(later(360)):
        ticket = handling.resolve(actor=zhang, ticket=ticket, summary="更换控制器，出库恢复")
        with pytest.raises(Conflict) as refused:
            closing.close(actor=li, ticket=ticket)
    assert "三(二)1(4)" in refused.value.reason

    # the record is written, confirmed by the hospital, archived, and then the ticket closes
    with clock.pinned(later(380)):
        record = closing.write_maintenance_record(actor=zhang, ticket=ticket, text=RECORD)
    with clock.pinned(later(400)):
        closing.confirm_by_hospital(actor=li, ticket=ticket, opinion="到场超时，另行裁定")

    # it was an emergency, so both sides look back on it before it closes
    with clock.pinned(later(410)):
        action = reviewing.ReviewAction("控制器备件入库", "张工", later(410).date())
        reviewing.write_review(
            actor=zhang, ticket=ticket, root_cause="控制器老化", delays="备件在途", actions=[action]
        )
        reviewing.approve_review(actor=li, ticket=ticket)
        ticket = closing.close(actor=li, ticket=ticket)
    assert (ticket.state, record.number) == ("closed", "WX2026-00001")
    archive = RecordArchive.objects.get(record=record)
    assert archive.pdf_sha256 == hashlib.sha256(bytes(archive.pdf)).hexdigest()

    # afterwards the same cause returns: a new round of clocks, the old verdicts untouched
    with clock.pinned(later(500)):
        ticket = intake.log_further_contact(
            actor=zhang,
            ticket=ticket,
            call=intake.Call(call_at=later(499), answered_at=later(499.5)),
            level="1",
        )
    assert ticket.cycle == 2
    assert [row.verdict for row in Clock.objects.filter(ticket=ticket, kind="response")] == ["met", "met"]
    assert Breach.objects.filter(ticket=ticket).count() == 1

    # and every line of this story is chained to the one before it
    assert TicketEvent.objects.filter(ticket=ticket).count() == ticket.last_seq == 13
    assert [one.id for one in health.run("operations") if one.state != "ok"] == []
