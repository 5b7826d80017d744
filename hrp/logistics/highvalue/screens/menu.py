"""Hand-drawn pages in the menu."""

from __future__ import annotations

from hrp.logistics.highvalue import selectors
from hrp.platform.ui import menu

GROUP = "高值耗材"


def register() -> None:
    for item in (
        menu.Item("手术室扫码使用", icon="scan", url_name="logistics.theatre", permission="logistics.theatre.use", order=5),
        menu.Item("高值追溯", icon="route", url_name="logistics.trace", permission="logistics.unit.view", order=8),
        menu.Item("唯一码扫码", icon="barcode", url_name="logistics.unit_scan", permission="logistics.unit.pick", order=12),
        menu.Item(
            "收费对账", icon="receipt", url_name="logistics.charges", permission="logistics.charge.view", order=42,
            count=lambda actor: selectors.used_not_charged().count() + selectors.charged_not_used().count(),
        ),
    ):  # fmt: skip
        menu.add("logistics", GROUP, item)
