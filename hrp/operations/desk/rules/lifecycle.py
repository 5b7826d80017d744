"""The states of a ticket and what may be recorded in each: computed from the events, so that no door can jump one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hrp.operations.desk.rules.events import Event
from hrp.platform.base.refusals import Conflict

State = Literal[
    "new", "responded", "working", "dispatched", "onsite", "resolved", "recorded", "review", "confirmed", "closed",
    "merged", "cancelled",
]  # fmt: skip

STATE_TITLES: dict[str, str] = {
    "new": "待响应", "responded": "已响应", "working": "处理中", "dispatched": "待到场", "onsite": "现场处理",
    "resolved": "已解决", "recorded": "待甲方确认", "review": "待复盘", "confirmed": "待关闭", "closed": "已关闭",
    "merged": "已合并", "cancelled": "已撤销",
}  # fmt: skip

OPEN_STATES = ("new", "responded", "working", "dispatched", "onsite")
_WORK = frozenset(OPEN_STATES)
_DONE = frozenset({"resolved", "recorded", "review", "confirmed"})
_ALIVE = _WORK | _DONE
_ANY = frozenset(STATE_TITLES)

ALLOWED: Mapping[str, frozenset[str]] = {
    "CONTACT": _ALIVE,
    "REOPEN_CONTACT": _DONE | {"closed"},
    "MERGE_EARLIER_CALL": _ALIVE | {"closed"},
    "ASSIGNED": _ALIVE,
    "NOTE": _ALIVE | {"closed"},
    "PENDING": _WORK,
    "RESPONSE": _WORK,
    "RECLASS": _WORK,
    "EMERGENCY_FLAG": _WORK,
    "EMERGENCY_STARTED": _WORK,
    "REMOTE_FAILED": frozenset({"new", "responded", "working"}),
    "ONSITE_ETA": frozenset({"dispatched"}),
    "ONSITE_ARRIVED": frozenset({"dispatched"}),
    "RESOLVED": frozenset({"responded", "working", "dispatched", "onsite"}),
    "RECORD_WRITTEN": frozenset({"resolved", "recorded"}),
    "CONFIRMED": frozenset({"recorded"}),
    "CLOSE_ATTEMPT": _ALIVE,
    "CLOSED": frozenset({"confirmed"}),
    "CANCELLED": _WORK,
    "MERGED_INTO": _WORK,
    "CALL_CLAIMED": _ALIVE,
    "LINKED": _ALIVE | {"closed"},
    "PAGED": _ALIVE,
    "PAGE_ACKED": _ALIVE,
    "DISPATCHED": frozenset({"dispatched"}),
    "STATUS_UPDATE": _ALIVE,
    "DECISION": _ALIVE,
    "EMERGENCY_ENDED": _ALIVE,
    "REVIEW_WRITTEN": _DONE,
    "REVIEW_APPROVED": _DONE,
    "RATED": _DONE | {"closed"},
    "RULING_PROPOSED": _ANY,
    "RULING_SIGNED": _ANY,
}
"""Event type -> the states in which it may be recorded."""

_NEXT: Mapping[str, str] = {
    "EMERGENCY_STARTED": "working", "REMOTE_FAILED": "dispatched", "ONSITE_ARRIVED": "onsite",
    "RESOLVED": "resolved", "RECORD_WRITTEN": "recorded", "CONFIRMED": "confirmed", "CLOSED": "closed",
    "REOPEN_CONTACT": "new", "CANCELLED": "cancelled", "MERGED_INTO": "merged",
}  # fmt: skip
_REVIEWED_ANEW = frozenset({"REOPEN_CONTACT", "REVIEW_WRITTEN"})
_FORWARD = {name: place for place, name in enumerate(STATE_TITLES)}


@dataclass(frozen=True)
class Gate:
    """Why an act is not possible now: the clause it would break (empty: none), and what to do first."""

    reason: str
    way_out: str
    clause: str = ""


def state_of(events: Iterable[Event], *, needs_review: bool = False) -> State:
    """The state after ``events`` in the order in which they were recorded.

    ``needs_review``: the current cycle was an emergency, so a confirmed record still waits for its review (复盘).
    """
    state, reviewed = "new", False
    for event in events:
        reviewed = event.type == "REVIEW_APPROVED" or (reviewed and event.type not in _REVIEWED_ANEW)
        if event.type == "REOPEN_CONTACT":
            state = "responded" if event.facts.get("answered_at") else "new"
            continue
        reached = _NEXT.get(event.type, "")
        if event.type == "RESPONSE" and event.facts.get("kind", "human") == "human":
            reached = "responded"
        if event.type == "CONTACT" and event.facts.get("answered_at") and _answered_by_person(event):
            reached = "responded"
        if reached and _FORWARD[reached] > _FORWARD[state]:
            state = reached
    if state == "confirmed" and needs_review and not reviewed:
        state = "review"
    return state  # type: ignore[return-value]


def _answered_by_person(event: Event) -> bool:
    return bool(event.facts.get("answered_by", "human") == "human" and not event.facts.get("unattributed"))


def gate(state: str, event_type: str) -> Gate | None:
    """None when ``event_type`` may be recorded in ``state``, else why not."""
    if state in ALLOWED.get(event_type, frozenset()):
        return None
    if event_type == "CLOSED" and state in ("resolved", *OPEN_STATES):
        return Gate(
            "没有维护记录，不能关闭",
            "请先完成处理，填写维护记录并由甲方确认。",
            "record",
        )
    if event_type == "CLOSED" and state == "recorded":
        return Gate("维护记录尚未经甲方确认，不能关闭", "请甲方在工单页面确认维护记录。", "record")
    if event_type == "CLOSED" and state == "review":
        return Gate(
            "1级、A级或紧急事件尚未复盘，不能关闭", "请乙方提交复盘，由甲方认可后再关闭。", "emergency"
        )
    if event_type == "CONFIRMED" and state in ("resolved", *OPEN_STATES):
        return Gate("还没有维护记录可供确认", "请乙方工程师先填写维护记录。", "record")
    if event_type == "RECORD_WRITTEN" and state in OPEN_STATES:
        return Gate("问题尚未解决，不能填写维护记录", "请先登记解决。", "record")
    if event_type == "RESOLVED" and state == "new":
        return Gate("尚无人响应，不能登记解决", "请先登记响应：能处理问题的人员已与来电人说明。", "levels")
    if event_type in ("ONSITE_ETA", "ONSITE_ARRIVED") and state in ("new", "responded", "working"):
        return Gate("尚未声明远程无法解决，到场时限未起算", "请先登记「远程无法解决」。", "onsite")
    if state in ("merged", "cancelled"):
        return Gate(f"工单{STATE_TITLES[state]}，不再办理", "请在并入的工单上办理，或另行报修。")
    if state == "closed":
        return Gate("工单已关闭", "同一原因再次发生的，请登记「同因再次联系」，将另起一轮时钟。")
    return Gate(f"工单现为「{STATE_TITLES[state]}」，此操作不适用", "请按页面列出的操作办理。")


def require(state: str, event_type: str, clauses: Mapping[str, str]) -> None:
    """Raise Conflict citing the clause unless ``event_type`` may be recorded in ``state``."""
    closed = gate(state, event_type)
    if closed is None:
        return
    clause = clauses.get(closed.clause, "")
    raise Conflict(
        closed.reason + (f"（合同 {clause}）" if clause else ""),
        way_out=closed.way_out,
        code=f"desk_{event_type.lower()}_refused",
    )
