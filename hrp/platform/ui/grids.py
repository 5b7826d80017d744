"""The entry grid of a document: its head, its rows as editable or plain cells, and what was typed into it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Problem
from hrp.platform.ui import formats
from hrp.platform.ui.inputs import Input, check, plain
from hrp.platform.ui.lookups import Source
from hrp.platform.ui.screens import LineField

_NAME = re.compile(r"lines-(\d{1,5})-([a-z_0-9.]+)")
MOST_LINES = 2000

RawLine = dict[str, str]


@dataclass(frozen=True)
class GridRow:
    index: int
    cells: SafeString
    card: dict[str, str]


def numbered_lines(posted: Mapping[str, str]) -> dict[int, RawLine]:
    """The lines of a form by their numbers, in that order; rows left wholly empty are dropped."""
    rows: dict[int, RawLine] = {}
    for key, value in posted.items():
        found = _NAME.fullmatch(key)
        if found:
            rows.setdefault(int(found[1]), {})[found[2]] = value
    kept = [n for n in sorted(rows) if any(value.strip() for value in rows[n].values())]
    return {n: rows[n] for n in kept[:MOST_LINES]}


def posted_lines(posted: Mapping[str, str]) -> list[RawLine]:
    """The lines of a form in the order of their numbers; rows left wholly empty are dropped."""
    return list(numbered_lines(posted).values())


def object_lines(inputs: Sequence[Input], lines: Sequence[Any]) -> list[RawLine]:
    """Saved lines in the form they would have been typed."""
    raw = []
    for line in lines:
        row: RawLine = {}
        for one in inputs:
            declared = one.declared
            if isinstance(declared, LineField) and declared.shows:
                row[one.name] = _shown(line, declared.shows)
            elif one.kind == "register" and one.model_field is not None:
                row[one.name] = formats.entry(getattr(line, one.model_field.attname))
            elif (declared.product or declared.typing) and one.model_field is None:
                row[one.name] = ""
            else:
                row[one.name] = formats.entry(getattr(line, one.name, None))
        raw.append(row)
    return raw


def _shown(line: Any, path: str) -> str:
    value = line
    for step in path.split("__"):
        value = getattr(value, step, None)
        if value is None:
            return ""
    return formats.entry(value)


def read(
    inputs: Sequence[Input], raw: Sequence[RawLine], actor: Any
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Values for the service and what already shows to be wrong. One query per look-up column, not per row."""
    values: list[dict[str, Any]] = [{} for _row in raw]
    problems: list[Problem] = []
    for one in inputs:
        if one.kind == "register" and not one.readonly:
            problems += _read_choices(one, raw, values, actor)
            continue
        if one.readonly and one.model_field is None:
            continue
        for place, row in enumerate(raw):
            text = plain(one.kind, row.get(one.name, ""))
            if one.readonly:
                # shown only: the server computes it again
                continue
            values[place][one.name] = text in ("1", "on", "true") if one.kind == "bool" else text
            wrong = "" if one.kind == "bool" else check(one, text)
            if wrong:
                # above the grid a reason stands without its column
                said = wrong if one.title in wrong else f"{one.title}{wrong}"
                problems.append(Problem(said, field=one.name, line=place))
    return values, problems


def _read_choices(
    one: Input, raw: Sequence[RawLine], values: list[dict[str, Any]], actor: Any
) -> list[Problem]:
    source = one.source
    if source is None:
        for place, row in enumerate(raw):
            values[place][one.name] = int(row[one.name]) if row.get(one.name, "").isdigit() else None
        return []
    picked = {
        int(row[one.name]) for row in raw if row.get(one.name, "").isdigit() and len(row[one.name]) < 18
    }
    known = set(source.within(actor).filter(pk__in=picked).values_list("pk", flat=True))
    typed = [row.get(f"{one.name}.text", "") for row in raw if not row.get(one.name, "").isdigit()]
    by_code = source.by_codes(actor, typed, {})
    problems = []
    for place, row in enumerate(raw):
        text, pk = row.get(f"{one.name}.text", "").strip(), row.get(one.name, "")
        value: int | None = None
        wrong = ""
        if pk.isdigit() and int(pk) in known:
            value = int(pk)
        elif text:
            found = by_code.get(text.upper())
            value = found.pk if found is not None else None
            wrong = "" if found is not None else _("没有找到“{text}”").format(text=text[:30])
        elif one.required:
            wrong = _("请选择{title}").format(title=one.title)
        values[place][one.name] = value
        row[one.name] = formats.entry(value)
        if wrong:
            problems.append(Problem(wrong, field=one.name, line=place))
    return problems


