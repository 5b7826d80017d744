"""The promises every document keeps, for 盘亏盘盈处理单."""

from __future__ import annotations

from typing import Any

from hrp.assets.stocktaking.documents.loss_decision import LossDecision
from hrp.assets.stocktaking.models import PendingLoss
from hrp.assets.tests.world import AssetHospital
from hrp.platform.documents.testing import DAY, DocumentContract


class TestLossDecision(DocumentContract):
    model = LossDecision

    def prepare(self) -> None:
        self.hospital = AssetHospital(self.world)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "basis": "院长办公会纪要"}

    def lines(self) -> list[dict[str, Any]]:
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=DAY)
        self.hospital.write_off(asset, DAY, way="loss")
        pending = PendingLoss.objects.get(asset=asset)
        return [{"pending": pending.pk, "amount": "60000.00", "compensation": "1000", "payer": "赵某"}]
