"""When something recurring falls due. Pure."""

from __future__ import annotations

import datetime as dt


def last_due(base: dt.datetime, every: dt.timedelta, now: dt.datetime) -> dt.datetime | None:
    """The latest of ``base``, ``base + every``, ... that has come; None when none has."""
    if now < base:
        return None
    return base + (now - base) // every * every


def is_late(due: dt.datetime, now: dt.datetime, tolerance: dt.timedelta) -> bool:
    """Whether what fell due at ``due`` was only noticed well after: the watch was not kept."""
    return now - due > tolerance
