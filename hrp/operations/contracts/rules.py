"""The terms of a contract version: read from its JSON body, checked, and hashed. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hrp.platform.base.refusals import Invalid, Problem

FORMAT = "hrp-contract/1"


@dataclass(frozen=True)
class Level:
    """One severity level (第5条). Targets are whole seconds of elapsed time; ``None`` means the level has none.

    ``channels`` are those a report of this level may come through; one that comes otherwise is kept as level
    ``provisional`` (None: accepted anyway). ``rank`` orders the levels, the gravest highest.
    """

    code: str
    title: str
    rank: int
    clause: str
    situation: str
    channels: frozenset[str]
    provisional: str | None
    response_s: int
    emergency_start_s: int | None
    onsite_s: int
    notify: tuple[str, ...]
    examples: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    customer_measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class InterpretationText:
    """How the parties read an open point of the contract (释义)."""

    id: str
    question: str
    reading: str
    why: str


@dataclass(frozen=True)
class Terms:
    """All the figures of one contract version. ``sha256`` identifies the version they were read from.

    ``plan`` holds what the parties agreed where the contract is silent: paging chains, intervals of progress reports,
    days of review and silence. Reports print these as plan figures, never as contract.
    """

    title: str
    modules: tuple[str, ...]
    channels: Mapping[str, str]
    levels: Mapping[str, Level]
    emergency_response_s: int
    emergency_start_s: int
    db_report_working_days: int
    notify_on_breach: tuple[str, ...]
    evidence_over_s: int
    clauses: Mapping[str, str]
    plan: Mapping[str, Any]
    interpretations: tuple[InterpretationText, ...]
    sha256: str

    def ranked(self) -> list[Level]:
        """The levels, gravest first."""
        return sorted(self.levels.values(), key=lambda level: -level.rank)


def canonical(body: Mapping[str, Any]) -> str:
    """The one spelling of a JSON body that is hashed: sorted keys, no spaces, characters unescaped."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of the UTF-8 text, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def elapsed(seconds: int) -> str:
    """A target in words: ``5 分钟``, ``24 小时``; seconds only where it is not whole minutes."""
    if seconds % 3600 == 0:
        return f"{seconds // 3600} 小时"
    return f"{seconds // 60} 分钟" if seconds % 60 == 0 else f"{seconds} 秒"


def read_terms(body: Mapping[str, Any]) -> Terms:
    """Read a contract body. Raises Invalid naming every missing or impossible figure."""
    problems = list(_problems(body))
    if problems:
        raise Invalid(
            "合同数据不完整",
            way_out="按提示逐项补齐后重新载入；可参照随系统提供的默认合同文件。",
            code="contract_invalid",
            problems=problems,
        )
    return Terms(
        title=body["title"],
        modules=tuple(body["modules"]),
        channels=dict(body["channels"]),
        levels={code: _level(code, row) for code, row in body["levels"].items()},
        emergency_response_s=body["emergency"]["response_s"],
        emergency_start_s=body["emergency"]["emergency_start_s"],
        db_report_working_days=body["db_report"]["working_days"],
        notify_on_breach=tuple(body["notify_on_breach"]),
        evidence_over_s=body["manual_entry"]["evidence_over_s"],
        clauses=dict(body["clauses"]),
        interpretations=tuple(
            InterpretationText(row["id"], row["question"], row["reading"], row["why"])
            for row in body["interpretations"]
        ),
        plan=body["plan"],
        sha256=digest(canonical(body)),
    )


def _level(code: str, row: Mapping[str, Any]) -> Level:
    return Level(
        code=code,
        title=row["title"],
        rank=row["rank"],
        clause=row["clause"],
        situation=row["situation"],
        channels=frozenset(row["channels"]),
        provisional=row.get("provisional"),
        response_s=row["response_s"],
        emergency_start_s=row.get("emergency_start_s"),
        onsite_s=row["onsite_s"],
        notify=tuple(row["notify"]),
        examples=tuple(row.get("examples", ())),
        measures=tuple(row.get("measures", ())),
        customer_measures=tuple(row.get("customer_measures", ())),
    )


_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "emergency": ("response_s", "emergency_start_s"),
    "db_report": ("working_days",),
    "manual_entry": ("evidence_over_s",),
    "plan": (
        "notify_s",
        "notify_product_s",
        "review_working_days",
        "plan_revision_working_days",
        "travel_max_s",
    ),
    "clauses": ("record", "emergency", "onsite", "levels"),
}
_LISTS = ("modules", "notify_on_breach", "interpretations")
_LEVEL_TEXTS = ("title", "clause", "situation")


def _problems(body: Mapping[str, Any]) -> list[Problem]:
    if body.get("format") != FORMAT:
        return [Problem(f"文件格式应为 {FORMAT}", field="format")]
    found = [Problem("缺少", field=key) for key in ("title", "channels") if not body.get(key)]
    found += [Problem("应为列表", field=key) for key in _LISTS if not isinstance(body.get(key), list)]
    for section, keys in _SECTIONS.items():
        values = body.get(section)
        if not isinstance(values, Mapping):
            found.append(Problem("缺少", field=section))
            continue
        found += [Problem("缺少", field=f"{section}.{key}") for key in keys if key not in values]
        found += [
            Problem("应为正整数", field=f"{section}.{key}")
            for key in keys
            if key in values and section != "clauses" and not _positive(values[key])
        ]
    levels = body.get("levels")
    if not isinstance(levels, Mapping) or not levels:
        return [*found, Problem("至少要有一个级别", field="levels")]
    for code, row in levels.items():
        found += _level_problems(f"levels.{code}", row, levels)
    ranks = [row.get("rank") for row in levels.values() if isinstance(row, Mapping)]
    if len(set(ranks)) != len(ranks):
        found.append(Problem("级别的轻重次序（rank）不得重复", field="levels"))
    return found


def _level_problems(where: str, row: Any, levels: Mapping[str, Any]) -> list[Problem]:
    if not isinstance(row, Mapping):
        return [Problem("应为对象", field=where)]
    found = [Problem("缺少", field=f"{where}.{key}") for key in _LEVEL_TEXTS if not row.get(key)]
    found += [
        Problem("应为正整数", field=f"{where}.{key}")
        for key in ("rank", "response_s", "onsite_s")
        if not _positive(row.get(key))
    ]
    if row.get("emergency_start_s") is not None and not _positive(row["emergency_start_s"]):
        found.append(Problem("应为正整数或空", field=f"{where}.emergency_start_s"))
    for key in ("channels", "notify"):
        if not isinstance(row.get(key), list) or not row[key]:
            found.append(Problem("应为非空列表", field=f"{where}.{key}"))
    fallback = row.get("provisional")
    if fallback is not None and (fallback not in levels or levels[fallback].get("provisional") is not None):
        found.append(Problem(f"暂管级别 {fallback} 不存在，或它自身也要暂管", field=f"{where}.provisional"))
    return found


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
