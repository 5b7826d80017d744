"""收货: what of a transfer is here, confirmed piece by piece with the scanner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.documents.transfer_receipt import TransferReceipt
from hrp.logistics.handheld.services.resolving import Code
from hrp.logistics.models import Batch, Item
from hrp.logistics.subledger.transit import OnTheWay, open_of
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.documents import posting
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

EDIT = "logistics.transfer_receipt.edit"


@dataclass(frozen=True)
class Row:
    """One batch on its way."""

    way: OnTheWay
    item: Item
    batch: Batch

    @property
    def key(self) -> str:
        return f"{self.way.position}-{self.way.batch_id}"


def arriving(actor: User) -> list[StockTransfer]:
    """Transfers on their way to stores this person receives for, the oldest first."""
    rows = StockTransfer.objects.filter(state=State.POSTED).select_related("store", "to_store")
    mine = scope.filter(actor, EDIT, rows, "to_store__org_unit_id").order_by("pk")
    return [transfer for transfer in mine if open_of(transfer.pk, transfer.source)]


def load(pk: int, actor: User) -> StockTransfer:
    rows = StockTransfer.objects.filter(pk=pk, state=State.POSTED).select_related("store", "to_store")
    found = scope.filter(actor, EDIT, rows, "to_store__org_unit_id").first()
    if found is None:
        raise NotFound("没有找到在途的调拨单", way_out="请返回列表刷新。")
    return found


def rows_of(transfer: StockTransfer) -> list[Row]:
    way = open_of(transfer.pk, transfer.source)
    items = Item.objects.in_bulk({one.item_id for one in way})
    batches = Batch.objects.in_bulk({one.batch_id for one in way})
    return [Row(one, items[one.item_id], batches[one.batch_id]) for one in way]


def match(transfer: StockTransfer, code: Code) -> Row:
    """The batch on its way that a scan means. Raises NotFound, or Conflict for a lot that was not sent."""
    rows = [row for row in rows_of(transfer) if row.item.pk in code.item_ids]
    if not rows:
        raise NotFound(f"{code.item} 不在这张调拨单上", way_out="请核对后放在一边。")
    if not code.lot:
        if len(rows) > 1 or rows[0].item.lot_required:
            raise Conflict(f"{rows[0].item} 管理批号，请扫带批号的条码", code="lot_needed")
        return rows[0]
    for row in rows:
        if row.batch.lot == code.lot:
            return row
    sent = "、".join(row.batch.lot for row in rows)
    raise Conflict(
        f"批号不符：扫到 {code.lot}，发出的是 {sent}", code="wrong_lot", way_out="请与调出方核对。"
    )


@transaction.atomic
def receive(transfer: StockTransfer, *, actor: User, quantities: Mapping[str, Decimal]) -> TransferReceipt:
    """A receipt of what was scanned, posted unless it needs approval. What is not here stays on its way."""
    lines = [
        {
            "transfer_position": row.way.position, "item": row.item.pk, "batch": row.batch.pk,
            "quantity": quantities[row.key],
        }
        for row in rows_of(transfer)
        if quantities.get(row.key)
    ]  # fmt: skip
    if not lines:
        raise Conflict("还没有扫到任何物资", code="nothing_scanned", way_out="请逐件扫码后再收货。")
    store = transfer.to_store
    header = {
        "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": clock.today(), "transfer": transfer.pk,
        "receiver": actor.display_name,
    }  # fmt: skip
    made = documents.save_draft(TransferReceipt, actor=actor, header=header, lines=lines)
    made = documents.submit(made, actor=actor)
    return posting.post(made, actor=actor) if made.state == State.APPROVED else made
