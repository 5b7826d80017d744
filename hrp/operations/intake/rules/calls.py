"""What a call amounts to, and which calls belong together. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

ABANDONED_WITHIN = dt.timedelta(seconds=10)
MATCH_WITHIN = dt.timedelta(minutes=30)
UNANSWERED_AFTER = dt.timedelta(seconds=60)
SKEW_SHOWN = dt.timedelta(seconds=2)

State = Literal["ringing", "answered", "missed", "unanswered"]


@dataclass(frozen=True)
class Said:
    """One event of a call as the telephone system told it."""

    kind: str
    at: dt.datetime
    agent: str = ""


@dataclass(frozen=True)
class Story:
    """A call folded from its events, in whatever order they arrived. No end before its ring, no answer after its end."""

    ring_at: dt.datetime
    answered_at: dt.datetime | None = None
    over_at: dt.datetime | None = None
    agent: str = ""

    def state(self, now: dt.datetime) -> State:
        """``unanswered``: it has rung so long that somebody must be told, though nobody has said that it is over."""
        if self.answered_at is not None:
            return "answered"
        if self.over_at is not None:
            return "missed"
        return "unanswered" if now - self.ring_at >= UNANSWERED_AFTER else "ringing"

    @property
    def rang_for(self) -> dt.timedelta | None:
        """How long it rang before the caller gave up; None for a call that was answered or still rings."""
        return None if self.answered_at or self.over_at is None else self.over_at - self.ring_at


def story_of(events: Iterable[Said], ring_at: dt.datetime) -> Story:
    """``ring_at`` is the ring known from the call itself; a ring event told later may be earlier, never later."""
    told = sorted(events, key=lambda one: (one.at, one.kind))
    rings = [one.at for one in told if one.kind == "ring"]
    first = min([ring_at, *rings])
    answers = [one for one in told if one.kind == "answered"]
    ends = [one for one in told if one.kind in ("missed", "ended")]
    return Story(
        first,
        max(first, answers[0].at) if answers else None,
        max(first, ends[-1].at) if ends else None,
        next((one.agent for one in (*answers, *told) if one.agent), ""),
    )


def normal(number: str) -> str:
    """A number as it is compared: digits only, without the country code and a leading zero of the trunk."""
    digits = re.sub(r"\D", "", number)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 10:
            digits = digits[len(prefix) :]
    return digits.lstrip("0")[:30]


def is_abandoned(story: Story) -> bool:
    """Whether the caller gave up so soon that the call alone tells nothing."""
    return story.rang_for is not None and story.rang_for < ABANDONED_WITHIN


Decision = Literal["wait", "unattributed", "open"]


def decide(story: Story, *, known: bool, now: dt.datetime) -> Decision:
    """What to do with a call nobody has registered: wait while it rings or a person has it, open a ticket for one
    nobody took, and leave a short one of a stranger unattributed until the same number calls again."""
    state = story.state(now)
    if state in ("ringing", "answered"):
        return "wait"
    return "unattributed" if is_abandoned(story) and not known else "open"


class Rang(Protocol):
    @property
    def number(self) -> str: ...

    @property
    def ring_at(self) -> dt.datetime: ...


C = TypeVar("C", bound=Rang)


def earlier_calls(calls: Sequence[C], number: str, at: dt.datetime) -> list[C]:
    """Those of ``calls`` from the same number in the half hour before ``at``, earliest first.

    A withheld number is nobody's: it never matches.
    """
    wanted = normal(number)
    if not wanted:
        return []
    found = [
        c for c in calls if normal(c.number) == wanted and dt.timedelta() < at - c.ring_at <= MATCH_WITHIN
    ]
    return sorted(found, key=lambda call: call.ring_at)
