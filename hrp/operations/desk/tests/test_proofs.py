"""AC-13 over real tickets: each verdict, and each failure by its name."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from django.db import connection

from hrp.config import testing
from hrp.operations.contracts import proofs as clauses
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import closing, handling
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db

NOVEMBER = (dt.date(2026, 11, 1), dt.date(2026, 11, 30))


def closed(world: World) -> Ticket:
    ticket = world.call("B")
    with clock.pinned(later(40)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="恢复")
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
        closing.confirm_by_hospital(actor=world.head, ticket=ticket)
        return closing.close(actor=world.head, ticket=ticket)


def prove(world: World, code: str, days: tuple[dt.date, dt.date] = NOVEMBER) -> Finding:
    return clauses.prove(code, Span(world.contract, *days, clock.at(dt.date(2026, 12, 5))))


def test_closed_tickets_with_their_archives_meet_the_clause() -> None:
    world = desk.make()
    ticket = closed(world)
    found = prove(world, "AC-13")
    assert (found.verdict, found.figure, found.exceptions) == (
        Verdict.MET, "有归档记录 1/1，散列相符 1/1，断号 0", (),
    )  # fmt: skip
    record = ticket.records.get()
    assert [(one.title, one.sha256) for one in found.evidence] == [
        (f"维护记录 {record.number}", record.archive.body_sha256)
    ]


def test_nothing_closed_needs_no_proof() -> None:
    world = desk.make()
    world.call("B")
    assert prove(world, "AC-13").verdict == Verdict.NOT_APPLICABLE
    closed(world)
    october = (dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert prove(world, "AC-13", october).verdict == Verdict.NOT_APPLICABLE


def test_a_number_that_was_drawn_and_is_not_there_is_named() -> None:
    world = desk.make()
    closed(world)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE operations_number_series SET last = last + 1 WHERE key = 'WX2026'")
    found = prove(world, "AC-13")
    assert (found.verdict, found.exceptions) == (Verdict.NOT_MET, ("WX2026-00002 断号",))


def test_a_closed_ticket_without_record_and_a_changed_archive_are_named(
    committed_db: testing.Database,
) -> None:
    world = desk.make()
    first, second = closed(world), closed(world)
    with psycopg.connect(committed_db.owner_url) as owner:
        owner.execute("ALTER TABLE operations_record_archive DISABLE TRIGGER append_only_row")
        owner.execute("ALTER TABLE operations_record_archive DROP CONSTRAINT operations_archive_body_hash")
        owner.execute("DELETE FROM operations_record_archive WHERE record_id = %s", [first.records.get().pk])
        owner.execute("UPDATE operations_record_archive SET body = body || ' '")
    found = prove(world, "AC-13")
    assert found.verdict == Verdict.NOT_MET
    assert found.figure == "有归档记录 1/2，散列相符 0/1，断号 0"
    assert found.exceptions == (
        f"{first.number} 已关闭，没有归档的维护记录",
        f"{second.records.get().number} 归档内容与散列不符",
    )


def test_tickets_name_their_system_for_ac_01() -> None:
    world = desk.make()
    ticket = world.call("B")
    assert (prove(world, "AC-01").verdict, prove(world, "AC-01").figure) == (Verdict.MET, "工单 1/1")
    Ticket.objects.filter(pk=ticket.pk).update(module="门诊挂号")
    found = prove(world, "AC-01")
    assert found.verdict == Verdict.NOT_MET
    assert found.exceptions == (f"工单 {ticket.number}：「门诊挂号」不在合同范围内，却未标范围外",)
