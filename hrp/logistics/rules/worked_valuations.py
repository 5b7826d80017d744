"""Published cases of valuation replayed move by move: receipts, issues, what was found, lost, moved or reversed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics.rules import fifo, month_average
from hrp.logistics.rules.fefo import Holding, Picking, Short, pick_fefo
from hrp.logistics.rules.methods import CostMethod, cost_method
from hrp.logistics.rules.stocktake import value
from hrp.logistics.rules.valuation import ZERO, Balance, line_amount, short
from hrp.platform.base.refusals import Conflict, Invalid, Refusal
from hrp.platform.base.verify import RefusedCase

Answer = Mapping[str, Any]
Moves = Sequence[Sequence[Any]]
LONG_AGO = dt.date.min  # the cases pick among batches none of which has expired


def solve_valuation(given: Mapping[str, Any]) -> Answer:
    """Replay ``moves`` by ``method``; ``transfer`` is moving average over several stores."""
    if given["method"] == "transfer":
        return _replay_transfers(given["moves"])
    replay: Mapping[CostMethod, Callable[[Moves], Answer]] = {
        CostMethod.MOVING_AVERAGE: _replay_average,
        CostMethod.FIFO: _replay_fifo,
        CostMethod.MONTH_AVERAGE: _replay_month,
        CostMethod.BATCH: _replay_batches,
    }
    return replay[cost_method(given["method"])](given["moves"])


def _replay_average(moves: Moves) -> Answer:
    """A refusal tells the balance it left; ``reverse`` names the move it undoes by its place."""
    balance = Balance()
    outs: list[Decimal] = []
    found: list[Decimal] = []
    prices: list[Decimal] = []
    done: list[tuple[Decimal, Decimal]] = []  # quantity and amount of each move, signed
    closed: set[int] = set()  # places of what is reversed, and of reversals: neither is reversed again
    for place, (kind, *rest) in enumerate(moves):
        before = balance
        try:
            if kind == "reverse":
                _reverse_once(int(rest[0]), place, closed)
            balance = _average_step(balance, kind, rest, done)
        except Refusal as refusal:
            raise RefusedCase(refusal, {"qty": before.quantity, "amount": before.amount}) from refusal
        change = (balance.quantity - before.quantity, balance.amount - before.amount)
        done.append(change)
        prices.append(balance.price)
        if kind in ("out", "lost"):
            outs.append(-change[1])
        elif kind == "found":
            found.append(change[1])
    return {
        "out_amounts": outs, "found_amounts": found, "avg_after": prices,
        "qty": balance.quantity, "amount": balance.amount,
    }  # fmt: skip


def _reverse_once(original: int, place: int, closed: set[int]) -> None:
    if original in closed:
        raise Conflict(
            f"第 {original + 1} 笔已红冲或本身是红冲",
            code="already_reversed",
            way_out="一笔业务只能红冲一次。",
        )
    closed.update((original, place))


def _average_step(
    balance: Balance, kind: str, rest: Sequence[Any], done: Sequence[tuple[Decimal, Decimal]]
) -> Balance:
    if kind == "reverse":
        quantity, amount = done[int(rest[0])]
        if quantity > 0:
            return balance.take_at(quantity, amount)
        return balance.add(-quantity, -amount)
    quantity = Decimal(rest[0])
    if kind == "in":
        return balance.add(quantity, line_amount(quantity, Decimal(rest[1])))
    if kind == "in_amount":
        return balance.add(quantity, Decimal(rest[1]))
    if kind == "found":
        return balance.add(quantity, value(quantity, balance))
    if kind in ("out", "lost"):
        return balance.take(quantity)[0]
    raise _unknown(kind)


def _replay_fifo(moves: Moves) -> Answer:
    layers: list[fifo.Layer] = []
    outs: list[Decimal] = []
    prices: list[Decimal] = []
    for place, (kind, quantity, *rest) in enumerate(moves):
        if kind == "in":
            amount = line_amount(Decimal(quantity), Decimal(rest[0]))
            layers = [*layers, fifo.Layer(place, Decimal(quantity), amount)]
        elif kind == "out":
            layers, parts = fifo.take(layers, Decimal(quantity))
            outs.append(sum((part.amount for part in parts), ZERO))
        else:
            raise _unknown(kind)
        prices.append(fifo.total(layers).price)
    left = fifo.total(layers)
    return {"out_amounts": outs, "avg_after": prices, "qty": left.quantity, "amount": left.amount}


def _replay_month(moves: Moves) -> Answer:
    opening = Balance()
    receipts: list[tuple[Decimal, Decimal]] = []
    issues: list[Decimal] = []
    for kind, quantity, *rest in moves:
        if kind == "out":
            issues.append(Decimal(quantity))
            continue
        if kind not in ("open", "in"):
            raise _unknown(kind)
        came = (Decimal(quantity), line_amount(Decimal(quantity), Decimal(rest[0])))
        if kind == "open":
            opening = opening.add(*came)
        else:
            receipts.append(came)
    valued = month_average.value_month(opening, receipts, issues)
    return {
        "unit_cost": valued.pool.price, "out_amounts": valued.amounts,
        "qty": valued.left.quantity, "amount": valued.left.amount,
    }  # fmt: skip


def _replay_batches(moves: Moves) -> Answer:
    held: list[Holding] = []
    picks: list[tuple[str, Decimal, Decimal]] = []
    for kind, *rest in moves:
        if kind == "inb":
            lot, quantity, price, expires = rest
            amount = line_amount(Decimal(quantity), Decimal(price))
            expiry = dt.date.fromisoformat(expires)
            held.append(Holding(len(held) + 1, lot, expiry, Decimal(quantity), amount))
            continue
        if kind == "out_fefo":
            picking = _pick(held, Decimal(rest[0]))
        elif kind == "out_batch":
            picking = _pick(held, Decimal(rest[1]), lot=rest[0])
        else:
            raise _unknown(kind)
        lots = {h.batch_id: h.lot for h in held}
        picks += [(lots[pick.batch_id], pick.quantity, pick.amount) for pick in picking.picks]
        held = sorted(picking.left, key=lambda h: h.batch_id)
    return {
        "picks": picks,
        "qty": sum((h.quantity for h in held), ZERO),
        "amount": sum((h.amount for h in held), ZERO),
    }


def _pick(held: Sequence[Holding], quantity: Decimal, *, lot: str = "") -> Picking:
    try:
        return pick_fefo(held, quantity, on=LONG_AGO, lot=lot)
    except Short as shortage:
        raise short(quantity, shortage.usable) from shortage


def _replay_transfers(moves: Moves) -> Answer:
    stores: dict[str, Balance] = {}
    for kind, *rest in moves:
        if kind == "recv":
            store, quantity, price = rest
            amount = line_amount(Decimal(quantity), Decimal(price))
            stores[store] = stores.get(store, Balance()).add(Decimal(quantity), amount)
        elif kind == "move":
            source, target, quantity = rest
            stores[source], amount = stores.get(source, Balance()).take(Decimal(quantity))
            stores[target] = stores.get(target, Balance()).add(Decimal(quantity), amount)
        else:
            raise _unknown(kind)
    total = [
        sum((b.quantity for b in stores.values()), ZERO), sum((b.amount for b in stores.values()), ZERO),
    ]  # fmt: skip
    return {**{store: [b.quantity, b.amount] for store, b in stores.items()}, "total": total}


def _unknown(kind: str) -> Invalid:
    return Invalid(f"不认识的业务“{kind}”", code="unknown_move", way_out="请查阅算例格式。")
