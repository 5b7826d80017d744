"""Marking a quiz, and judging whether both audiences were trained in each contract year. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

AUDIENCES = {"business": "业务部门", "system": "主管系统人员"}


@dataclass(frozen=True)
class Asked:
    """A question as put: its options, and the places of the right ones."""

    id: int
    text: str
    options: tuple[str, ...]
    right: frozenset[int]


@dataclass(frozen=True)
class Marked:
    """A marked paper: the score of 100, and per question what was chosen and whether it was right."""

    score: int
    answers: tuple[tuple[Asked, frozenset[int], bool], ...]


def mark(questions: Sequence[Asked], given: Mapping[int, frozenset[int]]) -> Marked:
    """All questions weigh the same; one is right only when exactly its right options were chosen."""
    answers = tuple(
        (asked, chosen, chosen == asked.right)
        for asked in questions
        for chosen in (given.get(asked.id, frozenset()),)
    )
    right = sum(correct for _asked, _chosen, correct in answers)
    return Marked(right * 100 // len(questions) if questions else 0, answers)


@dataclass(frozen=True)
class Held:
    """A session that took place: for whom, on which day, and how many signed."""

    name: str
    audience: str
    day: dt.date
    signed: int


@dataclass(frozen=True)
class Year:
    """A contract year as far as the span and the present reach into it; both days included."""

    number: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Covered:
    """Whether one audience was trained in one year. ``pending``: not yet, and the year is still running."""

    year: Year
    audience: str
    state: Literal["covered", "unsigned", "missing", "pending"]
    sessions: tuple[str, ...] = ()


def judge(years: Sequence[Year], sessions: Sequence[Held], today: dt.date) -> list[Covered]:
    """One line for each year and audience; a session counts when at least one person signed it."""
    found = []
    for year in years:
        for audience in AUDIENCES:
            there = [s for s in sessions if s.audience == audience and year.first <= s.day <= year.last]
            signed = tuple(s.name for s in there if s.signed)
            state: Literal["covered", "unsigned", "missing", "pending"] = "missing"
            if signed:
                state = "covered"
            elif there:
                state = "unsigned"
            elif today <= year.last:
                state = "pending"
            found.append(Covered(year, audience, state, signed))
    return found
