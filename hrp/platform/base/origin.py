"""Where the current act comes from: who, from which address, in which request, job or command.

Doors set it (the web middleware, the job runner, the command line); the action log and the history triggers read
it. It lives on the floor of the house because both the jobs and the audit room need it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Protocol


class Actor(Protocol):
    """Whoever acts: a user row of ``access``, seen from below. ``pk`` and ``display_name`` are all that is needed."""

    @property
    def pk(self) -> Any: ...

    @property
    def display_name(self) -> str: ...


@dataclass(frozen=True)
class Origin:
    """``request_id`` is the id of the HTTP request, ``job:<id>`` or ``cli:<command>``."""

    request_id: str = ""
    ip: str = ""
    actor: Actor | None = None
    reason: str = ""


def _of_this_process() -> Origin:
    program = PurePath(sys.argv[0]).name if sys.argv else ""
    command = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else program
    return Origin(request_id=f"cli:{command}"[:64])


_current: ContextVar[Origin | None] = ContextVar("hrp_origin", default=None)


def current() -> Origin:
    """The origin set by the nearest door; the command line itself when there is none."""
    return _current.get() or _of_this_process()


@contextmanager
def entered(origin: Origin) -> Iterator[Origin]:
    """Make ``origin`` the current one for the body of the ``with``."""
    token = _current.set(origin)
    try:
        yield origin
    finally:
        _current.reset(token)


@contextmanager
def acting(actor: Actor, *, reason: str = "") -> Iterator[Origin]:
    """The current origin with another actor (API key, delegate, command line) or a reason."""
    with entered(replace(current(), actor=actor, reason=reason or current().reason)) as origin:
        yield origin
