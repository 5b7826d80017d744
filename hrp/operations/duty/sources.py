"""What may be paged for. A module above registers its prefix here; the duty room calls it by that name only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from hrp.operations.duty.models import PagingRun
from hrp.platform.access.models import User
from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class StepTaken:
    """A step as the source writes it down: who was called, through what, and when it should have been."""

    at: dt.datetime
    planned_at: dt.datetime
    number: int
    people: tuple[str, ...]
    channels: tuple[str, ...]


class Source(Protocol):
    """``hold`` locks what is paged for before the run is locked, so that all doors lock in one order.

    With ``wait`` False it returns False when somebody else holds it. ``on_step`` and ``on_ack`` run in the
    transaction of the step or the answer, with the lock held.
    """

    def hold(self, source: str, *, wait: bool) -> bool: ...

    def on_step(self, run: PagingRun, step: StepTaken) -> None: ...

    def on_ack(self, run: PagingRun, *, user: User, via: str, at: dt.datetime) -> None: ...


sources: Registry[Source] = Registry("呼叫来源")


def register(prefix: str, source: Source) -> Source:
    """``prefix`` is the part of a run's ``source`` before the colon."""
    return sources.register(prefix, source)


def of(source: str) -> Source | None:
    return sources.get(source.partition(":")[0])
