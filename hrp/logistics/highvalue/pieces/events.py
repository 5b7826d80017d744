"""Writing what happens to pieces: one set-based statement under sorted locks; the database projects state and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit
from hrp.platform.access.models import User
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Problem

LOCK_SQL = "SELECT id, state FROM logistics_unit WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

RECORD_SQL = """
INSERT INTO logistics_unit_event
    (unit_id, act, from_state, to_state, from_store_id, store_id, source, line_position, at, actor_id, note)
SELECT u.id, %s, u.state, p.to_state, u.store_id, p.store, %s, p.position, %s, %s, %s
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::int[]) AS p(unit, to_state, store, position)
JOIN logistics_unit u ON u.id = p.unit ORDER BY u.id
"""

# the state and place of each piece before a source touched it; whether it still is what the source left, whatever came and
# was undone in between; and whether the source was undone before
OF_SOURCE_SQL = """
SELECT DISTINCT ON (e.unit_id) e.unit_id, e.from_state, e.from_store_id, e.line_position,
       (SELECT (u.state, u.store_id) IS NOT DISTINCT FROM (l.to_state, l.store_id) FROM logistics_unit_event l
        WHERE l.unit_id = e.unit_id AND l.source = %s AND l.act <> 'undo' ORDER BY l.id DESC LIMIT 1),
       EXISTS (SELECT FROM logistics_unit_event d WHERE d.unit_id = e.unit_id AND d.source = %s AND d.act = 'undo')
FROM logistics_unit_event e JOIN logistics_unit u ON u.id = e.unit_id WHERE e.source = %s ORDER BY e.unit_id, e.id
"""


@dataclass(frozen=True)
class Step:
    """Where one piece goes: its next state, and its next place (None: nowhere in the hospital)."""

    unit_id: int
    to_state: str
    store_id: int | None
    position: int = 0


def lock(unit_ids: Sequence[int]) -> dict[int, str]:
    """States of pieces, locked in the order of their ids."""
    return dict(sql.rows(LOCK_SQL, [sorted(set(unit_ids))]))


def record(act: str, steps: Sequence[Step], *, source: str, actor: User, note: str = "") -> None:
    """Write one event for each piece. Raises Conflict (``unit_state``) naming those whose state does not allow it."""
    if not steps:
        return
    states = lock([step.unit_id for step in steps])
    wrong = [s.unit_id for s in steps if states.get(s.unit_id) not in rules.ALLOWED[act]]
    if wrong:
        raise _not_now(act, wrong, steps)
    _write(act, steps, source=source, actor=actor, note=note)


def undo(*, source: str, actor: User) -> list[int]:
    """Put every piece a document touched back to where and what it was before; the pieces it touched.

    Raises Conflict (``stock_gone``) when something else has happened to one since. Doing it again does nothing.
    """
    found = sql.rows(OF_SOURCE_SQL, [source, source, source])
    steps = [
        Step(unit, state, store, position) for unit, state, store, position, _, done in found if not done
    ]
    later = [unit for unit, *_, is_same, done in found if not done and not is_same]
    if later:
        units = TraceUnit.objects.filter(pk__in=later).order_by("pk")[:20]
        raise Conflict(
            "所涉唯一码已被后续业务使用，不能红冲", code="stock_gone",
            way_out="请先撤销下列唯一码的后续业务。",
            problems=[Problem(f"{u.uid} 现为“{u.get_state_display()}”") for u in units],
        )  # fmt: skip
    if steps:
        lock([step.unit_id for step in steps])
        _write("undo", steps, source=source, actor=actor, note="")
    return [step.unit_id for step in steps]


def _write(act: str, steps: Sequence[Step], *, source: str, actor: User, note: str) -> None:
    sql.run(
        RECORD_SQL,
        [
            act, source, clock.now(), actor.pk, note[:200], [s.unit_id for s in steps],
            [str(s.to_state) for s in steps], [s.store_id for s in steps], [s.position for s in steps],
        ],
    )  # fmt: skip


def _not_now(act: str, wrong: Sequence[int], steps: Sequence[Step]) -> Conflict:
    position = {step.unit_id: step.position for step in steps}
    units = TraceUnit.objects.filter(pk__in=wrong).order_by("pk")[:20]
    return Conflict(
        f"{len(wrong)} 个唯一码现在不能{rules.ACTS[act]}", code="unit_state", way_out="请查看唯一码的轨迹。",
        problems=[
            Problem(f"{u.uid} 现为“{u.get_state_display()}”", line=position[u.pk] - 1 if position[u.pk] else None)
            for u in units
        ],
    )  # fmt: skip
