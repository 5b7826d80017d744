"""How far the boxes of look-ups tell of what they name: a refused form comes back with whatever id was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet

from hrp.platform.access import scope


def reach(model: type[Model], code: str, path: str = "org_unit") -> Callable[[Any], QuerySet[Any]]:
    """Rows of any state that lie where somebody holds a permission."""
    return lambda actor: scope.filter(actor, code, model._default_manager.all(), path)
