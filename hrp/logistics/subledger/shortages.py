"""Refusing what is not there, with what is there, what is promised and why each other batch will not do."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.logistics.models import Item
from hrp.logistics.rules.fefo import Why
from hrp.logistics.subledger.taking import Shortage
from hrp.platform.base.refusals import Conflict, Problem

SAID = 4  # batches named in one problem


def shortage(short: Sequence[Shortage], *, store: str, verb: str) -> Conflict:
    """The refusal of a whole document."""
    items = Item.objects.in_bulk({one.want.item_id for one in short})
    return Conflict(
        f"{store} 库存不足，{len(short)} 行不能{verb}", code="no_stock",
        problems=[Problem(_words(one, items[one.want.item_id]), field="quantity", line=one.want.position - 1) for one in short],
        way_out="请减少数量、改用其他批号或库房，或先办理入库。",
    )  # fmt: skip


def _words(one: Shortage, item: Item) -> str:
    want = one.want
    text = f"{item.name}{'（批号 ' + want.lot + '）' if want.lot else ''} 需 {want.quantity.normalize():f} {item.unit}，"
    text += f"可用 {one.usable.normalize():f} {item.unit}"
    if one.reserved:
        text += f"，另有 {one.reserved.normalize():f} {item.unit} 已被申领占用"
    if one.expired:
        text += f"，另有 {one.expired.normalize():f} {item.unit} 已过期不可用"
    held = [p for p in one.passed if p.why in (Why.FROZEN, Why.QUARANTINE, Why.RECALLED, Why.TOO_LITTLE_LIFE)]
    if held:
        text += "；" + "，".join(f"批号 {p.lot or '无'} {p.words}" for p in held[:SAID])
    return text
