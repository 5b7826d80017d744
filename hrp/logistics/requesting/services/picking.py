"""拣货 and 复核: batches by expiry, listed along the bins, every scan judged at once, and the document it ends in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from hrp.logistics.bins.selectors import whereabouts
from hrp.logistics.models import StockBalance
from hrp.logistics.requesting import parameters
from hrp.logistics.requesting.documents.picking import Picking, PickLine, PickScan
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import granted_lines
from hrp.logistics.requesting.services import delivering
from hrp.logistics.requesting.services.granting import require_keeper
from hrp.logistics.rules.expiry import ExpiryMode
from hrp.logistics.rules.fefo import Hold, Holding, Short, pick_fefo
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, NotFound
from hrp.platform.documents import posting
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.org.parameters import value

ZERO = Decimal(0)


@dataclass(frozen=True)
class Scanned:
    """What one scan did: the line, what is picked of it now, and whether the very scan had been sent before."""

    line: PickLine
    picked: Decimal
    again: bool


@transaction.atomic
def start(requisition: Requisition, *, actor: User) -> Picking:
    """A list of what to take from which batch for everything granted and not yet served."""
    fresh = documents.lock(requisition)
    require_keeper(fresh, actor)
    if fresh.state != State.POSTED:
        raise Conflict(f"{fresh} 尚未核发", code="not_granted", way_out="请先核发并过账。")
    if Picking.objects.filter(requisition=fresh, state__in=("open", "picked")).exists():
        raise Conflict(f"{fresh} 已有拣货单在办", code="in_work", way_out="请继续该拣货单，或取消后重开。")
    planned = _plan(fresh)
    if not planned:
        raise Conflict(f"{fresh} 没有可拣的数量", code="nothing_to_pick", way_out="请查看库存与批次限制。")
    picking = Picking.objects.create(requisition=fresh, made_by=actor, made_at=clock.now())
    PickLine.objects.bulk_create(
        PickLine(picking=picking, position=place, item_id=item, batch_id=batch, quantity=quantity)
        for place, (item, batch, quantity) in enumerate(planned, start=1)
    )
    _log(picking, "start", actor)
    return picking


def _plan(requisition: Requisition) -> list[tuple[int, int, Decimal]]:
    """(item, batch, quantity), the batches by FEFO, along the bins; of an item that is short, what there is."""
    wanted: dict[int, Decimal] = {}
    for line in granted_lines(requisition.pk):
        if line.left > 0:
            wanted[line.item_id] = wanted.get(line.item_id, ZERO) + line.left
    rows = StockBalance.objects.filter(
        store=requisition.store_id, item__in=wanted, quantity__gt=0
    ).select_related("batch", "item")
    holdings: dict[int, list[Holding]] = {item: [] for item in wanted}
    for row in rows:
        batch = row.batch
        holdings[row.item_id].append(
            Holding(
                batch.pk, batch.lot, batch.expiry, row.quantity, row.amount, batch.sterile_expiry,
                Hold(batch.hold) if batch.hold else None, ExpiryMode(row.item.expiry_mode),
            )
        )  # fmt: skip
    least = requisition.to_store.least_life_days if requisition.to_store is not None else 0
    planned = []
    for item, quantity in wanted.items():
        try:
            picks = pick_fefo(holdings[item], quantity, on=clock.today(), least_days=least).picks
        except Short as short:
            if not short.usable:
                continue
            picks = pick_fefo(holdings[item], short.usable, on=clock.today(), least_days=least).picks
        planned += [(item, pick.batch_id, pick.quantity) for pick in picks]
    return _along_the_way(requisition.store_id, planned)


def _along_the_way(store_id: int, planned: list[tuple[int, int, Decimal]]) -> list[tuple[int, int, Decimal]]:
    """In the order the bins are passed; where bins are not kept, by item and expiry as before."""
    places = whereabouts(store_id, [batch for _, batch, _ in planned])
    return sorted(planned, key=lambda row: places[row[1]].way)


def picked_of(picking: Picking) -> dict[int, Decimal]:
    """What is picked so far, by line id."""
    sums = PickScan.objects.filter(line__picking=picking).values_list("line_id").annotate(sum=Sum("quantity"))
    return {line: quantity or ZERO for line, quantity in sums}


@transaction.atomic
def scan(
    picking: Picking,
    *,
    actor: User,
    item_ids: Sequence[int],
    lot: str,
    code: str,
    key: uuid.UUID,
    quantity: Decimal | None = None,
    package: Decimal = Decimal(1),
) -> Scanned:
    """One scan at the shelf: the item on the list, of the lot the list names. ``quantity`` None: all that is left, but
    no more than one ``package`` holds when the code is that of a package.

    Raises NotFound for what is not on the list, Conflict for another lot than the one that expires first, or when the
    line is picked already.
    """
    picking = _lock(picking)
    require_keeper(picking.requisition, actor)
    before = PickScan.objects.filter(uuid=key).select_related("line").first()
    if before is not None:
        return Scanned(before.line, picked_of(picking).get(before.line_id, ZERO), again=True)
    _require(picking, Picking.State.OPEN)
    lines = [one for one in picking.lines.select_related("item", "batch") if one.item_id in item_ids]
    if not lines:
        raise NotFound("拣货单上没有这种物资", way_out="请核对后放回原位。")
    picked = picked_of(picking)
    line = _line_of(lines, picked, lot)
    left = line.quantity - picked.get(line.pk, ZERO)
    whole = left if package <= 1 else min(left, package)
    taken = whole if quantity is None else quantity
    if taken > left:
        raise Conflict(
            f"{line.item} 还需 {left.normalize():f} {line.item.unit}，不能拣 {taken.normalize():f}", code="too_many",
            way_out="请按拣货单数量拣货。",
        )  # fmt: skip
    PickScan.objects.create(uuid=key, line=line, quantity=taken, code=code[:200], by=actor, at=clock.now())
    return Scanned(line, picked.get(line.pk, ZERO) + taken, again=False)


def _line_of(lines: Sequence[PickLine], picked: dict[int, Decimal], lot: str) -> PickLine:
    open_lines = [one for one in lines if picked.get(one.pk, ZERO) < one.quantity]
    if lot:
        for one in open_lines:
            if one.batch.lot == lot:
                return one
        if all(one.batch.lot != lot for one in lines):
            wanted = "、".join(f"{one.batch.lot or '无批号'}" for one in open_lines or lines)
            raise Conflict(
                f"批号不符：扫到 {lot}，应拣 {wanted}", code="wrong_lot", way_out="请放回，按近效期先出拣货。"
            )
    elif open_lines and any(one.item.lot_required for one in open_lines):
        first = open_lines[0]
        raise Conflict(
            f"{first.item} 管理批号，请扫带批号的条码",
            code="lot_needed",
            way_out=f"应拣批号 {first.batch.lot}。",
        )
    if not open_lines or lot:
        raise Conflict("这一行已经拣够", code="picked_already", way_out="请拣下一行。")
    return open_lines[0]


@transaction.atomic
def finish(picking: Picking, *, actor: User) -> Picking:
    """拣货完成: what was scanned goes to be checked."""
    picking = _lock(picking)
    require_keeper(picking.requisition, actor)
    _require(picking, Picking.State.OPEN)
    if not any(picked_of(picking).values()):
        raise Conflict("还没有拣任何物资", code="nothing_picked", way_out="请先扫码拣货，或取消拣货单。")
    picking.state, picking.picked_by, picking.picked_at = Picking.State.PICKED, actor, clock.now()
    picking.save(update_fields=["state", "picked_by", "picked_at"])
    _log(picking, "finish", actor)
    return picking


@transaction.atomic
def check(picking: Picking, *, actor: User) -> Any:
    """复核: the goods are what the list says; the document of exactly these lots is made and, unless it needs approval, posted."""
    picking = _lock(picking)
    require_keeper(picking.requisition, actor)
    _require(picking, Picking.State.PICKED)
    if value(parameters.TWO_PICK, clock.today()) and picking.picked_by_id == actor.pk:
        raise Forbidden("拣货人不能复核自己拣的货", way_out="请由另一名库管员复核。", code="same_person")
    picked = picked_of(picking)
    rows = [
        {"item": one.item_id, "lot": one.batch.lot, "quantity": picked[one.pk]}
        for one in picking.lines.select_related("batch")
        if picked.get(one.pk)
    ]
    made = delivering.deliver(picking.requisition, actor=actor, lines=rows)
    if made.state == State.APPROVED:
        made = posting.post(made, actor=actor)
    picking.state, picking.checked_by, picking.checked_at = Picking.State.DONE, actor, clock.now()
    picking.source = made.source
    picking.save(update_fields=["state", "checked_by", "checked_at", "source"])
    _log(picking, "check", actor)
    return made


@transaction.atomic
def cancel(picking: Picking, *, actor: User) -> Picking:
    """Put everything back; the request stays promised."""
    picking = _lock(picking)
    require_keeper(picking.requisition, actor)
    if picking.state not in (Picking.State.OPEN, Picking.State.PICKED):
        raise Conflict(f"{picking} {picking.get_state_display()}，不能取消", way_out="请刷新页面。")
    picking.state = Picking.State.CANCELLED
    picking.save(update_fields=["state"])
    _log(picking, "cancel", actor)
    return picking


def _lock(picking: Picking) -> Picking:
    return (
        Picking.objects.select_for_update(of=("self",))
        .select_related("requisition__store")
        .get(pk=picking.pk)
    )


def _require(picking: Picking, state: str) -> None:
    if picking.state != state:
        raise Conflict(
            f"{picking} {picking.get_state_display()}，不能这样办理",
            code="wrong_state",
            way_out="请刷新页面。",
        )


def _log(picking: Picking, act: str, actor: User) -> None:
    audit.record(
        actor=actor, act=f"logistics.picking.{act}", target=picking.requisition.source,
        summary=f"{picking} {picking.get_state_display()}", data={"picking": picking.pk},
    )  # fmt: skip
