"""The small hospital with assets, which builds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.construction.documents.construction_cost import ConstructionCost
from hrp.assets.construction.models import Project
from hrp.assets.construction.services import projects
from hrp.assets.documents.booking import Booking
from hrp.assets.models import Asset, AssetClass, FundingSource, LifeRule
from hrp.assets.tests.world import AssetHospital
from hrp.platform.base import clock
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World
from hrp.platform.ledger.models import Account


class BuildingHospital(AssetHospital):
    """``house`` is a class of fifty years on 1601.01."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.world.grant(
            self.accountant, *(f"assets.construction_cost.{act}" for act in ACTS), projects.EDIT, "assets.project.view"
        )  # fmt: skip
        account = {a.code: a for a in Account.objects.all()}
        LifeRule.objects.create(
            code="B01", name="房屋", least=50, usual=50, valid_from=dt.date(2019, 1, 1), source="测试"
        )
        self.house = AssetClass.objects.create(
            code="A01010100", name="业务用房", group="A01", life_code="B01", asset_account=account["1601.01"],
            depreciation_account=account["1602.01"], expense_account=account["5001.04"], admin_expense_account=account["5101.04"],
        )  # fmt: skip

    def project(self, code: str, **fields: Any) -> Project:
        given = {
            "code": code,
            "name": f"门诊楼 {code}",
            "campus": self.world.campus,
            "org_unit": self.world.unit,
        } | fields
        return projects.save(actor=self.accountant, pk=None, values=given)

    def spend(
        self, on: dt.date, *costs: tuple[Project, FundingSource, str], counter: str = "2302"
    ) -> ConstructionCost:
        lines = [
            {"project": project.pk, "source": source.pk, "amount": amount}
            for project, source, amount in costs
        ]
        found: ConstructionCost = self.post(ConstructionCost, lines, on, payee="建筑公司", counter=counter)
        return found

    def deliver(self, project: Project, on: dt.date, *, amount: str | None = None) -> Asset:
        with clock.pinned(clock.at(on, 9)):
            return projects.deliver(
                actor=self.accountant, project=project, name="门诊楼", asset_class=self.house, unit=self.world.unit,
                amount=Decimal(amount) if amount else None,
            )  # fmt: skip

    def delivered(self, project: Project, on: dt.date, *, amount: str | None = None) -> Asset:
        asset = self.deliver(project, on, amount=amount)
        self.post(Booking, [{"asset": asset.pk}], on)
        asset.refresh_from_db()
        return asset
