"""Undoing a document: the exact mirror of every move it left, to the fen."""

from __future__ import annotations

from collections import defaultdict

from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.locking import hold, in_order
from hrp.logistics.subledger.writing import Move, methods_of, stock_gone, write
from hrp.platform.base import sql
from hrp.platform.documents.spec import PostingContext


def lock_moved(source: str) -> None:
    """Lock what a document moved, in the usual order, for who undoes more than stock and locks that after stock."""
    found = sql.rows(
        "SELECT store_id, array_agg(DISTINCT item_id) FROM logistics_move WHERE source = %s GROUP BY 1",
        [source],
    )
    hold(dict(found))


def mirror(*, kind: str, ctx: PostingContext) -> None:
    """Mirror every move of the document, in every store it touched; locks in the usual order first.

    Raises Conflict (``stock_gone``) when what it brought in has been used since.
    """
    found = sql.rows(
        "SELECT m.store_id, m.line_position, m.item_id, m.batch_id, -m.quantity, -m.amount, m.id FROM logistics_move m"
        " WHERE m.source = %s AND m.reverses_id IS NULL ORDER BY m.store_id, m.id",
        [ctx.source],
    )
    by_store: dict[int, list[Move]] = defaultdict(list)
    for store, *move in found:
        by_store[store].append(Move(*move))
    methods = methods_of([m.item_id for moves in by_store.values() for m in moves])
    pooled = [item for item, method in methods.items() if method != CostMethod.BATCH]
    hold({store: [m.item_id for m in moves] for store, moves in by_store.items()}, methods=methods)
    for store in in_order(by_store):
        moves = by_store[store]
        if pooled and not layers.give_back(store_id=store, source=ctx.source):
            raise stock_gone(sorted({m.position for m in moves}))
        write(moves, store_id=store, kind=kind, ctx=ctx, methods=methods)
