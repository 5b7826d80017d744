"""Writing what documents of assets did: values, plans, events; each one statement whatever the number of cards."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import Plan
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext

MOVES_SQL = """
INSERT INTO assets_move (source, kind, asset_id, line_id, account_id, cost, accumulated, date, period_id, posted_at)
SELECT %s, %s, u.asset, u.line, c.asset_account_id, u.cost, u.accumulated, %s, %s, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[]) WITH ORDINALITY AS u(asset, line, cost, accumulated, place)
JOIN assets_asset a ON a.id = u.asset JOIN assets_class c ON c.id = a.asset_class_id ORDER BY u.place
"""
MIRROR_SQL = """
INSERT INTO assets_move (source, kind, asset_id, line_id, account_id, cost, accumulated, date, period_id, posted_at)
SELECT source, %s, asset_id, line_id, account_id, -sum(cost), -sum(accumulated), %s, %s, %s
FROM assets_move WHERE source = %s GROUP BY source, asset_id, line_id, account_id
HAVING sum(cost) <> 0 OR sum(accumulated) <> 0
"""
PLANS_SQL = """
INSERT INTO assets_plan (line_id, effective, first, months, base, before, residual, units, monthly, source, made_at)
SELECT u.line, u.effective, u.first, u.months, u.base, u.before, u.residual, u.units, u.monthly, %s, %s
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])
    WITH ORDINALITY AS u(line, effective, first, months, base, before, residual, units, monthly, place) ORDER BY u.place
"""
EVENTS_SQL = """
INSERT INTO assets_card_event (asset_id, kind, source, date, at, actor_id, text, before, after)
SELECT u.asset, u.kind, %s, %s, %s, %s, u.text, u.before::jsonb, u.after::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
    WITH ORDINALITY AS u(asset, kind, text, before, after, place) ORDER BY u.place
"""
# events of the same cards after those of a document that nobody has taken back since
LATER_SQL = """
SELECT a.number FROM assets_card_event e JOIN assets_asset a ON a.id = e.asset_id
WHERE e.asset_id = ANY(%s) AND e.source <> %s AND (%s::text[] IS NULL OR e.kind = ANY(%s))
  AND e.id > (SELECT max(id) FROM assets_card_event WHERE source = %s)
  AND NOT EXISTS (SELECT FROM assets_card_event u WHERE u.asset_id = e.asset_id AND u.source = e.source AND u.kind LIKE 'un-%%')
ORDER BY e.id LIMIT 1
"""
AFTER_SQL = """
SELECT a.number, max(e.date) FROM assets_card_event e JOIN assets_asset a ON a.id = e.asset_id
WHERE e.asset_id = ANY(%s) AND e.date > %s AND e.kind = ANY(%s)
  AND NOT EXISTS (SELECT FROM assets_card_event u WHERE u.asset_id = e.asset_id AND u.source = e.source AND u.kind LIKE 'un-%%')
GROUP BY a.number ORDER BY a.number LIMIT 1
"""
# the plan each line had before a document, from the month on in which the document's own began; nothing where there was none
RESTORE_SQL = """
INSERT INTO assets_plan (line_id, effective, first, months, base, before, residual, units, monthly, source, made_at)
SELECT mine.line_id, mine.effective, coalesce(p.first, mine.first), coalesce(p.months, 1), coalesce(p.base, 0),
       coalesce(p.before, 0), coalesce(p.residual, 0), p.units, coalesce(p.monthly, 0), %s, %s
