"""Sterile supply and reagents of the demo hospital: a morning's load, an implant that waits, a vial on the analyser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from hrp.logistics.models import Batch, Item, Store, Supplier
from hrp.logistics.sterile.models import (
    ColdPlace,
    LisCount,
    Machine,
    PackContent,
    PackingMaterial,
    PackType,
    ReagentNorm,
)
from hrp.logistics.sterile.services import cold, cycle, foreign, loads, reagents
from hrp.logistics.sterile.services.cycle import Station
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import Campus, OrgUnit

CLERK, CHIEF, LAB = "xuting", "luozhen", "zhangxiaoyan"
TYPES = (
    ("XD01", "清创缝合包", False, "28.50", (("持针器", "16cm", 1), ("止血钳", "14cm 弯", 2), ("组织剪", "14cm", 1))),
    ("XD02", "剖腹探查包", False, "126.00", (("拉钩", "腹腔", 4), ("卵圆钳", "25cm", 2), ("止血钳", "18cm", 10))),
    ("XD03", "骨科内固定植入包", True, "210.00", (("钻头", "2.5mm", 2), ("测深尺", "", 1), ("螺钉起子", "六角", 2))),
)  # fmt: skip


def seed(users: Mapping[str, User], units: Mapping[str, OrgUnit], today: dt.date) -> None:
    """One load released and partly issued, one with an implant that waits for its biological monitor."""
    clerk, chief = users[CLERK], users[CHIEF]
    paper = PackingMaterial.objects.create(code="ZS", name="医用纸塑袋", shelf_days=180)
    PackingMaterial.objects.create(code="MB", name="双层棉布", shelf_days=14)
    washer = Machine.objects.create(code="QX-1", name="全自动清洗消毒器", kind="washer")
    oven = Machine.objects.create(code="MJ-2", name="脉动真空灭菌器", kind="steriliser")
    kinds = _kinds(paper)
    campus = units["0301"].campus
    with clock.pinned(min(clock.at(today, 7, 30), clock.now())):
        packs = [
            pack
            for kind, count in zip(kinds, (4, 2, 1), strict=True)
            for pack in cycle.register(actor=clerk, pack_type=kind, count=count, campus=campus)
        ]
        load = loads.start_load(actor=clerk, machine=oven, programme="134℃ 4min")
        for pack in packs:
            for station in (
                Station("recover", org_unit_id=units["0205"].pk), Station("wash", washer, "标准器械", "1"),
                Station("disinfect", washer, "A0 3000", "1"), Station("pack"), Station("sterilise", load=load),
            ):  # fmt: skip
                cycle.step(actor=clerk, station=station, barcode=pack.barcode)
        for monitor in ("physical", "chemical"):
            loads.record_result(
                actor=chief,
                load=load,
                kind=monitor,
                passed=True,
                reading="134.6℃ 4min 20s" if monitor == "physical" else "",
            )
        loads.release(actor=chief, load=load)
        for pack in packs[:2]:
            cycle.step(
                actor=clerk, station=Station("issue", org_unit_id=units["0107"].pk), barcode=pack.barcode
            )
        _visiting(clerk, kinds[2], campus)
    _reagents(users[LAB], today)


def _kinds(paper: PackingMaterial) -> list[PackType]:
    kinds = []
    for code, name, implant, price, contents in TYPES:
        kind = PackType.objects.create(
            code=code,
            name=name,
            implant=implant,
            price=price,
            material=paper,
            sterilise_programme="134℃ 4min",
        )
        PackContent.objects.bulk_create(
            PackContent(pack_type=kind, instrument=tool, spec=spec, quantity=n) for tool, spec, n in contents
        )
        kinds.append(kind)
    return kinds


def _visiting(clerk: User, kind: PackType, campus: Campus) -> None:
    """Instruments a supplier brought for the operation of today."""
    visiting = foreign.receive_foreign(
        actor=clerk, pk=None,
        values={
            "supplier": Supplier.objects.get(code="GYS004").pk, "name": "胫骨远端锁定板工具", "pieces": "12", "weight_g": "5600",
            "contents": "复位钳 2\n导钻 3\n测深尺 1\n螺丝刀 2\n模板 4", "has_implant": "on", "visit_no": "ZY2026110521",
        },
    )  # fmt: skip
    cycle.register(actor=clerk, pack_type=kind, count=1, campus=campus, foreign_set=visiting)


def _reagents(clerk: User, today: dt.date) -> None:
    kit = Item.objects.get(code="HC01901")
    ReagentNorm.objects.create(
        instrument="化学发光 E601",
        test_code="TNI",
        item=kit,
        store=Store.objects.get(code="CK01"),
        per_test=1,
        tests_per_kit=100,
        open_days=28,
    )
    LisCount.objects.create(
        instrument="化学发光 E601", test_code="TNI", day=today, patients=86, controls=4, reruns=2
    )
    batch = Batch.objects.filter(item=kit, hold="", expiry__gte=today).order_by("expiry").first()
    if batch is not None:
        with clock.pinned(min(clock.at(today, 7, 10), clock.now())):
            reagents.open_vial(actor=clerk, instrument="化学发光 E601", batch=batch)
    fridge = ColdPlace.objects.create(
        code="BX-01",
        name="试剂冷藏柜",
        store=Store.objects.get(code="CK01"),
        lowest=Decimal(2),
        highest=Decimal(8),
    )
    for hour, celsius in ((7, "4.2"), (15, "4.8")):
        with clock.pinned(min(clock.at(today, hour, 5), clock.now())):
            cold.read(actor=clerk, place=fridge, celsius=Decimal(celsius))