class Grid:
    """A drawn grid. ``editable`` draws inputs, otherwise text."""

    def __init__(
        self,
        inputs: Sequence[Input],
        raw: Sequence[RawLine],
        *,
        editable: bool,
        problems: Sequence[Problem] = (),
        amount: str = "",
        quantity: str = "",
    ) -> None:
        self.inputs = inputs
        self.raw = raw
        self.editable = editable
        self.amount = amount
        self.quantity = quantity
        self.wrong: dict[tuple[int, str], str] = {
            (p.line, p.field): p.message for p in problems if p.line is not None and p.field
        }
        self.labels = {one.name: self._labels(one) for one in inputs if one.kind == "register"}

    def _labels(self, one: Input) -> dict[int, str]:
        if one.source is None:
            return {}
        ids = {int(row[one.name]) for row in self.raw if row.get(one.name, "").isdigit()}
        return one.source.codes(ids) if self._shows_code(one) else one.source.labels(ids)

    def _shows_code(self, one: Input) -> bool:
        """Where the name has a cell of its own, the box shows the code."""
        return any(other.declared.shows == f"{one.name}__name" for other in self.inputs)

    # -- head and foot -----------------------------------------------------------------------------------------

    @property
    def heads(self) -> list[dict[str, Any]]:
        return [
            {
                "title": one.title, "numeric": one.numeric, "required": one.required and self.editable,
                "width": one.declared.width or "", "name": one.name,
                "total": one.name if self._totalled(one) else "", "places": "2" if one.kind == "money" else "4",
            }
            for one in self.inputs
        ]  # fmt: skip

    def _totalled(self, one: Input) -> bool:
        return bool(one.declared.total or one.name in (self.amount, self.quantity))

    @property
    def totals(self) -> list[dict[str, str]]:
        return [
            {
                "name": one.name if self._totalled(one) else "",
                "text": self.sum_of(one.name) if self._totalled(one) else "",
            }
            for one in self.inputs
        ]

    def sum_of(self, name: str) -> str:
        one = next((i for i in self.inputs if i.name == name), None)
        if one is None:
            return ""
        total = Decimal(0)
        for row in self.raw:
            total += self._number(one, row)
        return formats.money(total) if one.kind == "money" else formats.quantity(total)

    def _number(self, one: Input, row: RawLine) -> Decimal:
        text = plain("money", row.get(one.name, ""))
        if not text and one.declared.product:
            left, right = (plain("money", row.get(name, "")) for name in one.declared.product)
            try:
                return (Decimal(left) * Decimal(right)).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
            except InvalidOperation:
                return Decimal(0)
        try:
            value = Decimal(text)
        except InvalidOperation:
            return Decimal(0)
        return value if value.is_finite() else Decimal(0)

    # -- rows --------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[GridRow]:
        return [
            GridRow(index, self._cells(index, row), self._card(row)) for index, row in enumerate(self.raw)
        ]

    @property
    def template(self) -> SafeString:
        """The cells of an empty row, cloned by the script."""
        return self._cells(-1, {})

    def _cells(self, index: int, row: RawLine) -> SafeString:
        return format_html_join("", "{}", ((self._cell(index, one, row),) for one in self.inputs))

    def _cell(self, index: int, one: Input, row: RawLine) -> SafeString:
        wrong = self.wrong.get((index, one.name), "")
        if not self.editable or one.readonly:
            return self._plain_cell(one, row, wrong)
        inner = self._lookup(index, one, row) if one.kind == "register" else self._box(index, one, row)
        bad = format_html(' class="bad" title="{}"', wrong) if wrong else ""
        return format_html("<td{}>{}</td>", bad, inner)

    def _plain_cell(self, one: Input, row: RawLine, wrong: str = "") -> SafeString:
        text = self.text_of(one, row)
        css = "readonly num" if one.numeric else "readonly"
        if wrong:
            return format_html(
                '<td class="{} bad" data-field="{}" title="{}">{}</td>', css, one.name, wrong, text
            )
        product = one.declared.product
        if product:
            return format_html(
                '<td class="{}" data-field="{}" data-product="{}">{}</td>',
                css,
                one.name,
                " ".join(product),
                text,
            )
        typing = mark_safe(" data-typing") if one.declared.typing else ""
        return format_html('<td class="{}" data-field="{}"{}>{}</td>', css, one.name, typing, text)

    def text_of(self, one: Input, row: RawLine) -> str:
        value = row.get(one.name, "")
        if one.kind == "register":
            return self.labels.get(one.name, {}).get(int(value), "") if value.isdigit() else ""
        if one.kind in ("choice", "state"):
            return dict(one.choices).get(value, value)
        if one.kind == "bool":
            return "是" if value else ""
        if one.numeric and (value or one.declared.product):
            number = self._number(one, row)
            if one.declared.product and not number and not value:
                return ""
            return (
                formats.money(number)
                if one.kind == "money"
                else (formats.price(number) if one.kind == "price" else formats.quantity(number))
            )
        return value

    def _box(self, index: int, one: Input, row: RawLine) -> SafeString:
        value = row.get(one.name, "")
        name = f"lines-{index}-{one.name}" if index >= 0 else ""
        label = _("第{row}行 {title}").format(row=index + 1, title=one.title)
        if one.kind in ("choice", "state"):
            options = format_html_join(
                "", '<option value="{}"{}>{}</option>',
                (("", "", ""), *((v, mark_safe(" selected") if v == value else "", t) for v, t in one.choices)),
            )  # fmt: skip
            return format_html(
                '<select name="{}" data-name="{}" data-field="{}" data-cell="{}" data-title="{}" aria-label="{}">{}</select>',
                name, one.name, one.name, one.name, one.title, label, options,
            )  # fmt: skip
        extra: Any = ""
        if one.numeric:
            extra = mark_safe(' class="numeric" inputmode="decimal"')
        elif one.kind == "date":
            extra = mark_safe(" data-date")
        if one.declared.aside:
            extra = format_html("{} data-aside", extra)
        if one.declared.product:
            extra = format_html('{} data-product="{}"', extra, " ".join(one.declared.product))
        return format_html(
            '<input name="{}" value="{}" data-name="{}" data-field="{}" data-cell="{}" data-title="{}" aria-label="{}"'
            ' autocomplete="off"{}>',
            name, value, one.name, one.name, one.name, one.title, label, extra,
        )  # fmt: skip

    def _lookup(self, index: int, one: Input, row: RawLine) -> SafeString:
        value = row.get(one.name, "")
        text = row.get(f"{one.name}.text") or (self.text_of(one, row))
        prefix = f"lines-{index}-{one.name}" if index >= 0 else ""
        shown, url = self._shown_by(one), self.lookup_url(one)
        fills = {**{cell: f"shows.{path}" for cell, path in shown.items()}, **dict(one.declared.fills or {})}
        return format_html(
            '<span class="lookup" data-lookup="{}" data-depends="{}" data-fills="{}" data-shows="{}">'
            '<input type="hidden" name="{}" data-name="{}" data-field="{}" value="{}">'
            '<input class="input" role="combobox" aria-autocomplete="list" aria-expanded="false" autocomplete="off"'
            ' name="{}" data-name="{}.text" data-cell="{}" data-title="{}" aria-label="{}" value="{}"{}></span>',
            url, " ".join(one.declared.depends), json.dumps(fills),
            "code" if self._shows_code(one) else "label",
            prefix, one.name, one.name, value,
            f"{prefix}.text" if prefix else "", one.name, one.name, one.title,
            _("第{row}行 {title}").format(row=index + 1, title=one.title), text,
            mark_safe(" data-aside") if one.declared.aside else "",
        )  # fmt: skip

    def lookup_url(self, one: Input) -> str:
        """Where choices of this column come from, asking for what the row shows of them."""
        source: Source | None = one.source
        if source is None:
            return ""
        return self._asking(one, reverse("lookup", kwargs={"key": source.key}))

    def scan_url(self, one: Input) -> str:
        """Where a scan into this column is read; "" when its source reads none."""
        source: Source | None = one.source
        if source is None or not source.scans:
            return ""
        return self._asking(one, reverse("lookup.scan", kwargs={"key": source.key}))

    def _asking(self, one: Input, address: str) -> str:
        query = urlencode([("shows", path) for path in self._shown_by(one).values()])
        return f"{address}?{query}" if query else address

    def _shown_by(self, one: Input) -> dict[str, str]:
        """Cells of the row that show something of the thing chosen here: cell -> path below it."""
        head = f"{one.name}__"
        return {
            other.name: other.declared.shows.removeprefix(head)
            for other in self.inputs
            if other.declared.shows.startswith(head)
        }

    def _card(self, row: RawLine) -> dict[str, str]:
        """A line on a phone: the name of its thing or its first text, the amount at the right, the rest small."""
        texts = [(one, self.text_of(one, row)) for one in self.inputs]
        amount = next((text for one, text in texts if one.name == self.amount), "")
        names = [text for one, text in texts if text and not one.numeric]
        named = [text for one, text in texts if text and one.declared.shows.endswith("__name")]
        title = next(iter([*named, *names]), "")
        rest = [
            f"{one.title} {text}" for one, text in texts if text and text != title and one.name != self.amount
        ]
        return {"title": title, "amount": amount, "rest": " · ".join(rest)}


def line_relations(inputs: Sequence[Input], model: type[models.Model]) -> list[str]:
    """``select_related`` paths of the grid's columns."""
    from hrp.platform.ui.columns import relations
    from hrp.platform.ui.screens import Column

    paths = [Column(one.declared.shows or one.name) for one in inputs]
    return relations(model, paths)


def refill(inputs: Sequence[Input], raw: Sequence[RawLine]) -> None:
    """Put the shown values of chosen things (name, spec, unit) back into typed rows, one query per look-up."""
    by_name = {one.name: one for one in inputs}
    for one in inputs:
        shows = one.declared.shows
        head, _dot, rest = shows.partition("__")
        chooser = by_name.get(head)
        if not shows or chooser is None or chooser.source is None:
            continue
        ids = {int(row[head]) for row in raw if row.get(head, "").isdigit()}
        steps = rest.split("__")
        rows = chooser.source.model._default_manager
        found = (rows.select_related("__".join(steps[:-1])) if len(steps) > 1 else rows.all()).in_bulk(ids)
        for row in raw:
            thing = found.get(int(row[head])) if row.get(head, "").isdigit() else None
            row[one.name] = _shown(thing, rest) if thing is not None and rest else str(thing or "")
