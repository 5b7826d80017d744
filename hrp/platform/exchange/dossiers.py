"""Data of the printed ``dossier``: facts, sections of text or rows, signatures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Prose:
    """A section of free text; one without text is left out."""

    title: str
    text: str


@dataclass(frozen=True)
class Rows:
    """A section that is a table. ``widths`` in millimetres, 0 shares what is left; one without rows is left out."""

    title: str
    columns: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Signature:
    """Who signed as what, and when on the wall clock; empty while nobody has."""

    label: str
    name: str = ""
    at: str = ""


def dossier(
    *,
    hospital: str,
    title: str,
    number: str,
    facts: Sequence[tuple[str, str]],
    sections: Sequence[Prose | Rows],
    signatures: Sequence[Signature],
    subject: str = "",
    foot: str = "",
    watermark: str = "",
) -> dict[str, Any]:
    """Data for ``pdf.render("dossier", ...)``; facts stand two in a line, an odd one is followed by an empty cell."""
    pairs = [{"label": label, "value": value or "—"} for label, value in facts]
    if len(pairs) % 2:
        pairs.append({"label": "", "value": ""})
    return {
        "hospital": hospital,
        "title": title,
        "number": number,
        "subject": subject,
        "foot": foot,
        "watermark": watermark,
        "facts": pairs,
        "sections": [_section(one) for one in sections if (one.text if isinstance(one, Prose) else one.rows)],
        "signatures": [{"label": one.label, "name": one.name, "at": one.at} for one in signatures],
    }


def _section(one: Prose | Rows) -> dict[str, Any]:
    if isinstance(one, Prose):
        return {"title": one.title, "text": one.text}
    return {
        "title": one.title,
        "columns": list(one.columns),
        "widths": list(one.widths),
        "rows": [list(row) for row in one.rows],
    }
