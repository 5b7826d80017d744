"""Lines of 入库单、出库单 and 调拨单 on paper: what an auditor wants to see, with the batches that really moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from hrp.logistics.models import StockMove
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.exchange.forms import FormColumn

Lines = tuple[Sequence[FormColumn], Sequence[Mapping[str, Any]]]

CODE, NAME = FormColumn("code", "编码", width=17), FormColumn("name", "名称 规格型号")
UNIT, LOT = FormColumn("unit", "单位", width=10, align="center"), FormColumn("lot", "批号", width=19)
EXPIRY = FormColumn("expiry", "失效期", width=19, align="center")
QUANTITY = FormColumn("quantity", "数量", width=15, align="right", total=True)
AMOUNT = FormColumn("amount", "金额", width=21, align="right", places=2, total=True)


def day(value: dt.date | None) -> str:
    return "" if value is None or value == NO_EXPIRY else str(value)


def receipt(document: Any) -> Lines:
    """序 编码 名称规格 单位 批号 失效期 注册证号 数量 单价 金额."""
    columns = (
        CODE, NAME, UNIT, LOT, EXPIRY, FormColumn("registration", "注册证号", width=25), QUANTITY,
        FormColumn("price", "单价", width=15, align="right"), AMOUNT,
    )  # fmt: skip
    rows = [
        _item(line.item) | {
            "lot": line.lot, "expiry": day(line.expiry), "registration": line.item.registration_number,
            "quantity": line.quantity, "price": line.price, "amount": line.amount,
        }
        for line in document.lines.select_related("item").order_by("position")
    ]  # fmt: skip
    return columns, rows


def outgoing(document: Any) -> Lines:
    """Batch by batch as they left; before posting what was asked for."""
    columns = (CODE, NAME, UNIT, LOT, EXPIRY, QUANTITY, AMOUNT)
    moves = StockMove.objects.filter(source=document.source, quantity__lt=0, reverses=None).select_related(
        "item", "batch"
    )
    rows = [
        _item(move.item) | {
            "lot": move.batch.lot, "expiry": day(move.batch.expiry), "quantity": -move.quantity, "amount": -move.amount,
        }
        for move in moves.order_by("line_position", "id")
    ] or [
        _item(line.item) | {"lot": line.lot, "expiry": "", "quantity": line.quantity, "amount": line.amount}
        for line in document.lines.select_related("item").order_by("position")
    ]  # fmt: skip
    return columns, rows


def _item(item: Any) -> dict[str, str]:
    return {"code": item.code, "name": str(item), "unit": item.unit}
