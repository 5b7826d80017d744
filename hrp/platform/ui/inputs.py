"""Declared fields bound to a model: what an input shows, and what was typed into it, as the services want it.

Texts stay texts (the model's own field parses them, so one rule decides); numbers lose their separators, foreign keys
become ids, resolved from a code when nothing was picked from the list.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.db import models
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ui import formats, lookups
from hrp.platform.ui.columns import NUMERIC, field_at, kind_of
from hrp.platform.ui.screens import Choices, Field, LineField

_DIGITS = 18


@dataclass(frozen=True)
class Input:
    """One bound field. ``value`` is the text in the box, ``label`` the text of a chosen thing."""

    name: str
    title: str
    kind: str
    required: bool
    readonly: bool
    declared: Any
    model_field: Any = None
    source: lookups.Source | None = None
    choices: Choices = ()
    value: str = ""
    label: str = ""
    error: str = ""
    places: int | None = None
    max_length: int | None = None
    place: str = "f"  # a dialog may ask for what the page below it shows: a label belongs to one box

    @property
    def id(self) -> str:
        return f"{self.place}-{self.name}"

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def lookup_key(self) -> str:
        return self.source.key if self.source else ""

    @property
    def span(self) -> int:
        return int(getattr(self.declared, "span", 1))

    @property
    def help(self) -> str:
        return str(getattr(self.declared, "help", ""))

    @property
    def section(self) -> str:
        return str(getattr(self.declared, "section", ""))

    @property
    def placeholder(self) -> str:
        given = str(getattr(self.declared, "placeholder", ""))
        return given or (_("编码 / 拼音码 / 名称") if self.kind == "register" else "")

    @property
    def shown(self) -> str:
        """The value in words, for a page that is only read."""
        if self.kind == "secret":
            return _("（不显示）")
        if self.kind == "register":
            return self.label or formats.NOTHING
        if self.kind in ("choice", "state"):
            return dict(self.choices).get(self.value, self.value) or formats.NOTHING
        if self.kind == "bool":
            return _("是") if self.value else _("否")
        if self.kind == "money" and self.value:
            try:
                return formats.money(Decimal(self.value))
            except InvalidOperation:
                return self.value
        return self.value or formats.NOTHING


def bind(
    model: type[models.Model] | None,
    fields: Iterable[Field | LineField | str],
    actor: Any,
    *,
    line: bool = False,
) -> list[Input]:
    """Inputs in the declared order."""
    bound = []
    for declared in fields:
        if isinstance(declared, str):
            one: Field | LineField = LineField(declared) if line else Field(declared)
        else:
            one = declared
        bound.append(_bind(model, one, actor))
    return bound


def _bind(model: type[models.Model] | None, one: Field | LineField, actor: Any) -> Input:
    model_field = field_at(model, one.name) if model is not None else None
    computed = bool(
        getattr(one, "product", None) or getattr(one, "shows", "") or getattr(one, "typing", False)
    )
    kind = one.kind
    if kind == "auto":
        kind = "register" if one.lookup else kind_of(model_field)
    if isinstance(one, LineField) and one.product and model_field is None:
        kind = "money"
    # A schema is bound without an actor, before there is a database: choices somebody is offered are not part of it.
    choices: Any = one.choices
    if callable(choices):
        choices = choices(actor) if actor is not None else ()
    if choices is None and model_field is not None and model_field.choices:
        choices = [(str(v), str(t)) for v, t in model_field.flatchoices if v != ""]
    source = None
    if kind == "register":
        related = cast(Any, getattr(model_field, "related_model", None))
        source = lookups.source_for(one, related) if (one.lookup or related) else None
    required = one.required
    if required is None:
        required = model_field is not None and not (
            model_field.blank or model_field.null or model_field.has_default() or kind == "bool"
        )
    places = getattr(one, "places", None)
    if places is None and isinstance(model_field, models.DecimalField):
        places = model_field.decimal_places
    return Input(
        name=one.name,
        title=one.title or (str(model_field.verbose_name) if model_field is not None else one.name),
        kind=kind,
        required=bool(required) and not computed,
        readonly=one.readonly or computed,
        declared=one,
        model_field=model_field,
        source=source,
        choices=tuple(choices or ()),
        places=places,
        max_length=getattr(model_field, "max_length", None),
    )


def asked(
    model: type[models.Model] | None,
    fields: Iterable[Field | LineField | str],
    actor: Any,
    *,
    place: str = "f",
) -> list[Input]:
    """Inputs of a dialog (``place``), holding their declared first values; those of the model are for its rows, not for questions."""
    bound = [replace(one, place=place) for one in bind(model, fields, actor)]
    given = {one.name: getattr(one.declared, "default", None) for one in bound}
    values = {name: first(actor) for name, first in given.items() if first is not None}
    return of_values(bound, values, actor)


# -- showing ---------------------------------------------------------------------------------------------------


def of_object(inputs: Sequence[Input], obj: Any) -> list[Input]:
    """The inputs holding the values of an object."""
    filled = []
    for one in inputs:
        if one.kind == "register" and one.model_field is not None:
            pk = getattr(obj, one.model_field.attname)
            label = ""
            if pk is not None and one.source is not None:
                label = one.source.declared.label(getattr(obj, one.name))
            elif pk is not None:
                label = str(getattr(obj, one.name))
            filled.append(replace(one, value=formats.entry(pk), label=label))
        else:
            filled.append(replace(one, value=formats.entry(getattr(obj, one.name, None))))
    return filled


def of_values(inputs: Sequence[Input], values: Mapping[str, Any], actor: Any) -> list[Input]:
    """The inputs holding given values (defaults, a prefill, or what was posted).

    A thing given as an object is named; of one given by its id only what ``actor`` may know of.
    """
    filled = []
    for one in inputs:
        value = values.get(one.name)
        if one.kind == "register":
            pk = value.pk if isinstance(value, models.Model) else value
            label = str(values.get(f"{one.name}.text") or "") or _label(one, value, actor)
            filled.append(replace(one, value=formats.entry(pk), label=label))
        else:
            filled.append(replace(one, value=formats.entry(value)))
    return filled


def _label(one: Input, value: Any, actor: Any) -> str:
    if one.source is None or not value:
        return ""
    if isinstance(value, models.Model):
        return one.source.declared.label(value)
    return (
        one.source.label_for(actor, int(value)) if str(value).isdigit() and len(str(value)) < _DIGITS else ""
    )


def defaults(inputs: Sequence[Input], actor: Any) -> dict[str, Any]:
    """First values of a new form: the declared ones, else those of the model."""
    values: dict[str, Any] = {}
    for one in inputs:
        given = getattr(one.declared, "default", None)
        if given is not None:
            values[one.name] = given(actor)
        elif one.model_field is not None and one.model_field.has_default():
            values[one.name] = one.model_field.get_default()
    return values


def with_problems(inputs: Sequence[Input], problems: Iterable[Problem]) -> list[Input]:
    """The inputs with what is wrong written under them; only problems of the header."""
    said: dict[str, list[str]] = {}
    for problem in problems:
        if problem.line is None and problem.field:
            said.setdefault(problem.field, []).append(problem.message)
    return [replace(one, error="；".join(said[one.name])) if one.name in said else one for one in inputs]


# -- reading ---------------------------------------------------------------------------------------------------


@dataclass
class Read:
    """What was typed: ``values`` for the service, ``problems`` that already show."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def require(self, title: str) -> None:
        """Raise Invalid when anything is wrong."""
        refuse(title, self.problems)


