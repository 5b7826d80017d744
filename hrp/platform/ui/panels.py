"""Panels under a register or document: related rows, and for some a form that adds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hrp.platform.access import scope
from hrp.platform.ui import columns as cols
from hrp.platform.ui import inputs
from hrp.platform.ui.columns import Cell
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.screens import Column, Output, Panel

MOST_ROWS = 200


@dataclass(frozen=True)
class BoundPanel:
    panel: Panel
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    more: bool
    inputs: list[Input] = field(default_factory=list)


def bind(declared: Sequence[Panel], obj: Any, actor: Any) -> list[BoundPanel]:
    """The panels this person may see, drawn."""
    bound = []
    for panel in declared:
        if panel.permission and not panel.fields and not scope.has(actor, panel.permission):
            continue
        found = panel.rows(obj, actor)
        rows = list(found[: MOST_ROWS + 1] if hasattr(found, "__getitem__") else found)
        model: Any = panel.model or getattr(found, "model", None) or (type(rows[0]) if rows else None)
        columns = cols.bind(model, panel.columns) if hasattr(model, "_meta") else _plain(panel.columns)
        open_ = panel.add is not None and not (panel.closed is not None and panel.closed(obj))
        addable = open_ and (not panel.permission or scope.has(actor, panel.permission))
        bound.append(
            BoundPanel(
                panel,
                columns,
                [[cols.cell(column, row) for column in columns] for row in rows[:MOST_ROWS]],
                len(rows) > MOST_ROWS,
                inputs.asked(panel.model, panel.fields, actor) if addable else [],
            )
        )
    return bound


def _plain(declared: Sequence[Column | str]) -> tuple[Column, ...]:
    columns = [Column(one, one, "text") if isinstance(one, str) else one for one in declared]
    return tuple(
        Column(
            c.name,
            c.title or c.name,
            "text" if c.kind == "auto" else c.kind,
            value=c.value,
            link=c.link,
            tones=c.tones,
        )
        for c in columns
    )


def outputs(declared: Sequence[Output], obj: Any, actor: Any) -> list[dict[str, str]]:
    """The outputs somebody may have of an object; one without an address does not exist for it."""
    return [
        {"title": output.title, "url": url, "icon": output.icon}
        for output in declared
        if (not output.permission or scope.has(actor, output.permission)) and (url := output.url(obj))
    ]
