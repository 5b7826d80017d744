"""The kinds of labels there are; rooms that have things to label register theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from hrp.logistics.labels.rules.zpl import Label
from hrp.logistics.models import Store
from hrp.platform.base.registry import Registry


@dataclass(frozen=True, eq=False)
class Kind:
    """``rows(actor, store, text)`` are the things one may label, narrowed by what was asked; ``label`` draws one.

    ``permission`` is what lets a person see these things at all, ``place`` the path to the org unit they lie in;
    ``copies`` how many labels a thing takes at first.
    """

    key: str
    title: str
    permission: str
    rows: Callable[[Any, Store | None, str], QuerySet[Any]]
    label: Callable[[Any], Label]
    place: str = "store__org_unit_id"
    hint: str = ""
    copies: Callable[[Any], int] = lambda row: 1
    order: int = 100


registry: Registry[Kind] = Registry("标签")


def register(kind: Kind) -> Kind:
    return registry.register(kind.key, kind)


def ordered() -> list[Kind]:
    return sorted(registry, key=lambda kind: kind.order)
