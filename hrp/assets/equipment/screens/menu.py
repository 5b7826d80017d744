"""Hand-drawn pages in the menu."""

from __future__ import annotations

from hrp.assets.equipment.models import RepairOrder
from hrp.assets.equipment.services import repairs
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.ui import menu

GROUP = "设备运维"


def _mine(actor: User) -> int:
    """Repairs that wait for this person: to be dispatched, taken up, or accepted."""
    waiting = {
        repairs.DISPATCH: ("reported",), repairs.WORK: ("dispatched",), repairs.ACCEPT: ("to_accept",),
    }  # fmt: skip
    found: set[int] = set()
    for permission, states in waiting.items():
        if scope.has(actor, permission):
            rows = scope.filter(actor, permission, RepairOrder.objects.filter(state__in=states))
            found |= set(rows.values_list("pk", flat=True)[:200])
    return len(found)


def register() -> None:
    for item in (
        menu.Item(
            "扫码报修", icon="qrcode", url_name="assets.scan.find", any_of=(repairs.REPORT, repairs.VIEW), order=5, count=_mine
        ),
        menu.Item("急救设备", icon="heartbeat", url_name="assets.readiness", permission="assets.readiness.view", order=80),
    ):  # fmt: skip
        menu.add("assets", GROUP, item)
