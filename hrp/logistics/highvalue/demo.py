"""High-value goods of the demo hospital: a cabinet of stents, operations that used some, one emergency, a drill of a recall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.models import PatientUse, TraceUnit, UseCharge, UseQuota
from hrp.logistics.highvalue.services import booking, charging, emergencies, recalls, scans, using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item, MaterialClass, Store, Supplier
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.org.models import OrgUnit

NURSE, KEEPER, ACCOUNTANT = "linyue", "wangmin", "zhangxiaoyan"

# code, name, spec, unit, barcode, registration, price, pinyin
ITEMS = (
    ("GZ00101", "冠状动脉药物洗脱支架系统", "3.0×24mm", "个", "06901234567892", "国械注准20203130101", "798.00", "gzdmywxtzj"),
    ("GZ00102", "冠状动脉药物洗脱支架系统", "2.75×18mm", "个", "06901234567908", "国械注准20203130101", "798.00", "gzdmywxtzj"),
    ("GZ00201", "金属锁定接骨板系统", "胫骨远端 8孔", "块", "06901234567915", "国械注准20193130202", "3680.00", "jssdjgb"),
)  # fmt: skip
# visit, patient, operation, surgeon, department, pieces used
PAST = (
    ("ZY2026100117", "李明华", "经皮冠状动脉支架置入术", "陈医生", "0111", 1),
    ("ZY2026100342", "王秀兰", "经皮冠状动脉支架置入术", "陈医生", "0111", 2),
)


def seed(users: Mapping[str, User], units: Mapping[str, OrgUnit], today: dt.date) -> None:
    """A cabinet, two operations of this month booked, one being prepared for today, a drill."""
    first = today.replace(day=1)
    cabinet = _cabinet(units["0205"])
    UseQuota.objects.create(kind="operator", name="陈医生", pieces=30)
    UseQuota.objects.create(kind="diagnosis", name="胫骨", amount=Decimal(8000))
    items = _items()
    stents = Supplier.objects.get(code="GYS001")
    plates = Supplier.objects.get(code="GYS004")
    with clock.pinned(_at(first, 8, 20)):
        _consign(
            users[KEEPER],
            cabinet,
            stents,
            [(items[0], "XK260801", 6), (items[1], "XK260713", 3)],
            first,
            "XK-1021",
        )
        _consign(users[KEEPER], cabinet, plates, [(items[2], "RH2606", 2)], first, "RH-0877")
    free = iter(TraceUnit.objects.filter(item=items[0]).order_by("pk"))
    day = min(first + dt.timedelta(days=2), today)
    for place, (visit_no, patient, operation, surgeon, department, count) in enumerate(PAST):
        visit = Visit(visit_no, patient, operation, surgeon, units[department].pk)
        with clock.pinned(_at(day, 9 + place, 10)):
            for _ in range(count):
                use = using.use(actor=users[NURSE], visit=visit, code=next(free).uid, site="左前降支")
                _charged(use)
    with clock.pinned(_at(day, 17, 30)):
        booking.book_all(actor=users[KEEPER], on=day)
    _settle(users[KEEPER], units["0407"], stents, day)
    _today(users, units, items, today)
    with clock.pinned(_at(day, 18)):
        recalls.enter(
            actor=users[ACCOUNTANT], title="召回演练：支架系统包装密封", level="2", decided_on=day, item_id=items[0].pk,
            lot="XK260801", campus_id=cabinet.campus_id, is_drill=True,
        )  # fmt: skip


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of a working day, never later than now."""
    return min(clock.at(day, hour, minute), clock.now())


def _cabinet(theatre: OrgUnit) -> Store:
    above = Store.objects.create(
        code="CK03", name="手术室二级库", kind="second", campus=theatre.campus, org_unit=theatre,
        parent=Store.objects.get(code="CK01"),
    )  # fmt: skip
    return Store.objects.create(
        code="CK31",
        name="手术室寄售柜",
        kind="consignment",
        campus=theatre.campus,
        org_unit=theatre,
        parent=above,
    )


