"""Finding missed targets by scanning state: whoever was asleep, each breach carries its true due time."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Breach, Ticket
from hrp.operations.desk.services.projection import project
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock

BATCH = 1000  # a catch-up after an outage comes back for the rest two seconds later


def scan(*, actor: User) -> int:
    """Judge every ticket whose next due time has passed; returns how many breaches were newly written.

    Safe to run from several workers at once: a ticket another one holds is left to it.
    """
    written = 0
    for pk in selectors.overdue_ids(clock.now(), BATCH):
        written += _judge(pk, actor=actor)
    return written


@transaction.atomic
def _judge(pk: int, *, actor: User) -> int:
    ticket = Ticket.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if ticket is None:
        return 0
    before = Breach.objects.filter(ticket=ticket).count()
    project(ticket, contracts.terms_of(ticket.contract_version), clock.now())
    written = Breach.objects.filter(ticket=ticket).count() - before
    if written:
        audit.record(
            actor=actor,
            act="operations.ticket.breach",
            target=f"operations.ticket:{ticket.pk}",
            summary=f"{ticket.number} 超时 {written} 项",
        )
    return written
