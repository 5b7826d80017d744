"""Hand-drawn pages in the menu."""

from __future__ import annotations

from hrp.logistics.highvalue import selectors
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.ui import menu

GROUP, CHARGES = "高值耗材", "logistics.charge.view"


def _open_charges(actor: User) -> int:
    held = scope.units(actor, CHARGES)
    used = scope.filter(actor, CHARGES, selectors.used_not_charged(), "use__org_unit").count()
    return used if held is not None else used + selectors.charged_not_used().count()


def register() -> None:
    for item in (
        menu.Item("手术室扫码使用", icon="scan", url_name="logistics.theatre", permission="logistics.theatre.use", order=5),
        menu.Item("高值追溯", icon="route", url_name="logistics.trace", permission="logistics.unit.view", order=8),
        menu.Item("唯一码扫码", icon="barcode", url_name="logistics.unit_scan", permission="logistics.unit.pick", order=12),
        menu.Item(
            "收费对账", icon="receipt", url_name="logistics.charges", permission=CHARGES, order=42,
            count=_open_charges,
        ),
    ):  # fmt: skip
        menu.add("logistics", GROUP, item)
