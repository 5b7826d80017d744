"""上架 and 移位: a batch is put into a bin. Where it lies is recorded, how much of it there is remains the subledger's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from hrp.logistics.bins.models import Bin, Placement
from hrp.logistics.models import Batch, StockBalance, Store
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound

PUT = "logistics.bin.put"


@dataclass(frozen=True)
class Put:
    """What one scan did; ``again`` when the batch lay there already or the very scan had been sent before."""

    placement: Placement
    again: bool


@transaction.atomic
def put(batch: Batch, bin_: Bin, *, actor: User, key: uuid.UUID, move: bool = False) -> Put:
    """Record that a batch lies in a bin. ``move``: there and nowhere else any more.

    Raises Conflict for a batch the store holds nothing of, and for a bin that is closed or of the wrong kind.
    """
    scope.require(actor, PUT, bin_.store.org_unit_id)
    before = Placement.objects.filter(uuid=key).first()
    if before is not None:
        return Put(before, again=True)
    # whoever places a batch holds its balance, so that two scanners do not both find it nowhere
    held = (
        StockBalance.objects.select_for_update(of=("self",)).select_related("item")
        .filter(store=bin_.store_id, batch=batch, quantity__gt=0).first()
    )  # fmt: skip
    if held is None:
        raise Conflict(
            f"{bin_.store} 没有批号 {batch.lot or '（无）'} 的库存",
            code="not_here",
            way_out="请先过账入库，再上架。",
        )
    _require_fitting(batch, bin_, is_cold=held.item.cold_chain)
    there = list(Placement.objects.filter(store=bin_.store_id, batch=batch, ended_at=None))
    if move:
        for one in there:
            if one.bin_id != bin_.pk:
                one.ended_at, one.ended_by = clock.now(), actor
                one.save(update_fields=["ended_at", "ended_by"])
    same = next((one for one in there if one.bin_id == bin_.pk), None)
    if same is not None:
        return Put(same, again=True)
    made = Placement.objects.create(
        uuid=key, store_id=bin_.store_id, batch=batch, bin=bin_, placed_by=actor, placed_at=clock.now()
    )
    return Put(made, again=False)


def _require_fitting(batch: Batch, bin_: Bin, *, is_cold: bool) -> None:
    if not bin_.is_active:
        raise Conflict(f"货位 {bin_.code} 已停用", code="bin_closed", way_out="请改用其他货位。")
    if is_cold and bin_.kind != Bin.Kind.COLD:
        raise Conflict(
            f"冷链物资不能放在{bin_.get_kind_display()} {bin_.code}",
            code="not_cold",
            way_out="请放入冷藏位。",
        )
    held = batch.hold in (Batch.Hold.QUARANTINE, Batch.Hold.RECALLED)
    if bin_.kind == Bin.Kind.QUARANTINE and not held and bin_.store.kind != Store.Kind.QUARANTINE:
        raise Conflict(
            f"{bin_.code} 是不合格品位，合格品不能放入", code="quarantine_bin", way_out="请改用其他货位。"
        )


@transaction.atomic
def take_out(placement: Placement, *, actor: User) -> Placement:
    """The batch lies there no more."""
    row = Placement.objects.select_for_update().select_related("store").get(pk=placement.pk)
    scope.require(actor, PUT, row.store.org_unit_id)
    if row.ended_at is not None:
        raise Conflict("已经移走", code="moved_before", way_out="请刷新页面。")
    row.ended_at, row.ended_by = clock.now(), actor
    row.save(update_fields=["ended_at", "ended_by"])
    return row


def batch_here(store: Store, item_ids: Sequence[int], lot: str) -> Batch:
    """The batch on hand a scan means; the only one where the label names no lot. Raises NotFound or Conflict."""
    rows = StockBalance.objects.filter(store=store, item__in=item_ids, quantity__gt=0)
    found = [row.batch for row in rows.select_related("batch").order_by("-batch_id")]
    if lot:
        found = [batch for batch in found if batch.lot == lot]
    if not found:
        raise NotFound(
            f"{store} 没有这个物资{f'（批号 {lot}）' if lot else ''}的库存", way_out="请先过账入库，再上架。"
        )
    if len({batch.lot for batch in found}) > 1:
        lots = "、".join(dict.fromkeys(batch.lot or "无批号" for batch in found[:4]))
        raise Conflict("有多个批号在库，请扫带批号的条码", code="lot_needed", way_out=f"在库批号：{lots}。")
    return found[0]
