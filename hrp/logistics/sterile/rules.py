"""The cycle of a pack, when a load lets its packs go, and what a laboratory should have consumed. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class State(StrEnum):
    NEW = "new"
    SOILED = "soiled"
    WASHED = "washed"
    DISINFECTED = "disinfected"
    PACKED = "packed"
    IN_LOAD = "in_load"
    STERILE = "sterile"
    STORED = "stored"
    ISSUED = "issued"
    USED = "used"
    RECALLED = "recalled"


STATES: Mapping[State, str] = {
    State.NEW: "新建", State.SOILED: "待清洗", State.WASHED: "已清洗", State.DISINFECTED: "已消毒", State.PACKED: "已包装",
    State.IN_LOAD: "灭菌中", State.STERILE: "已放行", State.STORED: "已储存", State.ISSUED: "已发放", State.USED: "已使用",
    State.RECALLED: "已召回",
}  # fmt: skip

#: step -> (title, states it is done in, where it leads, where a failed one leads; "" when it cannot fail)
_STEPS: Mapping[str, tuple[str, frozenset[State], State, State | None]] = {
    "recover": ("回收", frozenset(State) - {State.SOILED, State.IN_LOAD}, State.SOILED, None),
    "wash": ("清洗", frozenset({State.SOILED}), State.WASHED, State.SOILED),
    "disinfect": ("消毒", frozenset({State.WASHED}), State.DISINFECTED, State.SOILED),
    "pack": ("检查包装", frozenset({State.DISINFECTED}), State.PACKED, State.SOILED),
    "sterilise": ("灭菌", frozenset({State.PACKED}), State.IN_LOAD, None),
    "fail": ("灭菌不合格", frozenset({State.IN_LOAD}), State.SOILED, None),
    "release": ("放行", frozenset({State.IN_LOAD}), State.STERILE, None),
    "store": ("储存", frozenset({State.STERILE}), State.STORED, None),
    "issue": ("发放", frozenset({State.STERILE, State.STORED}), State.ISSUED, None),
    "use": ("使用", frozenset({State.ISSUED}), State.USED, None),
    "recall": ("召回", frozenset({State.STERILE, State.STORED, State.ISSUED}), State.RECALLED, None),
}
STEPS: Mapping[str, str] = {code: title for code, (title, *_) in _STEPS.items()}
SCANNED = ("recover", "wash", "disinfect", "pack", "sterilise", "store", "issue", "use")
MACHINED = frozenset({"wash", "disinfect", "sterilise"})


def may(step: str, state: str) -> bool:
    """Whether a step may be done with a pack in that state."""
    return state in _STEPS[step][1]


def leads_to(step: str, *, passed: bool) -> State:
    """Where a step leads; one that cannot fail and failed anyway is a mistake of the caller."""
    _, _, to, failed = _STEPS[step]
    if passed:
        return to
    if failed is None:
        raise ValueError(f"{step} has no failure")
    return failed


@dataclass(frozen=True)
class Results:
    """The monitors of a load: None while nobody has read it."""

    physical: bool | None = None
    chemical: bool | None = None
    biological: bool | None = None

    @property
    def failed(self) -> bool:
        return False in (self.physical, self.chemical, self.biological)


def keeps_back(results: Results, *, implant: bool, excepted: bool) -> str:
    """Why a pack of a load may not be released yet, or "". ``excepted``: released in an emergency by a class-5 indicator."""
    if results.failed:
        return "该锅次监测不合格"
    if results.physical is None:
        return "物理监测结果尚未登记"
    if results.chemical is None:
        return "化学监测结果尚未登记"
    if implant and results.biological is None and not excepted:
        return "含植入物，须等生物监测合格，或凭五类化学指示物紧急放行"
    return ""


def listed(text: str) -> tuple[list[tuple[str, int]], list[str]]:
    """A typed list of instruments, one an entry ending in its number: what was read, and entries without a number.

    >>> listed("撑开器 2；起子 T20 ×1")
    ([('撑开器', 2), ('起子 T20', 1)], [])
    """
    found, unread = [], []
    for entry in re.split(r"[;；\n]+", text):
        if not entry.strip():
            continue
        match = re.fullmatch(r"(.*?\S)\s*[×xX*]?\s*(?<![\w.])(\d{1,3})\s*[件把个套支根]?", entry.strip())
        if match is None or not int(match[2]):
            unread.append(entry.strip())
        else:
            found.append((match[1].rstrip(" ×*"), int(match[2])))
    return found, unread


def theoretical(counts: int, norm: Decimal) -> Decimal:
    """What that many tests should have consumed, in tests of the kit."""
    return counts * norm


def kits(tests: Decimal, per_kit: int) -> Decimal:
    """Tests as kits, to four places."""
    return (tests / per_kit).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Variance:
    """Opened against theoretical, in tests; the part not explained by quality control and re-runs is loss."""

    theoretical: Decimal
    control: Decimal
    rerun: Decimal
    opened: Decimal

    @property
    def loss(self) -> Decimal:
        return self.opened - self.theoretical - self.control - self.rerun

    @property
    def percent(self) -> Decimal | None:
        if not self.theoretical:
            return None
        return (self.loss * 100 / self.theoretical).quantize(Decimal("0.1"), ROUND_HALF_UP)


def pack_expiry(packed_on: dt.date, shelf_days: int) -> dt.date:
    """The last usable day of a pack: its packing material keeps ``shelf_days`` days, the day of sterilising counted."""
    return packed_on + dt.timedelta(days=shelf_days - 1)