def _items() -> list[Item]:
    goods = MaterialClass.objects.get(code="05")
    return [
        Item.objects.create(
            code=code, name=name, spec=spec, unit=unit, barcode=barcode, registration_number=registration, pinyin=pinyin,
            kind="high_value", material_class=goods, trace_mode="unit", device_class="3", implant=True, sterile=True,
            chargeable=True, charge_item=f"SF{code[2:]}", consigned=True, use_level="3", manufacturer="杏康医疗器械有限公司",
        )
        for code, name, spec, unit, barcode, registration, _, pinyin in ITEMS
    ]  # fmt: skip


def _consign(
    keeper: User,
    cabinet: Store,
    supplier: Supplier,
    goods: list[tuple[Item, str, int]],
    day: dt.date,
    note: str,
) -> None:
    prices = {code: price for code, *_, price, _ in ITEMS}
    lines = [
        {
            "item": item.pk, "lot": lot, "expiry": day + dt.timedelta(days=620), "quantity": count,
            "price": prices[item.code],
        }
        for item, lot, count in goods
    ]  # fmt: skip
    header = {
        "campus": cabinet.campus_id, "org_unit": cabinet.org_unit_id, "business_date": day, "store": cabinet.pk,
        "supplier": supplier.pk, "mode": "consign", "delivery_note": note,
    }  # fmt: skip
    _post(ConsignIn, keeper, header, lines)


def _post(model: Any, actor: User, header: dict[str, Any], lines: list[dict[str, Any]]) -> Any:
    draft = services.save_draft(model, actor=actor, header=header, lines=lines)
    return posting.post(services.submit(draft, actor=actor), actor=actor)


def _charged(use: PatientUse) -> None:
    """HIS of the demo hospital answered at once."""
    UseCharge.objects.filter(use=use).update(state=charging.State.CHARGED, charge_no=f"SF{use.pk:08d}")


def _settle(keeper: User, office: OrgUnit, supplier: Supplier, day: dt.date) -> None:
    """A settlement lies ready to be approved."""
    units = TraceUnit.objects.filter(state="booked", batch__supplier=supplier).order_by("pk")
    with clock.pinned(_at(day, 17, 50)):
        services.save_draft(
            UseSettlement, actor=keeper, lines=[{"unit": unit.pk} for unit in units],
            header={
                "campus": office.campus_id, "org_unit": office.pk, "business_date": day, "supplier": supplier.pk, "upto": day,
            },
        )  # fmt: skip


def _today(
    users: Mapping[str, User], units: Mapping[str, OrgUnit], items: list[Item], today: dt.date
) -> None:
    """An operation of today with its pieces ready, and an emergency that waits for approval."""
    nurse, ward = users[NURSE], units["0114"]
    header = {
        "campus": ward.campus_id, "org_unit": ward.pk, "business_date": today, "visit_no": "ZY2026110521",
        "patient": "赵国强", "operation": "胫骨骨折切开复位内固定术", "operator": "何医生", "diagnosis": "右胫骨远端骨折",
        "planned_on": today,
    }  # fmt: skip
    with clock.pinned(_at(today, 7, 40)):
        draft = services.save_draft(
            OperationRequest, actor=nurse, header=header, lines=[{"item": items[2].pk, "quantity": 1}]
        )
        request = services.submit(draft, actor=nurse)
        unit = TraceUnit.objects.filter(item=items[2]).order_by("pk").first()
        if unit is not None:
            scans.scan(actor=nurse, source=request.source, code=unit.uid)
        posting.post(request, actor=nurse)
    with clock.pinned(_at(today, 8, 10)):
        visit = Visit("ZY2026110498", "孙玉梅", "急诊冠脉支架置入术", "陈医生", units["0111"].pk)
        use = emergencies.use(
            actor=nurse, visit=visit, code="", item=items[1], supplier_id=Supplier.objects.get(code="GYS001").pk,
            reason="备货规格不足，供应商急送", lot="XK260902", expiry=today + dt.timedelta(days=700), price=Decimal("798.00"),
        )  # fmt: skip
        _charged(use)
