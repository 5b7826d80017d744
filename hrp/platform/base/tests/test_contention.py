"""A victim of a deadlock is done again, alone; everything else passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from hrp.platform.base import contention
from hrp.platform.base.refusals import Conflict


def failing(times: int, cause: type[Exception] = DeadlockDetected) -> tuple[Callable[[], str], list[int]]:
    tried: list[int] = []

    def act() -> str:
        tried.append(1)
        if len(tried) <= times:
            raise OperationalError("broken off") from cause("broken off")
        return "done"

    return contention.atomic(act), tried


@pytest.mark.django_db
def test_inside_a_transaction_the_error_passes() -> None:
    act, tried = failing(1)
    with transaction.atomic(), pytest.raises(OperationalError):
        act()
    assert len(tried) == 1


def test_it_is_done_again(committed_db: object) -> None:
    act, tried = failing(2)
    assert act() == "done"
    assert len(tried) == 3


def test_who_never_gets_through_is_told_so(committed_db: object) -> None:
    act, tried = failing(3)
    with pytest.raises(Conflict) as refused:
        act()
    assert (refused.value.code, len(tried)) == ("busy", 3)


def test_other_errors_pass(committed_db: object) -> None:
    act, tried = failing(1, LockNotAvailable)
    with pytest.raises(OperationalError):
        act()
    assert len(tried) == 1
