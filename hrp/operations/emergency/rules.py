"""What an emergency plan says: its sections, its canonical body, and how two versions differ. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from hrp.platform.base.refusals import Problem

FORMAT = "hrp-emergency-plan/1"

SCENARIOS: dict[str, str] = {
    "db_down": "数据库宕机",
    "app_down": "应用服务停机",
    "disk_full": "磁盘写满",
    "ransomware": "勒索病毒",
    "data_error": "业务数据错误",
    "interface_down": "接口中断",
    "network_cut": "网络中断",
}
"""The scenarios of 三(二)1(2); each needs a plan of its own, made for this hospital."""


@dataclass(frozen=True)
class Role:
    """Who does what: ``person`` as the hospital knows them."""

    role: str
    person: str
    duty: str = ""


@dataclass(frozen=True)
class Step:
    """One thing to do. ``within`` is the minute from the start by which it is done, as people write it."""

    what: str
    who: str
    within: str = ""


@dataclass(frozen=True)
class Contact:
    """Somebody to call."""

    name: str
    place: str
    phone: str


@dataclass(frozen=True)
class Content:
    """The whole of one version."""

    trigger: str
    roles: tuple[Role, ...]
    steps: tuple[Step, ...]
    contacts: tuple[Contact, ...]
    rollback: str
    specifics: str


@dataclass(frozen=True)
class Section:
    """A part of a plan as people read it: a heading and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A section in two versions: each line with ``+`` (new), ``-`` (gone) or a space (as it was)."""

    title: str
    lines: tuple[tuple[str, str], ...]

    @property
    def changed(self) -> bool:
        return any(mark != " " for mark, _ in self.lines)


def to_body(content: Content) -> dict[str, Any]:
    """The JSON body of a version."""
    return {"format": FORMAT, **asdict(content)}


def read_body(text: str) -> Content:
    """The content of a stored version."""
    body: Mapping[str, Any] = json.loads(text)
    return Content(
        trigger=body["trigger"],
        roles=tuple(Role(**row) for row in body["roles"]),
        steps=tuple(Step(**row) for row in body["steps"]),
        contacts=tuple(Contact(**row) for row in body["contacts"]),
        rollback=body["rollback"],
        specifics=body["specifics"],
    )


def problems(content: Content) -> list[Problem]:
    """What is missing before a plan can be relied on at three in the morning."""
    found = [
        Problem(message, field=name)
        for name, message in (
            ("trigger", "请写明什么情况下启动本预案"),
            ("rollback", "请写明恢复与回退的办法"),
            ("specifics", "请写明本院的实际情况（服务器、联系路径、替代手工流程）"),
        )
        if not getattr(content, name).strip()
    ]
    for name, message in (("roles", "角色"), ("steps", "处置步骤"), ("contacts", "联系人")):
        rows = getattr(content, name)
        if not rows:
            found.append(Problem(f"至少要有一行{message}", field=name))
        found += [
            Problem(f"{message}第 {place} 行没有填全", field=name, line=place - 1)
            for place, row in enumerate(rows, start=1)
            if not all(getattr(row, one.name).strip() for one in fields(row)[:2])
        ]
    return found


def sections(content: Content) -> list[Section]:
    """The plan as headings and lines, in the order in which it is worked through."""
    return [
        Section("触发条件", _paragraphs(content.trigger)),
        Section("角色分工", tuple(_joined(row.role, row.person, row.duty) for row in content.roles)),
        Section("处置步骤", tuple(_joined(row.what, row.who, row.within) for row in content.steps)),
        Section("联系人", tuple(_joined(row.name, row.place, row.phone) for row in content.contacts)),
        Section("恢复与回退", _paragraphs(content.rollback)),
        Section("本院实际情况", _paragraphs(content.specifics)),
    ]


def differences(old: Content, new: Content) -> list[Difference]:
    """Section by section, what changed from ``old`` to ``new``."""
    return [
        Difference(before.title, tuple(_compare(before.lines, after.lines)))
        for before, after in zip(sections(old), sections(new), strict=True)
    ]


def _compare(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    return [(line[0], line[2:]) for line in difflib.ndiff(before, after) if line[0] in "+- "]


def _paragraphs(text: str) -> tuple[str, ...]:
    """Sentence by sentence, so that a comparison shows what changed and not the whole paragraph."""
    return tuple(part.strip() for part in re.split(r"(?<=[。；])|\n", text) if part.strip())


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
