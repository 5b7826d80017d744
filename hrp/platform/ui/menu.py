"""The menu: systems -> groups -> items. Modules add items in ``apps.py``; a person sees those they may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

Actor = Any


@dataclass(frozen=True, eq=False)
class Item:
    """One entry. ``permission`` "" shows it to everybody signed in; ``count(actor)`` is the pill at its right."""

    title: str | Callable[[], str]
    icon: str
    url_name: str
    permission: str = ""
    count: Callable[[Actor], int] | None = None
    order: int = 100
    kwargs: tuple[tuple[str, Any], ...] = ()
    any_of: tuple[str, ...] = ()
    alert: bool = False  # a positive count also puts the red dot on the system's icon

    @property
    def label(self) -> str:
        return self.title() if callable(self.title) else self.title

    @property
    def url(self) -> str:
        return reverse(self.url_name, kwargs=dict(self.kwargs))


@dataclass(frozen=True, eq=False)
class System:
    """A square of the icon rail."""

    key: str
    title: str
    full_title: str
    icon: str
    groups: dict[str, list[Item]] = field(default_factory=dict)


systems: dict[str, System] = {
    system.key: system
    for system in (
        System("home", "工作台", "工作台", icon="layout-dashboard"),
        System("logistics", "物资", "物资管理系统", icon="package"),
        System("assets", "资产", "固定资产管理系统", icon="building-hospital"),
        System("hr", "人事", "人力资源管理系统", icon="users"),
        System("costing", "成本", "成本核算系统", icon="chart-pie-2"),
        System("operations", "运营", "运营服务中心", icon="headset"),
        System("settings", "设置", "系统设置", icon="settings"),
    )
}


def arrange(system: str, *groups: str) -> None:
    """Say in which order groups appear, before modules of different floors add to them."""
    for group in groups:
        systems[system].groups.setdefault(group, [])


def add(system: str, group: str, item: Item) -> Item:
    """Add an item; groups keep the order in which they first appear, items the order of ``order``."""
    items = systems[system].groups.setdefault(group, [])
    items.append(item)
    items.sort(key=lambda entry: entry.order)
    return item
