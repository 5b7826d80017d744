"""Deadlocks: what the database breaks off in favour of somebody else is done once more, unseen.

Locks have an order, so this is the net below it: a document nobody foresaw must not show its user an error. Only the
outermost transaction can be done again, for a broken one takes all that surrounds it along.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from hrp.platform.base.refusals import Conflict

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)

TIMES = 3


def atomic(act: Callable[P, R]) -> Callable[P, R]:
    """Run ``act`` in a transaction, up to three times when it is the victim of a deadlock.

    ``act`` must read what it changes from the database. Raises Conflict (``busy``) when it never gets through, and lets
    the database's error pass inside a transaction that is already open.
    """
    one = transaction.atomic(act)

    @wraps(act)
    def attempted(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return one(*args, **kwargs)
        for time in range(1, TIMES + 1):
            try:
                return one(*args, **kwargs)
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
                log.warning("deadlock in %s, attempt %d of %d", act.__qualname__, time, TIMES)
        raise Conflict(
            "同一批数据正有多人同时办理，本次没有写入",
            code="busy",
            way_out="什么都没有改变，请稍候再试一次。",
        )

    return attempted
