"""What the grid of an 出库单 says while it is typed: what there is, which batches will be taken, and why those."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.logistics import gates
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, Store
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.rules.fefo import Why
from hrp.logistics.subledger.looking import Look, would_take
from hrp.logistics.subledger.taking import Want
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.exchange.amounts import thousands
from hrp.platform.ui.screens import Advice

NOTHING = Advice()
MOST = 6  # batches passed by that a tip names


def number(text: str) -> Decimal | None:
    """What was typed, if it is a number above zero already."""
    try:
        found = Decimal(text.replace(",", "").strip() or "0")
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 < found < 10**12 else None


def day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return clock.today()


def key(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 18 else None


def items_of(lines: Sequence[Mapping[str, str]]) -> dict[int, Item]:
    return Item.objects.in_bulk({pk for line in lines if (pk := key(line.get("item", "")))})


def issue(actor: Any, header: Mapping[str, str], lines: Sequence[Mapping[str, str]]) -> list[Advice]:
    """Line after line, as posting would: what one takes the next does not find."""
    store = Store.objects.filter(pk=key(header.get("store", "")) or 0).first()
    if store is None or not scope.has(actor, "logistics.stock.view", store.org_unit_id):
        return [NOTHING] * len(lines)
    items = items_of(lines)
    known = [place for place, line in enumerate(lines) if key(line.get("item", "")) in items]
    wants = [
        Want(place, int(lines[place]["item"]), number(lines[place].get("quantity", "")) or Decimal(0), lines[place].get("lot", "").strip())
        for place in known
    ]  # fmt: skip
    pk = key(header.get("document", ""))
    own = gates.served_promises(f"{StockIssue.spec.kind}:{pk}") if pk else []
    looks = would_take(wants, store_id=store.pk, on=day(header.get("business_date", "")), own=own)
    told = {
        want.position: _told(items[want.item_id], want, look) for want, look in zip(wants, looks, strict=True)
    }
    return [told.get(place, NOTHING) for place in range(len(lines))]


def _told(item: Item, want: Want, look: Look) -> Advice:
    free = f"{look.free.normalize():f}"
    why = f"可用 {free} {item.unit}"
    if look.promised:
        why += f"，另有 {look.promised.normalize():f} {item.unit} 已被申领占用"
    shown = {"available": free, "batches": "", "amount": ""}
    if look.is_short:
        obstacles = _passed(look, all_of_them=True)
        words = f"库存不足：需 {want.quantity.normalize():f}，可用 {free} {item.unit}"
        return Advice(
            shown=shown | {"batches": "库存不足"}, why={"available": why, "batches": obstacles or words},
            wrong={"quantity": words},
        )  # fmt: skip
    if look.picks and look.amount is not None:
        shown |= {
            "batches": "；".join(_pick(look, pick, len(look.picks) > 1) for pick in look.picks),
            "amount": thousands(look.amount),
        }
    order = "按指定批号" if want.lot else "近效期先出"
    passed = _passed(look)
    return Advice(
        shown=shown,
        why={
            "available": why, "amount": "按将取批次估算，过账时以实际为准",
            "batches": f"{order}：{shown['batches']}" + (f"\n未取：{passed}" if passed else ""),
        } if look.picks else {"available": why},
    )  # fmt: skip


def _pick(look: Look, pick: Any, several: bool) -> str:
    batch = look.held[pick.batch_id]
    until = "" if batch.usable_until >= NO_EXPIRY else f" 至 {batch.usable_until:%Y-%m-%d}"
    count = f" ×{pick.quantity.normalize():f}" if several else ""
    return f"{batch.lot or '无批号'}{until}{count}"


def _passed(look: Look, *, all_of_them: bool = False) -> str:
    told = [p for p in look.passed if all_of_them or p.why not in (Why.EMPTY, Why.OTHER_LOT)]
    return "；".join(f"{p.lot or '无批号'} {p.quantity.normalize():f}（{p.words}）" for p in told[:MOST]) + (
        f" 等 {len(told)} 批" if len(told) > MOST else ""
    )
