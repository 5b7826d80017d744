"""Labels of assets as a PDF; who prints one again gets it marked 补打."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count

from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.rules.labels import written
from hrp.assets.stocktaking.models import LabelPrint
from hrp.assets.stocktaking.parameters import LABEL_SIZE
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.exchange import forms, pdf
from hrp.platform.org.parameters import value

PRINT = "assets.label.print"
MOST = 500


def printed(asset_ids: Sequence[int]) -> dict[int, int]:
    """How often labels of each asset were printed."""
    rows = LabelPrint.objects.filter(asset__in=asset_ids).order_by()
    return dict(rows.values_list("asset_id").annotate(n=Count("pk")))


def label(asset: Asset, before: int = 0) -> dict[str, Any]:
    """One label: the code says the token alone, people read number, name and department."""
    fields = [("型号", asset.model), ("科室", str(asset.org_unit))]
    return forms.label(
        title=asset.name, code=str(asset.number), fields=[one for one in fields if one[1]], qr=written(asset.token),
        corner=f"补打 {before}" if before else "", bars=False,
    )  # fmt: skip


@transaction.atomic
def print_labels(assets: Sequence[Asset], *, hospital: str, actor: User) -> bytes:
    """A PDF, one label to a page of the size the hospital uses. Raises Invalid when nothing or too much was chosen."""
    scope.require(actor, PRINT)
    if not assets or len(assets) > MOST:
        raise Invalid(
            f"选择了 {len(assets)} 项，一次可打印 1–{MOST} 张", way_out="请勾选要打印的资产，或分几次打印。"
        )
    loose = [asset for asset in assets if asset.status not in HELD]
    if loose:
        raise Conflict(f"{loose[0]} {loose[0].get_status_display()}，不打印标签", code="not_held")
    before = printed([asset.pk for asset in assets])
    now = clock.now()
    LabelPrint.objects.bulk_create(
        LabelPrint(asset=asset, printed_by=actor, printed_at=now) for asset in assets
    )
    audit.record(
        actor=actor, act=PRINT, target="assets.label:0", summary=f"打印资产标签 {len(assets)} 张",
        data={"numbers": [asset.number for asset in assets[:100]]},
    )  # fmt: skip
    width, height = value(LABEL_SIZE, clock.today())
    drawn = [label(asset, before.get(asset.pk, 0)) for asset in assets]
    return pdf.render("label", {"hospital": hospital, "width": width, "height": height, "labels": drawn})
