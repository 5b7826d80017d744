"""Pieces follow the movements of stock, whichever document makes them: received, sent, issued, returned, undone.

So the count of living pieces in a store is at every moment the quantity on its balance (LOG-I7).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics import gates, subledger
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit, UnitScan
from hrp.logistics.highvalue.pieces import events, labels
from hrp.logistics.highvalue.pieces.labels import Code, Piece
from hrp.logistics.models import Item
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext

OWN_KINDS = frozenset({"use_receipt", "use_issue"})
ON_THE_WAY = frozenset({"transfer_out", "transfer_arrival"})
State = rules.State
Moves = Sequence[subledger.Move]
Key = tuple[int, int]


def traced(item_ids: Iterable[int]) -> frozenset[int]:
    """Which of the items are followed piece by piece."""
    found = sql.rows(
        "SELECT id FROM logistics_item WHERE id = ANY(%s) AND trace_mode = 'unit'", [sorted(set(item_ids))]
    )
    return frozenset(pk for (pk,) in found)


def follow(moves: Moves, *, store_id: int, kind: str, ctx: PostingContext) -> None:
    """Let pieces go where their goods went. Raises Conflict when it is not known which ones."""
    ours = [m for m in moves if m.quantity]
    if not ours or kind in OWN_KINDS:
        return
    if any(m.reverses_id is not None for m in ours):
        events.undo(source=ctx.source, actor=ctx.actor)
        return
    _leave([m for m in ours if m.quantity < 0], store_id=store_id, kind=kind, ctx=ctx)
    _enter([m for m in ours if m.quantity > 0], store_id=store_id, kind=kind, ctx=ctx)


def _leave(moves: Moves, *, store_id: int, kind: str, ctx: PostingContext) -> None:
    if not moves:
        return
    wanted = _pieces(moves)
    there: dict[int, list[TraceUnit]] = defaultdict(list)
    for unit in TraceUnit.objects.select_for_update().filter(
        store_id=store_id, batch_id__in=[batch for _, batch in wanted], owner=TraceUnit.Owner.HOSPITAL,
        state__in=rules.ALLOWED["leave"],
    ).order_by("pk"):  # fmt: skip
        there[unit.batch_id].append(unit)
    named = _named(ctx.source)
    steps, problems = [], []
    for (position, batch), count in sorted(wanted.items()):
        chosen = [unit for unit in there[batch] if unit.pk in named.get(position, ())]
        if not chosen and len(there[batch]) == count:
            chosen = there[batch]
        if len(chosen) != count:
            lot = there[batch][0].batch.lot if there[batch] else ""
            problems.append(
                Problem(
                    f"批号 {lot or '无'} 须扫 {count} 个唯一码，已扫 {len(chosen)} 个",
                    field="quantity",
                    line=position - 1,
                )
            )
            continue
        there[batch] = [unit for unit in there[batch] if unit not in chosen]
        to = State.MOVING if kind in ON_THE_WAY else State.OUT
        steps += [events.Step(unit.pk, to, None, position) for unit in chosen]
    if problems:
        raise _unnamed(problems)
    events.record("leave", steps, source=ctx.source, actor=ctx.actor, note=kind)


def _enter(moves: Moves, *, store_id: int, kind: str, ctx: PostingContext) -> None:
    if not moves:
        return
    wanted = _pieces(moves)
    if kind == "receipt":
        _register(moves, wanted, store_id=store_id, ctx=ctx)
        return
    coming: dict[Key, list[int]] = defaultdict(list)
    for position, batch, unit in sql.rows(
        "SELECT e.line_position, u.batch_id, u.id FROM logistics_unit u JOIN logistics_unit_event e ON e.unit_id = u.id"
        " WHERE e.source = %s AND u.state = 'moving' AND e.to_state = 'moving' ORDER BY u.id",
        [ctx.source],
    ):
        coming[position, batch].append(unit)
    named = _named(ctx.source)
    back = {
        unit.pk: unit.batch_id
        for unit in TraceUnit.objects.filter(pk__in=set().union(*named.values()), state=State.OUT)
    }
    steps, problems, unknown = [], [], []
    for (position, batch), count in sorted(wanted.items()):
        units = coming[position, batch] or [
            pk for pk in sorted(named.get(position, ())) if back.get(pk) == batch
        ]
        if not units and "return" not in kind and kind not in ("transfer_in", "transfer_dispatch"):
            unknown += [m for m in moves if (m.position, m.batch_id) == (position, batch)]
        elif len(units) != count:
            problems.append(
                Problem(
                    f"须扫 {count} 个退回的唯一码，已扫 {len(units)} 个", field="quantity", line=position - 1
                )
            )
        else:
            steps += [events.Step(pk, State.IN_STOCK, store_id, position) for pk in units]
    if problems:
        raise _unnamed(problems)
    events.record("arrive", steps, source=ctx.source, actor=ctx.actor, note=kind)
    if unknown:  # found at a count, opening stock: pieces nobody knew of get codes of ours
        _register(unknown, _pieces(unknown), store_id=store_id, ctx=ctx)


def _register(moves: Moves, wanted: dict[Key, int], *, store_id: int, ctx: PostingContext) -> None:
    """One row a piece: with the codes scanned for its line, the others with codes we print."""
    codes: dict[int, list[Code]] = defaultdict(list)
    for scan in UnitScan.objects.filter(source=ctx.source, unit=None).order_by("pk"):
        codes[scan.line_position].append(Code(scan.gtin, scan.serial, scan.raw))
    values = {(m.position, m.batch_id): (m.item_id, m.amount / m.quantity) for m in moves}
    pieces, problems = [], []
    for (position, batch), count in sorted(wanted.items()):
        given = codes.pop(position, [])
        if len(given) > count:
            problems.append(
                Problem(f"本行 {count} 个，却扫了 {len(given)} 个唯一码", field="quantity", line=position - 1)
            )
        item, price = values[position, batch]
        given = given + [Code()] * (count - len(given))
        pieces += [Piece(item, batch, position, code, price.quantize(Decimal("0.000001"))) for code in given]
    if problems:
        raise _unnamed(problems)
    units = labels.register(
        pieces, owner=TraceUnit.Owner.HOSPITAL, mode=TraceUnit.Mode.BOUGHT, source=ctx.source
    )
    steps = [events.Step(unit.pk, State.IN_STOCK, store_id, unit.line_position) for unit in units]
    events.record("receive", steps, source=ctx.source, actor=ctx.actor)


def _pieces(moves: Moves) -> dict[Key, int]:
    """How many pieces of which batch each line moves."""
    counts: dict[Key, Decimal] = defaultdict(Decimal)
    for move in moves:
        counts[move.position, move.batch_id] += abs(move.quantity)
    broken = [position for (position, _), count in counts.items() if count != int(count)]
    if broken:
        raise _unnamed([Problem("一物一码的物资只能是整数", field="quantity", line=p - 1) for p in broken])
    return {key: int(count) for key, count in counts.items()}


def _named(source: str) -> dict[int, set[int]]:
    """Pieces scanned for each line of a document."""
    found: dict[int, set[int]] = defaultdict(set)
    for position, unit in UnitScan.objects.filter(source=source, unit__isnull=False).values_list(
        "line_position", "unit_id"
    ):
        found[position].add(unit)
    return found


def _unnamed(problems: Sequence[Problem]) -> Conflict:
    return Conflict(
        "一物一码的物资须指明是哪几个", code="units_not_named", problems=problems,
        way_out="请在 高值耗材 → 唯一码扫码 中打开本单据，逐个扫码后再过账。",
    )  # fmt: skip


def check(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """Gate of receipts, issues and transfers: pieces are whole."""
    items = traced({line.item_id for line in lines})
    names = Item.objects.in_bulk(items)
    return [
        Problem(f"{names[line.item_id]} 一物一码，数量须为整数", field="quantity", line=place)
        for place, line in enumerate(lines)
        if line.item_id in items and line.quantity is not None and line.quantity != int(line.quantity)
    ]


def register_gates() -> None:
    """Called once, from ``apps.py``."""
    gates.follow(gates.Follower("units", follow))
    for moment in (gates.Moment.RECEIPT, gates.Moment.ISSUE, gates.Moment.TRANSFER):
        gates.register(gates.Gate("units", moment, check=check))
