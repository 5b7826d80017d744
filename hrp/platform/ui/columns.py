"""Declared columns bound to a model, and the cells they draw.

A cell is built here rather than in a template: a page of fifty rows has six hundred of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField
from hrp.platform.ui import formats
from hrp.platform.ui.screens import Column, Kind

NUMERIC = frozenset({"money", "quantity", "price", "percent", "integer"})

DOCUMENT_TONES = {
    "draft": "draft",
    "submitted": "wait",
    "returned": "back",
    "approved": "check",
    "posted": "done",
    "reversed": "void",
    "void": "void",
}


def kind_of(field: models.Field[Any, Any] | None) -> Kind:
    """How values of a model field are shown and typed."""
    if field is None:
        return "text"
    if field.choices:
        return "choice"
    ordered: tuple[tuple[Any, Kind], ...] = (
        (models.ForeignKey, "register"),
        (MoneyField, "money"),
        (QuantityField, "quantity"),
        (UnitPriceField, "price"),
        (models.DecimalField, "quantity"),
        (models.BooleanField, "bool"),
        (models.DateTimeField, "datetime"),
        (models.DateField, "date"),
        (models.IntegerField, "integer"),
        (models.TextField, "textarea"),
    )
    return next((kind for cls, kind in ordered if isinstance(field, cls)), "text")


def field_at(model: type[models.Model], path: str) -> models.Field[Any, Any] | None:
    """The model field a path ends in, or None when the path is computed."""
    field: Any = None
    for step in path.split("__"):
        try:
            field = model._meta.get_field(step)
        except FieldDoesNotExist:
            return None
        if field.is_relation and field.related_model is not None:
            model = cast(type[models.Model], field.related_model)
    return field if isinstance(field, models.Field) else None


def bind(model: type[models.Model], columns: Iterable[Column | str]) -> tuple[Column, ...]:
    """Columns with title and kind filled in from the model."""
    bound = []
    for declared in columns:
        column = Column(declared) if isinstance(declared, str) else declared
        field = None if column.value else field_at(model, column.name)
        kind = column.kind
        if kind == "auto":
            kind = "state" if column.tones else kind_of(field)
            if column.name == "state" and column.tones is None and field is not None:
                kind = "state"
        title = column.title or (str(field.verbose_name) if field is not None else column.name)
        tones = column.tones if column.tones is not None else (DOCUMENT_TONES if kind == "state" else None)
        bound.append(replace(column, kind=kind, title=title, tones=tones))
    return tuple(bound)


def relations(model: type[models.Model], columns: Iterable[Column]) -> list[str]:
    """The ``select_related`` paths the columns need, so that no cell asks the database."""
    paths = set()
    for column in columns:
        if column.value is not None:
            continue
        steps: list[str] = []
        here = model
        for step in column.name.split("__"):
            try:
                field: Any = here._meta.get_field(step)
            except FieldDoesNotExist:
                break
            if not (field.many_to_one or field.one_to_one) or field.auto_created:
                break
            steps.append(step)
            here = field.related_model
        if steps:
            paths.add("__".join(steps))
    return sorted(paths)


def value_of(column: Column, obj: Any) -> Any:
    """The raw value of a cell; None when something on the path is missing."""
    if column.value is not None:
        return column.value(obj)
    if isinstance(obj, dict):
        return obj.get(column.name)
    value = obj
    steps = column.name.split("__")
    for step in steps[:-1]:
        value = getattr(value, step, None)
        if value is None:
            return None
    return getattr(value, steps[-1], None)


def _choice_label(column: Column, obj: Any, value: Any) -> str:
    if column.value is None and not isinstance(obj, dict):
        holder = obj
        steps = column.name.split("__")
        for step in steps[:-1]:
            holder = getattr(holder, step, None)
        label = getattr(holder, f"get_{steps[-1]}_display", None)
        if label is not None:
            return str(label())
    return str(getattr(value, "label", value))


def text_of(column: Column, obj: Any) -> str:
    """The cell as plain text."""
    value = value_of(column, obj)
    if value is None or value == "":
        # a document without number yet is called by its draft number
        return (
            obj.display_number
            if column.name == "number" and hasattr(obj, "display_number")
            else formats.NOTHING
        )
    match column.kind:
        case "money":
            return formats.money(value)
        case "quantity":
            return formats.quantity(value)
        case "price":
            return formats.price(value)
        case "percent":
            return formats.percent(value)
        case "bool":
            return "是" if value else "否"
        case "choice" | "state":
            return _choice_label(column, obj, value)
        case "datetime":
            return formats.datetime_text(value)
        case "month":
            return f"{value:%Y-%m}" if isinstance(value, dt.date) else str(value)
        case "date":
            return formats.date(value)
    return str(value)


@dataclass(frozen=True)
class Cell:
    html: SafeString
    css: str
    title: str = ""


def cell(column: Column, obj: Any, *, href: str = "") -> Cell:
    """One drawn cell. ``href`` makes the text a link (the first column opens its row)."""
    text = text_of(column, obj)
    classes: list[str] = []
    value = (
        value_of(column, obj)
        if column.kind in NUMERIC or column.kind in ("state", "choice", "bool")
        else None
    )
    html: SafeString = conditional_escape(text)
    if column.kind in NUMERIC:
        classes.append("num")
        if isinstance(value, (Decimal, int)) and value < 0:
            classes.append("negative")
    elif column.kind == "state" or (column.tones is not None and value is not None):
        tone = (column.tones or {}).get(str(value), "draft")
        html = format_html('<span class="tag {}">{}</span>', tone, text)
    elif column.kind == "bool":
        html = format_html('<span class="mark{}">{}</span>', " full" if value else "", text)
    elif column.kind == "code":
        classes.append("code")
    elif column.kind in ("text", "textarea", "register"):
        classes.append("ellipsis")
    link = href or (column.link(obj) if column.link is not None else "")
    if link:
        html = format_html('<a href="{}">{}</a>', link, html)
    return Cell(html, " ".join(classes), text if "ellipsis" in classes and len(text) > 10 else "")


def sum_of(column: Column, rows: Sequence[Any]) -> str:
    total = sum((value_of(column, row) or 0 for row in rows), Decimal(0))
    return formats.quantity(total) if column.kind in ("quantity", "integer") else formats.money(total)


def chosen(columns: Sequence[Column], preference: Any) -> tuple[Column, ...]:
    """The columns one person sees, in their order; a column added since they chose appears as declared."""
    if not isinstance(preference, dict):
        return tuple(column for column in columns if not column.hidden)
    shown = set(preference.get("shown", ()))
    order = {name: place for place, name in enumerate(preference.get("order", ()))}
    kept = [c for c in columns if c.fixed or c.name in shown or (c.name not in order and not c.hidden)]
    return tuple(sorted(kept, key=lambda c: (not c.fixed, order.get(c.name, len(order)))))


EMPTY = mark_safe("")
