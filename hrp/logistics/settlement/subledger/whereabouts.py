"""Where the goods of a receipt are now: in which stores, and with which departments they were used.

Quantities follow the flow of goods, the earlier received leave first; with FIFO the receipt's own layer tells. Whatever is
found, shares computed from it add up: it decides where a difference belongs, never how much it is.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.valuation import value_out
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.locking import hold
from hrp.logistics.subledger.taking import lock_holdings, lock_valuations
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory

ZERO = Decimal(0)

RECEIVED_SQL = """
SELECT l.id, m.id, m.store_id, m.item_id, m.batch_id, m.quantity, i.cost_method, v.code, x.code, a.code, s.org_unit_id, y.id
FROM logistics_receipt_line l
JOIN logistics_move m ON m.source = 'logistics.stock_receipt:' || l.document_id AND m.line_position = l.position
    AND m.reverses_id IS NULL
JOIN logistics_item i ON i.id = m.item_id JOIN logistics_class c ON c.id = i.material_class_id
JOIN logistics_store s ON s.id = m.store_id
JOIN ledger_account v ON v.id = c.inventory_account_id JOIN ledger_account x ON x.id = c.expense_account_id
JOIN ledger_account a ON a.id = c.admin_expense_account_id
LEFT JOIN logistics_layer y ON y.move_id = m.id
WHERE l.id = ANY(%s) ORDER BY l.id
"""
STORES_SQL = """
SELECT DISTINCT b.store_id, b.item_id, s.kind = 'transit' FROM logistics_balance b JOIN logistics_store s ON s.id = b.store_id
WHERE b.batch_id = ANY(%s) ORDER BY 1, 2
"""
# what happened to the batch since, net by document; movements between stores are nobody's consumption
FLOWS_SQL = """
SELECT m.source, sum(m.quantity), min(d.org_unit_id) FROM logistics_move m
LEFT JOIN logistics_issue d ON m.source = 'logistics.stock_issue:' || d.id
WHERE m.batch_id = %s AND m.id > %s AND m.quantity <> 0
  AND m.source NOT LIKE 'logistics.stock_transfer:%%' AND m.source NOT LIKE 'logistics.transfer_receipt:%%'
