"""The life of one piece, what may follow what, and how little of a patient's name is kept. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hrp.platform.base.refusals import Invalid, Problem

THEATRE = "highvalue.theatre"  # the source of what was scanned at a table, with the use it became
REGISTER = "highvalue.unit"  # the source of what somebody said of a piece itself


class State(StrEnum):
    LABELLED = "labelled"
    IN_STOCK = "in_stock"
    IN_CONSIGN = "in_consign"
    MOVING = "moving"
    PICKED = "picked"
    USED = "used"
    BOOKED = "booked"
    SETTLED = "settled"
    INVOICED = "invoiced"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"
    OUT = "out"


STATES: Mapping[State, str] = {
    State.LABELLED: "已赋码",
    State.IN_STOCK: "在库",
    State.IN_CONSIGN: "寄售在柜",
    State.MOVING: "移动中",
    State.PICKED: "已备用",
    State.USED: "已使用",
    State.BOOKED: "已入账",
    State.SETTLED: "已结算",
    State.INVOICED: "已开票",
    State.DAMAGED: "损坏",
    State.EXPIRED: "过期下架",
    State.RECALLED: "召回下架",
    State.WITHDRAWN: "供应商收回",
    State.OUT: "已出库",
}

#: Where a piece lies somewhere in the hospital.
PLACED = frozenset(
    {State.IN_STOCK, State.IN_CONSIGN, State.PICKED, State.DAMAGED, State.EXPIRED, State.RECALLED}
)
USABLE = frozenset({State.IN_STOCK, State.IN_CONSIGN, State.PICKED})
GONE = frozenset({State.USED, State.BOOKED, State.SETTLED, State.INVOICED})

_HELD = frozenset({State.IN_STOCK, State.IN_CONSIGN, State.PICKED})
_ASIDE = frozenset({State.DAMAGED, State.EXPIRED, State.RECALLED})

#: act -> states it may be done in. Where it leads is said by whoever does it, for "home" depends on the owner.
ALLOWED: Mapping[str, frozenset[State]] = {
    "receive": frozenset({State.LABELLED}),
    "consign": frozenset({State.LABELLED}),
    "leave": _HELD - {State.IN_CONSIGN} | _ASIDE,
    "arrive": frozenset({State.MOVING, State.OUT}),
    "pick": frozenset({State.IN_STOCK, State.IN_CONSIGN}),
    "put_back": frozenset({State.PICKED}),
    "use": USABLE | {State.LABELLED},
    "unuse": frozenset({State.USED}),
    "book": frozenset({State.USED}),
    "unbook": frozenset({State.BOOKED}),
    "settle": frozenset({State.BOOKED}),
    "unsettle": frozenset({State.SETTLED}),
    "invoice": frozenset({State.SETTLED}),
    "damage": _HELD,
    "expire": _HELD,
    "recall": _HELD,
    "restore": _ASIDE,
    "withdraw": _HELD - {State.IN_STOCK} | _ASIDE,
    "undo": frozenset(State),
}

ACTS: Mapping[str, str] = {
    "receive": "入库", "consign": "寄售入柜", "leave": "出库", "arrive": "到库", "pick": "备用", "put_back": "退回货位",
    "use": "使用", "unuse": "撤销使用", "book": "入账", "unbook": "冲销入账", "settle": "结算", "unsettle": "冲销结算",
    "invoice": "开票", "damage": "登记损坏", "expire": "过期下架", "recall": "召回下架", "restore": "恢复", "withdraw": "供应商收回",
    "undo": "单据红冲",
}  # fmt: skip


def mask(name: str) -> str:
    """What is kept of a patient's name: the first character; the rest as asterisks, at least one.

    >>> mask("张三丰"), mask("李"), mask("")
    ('张**', '李*', '')
    """
    name = "".join(name.split())
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


@dataclass(frozen=True)
class Standing:
    """What decides whether a scanned piece may be used: its state, its batch's hold and its last usable day."""

    state: State
    hold: str
    usable_until: dt.date
    visit_no: str = ""


class Verdict(StrEnum):
    OK = "ok"
    DUPLICATE = "duplicate"
    STOP = "stop"


def verdict(unit: Standing, *, visit_no: str, on: dt.date) -> tuple[Verdict, str]:
    """May it be used for this visit: and if not, why, in words."""
    if unit.state in GONE:
        return Verdict.DUPLICATE, "已使用"
    if unit.state not in USABLE:
        return Verdict.STOP, f"处于“{STATES[unit.state]}”，不能使用"
    if unit.hold:
        words = {"frozen": "已冻结", "quarantine": "待检", "recalled": "已召回"}.get(unit.hold, "已限制使用")
        return Verdict.STOP, f"所属批次{words}，不得使用"
    if unit.usable_until < on:
        return Verdict.STOP, f"已于 {unit.usable_until:%Y-%m-%d} 过期，不得使用"
    if unit.visit_no and unit.visit_no != visit_no:
        return Verdict.STOP, f"是为就诊号 {unit.visit_no} 备的，不能用于 {visit_no}"
    return Verdict.OK, ""


def approval_due(used_at: dt.datetime, hours: int) -> dt.datetime:
    """Until when an emergency use must be approved."""
    return used_at + dt.timedelta(hours=hours)


def days_due(known_on: dt.date, severity: str, days: Mapping[str, int]) -> dt.date:
    """The last day an adverse event of that severity may be reported. Refuses one the rule does not name."""
    if severity not in days:
        raise Invalid(
            "没有这种严重程度的上报时限",
            problems=[Problem("请选择", field="severity")],
            way_out="请选择严重程度。",
        )
    return known_on + dt.timedelta(days=days[severity])


def whole(quantities: Iterable[object]) -> bool:
    """Whether pieces are counted in whole numbers."""
    return all(quantity == int(quantity) for quantity in quantities)  # type: ignore[call-overload]
