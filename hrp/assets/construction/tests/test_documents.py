"""The promises every document keeps, for 工程支出单."""

from __future__ import annotations

from typing import Any

from hrp.assets.construction.documents.construction_cost import ConstructionCost
from hrp.assets.construction.tests.world import BuildingHospital
from hrp.platform.documents.testing import DocumentContract


class TestConstructionCost(DocumentContract):
    model = ConstructionCost
    max_post_queries = 40

    def prepare(self) -> None:
        self.hospital = BuildingHospital(self.world)
        self.project = self.hospital.project("P1")

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "payee": "建筑公司", "counter": "2302"}

    def lines(self) -> list[dict[str, Any]]:
        return [
            {"project": self.project.pk, "source": source.pk, "amount": "60000.01"}
            for source in (self.hospital.own, self.hospital.fiscal)
        ]
