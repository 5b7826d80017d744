"""A small hospital with assets: classes, sources, two departments, and shortcuts through the documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.documents.asset_transfer import AssetTransfer
from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.documents.revision import Counter, Kind, Revision
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import (
    Asset,
    AssetClass,
    DepartmentShare,
    FundingLine,
    FundingSource,
    LifeRule,
    Location,
)
from hrp.platform.base import clock, health
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Account, Fund, Period

KINDS = ("booking", "revision", "asset_transfer", "write_off", "depreciation_run")
FIRST = dt.date(2026, 11, 30)  # the last day of the first month of the books


class AssetHospital:
    """``hospital.book(...)`` makes and books a card; ``run(day)`` depreciates the month of a day."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.accountant = self.world.user(
            "assets", "资产会计", *(f"assets.{kind}.{act}" for kind in KINDS for act in ACTS),
            "assets.asset.view", "assets.asset.edit",
        )  # fmt: skip
        account = {a.code: a for a in Account.objects.all()}
        LifeRule.objects.create(
            code="MED", name="医疗设备", least=5, usual=6, valid_from=dt.date(2019, 1, 1), source="测试"
        )
        self.device = AssetClass.objects.create(
            code="A02320100", name="医用设备", group="A02", life_code="MED", threshold=Decimal(1000),
            asset_account=account["1601.02"], depreciation_account=account["1602.02"],
            expense_account=account["5001.04"], admin_expense_account=account["5101.04"], is_medical=True,
        )  # fmt: skip
        self.book_class = AssetClass.objects.create(
            code="A04010100",
            name="图书",
            group="A04",
            method="none",
            bulk=True,
            asset_account=account["1601.04"],
        )
        self.vehicle = AssetClass.objects.create(
            code="A02030500", name="车辆", group="A02", method="units", asset_account=account["1601.02"],
            depreciation_account=account["1602.02"], expense_account=account["5001.04"],
            admin_expense_account=account["5101.04"],
        )  # fmt: skip
        self.own = FundingSource.objects.create(code="1", name="自有资金", fund=Fund.objects.get(code="F1"))
        self.fiscal = FundingSource.objects.create(
            code="2", name="财政项目拨款", fund=Fund.objects.get(code="F2")
        )
        self.science = FundingSource.objects.create(
            code="3", name="科教经费", fund=Fund.objects.get(code="F4")
        )
        self.room = Location.objects.create(code="1-101", name="门诊楼 101", campus=self.world.campus)

    def period(self, year: int, month: int) -> Period:
        found = Period.objects.filter(book=self.world.book, first_day=dt.date(year, month, 1)).first()
        return found or ledger.open_period(
            book=self.world.book, year=year, month=month, actor=self.world.owner
        )

    def card(
        self, *paid: tuple[FundingSource, str], months: int | None = 60, units: dict[Any, str] | None = None, **fields: Any
    ) -> Asset:  # fmt: skip
        """A draft card paid for by ``paid`` (source, yuan), borne by ``units`` (department, percent)."""
        given = {"name": "监护仪", "asset_class": self.device, "location": self.room} | fields
        asset = Asset.objects.create(
            campus=self.world.campus, org_unit=self.world.unit, life_months=months,
            cost=sum((Decimal(amount) for _, amount in paid), Decimal(0)), **given,
        )  # fmt: skip
        for source, amount in paid:
            FundingLine.objects.create(asset=asset, source=source, cost=Decimal(amount))
        for unit, ratio in (units or {self.world.unit: "100"}).items():
            DepartmentShare.objects.create(
                asset=asset, org_unit=unit, ratio=Decimal(ratio), valid_from=dt.date(2020, 1, 1)
            )
        return asset

    def post(self, model: type[Document], lines: list[dict[str, Any]], on: dt.date, **header: Any) -> Any:
        self.period(on.year, on.month)
        common = {
            "campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": on, **header,
        }  # fmt: skip
        with clock.pinned(clock.at(max(on, DAY), 17)):
            draft = services.save_draft(model, actor=self.accountant, header=common, lines=lines)
            return posting.post(services.submit(draft, actor=self.accountant), actor=self.accountant)

    def book(self, *paid: tuple[FundingSource, str], on: dt.date, **fields: Any) -> Asset:
        asset = self.card(*paid, **fields)
        self.post(Booking, [{"asset": asset.pk}], on)
        asset.refresh_from_db()
        return asset

    def run(self, on: dt.date) -> DepreciationRun:
        found: DepreciationRun = self.post(DepreciationRun, [], on)
        return found

    def revise(
        self,
        asset: Asset,
        on: dt.date,
        *,
        kind: str = Kind.VALUE,
        counter: str = Counter.CONSTRUCTION,
        **line: Any,
    ) -> Revision:
        found: Revision = self.post(
            Revision, [{"asset": asset.pk, **line}], on, kind=kind, counter=counter, reason="测试"
        )
        return found

    def transfer(self, asset: Asset, on: dt.date, units: dict[Any, str]) -> AssetTransfer:
        lines = [{"asset": asset.pk, "to_unit": unit.pk, "ratio": ratio} for unit, ratio in units.items()]
        found: AssetTransfer = self.post(AssetTransfer, lines, on)
        return found

    def write_off(self, asset: Asset, on: dt.date, *, way: str = "scrap") -> WriteOff:
        found: WriteOff = self.post(WriteOff, [{"asset": asset.pk}], on, way=way, reason="无维修价值")
        return found

    def reverse(self, document: Document, on: dt.date) -> None:
        posting.reverse(document, actor=self.accountant, reason="测试", on=on)


def day(month: int, number: int) -> dt.date:
    """A day of the ``month``-th month of the books, counted from 1."""
    since = FIRST.year * 12 + FIRST.month - 1 + month - 1
    return dt.date(since // 12, since % 12 + 1, number)


def end(month: int) -> dt.date:
    """The last day of the ``month``-th month of the books."""
    return day(month + 1, 1) - dt.timedelta(days=1)


def broken() -> dict[str, Any]:
    """Invariants of assets that do not hold, by id."""
    return {o.id: o for o in health.run(module="assets") if o.state != "ok"}
