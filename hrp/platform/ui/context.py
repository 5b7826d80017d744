"""What the shell around every page needs, computed only when a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

import hrp
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.notify import selectors as notices
from hrp.platform.ui import menu, selectors, slots

SHORT_MENU = 20  # entries that fit a screen of 900 pixels beside the headings of their groups


@dataclass(frozen=True)
class Entry:
    title: str
    icon: str
    url: str
    count: int
    on: bool


@dataclass(frozen=True)
class Group:
    """One heading of the menu. A long menu shows the entries of the group one is in; the others open on a click."""

    title: str
    entries: list[Entry]
    open: bool


@dataclass(frozen=True)
class Square:
    """A system of the rail as one person sees it."""

    key: str
    title: str
    full_title: str
    icon: str
    url: str
    alert: bool
    groups: list[tuple[str, list[menu.Item]]] = field(default_factory=list)


def _may_see(actor: Any, item: menu.Item) -> bool:
    if item.any_of:
        return any(scope.has(actor, code) for code in item.any_of)
    return not item.permission or scope.has(actor, item.permission)


def _begins(path: str, url: str) -> bool:
    return path == url or (len(url) > 1 and path.startswith(url if url.endswith("/") else url + "/"))


class Shell:
    """The frame of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.actor = request.user

    @cached_property
    def systems(self) -> list[Square]:
        squares = []
        for system in menu.systems.values():
            groups = [
                (title, shown)
                for title, items in system.groups.items()
                if (shown := [item for item in items if _may_see(self.actor, item)])
            ]
            if groups:
                first = groups[0][1][0]
                squares.append(
                    Square(system.key, system.title, system.full_title, system.icon, first.url, False, groups)
                )
        return squares

    @cached_property
    def _current(self) -> tuple[Square | None, menu.Item | None]:
        """The system and the item whose address is the longest beginning of this page's."""
        best: tuple[Square | None, menu.Item | None] = (None, None)
        length = -1
        path = getattr(self.request, "menu_path", self.request.path)
        for square in self.systems:
            for _, items in square.groups:
                for item in items:
                    if _begins(path, item.url) and len(item.url) > length:
                        best, length = (square, item), len(item.url)
        return best if best[0] else (self.systems[0] if self.systems else None, None)

    @property
    def system(self) -> Square | None:
        return self._current[0]

    @property
    def item(self) -> menu.Item | None:
        return self._current[1]

    @property
    def group_title(self) -> str:
        square, item = self._current
        if square is None:
            return ""
        return next((title for title, items in square.groups if item in items), "")

    @cached_property
    def groups(self) -> list[Group]:
        if self.system is None:
            return []
        short = sum(len(items) for _, items in self.system.groups) <= SHORT_MENU
        return [
            Group(title, [self._entry(item) for item in items], short or self.item in items)
            for title, items in self.system.groups
        ]

    def _entry(self, item: menu.Item) -> Entry:
        count = item.count(self.actor) if item.count else 0
        return Entry(item.label, item.icon, item.url, count, item is self.item)

    @property
    def place(self) -> selectors.Place | None:
        return selectors.place_of(getattr(self.actor, "unit_id", None))

    @property
    def campus(self) -> str:
        """The site of the signed-in person; the hospital when they belong to none."""
        return self.place.campus if self.place else selectors.hospital_name()

    @property
    def unit_name(self) -> str:
        if self.place:
            return self.place.unit
        return str(self.actor.get_duty_display()) if isinstance(self.actor, User) else ""

    @property
    def hospital(self) -> str:
        return selectors.hospital_name()

    @cached_property
    def unread(self) -> int:
        return notices.unread_count(self.actor) if isinstance(self.actor, User) else 0

    @cached_property
    def period(self) -> dict[str, str] | None:
        """The open accounting period named in the top bar; a link for those who may look at periods."""
        title = selectors.open_period(self.place.hospital_id if self.place else None)
        if title is None:
            return None
        may = scope.has(self.actor, "ledger.period.view")
        return {"title": title, "tone": "", "url": reverse("ledger.period.list") if may else reverse("home")}

    @cached_property
    def tools(self) -> list[str]:
        return slots.shown(self.request) if isinstance(self.actor, User) else []

    @property
    def density(self) -> str:
        preferences = getattr(self.actor, "preferences", None) or {}
        return str(preferences.get("density", ""))

    @property
    def home(self) -> str:
        return reverse("home")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    if not hasattr(request, "user"):
        return {}
    return {"shell": Shell(request), "product_version": hrp.__version__}
