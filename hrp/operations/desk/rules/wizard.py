"""Three facts a caller can tell, and the level of the contract they amount to (三(二)5). Pure.

The proposal stands beside the contract's own words; whoever writes the report down decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hrp.operations.contracts.rules import Level

Reach = Literal["user", "some", "all"]
REACHES: dict[str, str] = {"user": "个别人", "some": "一个或几个科室", "all": "全院"}

_GRADES: Mapping[tuple[bool, bool, str], int] = {
    # (core process stopped, workaround, reach) -> place among the levels, gravest first
    (True, False, "all"): 0,
    (True, False, "some"): 0,
    (True, False, "user"): 1,
    (True, True, "all"): 1,
    (True, True, "some"): 1,
    (True, True, "user"): 2,
    (False, False, "all"): 1,
    (False, False, "some"): 2,
    (False, False, "user"): 3,
    (False, True, "all"): 2,
    (False, True, "some"): 2,
    (False, True, "user"): 3,
}


@dataclass(frozen=True)
class Answers:
    """What was answered: whether a core process has stopped, whether there is a way round, and how far it reaches."""

    stopped: bool
    workaround: bool
    reach: Reach

    def as_fact(self) -> dict[str, Any]:
        """As kept in the contact's event."""
        return {"stopped": self.stopped, "workaround": self.workaround, "reach": self.reach}


def read(given: Mapping[str, str]) -> Answers | None:
    """The answers of a form; None while one of the three is missing or makes no sense."""
    yes_or_no = {"yes": True, "no": False}
    stopped, workaround = yes_or_no.get(given.get("stopped", "")), yes_or_no.get(given.get("workaround", ""))
    reach = given.get("reach", "")
    if stopped is None or workaround is None or reach not in REACHES:
        return None
    return Answers(stopped, workaround, reach)  # type: ignore[arg-type]


def propose(answers: Answers, ranked: Sequence[Level]) -> Level:
    """The level among ``ranked`` (gravest first) the facts amount to; a contract with fewer levels gives its mildest."""
    return ranked[min(_GRADES[answers.stopped, answers.workaround, answers.reach], len(ranked) - 1)]


def words(fact: Mapping[str, Any]) -> str:
    """The kept answers as people read them."""
    return "，".join(
        (
            "核心业务已停" if fact.get("stopped") else "核心业务未停",
            "有变通办法" if fact.get("workaround") else "无变通办法",
            f"影响{REACHES.get(str(fact.get('reach')), '不明')}",
        )
    )
