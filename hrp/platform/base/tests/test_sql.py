"""Hot statements are really prepared, and stay visible to whoever counts or wraps queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.platform.base import sql
from hrp.platform.org.models import Hospital

pytestmark = pytest.mark.django_db

STATEMENT = "SELECT %s::int + 4711"


def test_a_hot_statement_is_planned_once_per_connection():
    for n in range(3):
        assert sql.row(STATEMENT, [n]) == (n + 4711,)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%4711"],
        )
        assert cursor.fetchall() == [(3,)]


def test_other_statements_are_not_prepared_by_themselves():
    for _ in range(10):
        list(Hospital.objects.filter(pk=0))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%org_hospital%"]
        )
        assert cursor.fetchone() == (0,)


def test_hot_statements_are_counted_with_the_others(django_assert_num_queries: Any):
    with django_assert_num_queries(2):
        sql.row(STATEMENT, [1])
        sql.rows(STATEMENT, [2])


def test_a_failing_hot_statement_raises_the_error_django_callers_expect():
    with pytest.raises(DatabaseError), transaction.atomic():
        sql.row("SELECT 1 / %s", [0])


def test_lock_reads_the_row_or_nothing():
    hospital = Hospital.objects.create(code="H9", name="锁定医院")
    assert sql.lock(Hospital, hospital.pk) == hospital
    assert sql.lock(Hospital, -1) is None