def plain(kind: str, text: str) -> str:
    """A typed text without what only people need: widths, separators, 年月日."""
    text = text.strip()
    if kind in NUMERIC:
        text = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").replace("−", "-")
    elif kind in ("date", "datetime", "month"):
        text = unicodedata.normalize("NFKC", text).replace("/", "-").replace(".", "-")
        text = text.replace("年", "-").replace("月", "-").replace("日", "").rstrip("-")
        if kind == "date" and text.isdigit() and len(text) == 8:
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        if kind == "date" and text.count("-") == 2:
            year, month, day = text.split("-")
            if month.isdigit() and day.isdigit():
                text = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    return text


def check(one: Input, text: str) -> str:
    """Why ``text`` cannot be taken, or "". What the model's field would say less plainly is said here."""
    if not text:
        return _("请填写{title}").format(title=one.title) if one.required else ""
    if one.kind in NUMERIC:
        return _check_number(one, text)
    if one.kind == "date":
        return "" if _is_date(text) else _("应写成 2026-01-31 这样的日期")
    if (
        one.kind in ("choice", "state")
        and one.choices
        and text not in {value for value, _title in one.choices}
    ):
        return _("不在可选范围内")
    if one.max_length and len(text) > one.max_length:
        return _("最多 {most} 个字").format(most=one.max_length)
    return ""


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_number(one: Input, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _("应填数字")
    if not number.is_finite():
        return _("应填普通数字")
    if one.kind == "integer" and number != number.to_integral_value():
        return _("应填整数")
    exponent = number.normalize().as_tuple().exponent
    if one.places is not None and isinstance(exponent, int) and -exponent > one.places:
        return _("最多 {places} 位小数").format(places=one.places)
    if abs(number) >= Decimal(10) ** (_DIGITS - (one.places or 0)):
        return _("数太大")
    return ""


def read(inputs: Sequence[Input], posted: Mapping[str, str], actor: Any) -> Read:
    """Read a form. Read-only inputs are not read."""
    taken = Read()
    for one in inputs:
        if one.readonly or one.kind == "file":
            continue
        if one.kind == "bool":
            taken.values[one.name] = posted.get(one.name) in ("1", "on", "true")
            continue
        if one.kind == "register":
            value, wrong = chosen(
                one, posted.get(one.name, ""), posted.get(f"{one.name}.text", ""), actor, posted
            )
            taken.values[one.name] = value
        else:
            value = plain(one.kind, posted.get(one.name, ""))
            wrong = check(one, value)
            taken.values[one.name] = value
        if wrong:
            taken.problems.append(Problem(wrong, field=one.name))
    return taken


def chosen(one: Input, picked: str, text: str, actor: Any, params: Mapping[str, str]) -> tuple[Any, str]:
    """(id or None, what is wrong) of one look-up box: the picked id, else the typed code."""
    text = text.strip()
    if one.source is None:
        return (int(picked) if picked.isdigit() else None), ""
    if picked.isdigit() and len(picked) < _DIGITS:
        allowed = one.source.rows(actor, params).filter(pk=int(picked)).exists()
        return (int(picked), "") if allowed else (int(picked), _("不存在、已停用或不在您的可选范围内"))
    if text:
        found = one.source.exact(actor, text, params)
        return (found.pk, "") if found is not None else (None, _("没有找到“{text}”").format(text=text[:30]))
    return None, (_("请选择{title}").format(title=one.title) if one.required else "")


def date_or_refuse(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(plain("date", text))
    except ValueError as error:
        raise Invalid(
            _("日期“{text}”不对。").format(text=text[:20]), way_out=_("应写成 2026-01-31 这样的日期。")
        ) from error


def frozen(one: Input) -> Input:
    """The input of a field that may be given only once."""
    return replace(one, readonly=True)


def refuse(title: str, problems: Sequence[Problem]) -> None:
    """Raise Invalid naming how many places of ``title`` are wrong, if any."""
    if problems:
        raise Invalid(
            _("{title}有 {count} 处需要修改").format(title=title, count=len(problems)),
            problems=problems,
            way_out=_("请按标红处修改后再保存。"),
        )
