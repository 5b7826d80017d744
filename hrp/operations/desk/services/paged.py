"""What paging writes on a ticket's chain: whom it called, and who answered."""

from __future__ import annotations

import datetime as dt

from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import chain
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.sources import StepTaken
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor

LATE_S = 10


class PagedTicket:
    """Tickets as a source of pagings: locked before their runs, like every act on a ticket does."""

    def hold(self, source: str, *, wait: bool) -> bool:
        rows = Ticket.objects.select_for_update(skip_locked=not wait).filter(pk=_pk(source))
        return rows.values_list("pk", flat=True).first() is not None

    def on_step(self, run: PagingRun, step: StepTaken) -> None:
        late = (step.at - step.planned_at).total_seconds() > LATE_S
        payload = {
            "to_whom": "、".join(step.people),
            "via": "、".join(step.channels),
            "note": f"第 {step.number} 步{'（迟）' if late else ''}",
        }
        _write(run, "PAGED", system_actor("duty", title="值班呼叫"), step.at, payload)

    def on_ack(self, run: PagingRun, *, user: User, via: str, at: dt.datetime) -> None:
        payload = {"person": user.display_name, "via": via}
        _write(run, "PAGE_ACKED", system_actor("duty", title="值班呼叫"), at, payload)


def _write(run: PagingRun, event: str, actor: User, at: dt.datetime, payload: dict[str, str]) -> None:
    """Add the event, when the ticket still takes it: a page answered after the closing has nothing to say there."""
    held = chain.hold(Ticket(pk=_pk(run.source)), actor=actor, permission="operations.ticket.work")
    if lifecycle.gate(held.ticket.state, event) is not None:
        return
    chain.append(held, event, at=at, payload=payload)
    chain.finish(held, event.lower(), summary=f"{payload.get('to_whom') or payload.get('person')}")


def _pk(source: str) -> int:
    return int(source.partition(":")[2])
