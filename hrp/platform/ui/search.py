"""The global search: pages of the menu, then whatever searchable thing a module has put in, each in its own scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrp.platform.access.models import User
    from hrp.platform.ui.context import Shell

MOST = 6
SHORTEST_NUMBER = 2


@dataclass(frozen=True)
class Hit:
    title: str
    url: str
    icon: str
    hint: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    hits: list[Hit]


def _pages(text: str, shell: Shell) -> list[Hit]:
    wanted = text.casefold()
    found = [
        Hit(item.label, item.url, item.icon, f"{square.title} / {group}")
        for square in shell.systems
        for group, items in square.groups
        for item in items
        if wanted in item.label.casefold() or wanted in initials(item.label)
    ]
    return found[:MOST]


def initials(text: str) -> str:
    """First letters of the pinyin of each character: 入库管理 -> rkgl."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).casefold()


def find(actor: User, text: str, shell: Shell) -> list[Group]:
    """What ``actor`` may open and ``text`` names, grouped; at most six of each."""
    from hrp.platform.ui import work

    papers = [
        Hit(f"{paper.title} {paper.number}", paper.url, "file-text", f"{paper.state_title} · {paper.unit}")
        for paper in (work.by_number(actor, text, limit=MOST) if len(text) >= SHORTEST_NUMBER else [])
    ]
    groups = [Group("功能", _pages(text, shell)), Group("单据", papers)]
    for screen, rows in work.registers_matching(actor, text, limit=MOST):
        groups.append(
            Group(screen.title, [Hit(str(row), f"{screen.base}{row.pk}", screen.icon) for row in rows])
        )
    return [group for group in groups if group.hits]
