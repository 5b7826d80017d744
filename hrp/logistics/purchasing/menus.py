"""Menu entries of the hand-drawn pages."""

from __future__ import annotations

from typing import Any

from hrp.logistics.purchasing.selectors import progress, waiting
from hrp.platform.access import scope
from hrp.platform.ui import menu


def _late(actor: Any) -> int:
    return progress.late_count(scope.units(actor, "logistics.purchase_order.view"))


def _concessions(actor: Any) -> int:
    return len(waiting.concessions(actor))


def register() -> None:
    for item in (
        menu.Item(
            "订单跟踪", icon="timeline", url_name="logistics.purchasing.orders", permission="logistics.purchase_order.view",
            count=_late, order=10, alert=True,
        ),
        menu.Item(
            "补货建议", icon="bulb", url_name="logistics.purchasing.replenishment", permission="logistics.purchase_plan.edit",
            order=15,
        ),
        menu.Item(
            "到货特批", icon="gavel", url_name="logistics.purchasing.concessions", permission="logistics.concession.decide",
            count=_concessions, order=55,
        ),
        menu.Item(
            "供应商评价", icon="award", url_name="logistics.purchasing.scores", permission="logistics.supplier_score.view",
            order=70,
        ),
    ):  # fmt: skip
        menu.add("logistics", "采购", item)
