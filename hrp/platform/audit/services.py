"""Writing the action log."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from hrp.platform.base import origin, sql

_INSERT = """
INSERT INTO audit_action
    (actor_id, actor_name, duty, act, target, unit_id, ip, request_id, summary, data, at, epoch, xact_id, row_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, now(), 0, 0, '')
"""


def record(
    *,
    actor: origin.Actor | None,
    act: str,
    target: str,
    summary: str = "",
    data: dict[str, Any] | None = None,
    unit_id: int | None = None,
) -> None:
    """Append one row to the action log, in the caller's transaction: one INSERT, nothing else.

    ``act`` is a stable code ("post", "access.grant_role"), ``target`` is "<kind>:<pk>". ``actor`` is None only for
    acts of somebody not signed in. ``unit_id`` defaults to the actor's own unit. ``data`` must be JSON after
    Django's encoder (dates, decimals and UUIDs allowed) and must not hold secrets. The address and the request come
    from :mod:`hrp.platform.base.origin`. If the row cannot be written the caller's transaction fails with it.
    """
    here = origin.current()
    payload = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False) if data else "{}"
    row = (
        actor.pk if actor else None,
        actor.display_name[:50] if actor else "未登录",
        getattr(actor, "duty", "") or "",
        act,
        target,
        unit_id if unit_id is not None else getattr(actor, "unit_id", None),
        here.ip,
        here.request_id[:64],
        summary[:500],
        payload,
    )
    sql.run(_INSERT, row)
