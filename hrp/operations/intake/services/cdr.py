"""The telephone system's own list of calls (话单): a second source that fills gaps and checks what was typed by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from hrp.operations.intake import selectors
from hrp.operations.intake.models import Call, CallOutcome
from hrp.operations.intake.rules import calls as rules
from hrp.operations.intake.services import calls
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.exchange.sheets import Preview, SheetColumn, SheetSpec

IMPORT = "operations.call.import"
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M")


def _instants(texts: frozenset[str]) -> Mapping[str, object]:
    """Wall-clock times of the hospital as ISO instants; a text that is none, or lies ahead, is left out."""
    found: dict[str, object] = {}
    for text in texts:
        for pattern in _FORMS:
            try:
                read = dt.datetime.strptime(text.strip(), pattern).replace(tzinfo=clock.HOSPITAL_ZONE)
            except ValueError:
                continue
            if read <= clock.now():
                found[text] = read.isoformat()
            break
    return found


_WHEN = "院内时间，如 2026-11-23 10:05:30，不得晚于现在"
SHEET = SheetSpec(
    name="operations_cdr",
    title="话单",
    columns=(
        SheetColumn("call_id", "话务编号", kind="code", required=True, max_length=100, aliases=("呼叫编号", "uniqueid")),
        SheetColumn("caller", "主叫号码", max_length=30, aliases=("来电号码",)),
        SheetColumn("callee", "被叫号码", max_length=30),
        SheetColumn("direction", "方向", kind="choice", choices=(("in", "呼入"), ("out", "呼出")), help="空着为呼入"),
        SheetColumn("ring_at", "振铃时间", kind="lookup", lookup=_instants, required=True, help=_WHEN, aliases=("开始时间",)),
        SheetColumn("answered_at", "接听时间", kind="lookup", lookup=_instants, help="未接的空着"),
        SheetColumn("ended_at", "挂断时间", kind="lookup", lookup=_instants, required=True, help=_WHEN, aliases=("结束时间",)),
        SheetColumn("agent", "座席", max_length=50, help="座席的用户名"),
    ),
    unique=(("call_id",),),
)  # fmt: skip


@dataclass
class Imported:
    """What an import did: calls not heard of before, manual entries found, clocks moved earlier, tickets opened."""

    fresh: int = 0
    matched: int = 0
    earlier: int = 0
    opened: int = 0


@transaction.atomic
def apply(*, actor: User, preview: Preview) -> Imported:
    """Take in every row. A call already known only gains the second source."""
    scope.require(actor, IMPORT)
    done = Imported()
    for row in preview.rows:
        _take(actor, {name: str(value) for name, value in row.values.items() if value}, done)
    return done


def _take(actor: User, row: Mapping[str, str], done: Imported) -> None:
    at = {
        kind: dt.datetime.fromisoformat(row[name])
        for kind, name in (("ring", "ring_at"), ("answered", "answered_at"), ("ended", "ended_at"))
        if row.get(name)
    }
    done.fresh += not Call.objects.filter(call_id=row["call_id"]).exists()
    for kind, instant in at.items():
        event = calls.Incoming(
            call_id=row["call_id"], kind=kind, at=instant, ring_at=at["ring"], caller=row.get("caller", ""),
            callee=row.get("callee", ""), direction=row.get("direction", "in"), agent=row.get("agent", ""),
            source="cdr", raw=dict(row),
        )  # fmt: skip
        call, _fresh = calls.write(actor=actor, event=event)
    reconcile(call=call, done=done)


def reconcile(*, call: Call, done: Imported) -> None:
    """Find the ticket of a call: one whose time was typed by hand, else what the call itself calls for.

    The earlier of the two times counts until the parties rule (I-03): an earlier list entry moves the start, a later
    one only shows the difference.
    """
    if call.direction != "in" or CallOutcome.objects.filter(call=call).exists():
        calls.settle(call=call)
        return
    story = selectors.story(call)
    span = rules.MATCH_WITHIN
    near = [
        (abs(evidence.ring_at - story.ring_at), ticket, evidence)
        for evidence, ticket in selectors.phone_contacts(
            story.ring_at - span, story.ring_at + span, manual=True
        )
        if call.number and rules.normal(evidence.caller) == call.number
    ]
    taken = set(
        CallOutcome.objects.filter(kind="matched", ticket__in=[ticket for _, ticket, _ in near]).values_list(
            "ticket_id", flat=True
        )
    )
    near = [row for row in near if row[1].pk not in taken]
    if not near:
        try:
            with transaction.atomic():
                done.opened += calls.settle(call=call) is not None
        except Refusal:  # e.g. a call from before the contract: kept, shown as unregistered
            return
        return
    _gap, ticket, evidence = min(near, key=lambda row: (row[0], row[1].pk))
    apart = round((story.ring_at - evidence.ring_at).total_seconds())
    note = f"话单比人工登记{'晚' if apart > 0 else '早'} {abs(apart)} 秒" if apart else "话单与人工登记一致"
    before = ticket.first_contact_at
    calls.conclude(call=call, kind="matched", ticket=ticket, actor=calls.telephone(), note=note)
    calls.start_earlier(ticket, story.ring_at, call)
    ticket.refresh_from_db()
    done.matched += 1
    done.earlier += ticket.first_contact_at < before
