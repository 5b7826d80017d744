"""Writing the action log: one INSERT in the caller's transaction."""

from __future__ import annotations

import json
from typing import Any, Protocol

from django.db import connection

from hrp.platform.base import clock


class Actor(Protocol):
    pk: Any


def record(
    *, actor: Actor | None, act: str, target: str, summary: str = "", data: dict[str, Any] | None = None
) -> None:
    """Log an act. It commits or disappears together with what it speaks of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_action (at, actor_id, act, target, summary, data) VALUES (%s, %s, %s, %s, %s, %s)",
            [
                clock.now(),
                actor.pk if actor else None,
                act,
                target,
                summary[:500],
                json.dumps(data or {}, ensure_ascii=False),
            ],
        )
