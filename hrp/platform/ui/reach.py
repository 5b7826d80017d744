"""How far a person reaches into the rows of a register: one answer for pages, API, look-ups and search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from hrp.platform.access import scope
from hrp.platform.access.scope import Units
from hrp.platform.ui.screens import RegisterScreen, Screen


def all_of(screen: RegisterScreen, actor: Any) -> QuerySet[Any]:
    """Every row the register shows at all."""
    return screen.queryset(actor) if screen.queryset else screen.model._default_manager.all()


def code_of(screen: Screen, actor: Any, act: str) -> str:
    """The permission by which this person does it: of several that will do, the first one they hold."""
    codes = screen.codes_of(act)
    return next((code for code in codes if scope.has(actor, code)), codes[0])


def visible(screen: RegisterScreen, actor: Any, act: str = "view") -> QuerySet[Any]:
    """The rows this person may see (or ``act`` upon). Raises Forbidden without the permission."""
    code = code_of(screen, actor, act)
    scope.require(actor, code)
    return narrowed(screen, actor, code, all_of(screen, actor))


def narrowed(screen: RegisterScreen, actor: Any, code: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of ``rows`` that lie where the actor holds ``code``; all of them when the register is the whole hospital's."""
    if screen.narrow is not None:
        held = scope.units(actor, code)
        return rows if held is None else screen.narrow(rows, held)
    return scope.filter(actor, code, rows, screen.scope_path) if screen.scope_path else rows


def within(screen: RegisterScreen, actor: Any, codes: Iterable[str]) -> QuerySet[Any]:
    """The rows that lie where the actor holds any of ``codes``."""
    rows, held = all_of(screen, actor), units_of_any(actor, codes)
    if held is None:
        return rows
    if screen.narrow is not None:
        return screen.narrow(rows, held)
    return rows.filter(**{f"{screen.scope_path}__in": held}) if screen.scope_path else rows


def units_of_any(actor: Any, codes: Iterable[str]) -> Units:
    """The units where the actor holds any of the codes; None for everywhere."""
    reached: frozenset[int] = frozenset()
    for code in codes:
        units = scope.units(actor, code)
        if units is None:
            return None
        reached |= units
    return reached
