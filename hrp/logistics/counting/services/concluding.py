"""Ending a count: its results become facts, its differences a draft of the stocktake."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.counting.documents.stocktake import Stocktake
from hrp.logistics.counting.models import CountResult, CountTask
from hrp.logistics.counting.rules import Standing
from hrp.logistics.counting.services.counting import standings
from hrp.logistics.counting.services.planning import PLAN
from hrp.logistics.rules.stocktake import difference
from hrp.logistics.subledger.taking import lock_holdings
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import services as documents
from hrp.platform.ledger.models import Fund

# what the books should have shown when the counter stood at the shelf: what they show now less what moved after
EXPECTED_SQL = """
SELECT w.batch, coalesce(b.quantity, 0) - coalesce((
    SELECT sum(m.quantity) FROM logistics_move m
    WHERE m.store_id = %s AND m.item_id = w.item AND m.batch_id = w.batch AND m.posted_at > w.counted_at), 0)
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS w(item, batch, counted_at)
LEFT JOIN logistics_balance b ON b.store_id = %s AND b.item_id = w.item AND b.batch_id = w.batch
"""


@transaction.atomic
def conclude(task: CountTask, *, actor: User) -> Stocktake | None:
    """结束盘点: every line counted, differences corrected for what moved between snapshot and count (case ACC-04).

    Returns the draft of the stocktake, None when nothing differs. Raises Conflict while lines are missing or disputed.
    """
    scope.require(actor, PLAN, task.store.org_unit_id)
    fresh = CountTask.objects.select_for_update().get(pk=task.pk)
    if fresh.state != CountTask.State.COUNTING:
        raise Conflict(f"{fresh} {fresh.get_state_display()}", code="ended", way_out="请刷新页面。")
    found = standings(fresh)
    open_ = Counter(state for state, _ in found.values() if state != Standing.SETTLED)
    if open_:
        raise Conflict(
            f"还有 {open_[Standing.MISSING]} 行未盘、{open_[Standing.RECOUNT]} 行待复盘", code="not_counted",
            way_out="请盘点人完成后再结束；确实不盘的请取消任务后另行下达。",
        )  # fmt: skip
    results = _results(fresh, found)
    CountResult.objects.bulk_create(results)
    fresh.state, fresh.ended_at = CountTask.State.DONE, clock.now()
    fresh.save(update_fields=["state", "ended_at"])
    differing = [one for one in results if one.difference]
    audit.record(
        actor=actor, act="logistics.count.conclude", target=f"logistics.count:{fresh.pk}",
        summary=f"结束盘点 {fresh}：{len(results)} 批，差异 {len(differing)} 批",
    )  # fmt: skip
    return _draft(fresh, differing, actor) if differing else None


def _results(task: CountTask, found: dict[int, Any]) -> list[CountResult]:
    lines = list(task.lines.order_by("position"))
    lock_holdings(task.store_id, [line.item_id for line in lines])
    expected = dict(
        sql.rows(
            EXPECTED_SQL,
            [
                task.store_id, [line.item_id for line in lines], [line.batch_id for line in lines],
                [found[line.pk][1].at for line in lines], task.store_id,
            ],
        )
    )  # fmt: skip
    results = []
    for line in lines:
        said = found[line.pk][1]
        moved = expected[line.batch_id] - line.book
        differs = difference(book_at_freeze=line.book, counted=said.quantity, moved_before_count=moved)
        results.append(
            CountResult(line=line, count_id=said.key, counted=said.quantity, moved=moved, difference=differs)
        )
    return results


def _draft(task: CountTask, differing: list[CountResult], actor: User) -> Stocktake:
    store = task.store
    header = {
        "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": clock.today(), "task": task.pk,
        "store": store.pk, "fund": Fund.objects.values_list("pk", flat=True).get(code="F1"), "note": str(task),
    }  # fmt: skip
    lines = [
        {
            "item": one.line.item_id, "batch": one.line.batch_id, "book": one.line.book, "moved": one.moved,
            "counted": one.counted,
        }
        for one in differing
    ]  # fmt: skip
    return documents.save_draft(Stocktake, actor=actor, header=header, lines=lines)


def values(results: list[CountResult], store_id: int) -> dict[int, Decimal]:
    """Roughly what differences are worth, by result id: for the printed result, before anything is posted."""
    items = sorted({one.line.item_id for one in results})
    rows = sql.rows(
        "SELECT item_id, sum(amount) / sum(quantity) FROM (SELECT b.item_id, b.quantity, b.amount FROM logistics_balance b"
        " JOIN logistics_item i ON i.id = b.item_id AND i.cost_method = 'batch' WHERE b.store_id = %s AND b.item_id = ANY(%s)"
        " UNION ALL SELECT item_id, quantity, amount FROM logistics_valuation WHERE store_id = %s AND item_id = ANY(%s)) h"
        " GROUP BY 1 HAVING sum(quantity) > 0",
        [store_id, items, store_id, items],
    )
    prices = dict(rows)
    return {one.pk: one.difference * prices.get(one.line.item_id, Decimal(0)) for one in results}
