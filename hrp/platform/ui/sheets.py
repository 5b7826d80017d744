"""The import sheet of a register, made from its declared form: one column per field, look-ups by code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field
from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.exchange.models import ImportRun
from hrp.platform.exchange.sheets import Preview, SheetColumn, SheetSpec
from hrp.platform.ui import inputs, services
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.lookups import Source
from hrp.platform.ui.screens import RegisterScreen

_KINDS = {
    "money": "money", "quantity": "decimal", "price": "decimal", "percent": "decimal", "integer": "integer",
    "date": "date", "bool": "bool", "choice": "choice", "register": "lookup", "code": "code",
}  # fmt: skip


def spec_of(screen: RegisterScreen, actor: Any) -> SheetSpec:
    """The declared sheet, else one with the fields of the form; the first exact key is the row's own code."""
    if screen.sheet is not None:
        return cast(SheetSpec, screen.sheet(actor) if callable(screen.sheet) else screen.sheet)
    key = screen.exact[0] if screen.exact else ""
    columns = [
        _column(one, key, actor)
        for one in inputs.bind(screen.model, screen.fields, actor)
        if not one.readonly
    ]
    unique = ((key,),) if key and any(column.key == key for column in columns) else ()
    return SheetSpec(name=screen.key.replace(".", "_"), title=screen.title, columns=columns, unique=unique)


def _column(one: Input, key: str, actor: Any) -> SheetColumn:
    kind: Any = "code" if one.name == key else _KINDS.get(one.kind, "text")
    return SheetColumn(
        key=one.name,
        title=one.title,
        kind=kind,
        required=one.required,
        max_length=one.max_length or 200,
        places=one.places if kind in ("decimal", "money") else None,
        choices=tuple(one.choices) if kind == "choice" else (),
        lookup=_resolver(one.source, actor) if kind == "lookup" and one.source else None,
        help=one.help,
    )


def _resolver(source: Source, actor: Any) -> Callable[[frozenset[str]], Mapping[str, object]]:
    def resolve(texts: frozenset[str]) -> Mapping[str, object]:
        found = source.by_codes(actor, texts, {})
        return {text: found[text.strip().upper()].pk for text in texts if text.strip().upper() in found}

    return resolve


def apply(screen: RegisterScreen, actor: Any) -> Callable[[Preview], object]:
    """Save every row: one whose code exists is changed, another is created. Runs in the transaction of the commit."""
    key = screen.exact[0] if screen.exact else ""

    def run(preview: Preview) -> int:
        codes = [str(row.values.get(key)) for row in preview.rows if row.values.get(key)]
        known = (
            dict(screen.model._default_manager.filter(**{f"{key}__in": codes}).values_list(key, "pk"))
            if key
            else {}
        )
        titles = {column.key: column.title for column in spec_of(screen, actor).columns}
        for row in preview.rows:
            values = _given(screen, row.values)
            with _naming(row.number, titles):
                services.save(screen, actor=actor, pk=known.get(str(values.get(key))), values=values)
        return len(preview.rows)

    return run


def _given(screen: RegisterScreen, cells: Mapping[str, object]) -> dict[str, object]:
    """An empty cell empties what can be empty; anything else stays as it is, and in a new row at its default."""

    def empties(name: str) -> bool:
        try:
            field = cast("Field[Any, Any]", screen.model._meta.get_field(name))
        except FieldDoesNotExist:
            return True  # a word of the screen's own: its save knows what an empty one means
        return field.null or (field.empty_strings_allowed and field.blank)

    return {
        name: "" if value is None else value
        for name, value in cells.items()
        if value is not None or empties(name)
    }


@contextmanager
def _naming(row: int, titles: Mapping[str, str]) -> Iterator[None]:
    """What only saving finds wrong is told with the row and the column of the sheet it was found in."""

    def named(problem: Problem) -> Problem:
        title = titles.get(problem.field, "")
        message = problem.message if not title or title in problem.message else f"{title}：{problem.message}"
        return replace(problem, line=row - 1, message=message)

    try:
        yield
    except Invalid as refusal:
        raise Invalid(
            _("第 {row} 行没有通过检查，没有导入任何一行。").format(row=row),
            problems=[named(problem) for problem in refusal.problems],
            way_out=_("请改正这一行后重新上传。"),
        ) from refusal


def sample_of(screen: RegisterScreen, actor: Any, run: ImportRun) -> list[tuple[int, list[str]]]:
    """Rows of a preview in the words of the sheet: titles of choices and codes of things, not what they are stored as."""
    bound = {one.name: one for one in inputs.bind(screen.model, screen.fields, actor)}
    words: dict[str, Mapping[str, str]] = {}
    for name, one in bound.items():
        if one.kind == "choice":
            words[name] = dict(one.choices)
        elif one.source is not None:
            ids = {row["values"].get(name, "") for row in run.sample}
            found = one.source.codes(int(pk) for pk in ids if pk.isdigit())
            words[name] = {str(pk): code for pk, code in found.items()}
    keys = [column.key for column in spec_of(screen, actor).columns]

    def word(name: str, text: str) -> str:
        return words.get(name, {}).get(text, text)

    return [(row["row"], [word(key, row["values"].get(key, "")) for key in keys]) for row in run.sample]
