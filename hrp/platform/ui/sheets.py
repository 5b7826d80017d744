"""The import sheet of a register, made from its declared form: one column per field, look-ups by code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

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
        for row in preview.rows:
            values = {name: ("" if value is None else value) for name, value in row.values.items()}
            services.save(screen, actor=actor, pk=known.get(str(values.get(key))), values=values)
        return len(preview.rows)

    return run
