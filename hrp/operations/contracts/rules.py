"""The terms of a contract version: read from its JSON body, checked, and hashed; its paging chains proved. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
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


# -- paging chains ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PageStep:
    """One step of a paging chain: ``at_s`` after the start, who is called, and through which transports."""

    at_s: int
    layers: tuple[str, ...]
    roles: tuple[str, ...]
    channels: tuple[str, ...]


def duty_layers(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """The layers of the rota, the one that is called first in front."""
    return tuple(plan.get("rota", {}).get("layers", ()))


def chain_of(terms: Terms, level: str) -> tuple[PageStep, ...]:
    """The paging chain of a level; empty when the plan has none."""
    return tuple(
        PageStep(
            step["at_s"],
            tuple(step.get("layers", ())),
            tuple(step.get("roles", ())),
            tuple(step.get("channels", ())),
        )
        for step in terms.plan.get("paging", {}).get(level, ())
    )


def check_paging(body: Mapping[str, Any], transports: Mapping[str, bool]) -> None:
    """Raise Invalid (``paging_invalid``) naming every chain that could not do its work.

    ``transports``: name of each transport -> whether it is dead without the hospital's internet. A level needs a
    chain that begins at once, names layers that exist, ends before the level must be answered, and could still call
    somebody with the line cut.
    """
    plan = body["plan"]
    layers = duty_layers(plan)
    problems = [] if layers else [Problem("缺少值班层级", field="plan.rota.layers")]
    for code, level in body["levels"].items():
        where = f"plan.paging.{code}"
        steps = plan.get("paging", {}).get(code)
        if not isinstance(steps, list) or not steps:
            problems.append(Problem(f"{level['title']}没有呼叫链", field=where))
            continue
        problems += _chain_problems(where, steps, level["response_s"])
        for place, step in enumerate(steps):
            if isinstance(step, Mapping):
                problems += _step_problems(f"{where}.{place}", step, layers, transports)
        if not any(transports.get(name) is False for name in _named(steps, "channels")):
            problems.append(
                Problem("没有一种方式在医院断网时仍能呼叫，须含语音、短信等院内通道", field=where)
            )
    problems += _risk_problems(plan.get("at_risk", []))
    if problems:
        raise Invalid(
            "呼叫链不能保证有人应答",
            way_out="按提示修改 plan.paging 后重新载入；各渠道是否依赖互联网在「消息渠道」中登记。",
            code="paging_invalid",
            problems=problems,
        )


def _named(steps: Sequence[Any], key: str) -> list[str]:
    return [str(name) for step in steps if isinstance(step, Mapping) for name in step.get(key, ())]


def _chain_problems(where: str, steps: Sequence[Any], response_s: int) -> list[Problem]:
    times = [step.get("at_s") if isinstance(step, Mapping) else None for step in steps]
    whole = [at for at in times if isinstance(at, int) and not isinstance(at, bool) and at >= 0]
    if len(whole) != len(times):
        return [Problem("每一步须写明 at_s（不小于 0 的整数秒）", field=where)]
    found = []
    if whole[0] != 0:
        found.append(Problem("第一步须立即呼叫（at_s 为 0）", field=where))
    if any(later <= earlier for earlier, later in pairwise(whole)):
        found.append(Problem("各步时间须依次递增", field=where))
    if whole[-1] >= response_s:
        found.append(
            Problem(f"最后一步在 {elapsed(whole[-1])}，须早于响应时限 {elapsed(response_s)}", field=where)
        )
    return found


def _step_problems(
    where: str, step: Mapping[str, Any], layers: Sequence[str], transports: Mapping[str, bool]
) -> list[Problem]:
    found = []
    if not step.get("layers") and not step.get("roles"):
        found.append(Problem("没有写明呼叫谁", field=where))
    if not step.get("channels"):
        found.append(Problem("没有写明呼叫方式", field=where))
    found += [
        Problem(f"没有「{name}」这个值班层级", field=f"{where}.layers")
        for name in step.get("layers", ())
        if name not in layers
    ]
    found += [
        Problem(f"没有「{name}」这种呼叫方式", field=f"{where}.channels")
        for name in step.get("channels", ())
        if name not in transports
    ]
    return found


def _risk_problems(rows: Any) -> list[Problem]:
    marks = [row.get("percent") if isinstance(row, Mapping) else None for row in rows]
    whole = [
        mark for mark in marks if isinstance(mark, int) and not isinstance(mark, bool) and 0 < mark < 100
    ]
    if whole == marks and whole == sorted(set(whole)) and all(row.get("roles") for row in rows):
        return []
    return [Problem("每档须有 1 至 99 之间递增的百分比和应通知角色", field="plan.at_risk")]
