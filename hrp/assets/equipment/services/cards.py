"""The status of a card as repairs, tags and loans change it; value and ownership stay with the documents."""

from __future__ import annotations

from hrp.assets.models import Asset, CardEvent
from hrp.assets.models.cards import HELD, Status
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict

LEAVING = (Status.PENDING, Status.DISPOSED)  # what disposal decided is not ours to change


def held(asset_id: int) -> Asset:
    """The card, locked. Refuses (``not_held``) what was never booked or has left."""
    asset = Asset.objects.select_for_update(of=("self",)).get(pk=asset_id)
    if asset.status not in HELD:
        raise Conflict(
            f"{asset} {asset.get_status_display()}，不能办理", code="not_held",
            way_out="只有已入账、未处置的设备可以办理运维业务，请核对卡片状态。",
        )  # fmt: skip
    return asset


def become(asset: Asset, status: str, *, actor: User, source: str, text: str) -> None:
    """Give a locked card a status and write it down. What waits for disposal keeps its status."""
    if asset.status in LEAVING or asset.status == status:
        return
    before, asset.status = asset.status, status
    asset.save(update_fields=["status"])
    note(asset, kind="status", actor=actor, source=source, text=text, before=before, after=status)


def note(
    asset: Asset, *, kind: str, actor: User, source: str, text: str, before: str = "", after: str = ""
) -> None:
    """An event on the card's page."""
    CardEvent.objects.create(
        asset=asset, kind=kind, source=source, date=clock.today(), at=clock.now(), actor=actor, text=text[:300],
        before={"status": before} if before else {}, after={"status": after} if after else {},
    )  # fmt: skip


def usable_again(asset: Asset, before: str, *, down: bool, hung: bool) -> str:
    """The status a card returns to: that of the heaviest reason that still holds it back."""
    if hung:
        return str(Status.STOPPED)
    if down:
        return str(Status.REPAIR)
    return before if before and before not in (Status.REPAIR, Status.STOPPED) else str(Status.IN_USE)
