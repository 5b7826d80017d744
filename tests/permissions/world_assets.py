"""Fixed assets in the hospital of the matrix: what lies in a department once in every place, the rest once.

Documents, and what follows from them, come about through the product's own services; a register that is only kept by
hand is a row.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hrp.assets.acquisition.models import AcquisitionBudget, LargeLicence
from hrp.assets.acquisition.services import reference as buying_rules
from hrp.assets.disposal.documents.disposal_income import DisposalIncome
from hrp.assets.disposal.documents.disposal_request import DisposalRequest, Stage
from hrp.assets.disposal.services import deciding, executing
from hrp.assets.disposal.services import reference as disposal_rules
from hrp.assets.documents.asset_transfer import AssetTransfer
from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.documents.revision import Counter, Kind, Revision
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.equipment.models import (
    AffectedCard,
    CarePlan,
    Certificate,
    Forecast,
    Instrument,
    RepairPhoto,
    ServiceContract,
    Task,
    Template,
    TemplateItem,
)
from hrp.assets.equipment.services import (
    benefit,
    care,
    contracts,
    readiness,
    repair_files,
    repairs,
    safety,
    tags,
)
from hrp.assets.models import (
    Asset,
    AssetClass,
    DepartmentShare,
    FundingLine,
    FundingSource,
    LifeRule,
    Location,
    UsageReading,
)
from hrp.assets.stocktaking.documents.loss_decision import LossDecision
from hrp.assets.stocktaking.models import Finding, PendingLoss
from hrp.assets.stocktaking.rules import Kind as Found
from hrp.assets.stocktaking.services import concluding, planning
from hrp.platform.access import permissions
from hrp.platform.base import clock
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import Attachment
from hrp.platform.documents.testing import SINCE
from hrp.platform.ledger.models import Account
from tests.permissions import world_acquisition, world_asset_life
from tests.permissions.places import HEAVY, canary, common, heavy

if TYPE_CHECKING:
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Builder

YEAR_END = dt.date(2026, 12, 31)
WEIGHED = (
    "assets.booking", "assets.revision", "assets.depreciation_run", "assets.disposal_request", "assets.acquisition_request",
    "assets.acquisition_plan", "assets.reclassification", "assets.rent_income", "assets.construction_cost",
)  # fmt: skip
MODEL = "XV-5"  # of every machine a notice speaks of


def furnish(builder: Builder, *, file: str) -> None:
    """Fill every room; ``file`` is a stored file to serve as photograph and certificate."""
    assets = Assets(builder, file)
    assets.catalogue()
    units = builder.hospital.units
    for place, unit in units.items():
        assets.cards(place, unit)
        assets.papers(place, unit)
        assets.repaired(place, unit)
        assets.cared_for(place, unit)
        assets.safe(place, unit)
        assets.earning(place, unit)
        assets.lost(place, unit)
        assets.disposed(place, unit)
        world_asset_life.furnish(assets, place, unit)
    assets.noticed()
    for place, unit in units.items():
        assets.counted(place, unit)
    world_acquisition.furnish(assets)
    assets.weigh()


class Assets:
    """``actor`` does everything anywhere, ``other`` what two people must do."""

    def __init__(self, builder: Builder, file: str) -> None:
        self.builder = builder
        self.hospital = builder.hospital
        self.file = file
        self.actor = builder.builder
        self.other = builder.base.user(
            "second", "复核人", *(one.code for one in permissions.of_duty("business"))
        )
        self.main: dict[str, Asset] = {}
        self.places: dict[int, Location] = {}
        self.now = clock.now()
        self.today = clock.today()
        self.year_end = YEAR_END

    # -- what is the whole hospital's ----------------------------------------------------------------------------------

    def catalogue(self) -> None:
        """Classes, sources, locations, a template of care, a contract, and the rules of disposal and buying."""
        account = {row.code: row for row in Account.objects.all()}
        LifeRule.objects.create(
            code="MED", name="医疗设备", least=5, usual=6, valid_from=SINCE, source="测试"
        )
        self.kinds = [
            AssetClass.objects.create(
                code=f"A0232010{number}", name="医用设备", group="A02", life_code="MED", threshold=Decimal(1000),
                asset_account=account["1601.02"], depreciation_account=account["1602.02"], is_medical=True,
                expense_account=account["5001.04"], admin_expense_account=account["5101.04"],
            )
            for number in range(1 + len(self.hospital.units))
        ]  # fmt: skip
        self.fund = self.builder.room.fund
        self.source = FundingSource.objects.create(code="1", name="自有资金", fund=self.fund)
        self.template = Template.objects.create(code="T-pm", name="二级保养", kind="qc")
        self.item = TemplateItem.objects.create(template=self.template, position=1, name="报警功能")
        self.contract = ServiceContract.objects.create(
            number="FW-1",
            name="维保合同",
            kind="full",
            vendor="厂家",
            valid_from=SINCE,
            valid_to=YEAR_END,
            fee="1000",
        )
        disposal_rules.install(actor=self.actor)
        buying_rules.install(actor=self.actor)
        AcquisitionBudget.objects.create(
            hospital=self.builder.base.hospital, year=2026, source=self.source, amount=Decimal("500000")
        )
        LargeLicence.objects.create(
            number="PZ-1", large_class=buying_rules.LargeClass.objects.earliest("pk"), hospital=self.builder.base.hospital,
            quota=1, valid_from=SINCE,
        )  # fmt: skip

    def weigh(self) -> None:
        """Of these a sheet shows nothing but what they add up to: the sibling's is the heavy amount."""
        for kind in WEIGHED:
            rows = registry.types[kind].model._default_manager.filter(
                pk=self.hospital.objects[kind]["sibling"]
            )
            rows.update(total=HEAVY)

    # -- cards ---------------------------------------------------------------------------------------------------------

    def card(self, place: str, unit: OrgUnit, name: str, cost: str = "2000.00", **fields: Any) -> Asset:
        """A draft card of a place, paid for by one source."""
        at = self.places.get(unit.campus_id)
        if at is None:
            at = Location.objects.create(code=f"L{unit.campus_id}", name="门诊楼", campus=unit.campus)
            self.places[unit.campus_id] = at
        asset = Asset.objects.create(
            campus=unit.campus, org_unit=unit, life_months=60, cost=Decimal(cost), location=at, name=f"{name} {canary(place)}",
            **{"asset_class": self.kinds[0]} | fields,
        )  # fmt: skip
        FundingLine.objects.create(asset=asset, source=self.source, cost=Decimal(cost))
        DepartmentShare.objects.create(asset=asset, org_unit=unit, ratio=100, valid_from=SINCE)
        return asset

    def cards(self, place: str, unit: OrgUnit) -> None:
        """A machine in use, and others for what can happen to only one at a time; one that is not booked yet."""
        put, number = self.hospital.put, list(self.hospital.units).index(place)
        machine = {
            "model": MODEL,
            "manufacturer": "安平医疗",
            "serial_number": canary(place),
            "life_support": True,
        }
        self.main[place] = self.card(place, unit, "呼吸机", heavy(place, "2000.00"), **machine)
        self.stopped = self.card(place, unit, "停用的监护仪", value_kind="estimate")
        self.pool = self.card(place, unit, "备用机")
        self.gone = self.card(place, unit, "报废的监护仪")
        self.leaving = self.card(place, unit, "待处置的监护仪")
        self.missing = self.card(place, unit, "盘亏的监护仪")
        self.sought = self.card(place, unit, "盘点的监护仪", asset_class=self.kinds[1 + number])
        self.booked = [
            self.main[place], self.stopped, self.pool, self.gone, self.leaving, self.missing, self.sought,
        ]  # fmt: skip
        self.builder.post(Booking, common(place, unit), [{"asset": one.pk} for one in self.booked])
        for one in self.booked:
            one.refresh_from_db()
        draft = self.card(place, unit, "待入账的监护仪")
        for kind in ("assets.asset.act", "assets.asset.panel"):
            put(kind, place, draft)
        for kind in ("assets.asset", "assets.card", "assets.trend", "assets.readiness", "assets.labels"):
            put(kind, place, self.main[place])
        for kind in ("assets.scan", "assets.scan.code"):
            self.hospital.named(kind, place, str(self.main[place].token))
        self.builder.draft(Booking, place, common(place, unit), [{"asset": draft.pk}])
        put("assets.usage", place, UsageReading.objects.create(
            asset=self.main[place], month=dt.date(2026, 11, 1), units="5", note=canary(place)
        ))  # fmt: skip

    def papers(self, place: str, unit: OrgUnit) -> None:
        """Each of the floor's documents, being written."""
        word, main = canary(place), self.main[place].pk
        reason = common(place, unit, reason=word)
        self.builder.draft(
            Revision, place, {**reason, "kind": Kind.VALUE, "counter": Counter.CONSTRUCTION},
            [{"asset": main, "source": self.source.pk, "amount": "100.00"}],
        )  # fmt: skip
        self.builder.draft(
            AssetTransfer,
            place,
            reason,
            [{"asset": main, "to_unit": self.builder.costing.office.pk, "ratio": "100"}],
        )
        self.builder.draft(WriteOff, place, {**reason, "way": "loss"}, [{"asset": main}])
        self.builder.draft(DepreciationRun, place, common(place, unit), [])

    # -- the machines --------------------------------------------------------------------------------------------------

    def repaired(self, place: str, unit: OrgUnit) -> None:
        """A fault that was reported, with a picture and a cost; a tag, a loan."""
        word, put = canary(place), self.hospital.put
        order = repairs.report(actor=self.actor, asset=self.main[place], fault=word, is_down=False)
        put("assets.repair", place, order)
        repair_files.charge(
            actor=self.actor, order=order, kind="vendor", name=word, quantity=Decimal(1), amount=Decimal(10)
        )
        put("assets.repair_photo", place, RepairPhoto.objects.create(
            order=order, name=f"{word}.jpg", path=self.file, mime="image/jpeg", sha256="0" * 64, size=2, actor=self.actor,
            at=self.now,
        ))  # fmt: skip
        put("assets.stop_tag", place, tags.stop(actor=self.actor, asset=self.stopped, text=word))
        put("assets.loan", place, readiness.lend(
            actor=self.actor, asset=self.pool, unit=self.builder.costing.office, reason=word
        ))  # fmt: skip
        readiness.check(actor=self.actor, asset=self.main[place], usable=True, note=word)

    def cared_for(self, place: str, unit: OrgUnit) -> None:
        """A plan of care with one task done and others ahead, a risk, a certificate, a visit of the vendor."""
        word, put, main = canary(place), self.hospital.put, self.main[place]
        plan = CarePlan.objects.create(asset=main, template=self.template, months=3, first_due=self.today)
        put("assets.care_plan", place, plan)
        care.generate(actor=self.actor, unit_id=unit.pk)
        done, *ahead = Task.objects.filter(plan=plan).order_by("planned_on")
        care.complete(actor=self.actor, task=done, found={self.item.pk: care.Found()}, note=word)
        put("assets.task", place, ahead[0])
        put("assets.risk", place, care.judge(actor=self.actor, asset=main, function=10, physical=5, need=5))
        instrument = Instrument.objects.create(asset=main, months=12, organisation=word, first_due=YEAR_END)
        put("assets.metrology", place, instrument)
        put("assets.certificate", place, Certificate.objects.create(
            instrument=instrument, number=word, organisation=word, tested_on=self.today, result="passed", valid_to=YEAR_END,
            path=self.file, mime="text/plain", file_name=f"{word}.txt", actor=self.actor, at=self.now,
        ))  # fmt: skip
        contracts.cover(actor=self.actor, contract=self.contract, asset=main)
        contracts.visited(
            actor=self.actor, contract=self.contract, kind="visit", on=self.today, text=word, asset=main
        )

    def safe(self, place: str, unit: OrgUnit) -> None:
        """An adverse event."""
        event = safety.record(actor=self.actor, pk=None, values={
            "asset": self.main[place].pk, "org_unit": unit.pk, "severity": "other", "occurred_on": self.today,
            "known_on": self.today, "event": canary(place),
        })  # fmt: skip
        self.hospital.put("assets.device_event", place, event)

    def noticed(self) -> None:
        """A recall of every machine of the model."""
        notice = safety.enter(actor=self.actor, pk=None, values={
            "number": "ZH-1", "kind": "recall", "title": "召回", "issuer": "厂家", "issued_on": self.today, "model": MODEL,
        })  # fmt: skip
        for place, asset in self.main.items():
            card = AffectedCard.objects.get(notice=notice, asset=asset)
            self.hospital.put("assets.affected_card", place, card)

    def earning(self, place: str, unit: OrgUnit) -> None:
        """What a machine earned and cost, and what was hoped for."""
        word, put, main = canary(place), self.hospital.put, self.main[place]
        month = {"asset": main.pk, "month": self.today.replace(day=1), "note": word}
        put("assets.machine_revenue", place, benefit.earned(
            actor=self.actor, pk=None, values={**month, "revenue": heavy(place, "50.00"), "volume": 5}
        ))  # fmt: skip
        put("assets.machine_cost", place, benefit.spent(
            actor=self.actor, pk=None, values={**month, "kind": "staff", "amount": "10.00"}
        ))  # fmt: skip
        put("assets.forecast", place, Forecast.objects.create(
            asset=main, volume=60, revenue="600", cost="120", study=word
        ))  # fmt: skip

    # -- what is not found, and what leaves ----------------------------------------------------------------------------

    def counted(self, place: str, unit: OrgUnit) -> None:
        """A stocktake that goes on; its office's own has a line of the sibling's as well."""
        word, put, kind = canary(place), self.hospital.put, self.sought_in(place)
        plan = planning.begin(
            actor=self.actor,
            office=unit,
            name=word,
            method="class",
            due_on=YEAR_END,
            of_class=kind,
            note=word,
        )
        put("assets.stocktake", place, plan)
        task = plan.tasks.get(org_unit=unit)
        for one in ("assets.stocktake_task", "assets.hand"):
            put(one, place, task)

    def sought_in(self, place: str) -> AssetClass:
        return self.kinds[1 + list(self.hospital.units).index(place)]

    def lost(self, place: str, unit: OrgUnit) -> None:
        """A stocktake that is over: something without a card, and a loss that waits to be decided upon."""
        word, put = canary(place), self.hospital.put
        plan = planning.begin(
            actor=self.actor,
            office=unit,
            name=word,
            method="class",
            due_on=YEAR_END,
            of_class=self.sought_in(place),
        )
        task = plan.tasks.get(org_unit=unit)
        extra = Finding.objects.create(
            uuid=uuid.uuid4(), task=task, kind=Found.EXTRA, name=word, photo=self.file, found_at=self.now, received_at=self.now,
            counter=self.actor,
        )  # fmt: skip
        put("assets.found_asset", place, extra)
        put("assets.stocktake_finding", place, extra)
        concluding.confirm(task, actor=self.actor, note=word)
        concluding.reconcile(plan, actor=self.actor)
        concluding.approve(plan, actor=self.other)
        header = common(place, unit, reason=word, way="loss")
        self.builder.post(WriteOff, header, [{"asset": self.missing.pk}])
        pending = put("assets.pending_loss", place, PendingLoss.objects.get(asset=self.missing))
        decision = common(place, unit, basis=word, approval_number=word)
        self.builder.draft(
            LossDecision, place, decision, [{"pending": pending.pk, "amount": "1.00", "compensation": "0"}]
        )

    def disposed(self, place: str, unit: OrgUnit) -> None:
        """A disposal that was carried out and brought money, and one that is asked for."""
        word = canary(place)
        asked = common(
            place, unit, way="scrap", reason="beyond_repair", explanation=word, cause=word, responsible=word
        )
        self.builder.draft(DisposalRequest, place, asked, [{"asset": self.leaving.pk, "condition": word}])
        draft = services.save_draft(
            DisposalRequest, actor=self.actor, header=asked, lines=[{"asset": self.gone.pk}]
        )
        Attachment.objects.create(
            kind=draft.spec.kind, document_id=draft.pk, name=f"{word}.jpg", path=self.file, sha256="0" * 64, size=2,
            mime="image/jpeg", uploaded_by=self.actor, uploaded_at=self.now,
        )  # fmt: skip
        request = services.submit(draft, actor=self.actor)
        for stage in deciding.CODES:
            if stage != Stage.EXTERNAL:
                deciding.say(
                    request, stage, actor=self.other, agrees=True, opinion=word, institution="鉴定中心"
                )
        request = posting.post(request, actor=self.actor)
        done = executing.execute(
            request, actor=self.actor, channel="recycler", counterpart=word, on=self.today
        )
        write_off = registry.load(done.write_off)
        assert write_off is not None
        posting.post(services.submit(write_off, actor=self.actor), actor=self.actor)
        self.hospital.put("assets.written_off", place, request.lines.get())
        income = common(
            place, unit, request=request.pk, payer=word, received="5.00", fees="0", fund=self.fund.pk
        )
        self.builder.draft(DisposalIncome, place, income, [])
