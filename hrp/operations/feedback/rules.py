"""What may be done with a question, suggestion or complaint, and where its steps have brought it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

KINDS = {"consult": "咨询", "question": "疑问", "suggestion": "建议", "complaint": "投诉"}
STATES = {
    "open": "待答复",
    "working": "跟进中",
    "planned": "已列入计划",
    "answered": "已答复",
    "settled": "已办结",
}
STEPS = {
    "answer": "答复",
    "decide": "决定",
    "assign": "指定跟进",
    "done": "完成",
    "accept": "提出人认可",
    "reopen": "提出人不认可",
}
DECISIONS = {"accepted": "采纳，列入计划", "declined": "不采纳"}

ALLOWED: dict[str, dict[str, frozenset[str]]] = {
    "consult": {"answer": frozenset({"open"})},
    "question": {"answer": frozenset({"open"})},
    "suggestion": {"decide": frozenset({"open", "planned"}), "done": frozenset({"planned"})},
    "complaint": {"assign": frozenset({"open", "working"}), "done": frozenset({"working"})},
}
"""Kind -> step of the supplier -> the states it may be taken in; the asker may judge every answer."""

_JUDGED = frozenset({"answered"})
ASKERS_STEPS = frozenset({"accept", "reopen"})


def allows(kind: str, state: str, step: str) -> bool:
    if step in ASKERS_STEPS:
        return state in _JUDGED
    return state in ALLOWED[kind].get(step, frozenset())


def state_of(steps: Iterable[tuple[str, str]]) -> str:
    """The state after (step, decision) pairs in their order."""
    state = "open"
    for step, decision in steps:
        match step:
            case "answer" | "done":
                state = "answered"
            case "decide":
                state = "planned" if decision == "accepted" else "answered"
            case "assign":
                state = "working"
            case "accept":
                state = "settled"
            case "reopen":
                state = "open"
    return state


def needs_reason(score: int) -> bool:
    """A mark of 3 or less says why."""
    return score <= 3
