"""Ticket events: the one form shared by the database, published cases and ``hrp desk replay``.

On the wire an event is ``{"t": instant, "type": TYPE, ...facts}``; instants are ISO 8601 with an offset. ``t`` is
when the thing happened, which may be earlier than when it was written down.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hrp.platform.base.refusals import Invalid

CLOCK_TYPES = (
    "NO_CONTRACT", "MONITOR_ALERT", "CONTACT", "REOPEN_CONTACT", "MERGE_EARLIER_CALL", "RECLASS", "EMERGENCY_FLAG",
    "REMOTE_FAILED", "ONSITE_ETA", "RESPONSE", "EMERGENCY_STARTED", "ONSITE_ARRIVED", "PENDING", "INSPECTION_ENDED",
    "REPORT_DELIVERED", "RESOLVED", "CANCELLED", "MERGED_INTO", "CLOSE_ATTEMPT",
)  # fmt: skip
"""The types the engine knows, in the order in which simultaneous ones take effect: what opens or moves a clock comes
before what stops one, so that a person who answers in the very second of an upgrade has answered it."""

DESK_TYPES = (
    "ASSIGNED", "NOTE", "CALL_CLAIMED", "LINKED", "PAGED", "PAGE_ACKED", "DISPATCHED", "STATUS_UPDATE", "DECISION",
    "EMERGENCY_ENDED", "RECORD_WRITTEN", "CONFIRMED", "REVIEW_WRITTEN", "REVIEW_APPROVED", "CLOSED", "RATED",
    "RULING_PROPOSED", "RULING_SIGNED",
)  # fmt: skip
"""Further events of a ticket's life; no clock depends on them."""

TITLES = {
    "NO_CONTRACT": "合同空档期", "MONITOR_ALERT": "监控告警", "CONTACT": "联系", "REOPEN_CONTACT": "同因再次联系",
    "MERGE_EARLIER_CALL": "并入更早来电", "RECLASS": "级别调整", "EMERGENCY_FLAG": "标为紧急事件",
    "REMOTE_FAILED": "远程无法解决", "ONSITE_ETA": "约定到场", "RESPONSE": "响应", "EMERGENCY_STARTED": "启动应急服务",
    "ONSITE_ARRIVED": "到达现场", "PENDING": "等待甲方", "INSPECTION_ENDED": "巡检结束", "REPORT_DELIVERED": "报告送达",
    "RESOLVED": "已解决", "CLOSE_ATTEMPT": "申请关闭", "ASSIGNED": "指派", "NOTE": "备注",
    "RECORD_WRITTEN": "填写维护记录", "CONFIRMED": "甲方确认", "CLOSED": "关闭", "CANCELLED": "甲方撤销",
    "MERGED_INTO": "并入他单", "CALL_CLAIMED": "甲方声明已致电", "LINKED": "关联重复报修", "PAGED": "呼叫",
    "PAGE_ACKED": "应答呼叫", "DISPATCHED": "派员出发", "STATUS_UPDATE": "进展通报", "DECISION": "应急决定",
    "EMERGENCY_ENDED": "甲方宣布应急结束", "REVIEW_WRITTEN": "提交复盘", "REVIEW_APPROVED": "复盘通过", "RATED": "满意度评价",
    "RULING_PROPOSED": "提出裁定", "RULING_SIGNED": "签署裁定",
}  # fmt: skip

_ORDER = {name: place for place, name in enumerate((*CLOCK_TYPES, *DESK_TYPES))}
_INSTANT_FACTS = ("answered_at", "ended_at", "first_call_at", "eta")


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``key`` is its identity within the ticket (its sequence number)."""

    at: dt.datetime
    type: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: int = 0

    def instant(self, name: str) -> dt.datetime | None:
        """A fact that is an instant, or None when it was not given."""
        value = self.facts.get(name)
        return None if value is None else parse_instant(value, name)

    def sort_key(self) -> tuple[dt.datetime, int, str]:
        """Total order that does not depend on the order of recording, so simultaneous recordings commute."""
        return self.at, _ORDER[self.type], json.dumps(self.facts, sort_keys=True, default=str)


def parse_instant(value: Any, where: str) -> dt.datetime:
    """An aware instant. Raises Invalid for text without an offset: a clock must not depend on a server's zone."""
    if isinstance(value, dt.datetime):
        instant = value
    else:
        try:
            instant = dt.datetime.fromisoformat(str(value))
        except ValueError as error:
            raise Invalid(
                f"{where}：「{value}」不是时刻",
                way_out="写成 2026-11-23T10:00:00+08:00 的形式。",
                code="bad_instant",
            ) from error
    if instant.tzinfo is None:
        raise Invalid(
            f"{where}：「{value}」没有时区", way_out="在末尾写明时差，例如 +08:00。", code="bad_instant"
        )
    return instant


def parse_events(rows: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Read events from the wire form; the place in the list becomes the key. Raises Invalid naming the event."""
    events = []
    for place, row in enumerate(rows, start=1):
        where = f"第 {place} 条事件"
        if not isinstance(row, Mapping):
            raise Invalid(f"{where}不是对象", way_out='每条事件写成 {"t": …, "type": …}。', code="bad_event")
        kind = row.get("type")
        if kind not in _ORDER:
            raise Invalid(
                f"{where}的类型「{kind}」不认识", way_out="可用类型：" + "、".join(_ORDER), code="bad_event"
            )
        facts = {name: value for name, value in row.items() if name not in ("t", "type")}
        for name in _INSTANT_FACTS:
            if facts.get(name) is not None:
                parse_instant(facts[name], f"{where}的 {name}")
        event = Event(parse_instant(row.get("t"), f"{where}的 t"), kind, facts, place)
        answered = event.instant("answered_at")
        if answered is not None and answered < event.at:
            raise Invalid(
                f"{where}的接听时间早于来电时间", way_out="请核对 t 与 answered_at。", code="bad_event"
            )
        events.append(event)
    return events