GROUP BY 1 HAVING sum(m.quantity) <> 0
"""
USES_SQL = """
SELECT u.source, -sum(u.quantity), min(d.org_unit_id) FROM logistics_layer_use u
LEFT JOIN logistics_issue d ON u.source = 'logistics.stock_issue:' || d.id
WHERE u.layer_id = %s AND u.quantity <> 0 GROUP BY 1 HAVING sum(u.quantity) <> 0
"""


@dataclass(frozen=True)
class Place:
    """Goods still held: a batch in a store (for FIFO a layer), and what the books hold for them."""

    store_id: int
    item_id: int
    batch_id: int
    quantity: Decimal
    amount: Decimal
    layer_id: int | None = None


@dataclass
class Whereabouts:
    """Of one receipt line. ``consumed`` is by department; None stands for what left otherwise (损耗、退货)."""

    item_id: int
    received: Decimal
    inventory_account: str
    accounts: tuple[str, str]  # expense of clinical and of administrative departments
    keeper_id: int
    on_hand: Decimal = ZERO
    in_transit: bool = False
    places: list[Place] = field(default_factory=list)
    consumed: dict[int | None, Decimal] = field(default_factory=dict)

    @property
    def held_amount(self) -> Decimal:
        return sum((place.amount for place in self.places), ZERO)


@dataclass(frozen=True)
class _Received:
    line: int
    move: int
    store: int
    item: int
    batch: int
    quantity: Decimal
    method: CostMethod
    layer: int | None


def find(receipt_lines: Sequence[int]) -> dict[int, Whereabouts]:
    """Whereabouts by receipt line, under the locks of every balance and value they may be adjusted in."""
    found: dict[int, Whereabouts] = {}
    received: list[_Received] = []
    for (
        line,
        move,
        store,
        item,
        batch,
        quantity,
        method,
        inventory,
        expense,
        admin,
        keeper,
        layer,
    ) in sql.rows(RECEIVED_SQL, [sorted(set(receipt_lines))]):
        found[line] = Whereabouts(item, quantity, inventory, (expense, admin), keeper)
        received.append(_Received(line, move, store, item, batch, quantity, CostMethod(method), layer))
    held = _Held.lock(received)
    for one in received:
        (_by_layer if one.method == CostMethod.FIFO else _by_batch)(one, held, found[one.line])
    return found


@dataclass
class _Held:
    """What the stores hold of the items, locked: places by (store, batch), layers by id, which batches are on their way."""

    places: dict[int, list[Place]]
    layers: dict[int, Place]
    moving: dict[int, Decimal]

    @classmethod
    def lock(cls, received: Sequence[_Received]) -> _Held:
        stores: dict[int, set[int]] = defaultdict(set)
        transit = set()
        for store, item, on_its_way in sql.rows(STORES_SQL, [sorted({r.batch for r in received})]):
            stores[store].add(item)
            if on_its_way:
                transit.add(store)
        methods = {r.item: r.method for r in received}
        kept = hold(stores, methods=methods)
        holdings = {
            store: lock_holdings(store, sorted(items), held=kept) for store, items in sorted(stores.items())
        }
        held = cls(defaultdict(list), {}, defaultdict(Decimal))
        for store, items in sorted(stores.items()):
            pooled = sorted(i for i in items if methods[i] != CostMethod.BATCH)
            values = lock_valuations(store, pooled) if pooled else {}
            fifo = [i for i in pooled if methods[i] == CostMethod.FIFO]
            for item, found in (layers.lock(store, fifo) if fifo else {}).items():
                batch = holdings[store][item][0].batch_id if holdings[store][item] else 0
                for layer in found:
                    held.layers[layer.sequence] = Place(
                        store, item, batch, layer.quantity, layer.amount, layer.sequence
                    )
            for item in items:
                for h in holdings[store][item]:
                    if store in transit:
                        held.moving[h.batch_id] += h.quantity
                        continue
                    value = values.get(item)
                    amount = (
                        value_out(value.quantity, value.amount, h.quantity) if value is not None else h.amount
                    )
                    held.places[h.batch_id].append(Place(store, item, h.batch_id, h.quantity, amount))
        return held


def _by_batch(one: _Received, held: _Held, out: Whereabouts) -> None:
    """Σ held = before + received + arrived since − left since; the earlier received leaves first."""
    flows = sql.rows(FLOWS_SQL, [one.batch, one.move])
    arrived = sum((q for _, q, _ in flows if q > 0), ZERO)
    out.places = held.places[one.batch]
    moving = held.moving[one.batch]
    total = sum((p.quantity for p in out.places), moving)
    out.on_hand = min(max(total - arrived, ZERO), one.quantity)
    out.in_transit = bool(moving)
    _spread(out, one.quantity - out.on_hand, [(unit, -q) for _, q, unit in flows if q < 0])


def _by_layer(one: _Received, held: _Held, out: Whereabouts) -> None:
    """The layer this receipt made; what was sent to other stores is held where its batch still lies."""
    uses = sql.rows(USES_SQL, [one.layer])
    layer = held.layers.get(one.layer) if one.layer is not None else None
    sent = sum((q for source, q, _ in uses if source.startswith("logistics.stock_transfer:")), ZERO)
    elsewhere = [p for p in held.places[one.batch] if p.store_id != one.store] if sent else []
    there = min(sent, sum((p.quantity for p in elsewhere), held.moving[one.batch]))
    out.places = ([layer] if layer else []) + elsewhere
    out.on_hand = (layer.quantity if layer else ZERO) + there
    out.in_transit = bool(sent and held.moving[one.batch])
    used = [(unit, q) for source, q, unit in uses if not source.startswith("logistics.stock_transfer:")]
    _spread(out, one.quantity - out.on_hand, used)


def _spread(out: Whereabouts, consumed: Decimal, used: Sequence[tuple[int | None, Decimal]]) -> None:
    """Who used what is gone, in proportion to what they took; nobody known means None."""
    if not consumed:
        return
    by_unit: dict[int | None, Decimal] = defaultdict(Decimal)
    for unit, quantity in used:
        by_unit[unit] += quantity
    out.consumed = dict(by_unit) if by_unit else {None: consumed}
    # weights only matter among each other and against what is on hand
    together = sum(out.consumed.values(), ZERO)
    out.consumed = {unit: quantity * consumed / together for unit, quantity in out.consumed.items()}


def expense_account(found: Whereabouts, unit_id: int, on: dt.date) -> str:
    """Where the class of an item is expensed for a department."""
    unit = org.category_map(on).get(unit_id)
    return found.accounts[unit is not None and unit.category == UnitCategory.ADMIN]


def require_reachable(found: Mapping[int, Whereabouts], lines: Mapping[int, int]) -> None:
    """Raise Conflict when goods a difference belongs to are on their way and nowhere else."""
    stuck = [lines[pk] for pk, one in found.items() if pk in lines and one.in_transit and not one.places]
    if stuck:
        raise Conflict(
            f"第 {'、'.join(map(str, sorted(stuck)))} 行的物资正在调拨途中，差额没有库房可以承担", code="in_transit",
            way_out="请先由调入库房收货，再办理本单。",
        )  # fmt: skip
