"""The small hospital with assets, whose accountant lets things and keeps leases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.assets.equipment.services import readiness, repairs
from hrp.assets.leasing.documents.rent_income import RentIncome
from hrp.assets.leasing.documents.rent_out import RentOut
from hrp.assets.leasing.models import Lease
from hrp.assets.leasing.services import leases, letting
from hrp.assets.models import Asset
from hrp.assets.tests.world import AssetHospital
from hrp.platform.base import clock
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World
from hrp.platform.ledger.models import Fund


class LeasingHospital(AssetHospital):
    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.world.grant(
            self.accountant, *(f"assets.{kind}.{act}" for kind in ("rent_out", "rent_income") for act in ACTS), letting.BACK,
            leases.EDIT, "assets.lease.view", repairs.REPORT, repairs.VIEW, readiness.LEND,
        )  # fmt: skip

    def let(self, asset: Asset, on: dt.date, until: dt.date, **header: Any) -> RentOut:
        given = {
            "way": "rent", "counterpart": "社区卫生服务中心", "approver": "主管部门", "approval_number": "资〔2026〕8 号", "ends_on": until,
            "rent": "1000.00", "every_months": 1,
        } | header  # fmt: skip
        found: RentOut = self.post(RentOut, [{"asset": asset.pk}], on, **given)
        return found

    def income(self, contract: RentOut, on: dt.date, due_on: dt.date, received: str) -> RentIncome:
        fund = Fund.objects.get(code="F1").pk
        found: RentIncome = self.post(
            RentIncome, [], on, rent_out=contract.pk, due_on=due_on, received=received, fund=fund
        )
        return found

    def lease(self, starts_on: dt.date, ends_on: dt.date, **fields: Any) -> Lease:
        given = {
            "number": "RZ-1", "kind": "finance", "lessor": "融资租赁公司", "org_unit": self.world.unit, "rent": 5000,
            "every_months": 3,
        } | fields  # fmt: skip
        return leases.save(
            actor=self.accountant, pk=None, values={**given, "starts_on": starts_on, "ends_on": ends_on}
        )


def noon(day: dt.date) -> Any:
    return clock.pinned(clock.at(day, 12))
