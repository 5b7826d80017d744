"""Whoever gets at the tables: the application role is refused, and what a superuser changes is found."""

from __future__ import annotations

import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from hrp.config import testing
from hrp.operations.desk.models import Breach, TicketEvent
from hrp.operations.desk.services import breaches, rulings
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.audit import sealing, verification
from hrp.platform.base import clock

TABLES = (
    "operations_ticket_event", "operations_breach", "operations_contact_evidence", "operations_ruling",
    "operations_ruling_signature", "operations_escalation", "operations_watch_gap",
)  # fmt: skip


def ruled() -> World:
    """A missed target with its ruling, found by a scan that had stopped for a while: every table has a row."""
    world = desk.make()
    with clock.pinned(later(0)):
        breaches.scan(actor=system_actor("desk"))
    world.call("1", answered_s=None)
    with clock.pinned(later(30)):
        breaches.scan(actor=system_actor("desk"))
        ruling = rulings.propose(
            actor=world.engineer, breach=Breach.objects.get(), outcome="excused", reason="占线"
        )
    with clock.pinned(later(31)):
        rulings.sign(actor=world.head, ruling=ruling)
    return world


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_the_application_can_neither_change_nor_remove_a_fact(table: str) -> None:
    ruled()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def invariants() -> str:
    out = io.StringIO()
    try:
        call_command("invariants", "--module", "operations", stdout=out, stderr=out)
    except (CommandError, SystemExit) as stopped:
        out.write(f"stopped: {stopped}")
    return out.getvalue()


@pytest.mark.parametrize("sealed", [True, False])
def test_a_flipped_byte_is_found_by_the_invariants_and_by_the_auditor(
    committed_db: testing.Database, sealed: bool
) -> None:
    ruled()
    if sealed:
        sealing.seal()
    assert "stopped" not in invariants()
    assert verification.verify(with_anchor=False).ok
    event = TicketEvent.objects.get(type="CONTACT")
    with psycopg.connect(committed_db.owner_url) as owner:
        owner.execute("ALTER TABLE operations_ticket_event DISABLE TRIGGER append_only_row")
        owner.execute(
            "UPDATE operations_ticket_event SET payload = jsonb_set(payload, '{caller}', '\"057188886613\"') WHERE id = %s",
            [event.pk],
        )
        owner.execute("ALTER TABLE operations_ticket_event ENABLE ALWAYS TRIGGER append_only_row")
    told = invariants()
    assert "stopped" in told
    assert "desk.chain" in told
    report = verification.verify(with_anchor=False)
    assert not report.ok
    assert any(f"operations_ticket_event 第 {event.pk} 行" in finding.where for finding in report.findings)


def test_a_hash_made_to_fit_still_breaks_the_seal(committed_db: testing.Database) -> None:
    ruled()
    sealing.seal()
    with psycopg.connect(committed_db.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE operations_ticket_event DISABLE TRIGGER append_only_row")
        owner.execute("UPDATE operations_ticket_event SET payload = '{}' WHERE type = 'CONTACT'")
        owner.execute(
            "UPDATE operations_ticket_event e SET hash = operations_event_hash(e) WHERE type = 'CONTACT'"
        )
        owner.execute("ALTER TABLE operations_ticket_event ENABLE ALWAYS TRIGGER append_only_row")
    assert "desk.chain" in invariants()
    assert not verification.verify(with_anchor=False).ok
