"""Planning a count: what is to be counted, by whom, and the snapshot of the books at the instant it begins."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from hrp.logistics.counting import parameters
from hrp.logistics.counting.models import CountLine, CountResult, CountTask
from hrp.logistics.models import Item, Store
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.org.parameters import value

PLAN, KEEPS = "logistics.count.edit", "logistics.stock_issue.edit"

# locked, so that no posting is half in the snapshot; the order is that of every posting
BOOKS_SQL = """
SELECT b.item_id, b.batch_id, b.quantity FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id
WHERE b.store_id = %s AND b.quantity > 0 ORDER BY b.item_id, t.expiry, b.batch_id FOR UPDATE OF b
"""


@transaction.atomic
def freeze(
    store: Store,
    *,
    actor: User,
    counters: Sequence[User],
    method: str = CountTask.Method.FULL,
    classes: str = "",
    sample: int | None = None,
    tolerance: Decimal = Decimal(0),
    note: str = "",
) -> CountTask:
    """下达盘点: the books of every batch to be counted as of now. The store may go on working."""
    scope.require(actor, PLAN, store.org_unit_id)
    problems = _people(store, counters)
    problems += _method(method, classes, sample)
    if problems:
        raise Invalid(f"盘点任务有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。")
    if CountTask.objects.filter(store=store, state=CountTask.State.COUNTING).exists():
        raise Conflict(f"{store} 已有盘点在进行", code="counting", way_out="请先结束或取消它。")
    books = [tuple(row) for row in sql.rows(BOOKS_SQL, [store.pk])]
    now = clock.now()
    chosen = _chosen(books, store, method, classes, sample, now)
    if not chosen:
        raise Conflict(
            f"{store} 没有需要盘点的批次", code="nothing_to_count", way_out="请改选盘点方式或类别。"
        )
    task = CountTask.objects.create(
        store=store, method=method, classes=classes, sample=sample, tolerance=tolerance, counter_1=counters[0],
        counter_2=counters[1] if len(counters) > 1 else None, planned_by=actor, frozen_at=now, note=note[:200],
    )  # fmt: skip
    CountLine.objects.bulk_create(
        CountLine(task=task, position=place, item_id=item, batch_id=batch, book=quantity)
        for place, (item, batch, quantity) in enumerate(chosen, start=1)
    )
    _log(task, "freeze", actor, {"lines": len(chosen)})
    return task


def _people(store: Store, counters: Sequence[User]) -> list[Problem]:
    on = clock.today()
    found = []
    if len({one.pk for one in counters}) != len(counters):
        found.append(Problem("两个盘点人是同一个人", field="counter_2"))
    if len(counters) < 2 and value(parameters.BY_TWO, on):
        found.append(Problem("须由两人各盘一次，请选择第二盘点人", field="counter_2"))
    if value(parameters.KEEPER_MAY, on):
        return found
    for place, one in enumerate(counters, start=1):
        if scope.has(one, KEEPS, store.org_unit_id):
            found.append(Problem(f"{one.display_name} 保管该库房，不能盘点", field=f"counter_{place}"))
    return found


def _method(method: str, classes: str, sample: int | None) -> list[Problem]:
    found = []
    if method == CountTask.Method.RANDOM and not sample:
        found.append(Problem("请填写抽盘批次数", field="sample"))
    if set(classes) - set("ABC"):
        found.append(Problem("类别只能是 A、B、C", field="classes"))
    return found


def _chosen(
    books: Sequence[tuple[int, int, Decimal]],
    store: Store,
    method: str,
    classes: str,
    sample: int | None,
    now: dt.datetime,
) -> list[tuple[int, int, Decimal]]:
    if method == CountTask.Method.CYCLE:
        due = _due(store, classes or "ABC", now)
        return [row for row in books if row[0] in due]
    if method == CountTask.Method.RANDOM:
        # by store and instant, so that the draw can be repeated by an auditor
        rng = random.Random(f"{store.code} {now.isoformat()}")  # noqa: S311 - a sample, not a secret
        drawn = set(rng.sample(range(len(books)), min(sample or 0, len(books))))
        return [row for place, row in enumerate(books) if place in drawn]
    return list(books)


def _due(store: Store, classes: str, now: dt.datetime) -> set[int]:
    """Items of these classes not counted in this store within the interval of their class. Unclassed count as C."""
    counted = dict(
        CountResult.objects.filter(line__task__store=store).values_list("line__item_id")
        .annotate(last=Max("line__task__frozen_at")).values_list("line__item_id", "last")
    )  # fmt: skip
    days = {letter: value(key, clock.today()) for letter, key in parameters.INTERVALS.items()}
    due = set()
    for item, letter in Item.objects.values_list("pk", "abc"):
        letter = letter or "C"
        last = counted.get(item)
        if letter in classes and (last is None or now - last >= dt.timedelta(days=days[letter])):
            due.add(item)
    return due


@transaction.atomic
def cancel(task: CountTask, *, actor: User, reason: str) -> CountTask:
    """取消: what was counted so far stays on record and is not used."""
    scope.require(actor, PLAN, task.store.org_unit_id)
    fresh = CountTask.objects.select_for_update().get(pk=task.pk)
    if fresh.state != CountTask.State.COUNTING:
        raise Conflict(f"{fresh} {fresh.get_state_display()}，不能取消", way_out="请刷新页面。")
    fresh.state, fresh.ended_at = CountTask.State.CANCELLED, clock.now()
    fresh.save(update_fields=["state", "ended_at"])
    _log(fresh, "cancel", actor, {"reason": reason[:200]})
    return fresh


def _log(task: CountTask, act: str, actor: User, data: dict[str, object]) -> None:
    audit.record(
        actor=actor,
        act=f"logistics.count.{act}",
        target=f"logistics.count:{task.pk}",
        summary=str(task),
        data=data,
    )
