"""A hospital with labelled assets, an office that plans, departments that look, and somebody else who approves."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from hrp.assets.models import Asset, Location
from hrp.assets.rules.labels import written
from hrp.assets.stocktaking.models import StocktakePlan, StocktakeTask
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services import concluding, finding, planning
from hrp.assets.stocktaking.services.finding import Answer, Entry
from hrp.assets.tests.world import FIRST, AssetHospital
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World
from hrp.platform.org.models import OrgUnit

BEGUN = clock.at(FIRST, 9)
DUE = dt.date(2026, 12, 15)


class Counted(AssetHospital):
    """``monitor`` and ``pump`` are of the first department, ``scanner`` (dear) of the second."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        unit, other = self.world.unit, self.world.other
        self.store = Location.objects.create(code="1-102", name="门诊楼 102", campus=self.world.campus)
        self.world.grant(
            self.accountant, *(f"assets.loss_decision.{act}" for act in ACTS), "assets.stocktake.view", "assets.stocktake.edit",
            "assets.stocktake_task.view", "assets.found_asset.edit", "assets.found_asset.view", "assets.pending_loss.view",
            "assets.label.print", "assets.asset_class.view", "assets.source.view",
        )  # fmt: skip
        self.head = self.world.user("head", "分管院长", "assets.stocktake.approve", "assets.stocktake.view")
        self.keeper = self._custodian("keeper", unit)
        self.neighbour = self._custodian("neighbour", other)
        self.monitor = self.book((self.own, "60000.00"), on=FIRST, name="监护仪")
        self.pump = self.book((self.own, "24000.00"), (self.fiscal, "6000.00"), on=FIRST, name="输液泵")
        self.scanner = self.book((self.own, "360000.00"), on=FIRST, name="超声诊断仪", units={other: "100"})
        Asset.objects.filter(pk=self.scanner.pk).update(org_unit=other)

    def _custodian(self, username: str, unit: OrgUnit) -> User:
        acts = ("view", "work", "confirm")
        return self.world.user(
            username, f"{unit}资产员", *(f"assets.stocktake_task.{act}" for act in acts), unit=unit
        )

    def plan(self, method: str = "full", **given: Any) -> StocktakePlan:
        given = {"name": "年度盘点", "due_on": DUE} | given
        with clock.pinned(BEGUN):
            return planning.begin(actor=self.accountant, office=self.world.unit, method=method, **given)

    def task(self, plan: StocktakePlan, unit: OrgUnit | None = None) -> StocktakeTask:
        return plan.tasks.get(org_unit=unit or self.world.unit)

    def found(
        self, task: StocktakeTask, asset: Asset | None, kind: str = Kind.OK, *, by: User | None = None, minute: int = 0, **more: Any
    ) -> Answer:  # fmt: skip
        at = BEGUN + dt.timedelta(hours=1, minutes=minute)
        code = written(asset.token) if asset is not None else ""
        entry = Entry(**({"key": uuid.uuid4(), "kind": kind, "found_at": at, "code": code} | more))
        with clock.pinned(at):
            [answer] = finding.record(task, [entry], actor=by or self._of(task))
        return answer

    def _of(self, task: StocktakeTask) -> User:
        return self.keeper if task.org_unit_id == self.world.unit.pk else self.neighbour

    def ended(self, plan: StocktakePlan, note: str = "已全面查找") -> StocktakePlan:
        """Confirmed by the departments, reconciled by the office and approved."""
        with clock.pinned(BEGUN + dt.timedelta(hours=5)):
            for task in plan.tasks.all():
                concluding.confirm(task, actor=self._of(task), note=note)
            concluding.reconcile(plan, actor=self.accountant)
            return concluding.approve(plan, actor=self.head)


def picture() -> bytes:
    """A small photograph."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (120, 90, 60)).save(buffer, "JPEG")
    return buffer.getvalue()
