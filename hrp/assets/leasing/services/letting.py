"""What was let or lent outside comes back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.assets import gates
from hrp.assets.leasing.documents.rent_out import OutCard, RentOut
from hrp.assets.models import Asset, CardEvent
from hrp.assets.models.cards import Status
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

BACK = "assets.rent_out.back"


@transaction.atomic
def take_back(*, actor: User, document: RentOut, on: dt.date, condition: str = "") -> list[OutCard]:
    """Everything still outside is back: each card is what it was before; what broke outside stays in repair."""
    scope.require(actor, BACK, document.org_unit_id)
    if not document.business_date <= on <= clock.today():
        raise Invalid(
            f"收回日期应在 {document.business_date} 与今天之间", problems=[Problem("日期不对", field="on")], way_out="请改正日期。"
        )  # fmt: skip
    rows = list(
        OutCard.objects.select_for_update()
        .filter(document=document, back_on=None, document__state="posted")
        .order_by("asset_id")
    )
    if not rows:
        raise Conflict(f"{document} 没有在外的资产", code="nothing_out", way_out="请刷新页面。")
    assets = {
        asset.pk: asset
        for asset in Asset.objects.select_for_update(of=("self",))
        .filter(pk__in=[row.asset_id for row in rows])
        .order_by("pk")
    }
    for row in rows:
        row.asset = assets[row.asset_id]
        row.back_on, row.back_by, row.condition = on, actor, condition.strip()[:200]
        row.save(update_fields=["back_on", "back_by", "condition"])
        _restore(row, actor, on)
    audit.record(
        actor=actor, act=BACK, target=document.source, summary=f"收回 {document} {len(rows)} 项", unit_id=document.org_unit_id
    )  # fmt: skip
    return rows


def _restore(row: OutCard, actor: User, on: dt.date) -> None:
    asset, before = row.asset, row.asset.status
    if before == Status.LENT:
        asset.status = row.status_before
        asset.save(update_fields=["status"])
    else:
        gates.applied(gates.Moment.TAKEN_BACK, row, None)
    words = f"由 {row.document.counterpart} 收回" + (f"：{row.condition}" if row.condition else "")
    CardEvent.objects.create(
        asset=asset, kind="returned", source=row.document.source, date=on, at=clock.now(), actor=actor, text=words[:300],
        before={"status": before}, after={"status": asset.status},
    )  # fmt: skip
