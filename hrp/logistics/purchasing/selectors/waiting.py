"""What waits for somebody of purchasing: receipts a rule speaks against, inspections without their receipt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.documents.stock_receipt import StockReceipt, StockReceiptLine
from hrp.logistics.models import Store
from hrp.logistics.purchasing import at_receipt
from hrp.logistics.purchasing.documents.inspection import Inspection
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import sql
from hrp.platform.documents.models import State

UNPOSTED = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)


@dataclass(frozen=True)
class Waiting:
    """One line somebody with the right to do so may let in."""

    receipt: StockReceipt
    objection: at_receipt.Objection


def concessions(actor: User, *, most: int = 200) -> list[Waiting]:
    """Lines of unposted receipts with too little life or another price, that nobody has let in yet."""
    receipts = scope.filter(
        actor,
        "logistics.concession.decide",
        StockReceipt.objects.filter(state__in=UNPOSTED, origin="purchase")
        .exclude(store__kind=Store.Kind.QUARANTINE)
        .select_related("supplier", "store", "maker")
        .order_by("id"),
    )[:most]
    return [one for receipt in receipts for one in objections_of(receipt) if not one.objection.conceded]


def objections_of(receipt: StockReceipt) -> list[Waiting]:
    lines = (
        StockReceiptLine.objects.filter(document_id=receipt.pk).select_related("item").order_by("position")
    )
    return [
        Waiting(receipt, one) for one in at_receipt.objections(receipt, list(lines), receipt.business_date)
    ]


RECEIVABLE_SQL = """
SELECT d.id FROM logistics_inspection d WHERE d.state = 'posted' AND (%s::bigint[] IS NULL OR d.org_unit_id = ANY(%s))
  AND EXISTS (SELECT FROM logistics_inspection_line l WHERE l.document_id = d.id
              AND (l.accepted > 0 OR (l.accepted < l.quantity AND l.disposal = 'quarantine')))
  AND NOT EXISTS (SELECT FROM logistics_inspection_receipt m JOIN logistics_receipt r ON r.id = m.receipt
                  WHERE m.inspection_id = d.id AND r.state NOT IN ('void', 'reversed'))
"""


def receivable(units: Iterable[int] | None) -> list[int]:
    """Inspections whose accepted goods stand in no receipt yet."""
    held = sorted(units) if units is not None else None
    return [pk for (pk,) in sql.rows(RECEIVABLE_SQL, [held, held])]


def is_receivable(inspection: Inspection) -> bool:
    """Whether something of it is still to be received."""
    return inspection.state == State.POSTED and inspection.pk in receivable([inspection.org_unit_id])


PRICES_SQL = """
SELECT DISTINCT ON (l.item_id) l.item_id, l.price, o.supplier_id FROM logistics_order_line l
JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
WHERE l.item_id = ANY(%s) AND (%s::bigint IS NULL OR o.supplier_id = %s) ORDER BY l.item_id, o.id DESC
"""
PAID_SQL = """
SELECT DISTINCT ON (l.item_id) l.item_id, l.price, r.supplier_id FROM logistics_receipt_line l
JOIN logistics_receipt r ON r.id = l.document_id AND r.state = 'posted' AND r.origin = 'purchase'
WHERE l.item_id = ANY(%s) AND (%s::bigint IS NULL OR r.supplier_id = %s) ORDER BY l.item_id, r.id DESC
"""


def last_prices(item_ids: Sequence[int], supplier_id: int | None = None) -> dict[int, tuple[Decimal, int]]:
    """The last price ordered of each item, or else paid for it, and whose it was."""
    given = [sorted(set(item_ids)), supplier_id, supplier_id]
    found = {item: (price, supplier) for item, price, supplier in sql.rows(PAID_SQL, given)}
    return found | {item: (price, supplier) for item, price, supplier in sql.rows(PRICES_SQL, given)}
