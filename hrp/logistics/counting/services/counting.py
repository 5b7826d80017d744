"""Blind counts as they arrive, at once or hours later from a device that was offline."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum

from hrp.logistics.counting.models import Count, CountLine, CountTask
from hrp.logistics.counting.rules import Said, Standing, standing
from hrp.logistics.models import Batch, Item, StockBalance, StockMove
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden

WORK = "logistics.count.work"
AHEAD = dt.timedelta(minutes=5)  # how far a device's clock may be ahead


@dataclass(frozen=True)
class Entry:
    """One count as a device sends it: of a line, or of an item and lot that was found and is not on the list."""

    key: uuid.UUID
    quantity: Decimal
    counted_at: dt.datetime
    line: int | None = None
    item: int | None = None
    lot: str = ""
    replace: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one: ``ok``, ``again`` (the very entry had arrived), or ``conflict`` with why."""

    key: uuid.UUID
    state: str
    code: str = ""
    words: str = ""
    line: int | None = None


@transaction.atomic
def record(task: CountTask, entries: Sequence[Entry], *, actor: User) -> list[Outcome]:
    """Take counts in, each judged by itself: one that cannot be taken does not hold up the others.

    Raises Forbidden for who is not a counter of the task.
    """
    scope.require(actor, WORK)
    fresh = CountTask.objects.select_for_update().get(pk=task.pk)
    if actor.pk not in fresh.counters:
        raise Forbidden(f"您不是{fresh}的盘点人", way_out="请由下达人指定。")
    before = set(Count.objects.filter(uuid__in=[e.key for e in entries]).values_list("uuid", flat=True))
    outcomes = []
    for entry in entries:
        if entry.key in before:
            outcomes.append(Outcome(entry.key, "again"))
            continue
        try:
            line = _take(fresh, entry, actor)
        except Conflict as refused:
            outcomes.append(Outcome(entry.key, "conflict", refused.code, refused.reason, entry.line))
        else:
            before.add(entry.key)
            outcomes.append(Outcome(entry.key, "ok", line=line.pk))
    return outcomes


def _take(task: CountTask, entry: Entry, actor: User) -> CountLine:
    if task.state != CountTask.State.COUNTING:
        raise Conflict(f"盘点{task.get_state_display()}，未计入", code="ended")
    now = clock.now()
    if not task.frozen_at <= entry.counted_at <= now + AHEAD:
        raise Conflict("盘点时间不在盘点期间，请核对设备时钟", code="bad_time")
    line = _line(task, entry)
    said = said_of([line.pk]).get(line.pk, [])
    state, _ = standing(said, counters=task.counters, tolerance=task.tolerance)
    own = [one for one in said if one.counter == actor.pk]
    settled = state == Standing.SETTLED and any(one.recount for one in said)
    if settled:
        raise Conflict("已复盘定数", code="settled")
    recount = state == Standing.RECOUNT
    if own and not recount and not entry.replace and own[-1].quantity != entry.quantity:
        text = f"您已盘 {own[-1].quantity.normalize():f}，这次是 {entry.quantity.normalize():f}"
        raise Conflict(text, code="counted_before")
    Count.objects.create(
        uuid=entry.key, line=line, counter=actor, quantity=entry.quantity, counted_at=entry.counted_at,
        received_at=now, recount=recount,
    )  # fmt: skip
    return line


def _line(task: CountTask, entry: Entry) -> CountLine:
    if entry.line is not None:
        found = CountLine.objects.filter(task=task, pk=entry.line).first()
        if found is None:
            raise Conflict("这一行不在盘点任务中", code="no_such_line")
        return found
    item = Item.objects.filter(pk=entry.item or 0).first()
    batch = Batch.objects.filter(item=item, lot=entry.lot).order_by("-pk").first() if item else None
    if batch is None:
        raise Conflict(
            f"{item or '物资'} 没有批号 {entry.lot or '（空）'} 的记录，请先补录入库", code="no_such_batch"
        )
    found = CountLine.objects.filter(task=task, batch=batch).first()
    if found is not None:
        return found
    place = CountLine.objects.filter(task=task).aggregate(last=Max("position"))["last"] or 0
    return CountLine.objects.create(
        task=task, position=place + 1, item_id=batch.item_id, batch=batch, book=_book_at(task, batch)
    )


def _book_at(task: CountTask, batch: Batch) -> Decimal:
    """What the books held of a batch at the snapshot: what they hold now less what moved since."""
    held = (
        StockBalance.objects.filter(store=task.store_id, batch=batch)
        .values_list("quantity", flat=True)
        .first()
    )
    moved = StockMove.objects.filter(store=task.store_id, batch=batch, posted_at__gt=task.frozen_at)
    return (held or Decimal(0)) - (moved.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0))


def said_of(line_ids: Sequence[int]) -> Mapping[int, list[Said]]:
    """What was said of lines, in the order it arrived."""
    found: dict[int, list[Said]] = {}
    rows = Count.objects.filter(line__in=line_ids).order_by("pk")
    for pk, line, counter, quantity, at, recount in rows.values_list(
        "pk", "line_id", "counter_id", "quantity", "counted_at", "recount"
    ):
        found.setdefault(line, []).append(Said(counter, quantity, at, recount, pk))
    return found


def standings(task: CountTask) -> dict[int, tuple[Standing, Said | None]]:
    """How every line of a task stands."""
    lines = list(task.lines.values_list("pk", flat=True))
    said = said_of(lines)
    return {
        line: standing(said.get(line, ()), counters=task.counters, tolerance=task.tolerance) for line in lines
    }
