"""The query card of a list: declared conditions, what was typed into them, and the narrowed queryset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.db import models
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from hrp.platform.ui import lookups, screens
from hrp.platform.ui.columns import field_at, kind_of
from hrp.platform.ui.screens import Choices, Filter

_KINDS = {
    "register": "register",
    "choice": "choice",
    "bool": "bool",
    "date": "date_range",
    "datetime": "date_range",
}


@dataclass(frozen=True)
class Condition:
    """A bound filter with what the person gave. ``wrong`` says why a value could not be used."""

    filter: Filter
    value: str = ""
    until: str = ""
    label: str = ""
    choices: Choices = ()
    wrong: str = ""

    @property
    def name(self) -> str:
        return self.filter.name

    @property
    def title(self) -> str:
        return self.filter.title

    @property
    def kind(self) -> str:
        return self.filter.kind

    @property
    def given(self) -> bool:
        return bool(self.value or self.until)

    def words(self) -> str:
        """The condition in words, for the head of an export."""
        if not self.given:
            return ""
        if self.kind in ("date_range", "number_range"):
            return f"{self.title} {self.value or '…'} 至 {self.until or '…'}"
        shown = dict(self.choices).get(self.value, "") or self.label or self.value
        return f"{self.title} {shown}"


def bind(model: type[models.Model], filters: Iterable[Filter]) -> tuple[Filter, ...]:
    bound = []
    for declared in filters:
        field = field_at(model, declared.name)
        kind = declared.kind
        if kind == "auto":
            kind = cast(Any, "choice" if declared.choices else _KINDS.get(kind_of(field), "text"))
        register = declared.register
        if kind == "register" and not register and field is not None:
            found = screens.register_of(cast(type[models.Model], field.related_model))
            register = found.key if found else ""
        title = declared.title or (str(field.verbose_name) if field is not None else declared.name)
        bound.append(replace(declared, kind=kind, register=register, title=title))
    return tuple(bound)


def read(
    model: type[models.Model] | None, filters: Iterable[Filter], given: QueryDict, actor: Any
) -> list[Condition]:
    """What was typed, with defaults where nothing was sent at all."""
    fresh = not given
    conditions = []
    for one in filters:
        if one.kind in ("date_range", "number_range"):
            condition = Condition(one, given.get(f"{one.name}_from", ""), given.get(f"{one.name}_to", ""))
        else:
            default = one.default(actor) if callable(one.default) else one.default
            condition = Condition(one, (given.get(one.name, default if fresh else "") or "").strip())
        conditions.append(_complete(condition, model, actor))
    return conditions


def read_free(declared: Iterable[Filter], given: QueryDict, actor: Any) -> list[Condition]:
    """As :func:`read`, of conditions that belong to no model: those of a report."""
    return read(None, declared, given, actor)


def value_of(condition: Condition) -> Any:
    """What was typed as a value: a pair of days for ``date_range`` and ``month``, an id for ``register``; None for nothing."""
    value, until = condition.value, condition.until
    if condition.wrong or not condition.given:
        return None
    match condition.kind:
        case "date":
            return _date(value)
        case "date_range":
            return (_date(value) if value else None, _date(until) if until else None)
        case "month":
            first = dt.date.fromisoformat(f"{value}-01")
            return first, (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        case "register":
            return int(value)
        case "bool":
            return value == "1"
    return value


def _complete(condition: Condition, model: type[models.Model] | None, actor: Any) -> Condition:
    one = condition.filter
    if one.kind == "choice":
        choices: Any = one.choices(actor) if callable(one.choices) else one.choices
        if choices is None:
            field = field_at(model, one.name) if model is not None else None
            choices = [
                (str(v), str(t)) for v, t in (field.flatchoices if field is not None else ()) if v != ""
            ]
        return replace(condition, choices=tuple((str(v), str(t)) for v, t in choices))
    if one.kind == "bool":
        return replace(condition, choices=(("1", _("是")), ("0", _("否"))))
    if one.kind == "register" and condition.value:
        if not condition.value.isdigit():
            return replace(condition, value="", wrong=_("请从列表中选择"))
        return replace(condition, label=lookups.source(one.register).label_for(actor, int(condition.value)))
    if one.kind == "date_range":
        wrong = [v for v in (condition.value, condition.until) if v and _date(v) is None]
        if wrong:
            return replace(condition, wrong=_("日期应写成 2026-01-31"))
    if one.kind == "date" and condition.value and _date(condition.value) is None:
        return replace(condition, wrong=_("日期应写成 2026-01-31"))
    if one.kind == "number_range":
        wrong = [v for v in (condition.value, condition.until) if v and _number(v) is None]
        if wrong:
            return replace(condition, wrong=_("应填数字"))
    if one.kind == "month" and condition.value and _date(f"{condition.value}-01") is None:
        return replace(condition, wrong=_("月份应写成 2026-01"))
    return condition


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < Decimal(10) ** 16 else None


def apply(rows: QuerySet[Any], conditions: Iterable[Condition]) -> QuerySet[Any]:
    """Narrow ``rows``; a value that could not be understood narrows nothing and is marked in the card."""
    for condition in conditions:
        if condition.given and not condition.wrong:
            rows = _one(rows, condition)
    return rows


def _one(rows: QuerySet[Any], condition: Condition) -> QuerySet[Any]:
    one, value = condition.filter, condition.value
    if one.apply is not None:
        return one.apply(rows, value)
    paths = one.lookups or (one.name,)
    match one.kind:
        case "text":
            query = Q()
            for path in one.lookups or (f"{one.name}__icontains",):
                query |= Q(**{path: value})
            return rows.filter(query)
        case "date_range":
            field = field_at(rows.model, paths[0])
            suffix = "__date" if isinstance(field, models.DateTimeField) else ""
            if value:
                rows = rows.filter(**{f"{paths[0]}{suffix}__gte": _date(value)})
            if condition.until:
                rows = rows.filter(**{f"{paths[0]}{suffix}__lte": _date(condition.until)})
            return rows
        case "number_range":
            if value:
                rows = rows.filter(**{f"{paths[0]}__gte": _number(value)})
            if condition.until:
                rows = rows.filter(**{f"{paths[0]}__lte": _number(condition.until)})
            return rows
        case "month":
            first = _date(f"{value}-01")
            if first is None:
                return rows
            last = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
            return rows.filter(**{f"{paths[0]}__gte": first, f"{paths[0]}__lte": last})
        case "bool":
            return rows.filter(**{paths[0]: value == "1"})
    return rows.filter(**{paths[0]: value})
