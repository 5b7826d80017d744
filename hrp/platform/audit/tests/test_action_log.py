"""The action log: one insert, stamped by the database, refused every change."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from hrp.platform.access.models import User
from hrp.platform.audit.models import ActionLog
from hrp.platform.audit.services import record
from hrp.platform.base import clock, origin


def test_one_act_is_one_insert_with_its_origin(auditor: User, django_assert_num_queries: Any):
    here = origin.Origin(request_id="r-12345678", ip="10.2.3.4")
    with origin.entered(here), django_assert_num_queries(1):
        record(
            actor=auditor,
            act="post",
            target="logistics.stock_issue:4711",
            summary="过账出库单",
            data={"total": Decimal("12.30"), "date": dt.date(2026, 1, 31)},
            unit_id=7,
        )
    row = ActionLog.objects.get()
    assert (row.actor_id, row.actor_name, row.duty) == (auditor.pk, "沈稽", "audit")
    assert (row.act, row.target, row.summary, row.unit_id) == (
        "post",
        "logistics.stock_issue:4711",
        "过账出库单",
        7,
    )
    assert (row.ip, row.request_id) == ("10.2.3.4", "r-12345678")
    assert row.data == {"total": "12.30", "date": "2026-01-31"}
    assert abs(row.at - clock.now()) < dt.timedelta(seconds=5)
    assert len(row.row_hash) == 32


def test_an_act_of_nobody_and_one_from_the_command_line(db: None):
    record(actor=None, act="login_failed", target="access.user:zhang")
    row = ActionLog.objects.get()
    assert (row.actor_id, row.actor_name) == (None, "未登录")
    assert row.request_id.startswith("cli:")


def test_a_failed_log_takes_the_act_with_it(auditor: User):
    def act() -> None:
        with transaction.atomic():
            User.objects.filter(pk=auditor.pk).update(phone="139")
            record(actor=auditor, act="x" * 101, target="t")

    with pytest.raises(DatabaseError):
        act()
    auditor.refresh_from_db()
    assert auditor.phone == ""
    assert not ActionLog.objects.exists()


def test_stamps_cannot_be_forged(auditor: User):
    """Time, transaction, epoch and hash are the database's, whatever the INSERT says."""
    long_ago = clock.now() - dt.timedelta(days=400)
    forged = ActionLog.objects.create(
        at=long_ago,
        actor=auditor,
        actor_name="别人",
        act="a",
        target="t",
        epoch=1,
        xact_id=1,
        row_hash=b"x" * 32,
    )
    row = ActionLog.objects.get(pk=forged.pk)
    assert row.at > long_ago + dt.timedelta(days=399)
    assert row.epoch > 1
    assert row.xact_id > 1
    assert bytes(row.row_hash) != b"x" * 32


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_action SET summary = 'x'",
        "DELETE FROM audit_action",
        "TRUNCATE audit_action",
        "UPDATE audit_block SET count = 0",
        "DELETE FROM audit_block",
        "TRUNCATE audit_block",
        "ALTER TABLE audit_action DISABLE TRIGGER ALL",
        "ALTER TABLE audit_action DISABLE TRIGGER zz_row_stamp",
        "DROP TRIGGER append_only_row ON audit_action",
        "DROP TABLE audit_action",
        "ALTER TABLE audit_action OWNER TO CURRENT_USER",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_action_stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE OR REPLACE FUNCTION hrp_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_the_application_role_is_refused(auditor: User, statement: str):
    record(actor=auditor, act="post", target="t:1")
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refused.value.__cause__.sqlstate in ("42501", "HR001")  # type: ignore[union-attr]
    assert ActionLog.objects.filter(summary="").count() == 1


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_action SET summary = 'x'", "DELETE FROM audit_action", "TRUNCATE audit_action"]
)
def test_even_the_owner_is_refused_while_triggers_stand(owner_connection: psycopg.Connection, verb: str):
    owner_connection.execute(
        """INSERT INTO audit_action (at, actor_name, duty, act, target, ip, request_id, summary, data, epoch, xact_id, row_hash)
           VALUES (now(), 'x', '', 'a', 't', '', '', '', '{}', 0, 0, '')"""
    )
    with pytest.raises(psycopg.errors.DatabaseError, match="只能追加"):
        owner_connection.execute(verb)


def test_what_a_row_costs(auditor: User):
    """Printed, not asserted: the share of the trigger in one insert."""

    def insert_without_stamps() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO audit_plain SELECT 1, now(), 'a', 'b', '{}'::jsonb")

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE audit_plain (id bigint, at timestamptz, act text, target text, data jsonb)"
        )

    def micros(act: Any) -> float:
        times = []
        for _ in range(400):
            started = time.perf_counter()
            act()
            times.append(time.perf_counter() - started)
        return statistics.median(times) * 1e6

    logged = micros(
        lambda: record(actor=auditor, act="post", target="logistics.stock_issue:1", data={"lines": 20})
    )
    plain = micros(insert_without_stamps)
    print(f"\nrecord() median {logged:.0f} µs; a bare insert into a heap {plain:.0f} µs")
    assert ActionLog.objects.count() == 400
