"""Dashboards as declarations: KPI cards and charts that read named selectors.

A chart's ``data(actor, view)`` returns plain JSON data of one of these shapes:

* ``bars``: ``{labels, bars: [{name, data}], lines: [{name, data}], stacked, line_unit}``
* ``lines``: ``{labels, lines: [{name, data}]}``
* ``ring``: ``{parts: [[name, value]], unit}``
* ``ranking``: ``{rows: [[name, value]]}``, biggest first
* ``heat``: ``{columns, rows, cells: [[column, row, value]], unit}``
* ``bubbles``: ``{points: [{name, x, y, size}], x, y, x_line, y_line}``

Any may hold ``links``: ``{name: address}``, opened by a click.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from hrp.platform.base import clock
from hrp.platform.base.registry import Registry

Actor = Any


@dataclass(frozen=True)
class View:
    """What the person chose at the top: a span of days, by its key and title."""

    key: str
    title: str
    first: dt.date
    last: dt.date


def spans(today: dt.date) -> list[View]:
    """本月, 本年 and 近12月."""
    year_ago = (today.replace(day=1) - dt.timedelta(days=334)).replace(day=1)
    return [
        View("month", "本月", today.replace(day=1), today),
        View("year", "本年", today.replace(month=1, day=1), today),
        View("twelve", "近12月", year_ago, today),
    ]


def view_of(key: str, *, default: str = "twelve") -> View:
    found = {view.key: view for view in spans(clock.today())}
    return found.get(key) or found[default]


@dataclass(frozen=True)
class KpiValue:
    """``delta`` is the change in words; ``good`` colours it, None leaves it grey. ``points`` draw the sparkline."""

    text: str
    delta: str = ""
    up: bool = True
    good: bool | None = None
    note: str = ""
    points: Sequence[Decimal] = ()

    @property
    def line(self) -> str:
        """The sparkline's points in a box of 100 x 32."""
        if len(self.points) < 2:
            return ""
        low, high = min(self.points), max(self.points)
        spread = (high - low) or Decimal(1)
        step = Decimal(100) / (len(self.points) - 1)
        return " ".join(
            f"{place * step:.1f},{28 - (value - low) / spread * 24:.1f}"
            for place, value in enumerate(self.points)
        )


@dataclass(frozen=True, eq=False)
class Kpi:
    key: str
    title: str
    icon: str
    unit: str
    value: Callable[[Actor, View], KpiValue]


@dataclass(frozen=True, eq=False)
class Chart:
    key: str
    title: str
    subtitle: str
    shape: Literal["bars", "lines", "ring", "ranking", "heat", "bubbles"]
    data: Callable[[Actor, View], Mapping[str, Any]]
    more: Callable[[Actor], str] | None = None
    wide: bool = False

    @property
    def data_id(self) -> str:
        return f"data-{self.key}"


@dataclass(frozen=True, eq=False)
class Dashboard:
    """One page. ``permission`` guards it; ``note`` says how fresh the figures are and in which sense."""

    key: str
    title: str
    icon: str
    url: str
    permission: str
    kpis: tuple[Kpi, ...]
    charts: tuple[Chart, ...]
    menu: tuple[str, str] | None = None
    order: int = 100
    note: Callable[[Actor, View], str] | None = None


registry: Registry[Dashboard] = Registry("驾驶舱")


def register(dashboard: Dashboard) -> Dashboard:
    from hrp.platform.ui import menu

    registry.register(dashboard.key, dashboard)
    if dashboard.menu is not None:
        system, group = dashboard.menu
        menu.add(
            system,
            group,
            menu.Item(
                dashboard.title,
                icon=dashboard.icon,
                url_name=f"dashboard.{dashboard.key}",
                permission=dashboard.permission,
                order=dashboard.order,
            ),
        )
    return dashboard
