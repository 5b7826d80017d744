"""The promises every document keeps, for each type of 资产变更."""

from __future__ import annotations

from typing import Any

from hrp.assets.changes.documents.merge import Merge
from hrp.assets.changes.documents.reclassification import Reclassification
from hrp.assets.changes.documents.relocation import Relocation
from hrp.assets.changes.documents.split import Split
from hrp.assets.changes.tests.world import ChangeHospital
from hrp.assets.models import Asset
from hrp.platform.documents.testing import DAY, DocumentContract


class Prepared(DocumentContract):
    """A hospital with assets around the contract's world."""

    max_post_queries = 60

    def prepare(self) -> None:
        self.hospital = ChangeHospital(self.world)

    def booked(self) -> Asset:
        return self.hospital.book((self.hospital.own, "60000.00"), on=DAY)


class TestSplit(Prepared):
    model = Split

    def header(self) -> dict[str, Any]:
        self.asset = self.booked()
        return {**self.common_header(), "asset": self.asset.pk, "reason": "附件单列"}

    def lines(self) -> list[dict[str, Any]]:
        return [
            {"part": 1, "name": "主机", "source": self.hospital.own.pk, "amount": "50000.01"},
            {"part": 2, "name": "附件", "source": self.hospital.own.pk, "amount": "9999.99"},
        ]


class TestMerge(Prepared):
    model = Merge

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "name": "成套设备", "reason": "配套使用"}

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.booked().pk}, {"asset": self.booked().pk}]


class TestReclassification(Prepared):
    model = Reclassification

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "asset_class": self.hospital.furniture.pk, "life": "class", "reason": "分类有误",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.booked().pk}]


class TestRelocation(Prepared):
    model = Relocation

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "keeper": self.world.owner.pk}

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.booked().pk}]
