"""Declared reports: a question with conditions, answered by one query, shown, exported and printed.

A module registers a :class:`ReportScreen`; page, workbook, paper and menu entry come with it. Rows are mappings, one
for each line of the table; ``columns`` says what of them is shown. What the figures mean stands under the title.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.registry import Registry
from hrp.platform.ui import columns as cols
from hrp.platform.ui import filters, formats, menu
from hrp.platform.ui.filters import Condition
from hrp.platform.ui.screens import Column, Filter

SHOWN_ROWS = 2_000
Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a person asked for: the conditions as values, and the departments they may read of (None: all)."""

    actor: Any
    values: Mapping[str, Any]
    units: frozenset[int] | None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def day(self, name: str) -> dt.date:
        """The day of a ``date`` condition; today when none was given."""
        return self.values.get(name) or clock.today()

    def span(self, name: str) -> tuple[dt.date, dt.date]:
        """First and last day of a ``month`` or ``date_range`` condition; the present month where nothing was given."""
        first, last = self.values.get(name) or (None, None)
        today = clock.today()
        return first or today.replace(day=1), last or today


@dataclass(frozen=True, eq=False)
class ReportScreen:
    """One report. ``rows(asked)`` answers it; ``link(row)`` is what stands behind a line.

    ``filters`` are conditions without a model: kinds text, choice (with choices), bool, register (with register),
    date, month, date_range. ``total`` columns are summed over all rows. ``note`` says how figures are made, with
    their source. ``columns`` may depend on what was asked (a matrix).
    """

    key: str
    title: str
    icon: str
    url: str
    permission: str
    rows: Callable[[Asked], Iterable[Row]]
    columns: tuple[Column, ...] | Callable[[Asked, Sequence[Row]], tuple[Column, ...]]
    filters: tuple[Filter, ...] = ()
    note: str = ""
    link: Callable[[Row], str] | None = None
    group: Callable[[Row], str] | None = (
        None  # a heading before the first row of each group, its sums after the last
    )
    menu: tuple[str, str] | None = None
    order: int = 100
    export: str = ""  # permission to export and print, when it is not the one to look
    signatures: tuple[str, ...] = ("制表", "审核")

    @property
    def base(self) -> str:
        return f"/{self.url.strip('/')}"

    @property
    def export_permission(self) -> str:
        return self.export or self.permission


registry: Registry[ReportScreen] = Registry("报表")


def register(screen: ReportScreen) -> ReportScreen:
    """Put a report into the product: its addresses and its menu entry come with it."""
    registry.register(screen.key, screen)
    if screen.menu is not None:
        system, group = screen.menu
        menu.add(
            system, group,
            menu.Item(screen.title, screen.icon, f"{screen.key}.report", permission=screen.permission, order=screen.order),
        )  # fmt: skip
    return screen


@dataclass(frozen=True, eq=False)
class Line:
    """A line of the table as it is drawn: of the data, a heading (``group``) or sums (``subtotal``, ``total``)."""

    kind: str
    cells: tuple[Any, ...] = ()
    href: str = ""
    title: str = ""
    row: Row | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """A report that was asked and answered."""

    screen: ReportScreen
    conditions: tuple[Condition, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def words(self) -> str:
        """The conditions in words."""
        return "　".join(one.words() for one in self.conditions if one.given)

    @property
    def is_cut(self) -> bool:
        return len(self.rows) > SHOWN_ROWS

    def lines(self, *, most: int = SHOWN_ROWS) -> list[Line]:
        """Lines to be drawn: headings and sums of groups among those of the data, the grand total last."""
        found: list[Line] = []
        here: list[Row] = []
        name = ""
        for row in self.rows[:most]:
            this = self.screen.group(row) if self.screen.group else ""
            if this != name:
                found += self._sums("subtotal", _("小计"), here) if name else []
                found.append(Line("group", title=this))
                here, name = [], this
            here.append(row)
            href = self.screen.link(row) if self.screen.link else ""
            found.append(Line("row", tuple(cols.cell(c, row) for c in self.columns), href, row=row))
        found += self._sums("subtotal", _("小计"), here) if name else []
        return [*found, *self._sums("total", _("合计"), self.rows)] if self.rows else found

    def _sums(self, kind: str, title: str, rows: Sequence[Row]) -> list[Line]:
        if not any(column.total for column in self.columns):
            return []
        return [Line(kind, tuple(self.sums(rows)), title=title)]

    def sums(self, rows: Sequence[Row]) -> list[str]:
        """The text below each column."""
        return [cols.sum_of(column, rows) if column.total else "" for column in self.columns]


def ask(screen: ReportScreen, given: QueryDict, actor: Any, *, permission: str = "") -> Answer:
    """Read the conditions, look only where the person may, and answer. Raises Forbidden."""
    code = permission or screen.permission
    scope.require(actor, code)
    conditions = tuple(filters.read_free(screen.filters, given, actor))
    values = {one.name: filters.value_of(one) for one in conditions}
    asked = Asked(actor, values, scope.units(actor, code))
    rows = () if any(one.wrong for one in conditions) else tuple(screen.rows(asked))
    declared = screen.columns(asked, rows) if callable(screen.columns) else screen.columns
    return Answer(screen, conditions, declared, rows)


def printed(column: Column, row: Row) -> str:
    """A cell on paper; nothing is left empty."""
    text = cols.text_of(column, row)
    return "" if text == formats.NOTHING else text


def exported(column: Column, row: Row) -> Any:
    """A cell of a workbook: numbers as numbers, ratios in per cent."""
    value = cols.value_of(column, row)
    if column.kind == "percent" and value is not None:
        return (Decimal(value) * 100).quantize(Decimal("0.01"))
    if column.kind in ("money", "quantity", "price", "integer", "date"):
        return value
    return printed(column, row) or None
