"""When a ticket calls the people on duty, and when it stops: decided anew after every act on the ticket."""

from __future__ import annotations

from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.selectors import on_duty
from hrp.operations.duty.services import paging
from hrp.platform.access.models import User
from hrp.platform.base import clock

PREFIX = "operations.ticket"


def source_of(ticket: Ticket) -> str:
    return f"{PREFIX}:{ticket.pk}"


def follow(ticket: Ticket, terms: Terms, *, act: str, actor: User) -> None:
    """Called after an act with the ticket locked: start to page, answer by deed, or stop.

    A new cycle and every rise of the level page once, by the chain of the level that was reported: a 1级 report that
    came by mail is only held at B, but it is paged for as 1级 (I-08). Whoever of the first layer takes the ticket up
    has answered.
    """
    source = source_of(ticket)
    if ticket.state not in OPEN_STATES:
        paging.stop(source=source, note=f"工单{ticket.get_state_display()}")
        return
    level = _level(ticket)
    if _is_due(ticket, terms, source, level):
        paging.start(
            source=source,
            url=selectors.url_of(ticket),
            level=level,
            terms=terms,
            title=f"{terms.levels[level].title}工单 {ticket.number} {ticket.title}",
            key=f"{ticket.cycle}:{level}",
        )
    if act == "respond" or (
        act in ("open", "contact") and ticket.state == "responded" and _is_first_line(actor)
    ):
        paging.answered_by_deed(source=source, user=actor)


def _level(ticket: Ticket) -> str:
    return ticket.reported_level if "channel_rejected" in ticket.flags else ticket.level


def _is_due(ticket: Ticket, terms: Terms, source: str, level: str) -> bool:
    """Whether this cycle has not been paged for at this level or a graver one."""
    known = PagingRun.objects.filter(source=source, key__startswith=f"{ticket.cycle}:").values_list(
        "level", flat=True
    )
    ranks = [terms.levels[one].rank for one in known if one in terms.levels]
    return level in terms.levels and terms.levels[level].rank > max(ranks, default=0)


def _is_first_line(user: User) -> bool:
    standing = on_duty(clock.now())
    first = next(iter(standing.values()), [])
    return any(one.pk == user.pk for one in first)
