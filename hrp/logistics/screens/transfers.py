"""调拨单 and 调拨收货单: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.models import Batch, Item
from hrp.logistics.screens import papers
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER, defaults
from hrp.logistics.subledger.transit import open_of
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Panel


def _receive(*, actor: Any, obj: StockTransfer, values: Mapping[str, Any]) -> str:
    return f"/logistics/transfer-receipts/new?transfer={obj.pk}"


def _waits(transfer: StockTransfer) -> bool:
    return transfer.state == State.POSTED and bool(open_of(transfer.pk, transfer.source))


def arriving(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A receipt of everything of a transfer that is still on its way."""
    key = params.get("transfer", "")
    transfer = (
        scope.filter(actor, "logistics.transfer_receipt.edit", StockTransfer.objects.filter(pk=key, state=State.POSTED), "to_store__org_unit")
        .select_related("to_store").first()
        if key.isdigit() else None
    )  # fmt: skip
    if transfer is None:
        return {}
    way = open_of(transfer.pk, transfer.source)
    items = Item.objects.in_bulk({o.item_id for o in way})
    batches = Batch.objects.in_bulk({o.batch_id for o in way})
    return {
        "transfer": transfer.pk, "campus": transfer.to_store.campus_id, "org_unit": transfer.to_store.org_unit_id,
        "lines": [
            {
                "transfer_position": o.position, "item": items[o.item_id].pk, "batch": batches[o.batch_id].pk,
                "quantity": o.quantity,
            }
            for o in way
        ],
    }  # fmt: skip


ON_THE_WAY = Panel(
    key="way",
    title="在途",
    rows=lambda document, actor: [
        {
            "position": o.position,
            "item": str(Item.objects.get(pk=o.item_id)),
            "lot": Batch.objects.get(pk=o.batch_id).lot,
            "quantity": o.quantity,
            "amount": o.amount,
        }
        for o in open_of(document.pk, document.source)
    ],
    columns=(
        Column("position", title="单据行", kind="integer"),
        Column("item", title="物资", kind="text"),
        Column("lot", title="批号", kind="text"),
        Column("quantity", title="未到数量", kind="quantity"),
        Column("amount", title="金额（元）", kind="money"),
    ),
    empty="没有在途",
)

TRANSFERS = DocumentScreen(
    kind="logistics.stock_transfer",
    icon="transfer",
    menu=("logistics", "库存业务"),
    order=22,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("store", card="line"),
        Column("to_store", title="调入库房"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(
        NUMBER,
        DATES,
        Filter("store", title="调出库房", kind="register", register="logistics.store"),
        Filter("to_store", title="调入库房", kind="register", register="logistics.store"),
        MAKER,
    ),
    fields=(
        Field("store"), Field("to_store", lookup="logistics.any_store"), Field("business_date", title="调拨日期"), Field("campus"),
        Field("org_unit", title="管理科室"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=160),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("lot", width=120),
        LineField("quantity", title="数量", width=100, total=True),
        LineField("amount", title="金额（元）", readonly=True, width=120, total=True),
    ),
    lines_title="调拨明细",
    scan="item",
    defaults=defaults,
    panels=(ON_THE_WAY, MOVES),
    actions=(
        Action("receive", "收货", _receive, permission="logistics.transfer_receipt.edit", icon="package-import", style="primary", shown=_waits),
    ),
    paper_lines=papers.outgoing,
    signatures=("制单", "调出库管", "调入库管"),
)  # fmt: skip

RECEIPTS = DocumentScreen(
    kind="logistics.transfer_receipt",
    icon="package-import",
    menu=("logistics", "库存业务"),
    order=24,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("transfer", card="line"),
        Column("receiver"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("transfer", lookup="logistics.transfer_on_the_way"), Field("business_date", title="收货日期"), Field("campus"),
        Field("org_unit", title="管理科室"), Field("receiver"), Field("note", span=3),
    ),
    lines=(
        LineField("transfer_position", title="调拨单行", width=90),
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("batch", lookup="logistics.batch", depends=("item",), width=140),
        LineField("quantity", width=100, total=True),
        LineField("amount", title="金额（元）", readonly=True, width=120, total=True),
    ),
    lines_title="收货明细",
    prefill=arriving,
    panels=(MOVES,),
    signatures=("制单", "送货", "收货"),
)  # fmt: skip

ALL = (TRANSFERS, RECEIPTS)
