"""Panels that modules above the desk put on the page of a ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hrp.operations.desk.models import Ticket
from hrp.platform.access.models import User
from hrp.platform.base.registry import Registry


@dataclass(frozen=True)
class Panel:
    """``data(actor, ticket)`` gives what ``template`` shows as ``data``; None: nothing to show on this ticket."""

    template: str
    data: Callable[[User, Ticket], Mapping[str, Any] | None]


panels: Registry[Panel] = Registry("工单面板")


def register(name: str, panel: Panel) -> Panel:
    """Called in the ``apps.py`` of a module; panels stand in the order of registration."""
    return panels.register(name, panel)


def shown(actor: User, ticket: Ticket) -> list[tuple[str, Mapping[str, Any]]]:
    """Template and data of every panel that has something to show."""
    found = [(panel.template, panel.data(actor, ticket)) for panel in panels]
    return [(template, data) for template, data in found if data is not None]
