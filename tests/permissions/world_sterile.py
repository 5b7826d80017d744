"""Sterile supply, reagents, bins and prices in the hospital of the matrix: packs went to every place and were used there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hrp.logistics.bins.services import registering
from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment
from hrp.logistics.catalogue.models import SalePrice
from hrp.logistics.highvalue.models import PatientUse, UseQuota
from hrp.logistics.models import Item, Project, StockBalance, Store
from hrp.logistics.sterile.models import (
    BackFlush,
    ColdPlace,
    ForeignPhoto,
    LisCount,
    Machine,
    Pack,
    PackingMaterial,
    PackStep,
    PackType,
    ReagentLog,
    ReagentNorm,
    ReagentVial,
)
from hrp.logistics.sterile.services import cold, cycle, foreign, hazards, loads
from hrp.logistics.sterile.services.cycle import Station
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY, SINCE
from tests.permissions.places import HEAVY, canary, common

if TYPE_CHECKING:
    from hrp.logistics.sterile.models import Load
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Builder

NEXT_MONTH = dt.date(2026, 12, 24)
BEFORE = 5_000_000  # ids of documents from before this system: no page has them


def furnish(builder: Builder, *, file: str) -> None:
    """Fill the newer rooms; ``file`` is a stored file to serve as a picture."""
    supply = SterileSupply(builder)
    supply.instruments(file)
    supply.laboratory()
    for place, unit in builder.hospital.units.items():
        store = builder.hospital.stores[place]
        supply.given(place, unit)
        supply.kept(place, store)
        supply.consumed(place, store)
        supply.priced(place, unit)
        supply.implanted(place)
    supply.decided()
    PackType.objects.filter(pk=supply.basic.pk).update(price="28.5")


class SterileSupply:
    """``actor`` does everything anywhere."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.hospital = builder.hospital
        self.room = builder.room
        self.actor = builder.builder
        self.now = clock.now()
        self.paper = PackingMaterial.objects.create(code="ZS", name="纸塑袋", shelf_days=180)
        self.washer = Machine.objects.create(code="Q1", name="清洗消毒器", kind="washer")
        self.oven = Machine.objects.create(code="M1", name="灭菌器", kind="steriliser")
        # the first is knocked at: the price of the other tells in its history what it once was
        self.implant = PackType.objects.create(code="B2", name="植入包", material=self.paper, implant=True)
        self.basic = PackType.objects.create(code="B1", name="缝合包", material=self.paper, price="28.5")

    # -- what the whole hospital has once ------------------------------------------------------------------------------

    def instruments(self, file: str) -> None:
        """A load that waits with an implant in it, one pack let go early, instruments of a supplier."""
        load, packs = self._loaded(self.implant, 2)
        for kind in ("physical", "chemical"):
            loads.record_result(actor=self.actor, load=load, kind=kind, passed=True)
        loads.release_early(
            actor=self.hospital.people["cs"], pack=packs[0], reason="急诊", indicator="W5", indicator_passed=True,
            visit_no="ZY-1",
        )  # fmt: skip
        self.hospital.put("logistics.pack_labels", "own", packs[0])
        self.hospital.put("logistics.sterile_load_list", "own", load)
        came = foreign.receive_foreign(
            actor=self.actor, pk=None,
            values={
                "supplier": self.room.supplier.pk, "name": "骨科工具", "contents": "骨凿 1", "pieces": 1, "weight_g": 900,
                "visit_no": "ZY-1",
            },
        )  # fmt: skip
        self.hospital.put("logistics.foreign_photo", "own", ForeignPhoto.objects.create(
            foreign_set=came, name="照片.jpg", path=file, sha256="0" * 64, size=2, mime="image/jpeg", uploaded_by=self.actor,
            uploaded_at=self.now,
        ))  # fmt: skip

    def _loaded(self, kind: PackType, count: int) -> tuple[Load, list[Pack]]:
        """New packs, cleaned, wrapped and put into a load of their own."""
        packs = cycle.register(actor=self.actor, pack_type=kind, count=count, campus=self.builder.base.campus)
        load = loads.start_load(actor=self.actor, machine=self.oven, programme="134")
        unit = self.hospital.units["own"]
        for pack in packs:
            for station in (
                Station("recover", org_unit_id=unit.pk), Station("wash", machine=self.washer, cycle_no="1"),
                Station("disinfect", machine=self.washer, cycle_no="1"), Station("pack"), Station("sterilise", load=load),
            ):  # fmt: skip
                cycle.step(actor=self.actor, station=station, barcode=pack.barcode)
        return load, packs

    def laboratory(self) -> None:
        """A reagent in use, hazardous goods, and what registers of the whole hospital hold."""
        self.reagent, self.acid = (
            Item.objects.create(
                code=code, name=code, unit="盒", material_class=self.room.gauze.material_class, lot_required=False,
                expiry_required=False, **more,
            )
            for code, more in (("SJ", {"kind": "reagent"}), ("WH", {"kind": "consumable", "hazard": "flammable"}))
        )  # fmt: skip
        batch = StockBalance.objects.earliest("pk").batch
        told: dict[str, Any] = {"instrument": "E601", "item": self.reagent, "batch": batch}
        ReagentVial.objects.create(
            **told, tests=100, opened_on=DAY, opened_at=self.now, opened_by=self.actor, in_use_expiry=DAY
        )
        ReagentLog.objects.create(**told, kind="control", by=self.actor, at=self.now)
        LisCount.objects.create(instrument="E601", test_code="TSH", day=DAY, patients=1)
        Project.objects.create(
            code="KY-1", name="课题", kind="research", leader="张三", fund=self.room.fund, valid_from=SINCE,
            org_unit=self.builder.costing.office,
        )  # fmt: skip
        SalePrice.objects.create(
            item=self.room.gauze, price="1", valid_from=DAY, source=f"logistics.price_adjustment:{BEFORE}"
        )
        UseQuota.objects.create(kind="operator", name="李医生", pieces=1)

    # -- what lies in a department ---------------------------------------------------------------------------------------

    def given(self, place: str, unit: OrgUnit) -> None:
        """A pack that was issued there and used for a patient of it."""
        PackType.objects.filter(pk=self.basic.pk).update(price=HEAVY if place == "sibling" else "28.5")
        load, [pack] = self._loaded(self.basic, 1)
        for kind in ("physical", "chemical"):
            loads.record_result(actor=self.actor, load=load, kind=kind, passed=True)
        loads.release(actor=self.actor, load=load)
        word = canary(place)
        for station in (
            Station("issue", org_unit_id=unit.pk), Station("use", org_unit_id=unit.pk, visit_no=word, patient="张三"),
        ):  # fmt: skip
            cycle.step(actor=self.actor, station=station, barcode=pack.barcode)
        self.hospital.put("logistics.pack_issue", place, PackStep.objects.get(pack=pack, step="issue"))

    def kept(self, place: str, store: Store) -> None:
        """A bin, what lies on hand to be put into it, a refrigerator and a cupboard of two locks."""
        word, put = canary(place), self.hospital.put
        where = {"zone": "A", "rack": "01", "level": "1", "place": "01"}
        put(
            "logistics.bin",
            place,
            registering.save(actor=self.actor, pk=None, values={"store": store.pk, **where}),
        )
        for door in ("one", "scan"):
            put(f"logistics.handheld.putaway.{door}", place, store)
        there = StockBalance.objects.filter(store=store, quantity__gt=0).earliest("pk")
        for kind in ("logistics.bin_stock", "logistics.labels"):
            put(kind, place, there)
        fridge = ColdPlace.objects.create(
            code=f"L-{place}", name=word, store=store, lowest=Decimal(2), highest=Decimal(8)
        )
        cold.read(actor=self.actor, place=fridge, celsius=Decimal(5), measure=word)
        put("logistics.cold", place, fridge)
        put("logistics.hazard", place, hazards.enter_hazard(
            actor=self.actor, store=store, item=self.acid, kind="in", quantity=Decimal(1), purpose=word
        ))  # fmt: skip

    def consumed(self, place: str, store: Store) -> None:
        """What a test takes of a reagent there, and a period that was back-flushed."""
        put = self.hospital.put
        put("logistics.reagent_norm", place, ReagentNorm.objects.create(
            instrument="E601", test_code=f"T-{place}", item=self.reagent, store=store, tests_per_kit=100, open_days=30
        ))  # fmt: skip
        put("logistics.back_flush", place, BackFlush.objects.create(
            store=store, first_day=SINCE, last_day=SINCE, source=f"logistics.stock_issue:{BEFORE + store.pk}",
            made_by=self.actor, made_at=self.now,
        ))  # fmt: skip

    def priced(self, place: str, unit: OrgUnit) -> None:
        """An adjustment of a price that is being written."""
        header = common(place, unit, effective_on=NEXT_MONTH, reason="first", basis=canary(place))
        self.builder.draft(
            PriceAdjustment, place, header, [{"item": self.room.gauze.pk, "new_price": "2", "remark": canary(place)}]
        )  # fmt: skip

    def decided(self) -> None:
        """One of the own department that waits for its day: every store will be taken over."""
        head = common(
            "own", self.hospital.units["own"], effective_on=NEXT_MONTH, reason="first", basis="定价"
        )
        self.builder.post(PriceAdjustment, head, [{"item": self.room.gauze.pk, "new_price": "3"}])

    def implanted(self, place: str) -> None:
        """The use that stands was of an implant: it has a card and can be told to others."""
        use = PatientUse.objects.get(pk=self.hospital.objects["logistics.patient_use"][place])
        Item.objects.filter(pk=use.unit.item_id).update(implant=True)
        for kind in ("logistics.implant_card", "logistics.use_record"):
            self.hospital.put(kind, place, use)
