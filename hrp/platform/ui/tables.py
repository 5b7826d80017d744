"""One list as a person asked for it: narrowed, counted, sorted, paged, and drawn row by row.

Counting is bounded: past fifty thousand rows the page says "5 万以上" instead of making the database walk them all,
and the grand total is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _

from hrp.platform.ui import columns as cols
from hrp.platform.ui import filters, formats
from hrp.platform.ui.columns import Cell
from hrp.platform.ui.filters import Condition
from hrp.platform.ui.screens import Column, Filter, Tab

SIZES = (20, 50, 100, 200)
DEFAULT_SIZE = 50
COUNT_BOUND = 50_000


@dataclass(frozen=True)
class TabCount:
    key: str
    title: str
    count: str
    on: bool


@dataclass(frozen=True)
class Row:
    obj: Any
    pk: Any
    href: str
    cells: list[Cell]


@dataclass(frozen=True)
class Head:
    """A column's head; ``order`` is what a click sorts by, "" when it cannot be sorted."""

    column: Column
    order: str
    direction: str
    css: str


@dataclass
class Table:
    """A list bound to a request's query. ``base`` is already narrowed to what the person may see."""

    model: type[models.Model]
    base: QuerySet[Any]
    columns: tuple[Column, ...]
    given: QueryDict
    actor: Any
    filters: Sequence[Filter] = ()
    tabs: Sequence[Tab] = ()
    ordering: Sequence[str] = ()
    preference: Any = None
    href: Callable[[Any], str] | None = None
    fixed_size: int = 0
    related: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def conditions(self) -> list[Condition]:
        return filters.read(self.model, self.filters, self.given, self.actor)

    @cached_property
    def narrowed(self) -> QuerySet[Any]:
        return filters.apply(self.base, self.conditions)

    @property
    def tab(self) -> str:
        key = self.given.get("tab", "")
        return key if any(tab.key == key for tab in self.tabs) else ""

    @cached_property
    def rows_query(self) -> QuerySet[Any]:
        rows = self.narrowed
        for tab in self.tabs:
            if tab.key == self.tab:
                rows = rows.filter(**tab.where)
        return rows

    # -- counting ----------------------------------------------------------------------------------------------

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows per tab ("" : all), each bounded, in one query."""
        names = {path.split("__")[0] for tab in self.tabs for path in tab.where}
        bounded = self.narrowed.order_by().values("pk", *sorted(names))[: COUNT_BOUND + 1]
        wanted: dict[str, Any] = {"all": Count("pk")}
        inner = self.base.order_by().filter(
            pk__in=bounded.values("pk")
        )  # a tab may ask for what base computes
        for tab in self.tabs:
            wanted[f"tab_{tab.key}"] = Count("pk", filter=Q(**tab.where))
        found = inner.aggregate(**wanted)
        return {"": found["all"], **{tab.key: found[f"tab_{tab.key}"] for tab in self.tabs}}

    @property
    def bounded(self) -> bool:
        return self.counts[""] > COUNT_BOUND

    @staticmethod
    def _words(count: int) -> str:
        return _("5 万以上") if count > COUNT_BOUND else str(count)

    @property
    def total(self) -> int:
        return self.counts[self.tab]

    @property
    def total_words(self) -> str:
        return self._words(self.counts[""]) if self.bounded and not self.tab else str(self.total)

    @property
    def tab_counts(self) -> list[TabCount]:
        if not self.tabs:
            return []
        return [
            TabCount("", _("全部"), self._words(self.counts[""]), not self.tab),
            *(TabCount(t.key, t.title, str(self.counts[t.key]), t.key == self.tab) for t in self.tabs),
        ]

    # -- order and page ----------------------------------------------------------------------------------------

    @property
    def sort(self) -> str:
        return self.given.get("sort", "")

    def _orders(self) -> dict[str, str]:
        return {c.name: (c.name if c.sort is True else str(c.sort)) for c in self.columns if c.sort}

    @property
    def order(self) -> list[str]:
        name = self.sort.lstrip("-")
        path = self._orders().get(name)
        if path is None:
            return [*self.ordering, "-pk"] if self.ordering else ["-pk"]
        sign = "-" if self.sort.startswith("-") else ""
        return [f"{sign}{path}", f"{sign}pk"]

    @property
    def size(self) -> int:
        if self.fixed_size:
            return self.fixed_size
        text = self.given.get("size", "")
        return int(text) if text.isdigit() and int(text) in SIZES else DEFAULT_SIZE

    @property
    def pages(self) -> int:
        return max(1, -(-min(self.total, COUNT_BOUND) // self.size))

    @property
    def page(self) -> int:
        text = self.given.get("page", "1")
        return min(max(int(text), 1), self.pages) if text.isdigit() and len(text) < 9 else 1

    @property
    def window(self) -> list[int]:
        """Page numbers shown: first, last and two around the present one; 0 stands for a gap."""
        shown = [n for n in range(1, self.pages + 1) if n in (1, self.pages) or abs(n - self.page) <= 2]
        spaced: list[int] = []
        for number in shown:
            if spaced and number - spaced[-1] > 1:
                spaced.append(0)
            spaced.append(number)
        return spaced

    # -- drawing -----------------------------------------------------------------------------------------------

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        return cols.chosen(self.columns, self.preference)

    @cached_property
    def objects(self) -> list[Any]:
        start = (self.page - 1) * self.size
        paths = {*cols.relations(self.model, self.columns), *self.related}
        rows = self.rows_query.order_by(*self.order)
        if paths:
            rows = rows.select_related(*paths)
        return list(rows[start : start + self.size])

    @property
    def heads(self) -> list[Head]:
        orders, name = self._orders(), self.sort.lstrip("-")
        heads = []
        for column in self.shown:
            on = column.name == name and column.name in orders
            descending = self.sort.startswith("-")
            order = (
                "" if column.name not in orders else (column.name if on and descending else f"-{column.name}")
            )
            direction = ("desc" if descending else "asc") if on else ""
            heads.append(Head(column, order, direction, "num" if column.kind in cols.NUMERIC else ""))
        return heads

    @cached_property
    def rows(self) -> list[Row]:
        drawn = []
        for obj in self.objects:
            href = self.href(obj) if self.href else ""
            cells = [cols.cell(c, obj, href=href if place == 0 else "") for place, c in enumerate(self.shown)]
            drawn.append(Row(obj, obj.pk, href, cells))
        return drawn

    @property
    def foot(self) -> list[dict[str, Any]]:
        """The footer after its first cell: the grand total in the space before the first sum, then the sums."""
        cells: list[dict[str, Any]] = []
        rest = self.shown[1:]
        lead = next((place for place, column in enumerate(rest) if column.total), len(rest))
        if lead:
            words = "，".join(f"{title} {total}" for title, total in self.grand_totals)
            text = _("全部 {count} 行合计 {sums}").format(count=self.total_words, sums=words) if words else ""
            cells.append({"text": text, "span": lead, "css": "all"})
        cells.extend(
            {"text": cols.sum_of(column, self.objects) if column.total else "", "span": 1, "css": "num"}
            for column in rest[lead:]
        )
        return cells

    @property
    def has_totals(self) -> bool:
        return any(column.total for column in self.shown)

    @cached_property
    def grand_totals(self) -> list[tuple[str, str]]:
        """(title, sum over every page); empty past the count bound."""
        summed = [c for c in self.shown if c.total and c.value is None]
        if not summed or self.bounded:
            return []
        found = self.rows_query.order_by().aggregate(**{f"t{i}": Sum(c.name) for i, c in enumerate(summed)})
        return [
            (
                c.title,
                (formats.money if c.kind == "money" else formats.quantity)(found[f"t{i}"] or Decimal(0)),
            )
            for i, c in enumerate(summed)
        ]

    @property
    def asked(self) -> bool:
        """Whether the person narrowed anything: an empty list then says so."""
        return bool(self.tab) or any(condition.given for condition in self.conditions)

    @property
    def words(self) -> str:
        parts = [condition.words() for condition in self.conditions if condition.given]
        parts += [tab.title for tab in self.tabs if tab.key == self.tab]
        return "；".join(parts) or _("全部")

    def cards(self) -> list[dict[str, Any]]:
        """The rows as phone cards: a title, a tag, one line, small print, an amount."""
        places: dict[str, list[Column]] = {name: [] for name in ("title", "tag", "line", "meta", "amount")}
        for column in self.columns:
            if column.card:
                places[column.card].append(column)
        if not places["title"]:
            places = _guess(self.columns)
        cards = []
        for row in self.rows:
            text = {name: [cols.text_of(c, row.obj) for c in found] for name, found in places.items()}
            cards.append(
                {
                    "href": row.href,
                    "title": text["title"][0] if text["title"] else str(row.obj),
                    "tag": cols.cell(places["tag"][0], row.obj).html if places["tag"] else "",
                    "line": " ".join(t for t in text["line"] if t != formats.NOTHING),
                    "meta": " · ".join(t for t in text["meta"] if t != formats.NOTHING),
                    "amount": text["amount"][0] if text["amount"] else "",
                }
            )
        return cards


def _guess(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Card places when none were declared: first column, state, first names, dates and people, first sum of money."""
    first, rest = columns[0], list(columns[1:])
    tags = [c for c in rest if c.kind == "state" or c.tones]
    amounts = [c for c in rest if c.kind == "money"]
    texts = [c for c in rest if c.kind in ("text", "register") and c not in tags]
    small = [c for c in rest if c not in tags and c not in amounts and c not in texts[:1] and not c.hidden]
    return {"title": [first], "tag": tags[:1], "line": texts[:1], "meta": small[:4], "amount": amounts[:1]}