FROM (SELECT DISTINCT ON (line_id) id, line_id, effective, first FROM assets_plan WHERE source = %s ORDER BY line_id, id) mine
LEFT JOIN LATERAL (SELECT * FROM assets_plan b WHERE b.line_id = mine.line_id AND b.id < mine.id ORDER BY b.id DESC LIMIT 1) p ON true
ORDER BY mine.id
"""
BEFORE_SQL = (
    "SELECT asset_id, before::text FROM assets_card_event WHERE source = %s AND kind = %s ORDER BY id"
)
ZERO = Decimal(0)
GONE = ("written_off", "split", "merged")
VALUED = ("booked", "revised", "reclassified", *GONE)
"""Kinds of events after which a card is gone; and after which its cost, life or accounts are others."""


@dataclass(frozen=True)
class Moved:
    """Value on a funding line, signed yuan."""

    asset_id: int
    line_id: int
    cost: Decimal
    accumulated: Decimal = ZERO


@dataclass(frozen=True)
class Planned:
    """A plan that holds from ``effective`` on. With ``units`` the months say nothing."""

    line_id: int
    effective: Month
    plan: Plan
    residual: Decimal = ZERO
    units: Decimal | None = None

    @property
    def monthly(self) -> Decimal:
        return ZERO if self.units is not None else self.plan.monthly


@dataclass(frozen=True)
class Said:
    """An event of a card."""

    asset_id: int
    kind: str
    text: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def write_moves(moves: Sequence[Moved], *, kind: str, ctx: PostingContext) -> None:
    moves = [m for m in moves if m.cost or m.accumulated]
    if moves:
        sql.run(
            MOVES_SQL,
            [ctx.source, kind, ctx.on, ctx.period.id, clock.now(), [m.asset_id for m in moves],
             [m.line_id for m in moves], [m.cost for m in moves], [m.accumulated for m in moves]],
        )  # fmt: skip


def mirror_moves(*, kind: str, ctx: PostingContext) -> None:
    """Take back every value a document moved, to the fen."""
    sql.run(MIRROR_SQL, [kind, ctx.on, ctx.period.id, clock.now(), ctx.source])


def write_plans(plans: Sequence[Planned], *, ctx: PostingContext) -> None:
    if plans:
        sql.run(
            PLANS_SQL,
            [ctx.source, clock.now(), [p.line_id for p in plans], [p.effective.number for p in plans],
             [p.plan.first.number for p in plans], [p.plan.months for p in plans], [p.plan.base for p in plans],
             [p.plan.before for p in plans], [p.residual for p in plans], [p.units for p in plans],
             [p.monthly for p in plans]],
        )  # fmt: skip


def write_events(events: Sequence[Said], *, on: dt.date, ctx: PostingContext) -> None:
    if events:
        sql.run(
            EVENTS_SQL,
            [ctx.source, on, clock.now(), ctx.actor.pk, [e.asset_id for e in events], [e.kind for e in events],
             [e.text[:300] for e in events], [_json(e.before) for e in events], [_json(e.after) for e in events]],
        )  # fmt: skip


def restore_plans(*, ctx: PostingContext) -> None:
    """Go on as before a document that is taken back; the month its plans began in must not have been run."""
    sql.run(RESTORE_SQL, [ctx.source, clock.now(), ctx.source])


def require_last(asset_ids: Sequence[int], source: str, *, kinds: Sequence[str] | None = None) -> None:
    """Refuses (``changed_since``) when cards have business after that of ``source`` which was not taken back."""
    wanted = list(kinds) if kinds is not None else None
    later = sql.rows(LATER_SQL, [list(asset_ids), source, wanted, wanted, source])
    if later:
        raise Conflict(
            f"{later[0][0]} 其后又有业务，不能红冲", code="changed_since", way_out="请先红冲其后的单据。"
        )


def require_in_order(asset_ids: Sequence[int], on: dt.date, *, kinds: Sequence[str]) -> None:
    """Refuses (``later_business``) a document dated before what already happened to one of its cards."""
    later = sql.rows(AFTER_SQL, [list(asset_ids), on, list(kinds)])
    if later:
        number, last = later[0]
        raise Conflict(
            f"{number} 在 {last} 已有业务，不能再办理 {on} 的业务", code="later_business",
            way_out=f"请把业务日期改为不早于 {last}，或先红冲其后的单据。",
        )  # fmt: skip


def before(source: str, kind: str) -> dict[int, dict[str, Any]]:
    """What each card was before a document changed it, by card."""
    return {pk: json.loads(text) for pk, text in sql.rows(BEFORE_SQL, [source, kind])}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, default=str)
