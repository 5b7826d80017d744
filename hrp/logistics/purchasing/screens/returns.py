"""退货单: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.purchasing.documents.supplier_return import (
    ReturnConfirmation,
    SupplierReturn,
    received_lines,
)
from hrp.logistics.purchasing.services import returning
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER, defaults
from hrp.platform.access import scope
from hrp.platform.base import sql
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Panel

# what of the batches of a receipt lies in a store
THERE_SQL = """
SELECT batch_id, quantity FROM logistics_balance WHERE store_id = %s AND batch_id = ANY(%s) AND quantity > 0
"""


def returning_of(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A return of what of a receipt is still in its store."""
    key = params.get("receipt", "")
    receipt = (
        scope.filter(actor, "logistics.supplier_return.edit", StockReceipt.objects.filter(pk=key, state=State.POSTED))
        .select_related("store").first()
        if key.isdigit() else None
    )  # fmt: skip
    if receipt is None:
        return {}
    lines = received_lines(receipt.pk)
    there = dict(sql.rows(THERE_SQL, [receipt.store_id, [line.batch_id for line in lines.values()]]))
    return {
        "receipt": receipt.pk, "store": receipt.store_id, "campus": receipt.campus_id, "org_unit": receipt.org_unit_id,
        "lines": [
            {"receipt_position": line.position, "item": line.item_id, "quantity": min(line.left, there[line.batch_id])}
            for line in lines.values() if line.left and line.batch_id in there
        ],
    }  # fmt: skip


def _confirm(*, actor: Any, obj: SupplierReturn, values: Mapping[str, Any]) -> str:
    returning.confirm(actor=actor, document=obj, paper=str(values.get("paper") or ""))
    return "已登记供应商确认"


def _waits(document: SupplierReturn) -> bool:
    return (
        document.state == State.POSTED and not ReturnConfirmation.objects.filter(document=document).exists()
    )


def _receipt_lines(document: SupplierReturn, actor: Any) -> Any:
    from hrp.logistics.models import Item

    found = received_lines(document.receipt_id)
    items = Item.objects.in_bulk({line.item_id for line in found.values()})
    return [
        {
            "position": line.position, "item": str(items[line.item_id]), "lot": line.lot, "quantity": line.quantity,
            "amount": line.amount, "returned": line.returned,
        }
        for line in found.values()
    ]  # fmt: skip


RETURNS = DocumentScreen(
    kind="logistics.supplier_return",
    icon="truck-return",
    menu=("logistics", "采购"),
    order=54,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"),
        Column("receipt__supplier", title="供应商", card="line"), Column("receipt", title="原入库单"), Column("store"), Column("reason"),
        Column("total", title="退货金额", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(
        NUMBER, DATES, Filter("supplier", title="供应商", kind="register", register="logistics.supplier", lookups=("receipt__supplier",)),
        Filter("store", kind="register", register="logistics.store"), MAKER,
    ),
    fields=(
        Field("receipt", lookup="logistics.receipt_to_return"), Field("store"), Field("business_date", title="退货日期"), Field("campus"),
        Field("org_unit", title="管理科室"), Field("handler"), Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("receipt_position", title="入库单行", width=84), LineField("item", title="物资", lookup="logistics.item", width=260),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=160),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56), LineField("quantity", width=100, total=True),
        LineField("amount", title="退货金额（元）", readonly=True, width=120, total=True),
        LineField("stock_amount", title="账面金额（元）", readonly=True, width=120),
    ),
    lines_title="退货明细",
    prefill=returning_of,
    defaults=defaults,
    amount_title="退货金额",
    panels=(
        Panel(
            "receipt", "原入库单明细", _receipt_lines,
            (
                Column("position", title="行", kind="integer"), Column("item", title="物资", kind="text"), Column("lot", title="批号", kind="text"),
                Column("quantity", title="入库数量", kind="quantity"), Column("amount", title="入库金额（元）", kind="money"),
                Column("returned", title="已退", kind="quantity"),
            ),
        ),
        Panel("confirmed", "供应商确认", lambda d, actor: ReturnConfirmation.objects.filter(document=d).select_related("actor"), ("at", "paper", "actor"), model=ReturnConfirmation, empty="供应商尚未确认收到退货"),
        MOVES,
    ),
    actions=(
        Action("confirm", "供应商确认", _confirm, permission="logistics.supplier_return.edit", icon="check", style="primary", shown=_waits, fields=(Field("paper", title="凭据（红字发票号、收条）", kind="text", span=3),)),
    ),
    signatures=("制单", "采购", "库管", "供应商"),
)  # fmt: skip

ALL = (RETURNS,)
