"""分摊: freight or a discount of a delivery, shared over its lines by amount so that not a fen is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.rules.sharing import share
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents import services
from hrp.platform.documents.models import State


@transaction.atomic
def allocate(
    *,
    actor: User,
    receipt: StockReceipt,
    amount: Decimal,
    purpose: str,
    supplier_id: int,
    reference: str = "",
) -> CostAdjustment:
    """A draft 成本调整单 that spreads ``amount`` (a discount is negative) over the lines of a receipt."""
    if receipt.state != State.POSTED:
        raise Invalid(
            f"{receipt} 未过账或已红冲", problems=[Problem("请选择已过账的入库单", field="receipt")]
        )
    return services.save_draft(
        CostAdjustment,
        actor=actor,
        header={
            "campus": receipt.campus_id, "org_unit": receipt.org_unit_id, "business_date": receipt.business_date,
            "purpose": purpose, "supplier": supplier_id, "reference": reference, "fund": receipt.fund_id,
        },
        lines=parts(receipt, amount),
    )  # fmt: skip


def parts(receipt: StockReceipt, amount: Decimal) -> list[dict[str, Any]]:
    """The lines of an adjustment that spreads ``amount`` over a receipt by amount."""
    lines = list(receipt.lines.order_by("position").values_list("pk", "amount"))
    shared = share(amount, [value or Decimal(0) for _, value in lines])
    return [{"receipt_line": pk, "amount": part} for (pk, _), part in zip(lines, shared, strict=True) if part]
