"""When silence counts as confirmation (默认确认): the reminders on a record, and the working days after the last.

The reminders are notes of the ticket's chain that only the system writes; whatever the hospital records after the
maintenance record was written is an answer, and ends the silence.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.rules.working_days import due_after
from hrp.operations.desk.services import chain
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict

NOT_YET = "silence_not_elapsed"
_NUMERALS = "零一两三四五六七八九"


@dataclass(frozen=True)
class Agreed:
    """What the parties agreed: so many reminders, then so many working days of silence."""

    reminders: int
    working_days: int


@dataclass(frozen=True)
class Silence:
    """A record waiting for the hospital: the reminders so far, and whether somebody there has answered.

    ``due`` is the end of the last working day of silence (None while a reminder is missing); ``official`` is False
    while the calendar of a year on the way has not been imported, and then ``due`` is provisional.
    """

    agreed: Agreed
    written_at: dt.datetime
    reminders: tuple[dt.datetime, ...]
    answered: bool
    due: dt.datetime | None
    official: bool
    calendar: str

    def as_facts(self) -> dict[str, Any]:
        """What the archived record says about it; instants as UTC ISO 8601."""
        due = self.due.astimezone(dt.UTC).isoformat() if self.due else None
        return {
            "reminders": [moment.astimezone(dt.UTC).isoformat() for moment in self.reminders],
            "working_days": self.agreed.working_days,
            "silent_until": due,
            "calendar": self.calendar,
        }


def agreed(terms: Terms) -> Agreed | None:
    """The figures of the contract version's plan; None when the parties agreed none."""
    plan = terms.plan.get("silence")
    return Agreed(plan["reminders"], plan["working_days"]) if plan else None


def numeral(count: int) -> str:
    return _NUMERALS[count] if count < len(_NUMERALS) else f" {count} "


def of(ticket: Ticket, plan: Agreed) -> Silence | None:
    """The silence on the record last written; None when no record has been."""
    events = list(TicketEvent.objects.filter(ticket=ticket).order_by("seq"))
    written = [event for event in events if event.type == "RECORD_WRITTEN"]
    if not written:
        return None
    since = [event for event in events if event.seq > written[-1].seq]
    reminders = tuple(event.at for event in since if _is_reminder(event))[: plan.reminders]
    calendar, due, official = selectors.calendar(), None, True
    if len(reminders) == plan.reminders:
        due, official = due_after(reminders[-1], plan.working_days, calendar)
    return Silence(
        plan,
        written[-1].at,
        reminders,
        any(event.side == Side.HOSPITAL.value for event in since),
        due,
        official,
        calendar.version,
    )


def _is_reminder(event: TicketEvent) -> bool:
    return event.type == "NOTE" and event.side == Side.SYSTEM.value and "reminder" in event.payload


def require_elapsed(held: chain.Held) -> Silence:
    """The silence on the ticket's record. Raises Conflict saying what is still missing of 默认确认."""
    plan = agreed(held.terms)
    if plan is None:
        raise _refused("合同没有约定默认确认", "请甲方在工单页面确认维护记录。")
    found = of(held.ticket, plan)
    if found is None or found.due is None:
        given = len(found.reminders) if found else 0
        raise _refused(
            f"默认确认须先提醒 {plan.reminders} 次，现为 {given} 次", "提醒由系统在工作日发出，请等待。"
        )
    if found.answered:
        raise _refused("甲方已有回复，不能默认确认", "请双方就回复内容商定后由甲方确认。")
    if not found.official:
        raise _refused(
            "工作日历尚未导入，无法认定默认确认的期限",
            "请系统管理员按国务院办公厅放假安排导入相应年度的工作日历。",
        )
    if held.now <= found.due:
        raise _refused(
            f"提醒后 {plan.working_days} 个工作日未满（至 {clock.local(found.due):%Y-%m-%d} 24:00）",
            "期满仍无回复的，次日由系统默认确认。",
        )
    return found


def _refused(reason: str, way_out: str) -> Conflict:
    return Conflict(reason, way_out=way_out, code=NOT_YET)
