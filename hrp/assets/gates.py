"""What rooms above add to the documents of assets: checks before a document may go on, and what follows its posting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hrp.platform.base.refusals import Problem
from hrp.platform.base.registry import Registry

if TYPE_CHECKING:
    from hrp.platform.documents.spec import PostingContext


class Moment(StrEnum):
    BOOKING = "booking"
    REVISION = "revision"
    TRANSFER = "transfer"
    WRITE_OFF = "write_off"
    TAKEN_BACK = "taken_back"  # let or lent outside: the document has ``asset`` and ``status_before``


Check = Callable[[Any, Sequence[Any], dt.date], list[Problem]]
Act = Callable[[Any, Any], None]  # the document and the context of its posting; None where nothing is posted


@dataclass(frozen=True)
class Gate:
    """``check(document, lines, on)`` at save and submission; ``apply`` and ``mirror(document, ctx)`` at posting and reversal."""

    name: str
    moment: Moment
    check: Check | None = None
    apply: Act | None = None
    mirror: Act | None = None


_gates: Registry[Gate] = Registry("资产关口")


def register(gate: Gate) -> Gate:
    return _gates.register(f"{gate.moment}/{gate.name}", gate)


def problems(moment: Moment, document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """What every gate of a moment finds wrong."""
    return [
        problem
        for gate in _gates
        if gate.moment == moment and gate.check is not None
        for problem in gate.check(document, lines, on)
    ]


def applied(moment: Moment, document: Any, ctx: PostingContext | None) -> None:
    for gate in _gates:
        if gate.moment == moment and gate.apply is not None:
            gate.apply(document, ctx)


def mirrored(moment: Moment, document: Any, ctx: PostingContext) -> None:
    """Let every gate of a moment undo its part, the last one first."""
    for gate in reversed(list(_gates)):
        if gate.moment == moment and gate.mirror is not None:
            gate.mirror(document, ctx)
