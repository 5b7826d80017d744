"""Questions of a dialog, as views ask them and templates draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django_stubs_ext import StrOrPromise

Given = Mapping[str, str]
Kind = Literal["text", "textarea", "choice", "instant", "people"]


@dataclass(frozen=True)
class Question:
    """One input of an act's dialog. ``value`` is what it starts with; a ``people`` question takes several choices."""

    name: str
    title: StrOrPromise
    kind: Kind = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    hint: StrOrPromise = ""
    value: str = ""
