"""冻结与解冻: everything that matches is held at once in every store, consigned goods too; another person releases it.

The hold stands on the batch, so picking, the theatre's scan and transfers all see it. What was promised of goods that
cannot be used any more is given up, the newest promises first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from hrp.logistics.models import Batch, Freeze
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem

_COVERED = """t.id = coalesce(%(batch)s, t.id) AND t.item_id = coalesce(%(item)s, t.item_id)
  AND t.supplier_id = coalesce(%(supplier)s, t.supplier_id) AND (%(registration)s = '' OR i.registration_number = %(registration)s)
  AND (%(lot)s = '' OR t.lot = %(lot)s)"""

# '' < frozen < quarantine < recalled: a weaker hold never replaces a stronger one
HOLD_SQL = f"""
WITH held AS (
    SELECT t.id, t.hold FROM logistics_batch t JOIN logistics_item i ON i.id = t.item_id
    WHERE {_COVERED} ORDER BY t.id FOR UPDATE OF t
), kept AS (
    INSERT INTO logistics_freeze_batch (freeze_id, batch_id, before) SELECT %(freeze)s, id, hold FROM held
), changed AS (
    UPDATE logistics_batch t SET hold = %(kind)s FROM held WHERE t.id = held.id AND held.hold < %(kind)s RETURNING t.id
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM changed)
"""  # noqa: S608 - our own words

RELEASE_SQL = """
WITH held AS (
    SELECT t.id, coalesce(b.before, '') AS before FROM logistics_batch t JOIN logistics_item i ON i.id = t.item_id
    LEFT JOIN logistics_freeze_batch b ON b.batch_id = t.id AND b.freeze_id = %(freeze)s
    WHERE t.hold = %(kind)s AND (b.id IS NOT NULL OR (
        %(batch)s::bigint IS NULL AND t.item_id = coalesce(%(item)s, t.item_id)
        AND t.supplier_id = coalesce(%(supplier)s, t.supplier_id)
        AND (%(registration)s = '' OR i.registration_number = %(registration)s)))
    ORDER BY t.id FOR UPDATE OF t
), rest AS (
    SELECT h.id, greatest(CASE WHEN h.before = 'quarantine' THEN 'quarantine' ELSE '' END, coalesce((
        SELECT max(f.kind) FROM logistics_freeze f JOIN logistics_batch t ON t.id = h.id JOIN logistics_item i ON i.id = t.item_id
        WHERE f.released_at IS NULL AND f.id <> %(freeze)s AND (
            EXISTS (SELECT FROM logistics_freeze_batch o WHERE o.freeze_id = f.id AND o.batch_id = h.id)
            OR (f.batch_id IS NULL AND coalesce(f.item_id, t.item_id) = t.item_id
                AND coalesce(f.supplier_id, t.supplier_id) = t.supplier_id
                AND f.registration_number IN ('', i.registration_number)))), '')) AS hold
    FROM held h
), changed AS (
    UPDATE logistics_batch t SET hold = rest.hold FROM rest WHERE t.id = rest.id AND t.hold <> rest.hold RETURNING t.id
)
SELECT count(*) FROM changed
"""

# promises beyond what may still be used are given up, the newest first
GIVE_UP_SQL = """
WITH items AS (
    SELECT DISTINCT t.item_id FROM logistics_freeze_batch b JOIN logistics_batch t ON t.id = b.batch_id WHERE b.freeze_id = %s
), usable AS (
    SELECT b.store_id, b.item_id, sum(b.quantity) AS quantity
    FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id JOIN logistics_item i ON i.id = b.item_id
    WHERE b.item_id IN (SELECT item_id FROM items) AND b.quantity > 0 AND t.hold = ''
      AND least(t.expiry, coalesce(t.sterile_expiry, t.expiry)) - (i.expiry_mode = 'first_unusable_day')::int >= %s
    GROUP BY 1, 2
), promised AS (
    SELECT r.id, r.source, r.line_position, r.quantity, coalesce(u.quantity, 0) AS usable,
           sum(r.quantity) OVER (PARTITION BY r.store_id, r.item_id ORDER BY r.id) AS upto
    FROM logistics_reservation r LEFT JOIN usable u USING (store_id, item_id)
    WHERE r.item_id IN (SELECT item_id FROM items)
), cut AS (
    SELECT *, greatest(0, quantity - greatest(0, upto - usable)) AS keep FROM promised WHERE upto > usable
), reduced AS (
    UPDATE logistics_reservation r SET quantity = cut.keep FROM cut WHERE r.id = cut.id AND cut.keep > 0 RETURNING r.id
), gone AS (
    DELETE FROM logistics_reservation r USING cut WHERE r.id = cut.id AND cut.keep = 0 RETURNING r.id
)
SELECT source, line_position, quantity - keep FROM cut ORDER BY id
"""


@dataclass(frozen=True)
class Frozen:
    """What a freeze found: batches covered, newly held, and promises given up as (source, line, quantity)."""

    freeze: Freeze
    covered: int
    held: int
    released: tuple[tuple[str, int, Any], ...]


@transaction.atomic
def freeze(
    *,
    actor: User,
    reason: str,
    kind: str = Batch.Hold.FROZEN,
    batch_id: int | None = None,
    item_id: int | None = None,
    supplier_id: int | None = None,
    registration_number: str = "",
    lot: str = "",
    source: str = "",
) -> Frozen:
    """Hold everything that matches, at once and everywhere. Batches that arrive later are held as they arrive."""
    scope.require(actor, "logistics.freeze.edit")
    if not reason.strip():
        raise Invalid(
            "冻结必须写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。"
        )
    if kind not in (Batch.Hold.FROZEN, Batch.Hold.QUARANTINE, Batch.Hold.RECALLED):
        raise Invalid(
            "没有这种限制", problems=[Problem("请选择", field="kind")], way_out="请选择冻结、待检或召回。"
        )
    if not (batch_id or item_id or supplier_id or registration_number.strip()):
        raise Invalid(
            "没有说冻结什么", problems=[Problem("批次、物资、供应商、注册证号至少填一项", field="item")],
            way_out="批次、物资、供应商、注册证号至少填一项。",
        )  # fmt: skip
    row = Freeze.objects.create(
        kind=kind, batch_id=batch_id, item_id=item_id, supplier_id=supplier_id, registration_number=registration_number.strip(),
        reason=reason.strip()[:300], source=source, frozen_by=actor, frozen_at=clock.now(),
    )  # fmt: skip
    [(covered, held)] = _rows(HOLD_SQL, _keys(row) | {"lot": lot})
    released = sql.rows(GIVE_UP_SQL, [row.pk, clock.today()])
    audit.record(
        actor=actor, act="logistics.freeze.freeze", target=f"logistics.freeze:{row.pk}",
        summary=f"冻结 {covered} 个批次：{row.reason}", data={"released": [list(map(str, one)) for one in released[:200]]},
    )  # fmt: skip
    return Frozen(row, covered, held, tuple(released))


@transaction.atomic
def release(*, actor: User, freeze: Freeze, reason: str) -> int:
    """End a freeze, in every store: batches go back to what else holds them, or are free. Who froze does not release."""
    scope.require_everywhere(actor, "logistics.freeze.release")
    row = Freeze.objects.select_for_update().get(pk=freeze.pk)
    if row.released_at is not None:
        raise Conflict(
            f"已由 {row.released_by} 于 {clock.local(row.released_at):%Y-%m-%d %H:%M} 解冻",
            way_out="请刷新页面。",
        )
    if row.frozen_by_id == actor.pk:
        raise Conflict(
            "冻结人不能自己解冻", code="another_releases", way_out="请由另一位有解冻权限的人办理。"
        )
    if not reason.strip():
        raise Invalid(
            "解冻必须写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。"
        )
    row.released_by, row.released_at, row.release_reason = actor, clock.now(), reason.strip()[:300]
    row.save(update_fields=["released_by", "released_at", "release_reason"])
    [(changed,)] = _rows(RELEASE_SQL, _keys(row))
    audit.record(
        actor=actor, act="logistics.freeze.release", target=f"logistics.freeze:{row.pk}",
        summary=f"解冻 {changed} 个批次：{row.release_reason}",
    )  # fmt: skip
    return int(changed)


def _keys(row: Freeze) -> dict[str, Any]:
    return {
        "freeze": row.pk, "kind": row.kind, "batch": row.batch_id, "item": row.item_id, "supplier": row.supplier_id,
        "registration": row.registration_number,
    }  # fmt: skip


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
