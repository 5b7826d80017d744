"""The promises every document keeps, for each type of 租赁."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.assets.leasing.documents.rent_income import RentIncome
from hrp.assets.leasing.documents.rent_out import RentOut
from hrp.assets.leasing.tests.world import LeasingHospital
from hrp.assets.tests.world import day
from hrp.platform.documents.testing import DAY, DocumentContract
from hrp.platform.ledger.models import Fund


class Prepared(DocumentContract):
    max_post_queries = 40

    def prepare(self) -> None:
        self.hospital = LeasingHospital(self.world)


class TestRentOut(Prepared):
    model = RentOut

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "way": "rent", "counterpart": "社区卫生服务中心", "approver": "主管部门", "approval_number": "8 号",
            "ends_on": dt.date(2032, 1, 1), "rent": "100.00", "every_months": 1,
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.hospital.book((self.hospital.own, "60000.00"), on=DAY).pk}]


class TestRentIncome(Prepared):
    model = RentIncome

    def prepare(self) -> None:
        super().prepare()
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=DAY)
        self.contract = self.hospital.let(asset, DAY, day(4, 28))

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "rent_out": self.contract.pk, "due_on": DAY, "received": "100.00",
            "fund": Fund.objects.get(code="F1").pk,
        }  # fmt: skip
