"""A small hospital with machines: a ward with a ventilator, two monitors, a nurse, an engineer, and what they may do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.equipment.models import CarePlan, RepairOrder, Task, Template, TemplateItem
from hrp.assets.equipment.services import care, repairs
from hrp.assets.models import Asset
from hrp.assets.tests.world import AssetHospital
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

NOON = clock.at(DAY, 12)
WARD = (
    "assets.repair.view", "assets.repair.report", "assets.repair.accept", "assets.readiness.view", "assets.readiness.check",
    "assets.safety_notice.view", "assets.safety_notice.handle", "assets.device_event.view", "assets.device_event.edit",
)  # fmt: skip
ENGINEER = (
    "assets.asset.view", "assets.repair.view", "assets.repair.report", "assets.repair.dispatch", "assets.repair.work", "assets.repair.check",
    "assets.repair.accept", "assets.care.view", "assets.care.edit", "assets.care.work", "assets.stop_tag.view", "assets.stop_tag.edit", "assets.metrology.view",
    "assets.metrology.edit", "assets.contract.view", "assets.contract.edit", "assets.device_event.view", "assets.device_event.edit",
    "assets.safety_notice.view", "assets.safety_notice.edit", "assets.safety_notice.handle", "assets.readiness.view",
    "assets.readiness.check", "assets.readiness.lend", "assets.benefit.view", "assets.benefit.edit", "assets.equipment_report.view",
    "assets.equipment_report.export", "assets.repair.export",
)  # fmt: skip


class Workshop:
    """``ventilator`` keeps people alive; ``monitor`` and ``second`` are of one model."""

    def __init__(self) -> None:
        self.hospital = AssetHospital()
        self.world = self.hospital.world
        own = self.hospital.own
        with clock.pinned(clock.at(DAY, 8)):
            self.ventilator = self.hospital.book(
                (own, "120000.00"),
                on=DAY,
                name="治疗呼吸机",
                model="XV-5",
                manufacturer="安平医疗",
                serial_number="V005",
                life_support=True,
            )
            self.monitor = self.hospital.book(
                (own, "6000.00"),
                on=DAY,
                name="监护仪",
                model="XP-12",
                manufacturer="安平医疗",
                serial_number="P010",
                life_support=False,
            )
            self.second = self.hospital.book(
                (own, "6000.00"),
                on=DAY,
                name="监护仪",
                model="XP-12",
                manufacturer="安平医疗",
                serial_number="P020",
                life_support=False,
            )
        self.nurse = self.world.user("nurse", "林护士", *WARD, unit=self.world.unit)
        self.stranger = self.world.user("stranger", "外科护士", *WARD, unit=self.world.other)
        self.engineer = self.world.user("engineer", "高工", *ENGINEER)
        self.colleague = self.world.user("colleague", "田工", *ENGINEER)

    def report(self, asset: Asset | None = None, *, at: dt.datetime = NOON, **more: Any) -> RepairOrder:
        with clock.pinned(at):
            return repairs.report(actor=self.nurse, asset=asset or self.monitor, fault="屏幕不亮", **more)

    def working(self, asset: Asset | None = None, *, at: dt.datetime = NOON, **more: Any) -> RepairOrder:
        """An order its engineer stands before."""
        order = self.report(asset, at=at, **more)
        with clock.pinned(at + dt.timedelta(minutes=20)):
            order = repairs.take(actor=self.engineer, order=order)
            return repairs.arrive(actor=self.engineer, order=order)

    def fixed(
        self, asset: Asset | None = None, *, at: dt.datetime = NOON, hours: int = 2, **more: Any
    ) -> RepairOrder:
        order = self.working(asset, at=at)
        with clock.pinned(at + dt.timedelta(hours=hours)):
            return repairs.fix(actor=self.engineer, order=order, cause="part", action="更换电源板", **more)

    def repaired(self, asset: Asset | None = None, *, at: dt.datetime = NOON, hours: int = 2) -> RepairOrder:
        order = self.fixed(asset, at=at, hours=hours)
        with clock.pinned(at + dt.timedelta(hours=hours)):
            return repairs.accept(actor=self.nurse, order=order)

    def template(self, kind: str = "pm") -> Template:
        found = Template.objects.create(
            code=f"T-{kind}",
            name={"pm": "呼吸机二级保养", "qc": "呼吸机质控", "safety": "电气安全"}[kind],
            kind=kind,
        )
        TemplateItem.objects.create(
            template=found,
            position=1,
            name="潮气量误差",
            numeric=True,
            unit="%",
            low=Decimal(-15),
            high=Decimal(15),
        )
        TemplateItem.objects.create(template=found, position=2, name="报警功能")
        return found

    def task(
        self, kind: str = "pm", *, asset: Asset | None = None, due: dt.date = DAY, months: int = 3
    ) -> Task:
        template = Template.objects.filter(kind=kind).first() or self.template(kind)
        plan = CarePlan.objects.create(
            asset=asset or self.ventilator, template=template, months=months, first_due=due
        )
        with clock.pinned(NOON):
            care.generate(actor=self.engineer, today=DAY)
        return Task.objects.filter(plan=plan).earliest("planned_on")

    def answers(self, task: Task, value: str = "3", *, alarm: bool = True) -> dict[int, care.Found]:
        first, second = TemplateItem.objects.filter(template=task.template)
        return {first.pk: care.Found(value=Decimal(value)), second.pk: care.Found(passed=alarm)}

    def status(self, asset: Asset) -> str:
        asset.refresh_from_db()
        return asset.status
