"""The small hospital with assets, whose accountant may also split, join and reclassify cards and hand them over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.changes.documents.merge import Merge
from hrp.assets.changes.documents.reclassification import Reclassification
from hrp.assets.changes.documents.relocation import Relocation
from hrp.assets.changes.documents.split import Split
from hrp.assets.models import Asset, AssetClass, FundingLine, LifeRule
from hrp.assets.selectors import schedules
from hrp.assets.tests.world import AssetHospital
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World
from hrp.platform.ledger.models import Account

KINDS = ("split", "merge", "reclassification", "relocation")


class ChangeHospital(AssetHospital):
    """``furniture`` stands on other accounts than ``device`` and lasts longer."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.world.grant(
            self.accountant, *(f"assets.{kind}.{act}" for kind in KINDS for act in ACTS), "assets.handover.receive",
            "assets.asset_class.view",
        )  # fmt: skip
        account = {a.code: a for a in Account.objects.all()}
        LifeRule.objects.create(
            code="F01", name="家具", least=8, usual=10, valid_from=dt.date(2019, 1, 1), source="测试"
        )
        self.furniture = AssetClass.objects.create(
            code="A05010100", name="家具", group="A05", life_code="F01", bulk=True, asset_account=account["1601.05"],
            depreciation_account=account["1602.05"], expense_account=account["5001.04"], admin_expense_account=account["5101.04"],
        )  # fmt: skip

    def split(self, asset: Asset, on: dt.date, *parts: dict[Any, str]) -> Split:
        """Parts as yuan by source."""
        lines = [
            {"part": number, "source": source.pk, "amount": amount}
            for number, part in enumerate(parts, start=1)
            for source, amount in part.items()
        ]
        found: Split = self.post(Split, lines, on, asset=asset.pk, reason="主机与附件分开管理")
        return found

    def halve(self, asset: Asset, on: dt.date) -> Split:
        """Two halves of every source, the odd fen to the second."""
        halves: tuple[dict[Any, str], dict[Any, str]] = ({}, {})
        for line in FundingLine.objects.filter(asset=asset).exclude(cost=0).select_related("source"):
            first = (line.cost / 2).quantize(Decimal("0.01"), rounding="ROUND_DOWN")
            halves[0][line.source], halves[1][line.source] = str(first), str(line.cost - first)
        return self.split(asset, on, *halves)

    def merge(self, assets: list[Asset], on: dt.date, *, remaining: int | None = None) -> Merge:
        found: Merge = self.post(
            Merge, [{"asset": asset.pk} for asset in assets], on, name="成套设备", reason="配套使用", remaining_months=remaining
        )  # fmt: skip
        return found

    def reclassify(
        self, asset: Asset, on: dt.date, to: AssetClass, *, life: str = "keep"
    ) -> Reclassification:
        found: Reclassification = self.post(
            Reclassification, [{"asset": asset.pk}], on, asset_class=to.pk, life=life, reason="分类有误"
        )
        return found

    def relocate(self, assets: list[Asset], on: dt.date, **header: Any) -> Relocation:
        found: Relocation = self.post(Relocation, [{"asset": a.pk} for a in assets], on, **header)
        return found


def made_by(document: Any) -> list[Asset]:
    return list(Asset.objects.filter(origin=document.source).order_by("pk"))


def future(*assets: Asset) -> dict[str, Decimal]:
    """What cards will still bear, by month."""
    found: dict[str, Decimal] = {}
    for asset in assets:
        asset.refresh_from_db()
        for row in schedules.schedule(asset):
            if not row.booked and row.amount:
                found[str(row.month)] = found.get(str(row.month), Decimal(0)) + row.amount
    return found
