"""A catalogue for the demo hospital: papers, prices, classes, a published supply catalogue and what is under way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hrp.logistics.catalogue import pricing
from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment
from hrp.logistics.catalogue.models import (
    Authorisation,
    ClassNode,
    ItemIdentifier,
    ItemUnit,
    License,
    LicenseKind,
    PriceAgreement,
    VolumeContract,
    VolumeItem,
)
from hrp.logistics.catalogue.screens.items import save_item
from hrp.logistics.catalogue.services import classes, licenses, life, supply
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceiptLine
from hrp.logistics.models import Item, Project, Store, Supplier
from hrp.logistics.rules.gs1 import check_digit
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting
from hrp.platform.documents import services as documents
from hrp.platform.ledger.models import Fund
from hrp.platform.org.models import OrgUnit

MEDICAL = ("high_value", "consumable", "reagent", "disinfectant")
# item name -> 2002 and 2017 class
CLASSES = {
    "一次性使用无菌注射器": ("6815", "14"), "一次性使用静脉留置针": ("6815", "14"), "一次性使用输液器": ("6866", "14"), "医用外科口罩": ("6864", "14"),
    "医用检查手套": ("6866", "14"), "灭菌橡胶外科手套": ("6866", "14"), "可吸收性外科缝线": ("6865", "02"), "医用透明敷料": ("6864", "14"),
    "医用纱布块": ("6864", "14"), "负压引流装置": ("6866", "14"), "中心静脉导管": ("6866", "03"), "气管插管": ("6866", "08"),
    "一次性使用导尿管": ("6866", "14"), "金属锁定接骨板": ("6846", "13"), "锁定螺钉": ("6846", "13"), "冠状动脉药物洗脱支架": ("6846", "13"),
    "球囊扩张导管": ("6877", "03"), "真空采血管": ("6841", "22"), "肌钙蛋白I测定试剂盒": ("6840", "22"), "医用干式胶片": ("6831", "06"),
}  # fmt: skip
UNITS = {
    "一次性使用无菌注射器": (("盒", 100), ("箱", 2400)),
    "医用外科口罩": (("盒", 50), ("箱", 2000)),
    "医用检查手套": (("盒", 50),),
    "真空采血管": (("盘", 100), ("箱", 1200)),
}
VED = {"high_value": "V", "reagent": "V"}
DESIRABLE = ("医用检查手套", "医用透明敷料")
OWN = (("W01", "普通卫生材料"), ("W02", "植入介入材料"), ("W03", "检验试剂"), ("W04", "后勤物资"))
BUDGET = (("B01", "专用材料费—卫生材料"), ("B02", "专用材料费—试剂"), ("B03", "办公费"))


def seed(
    users: Mapping[str, User], suppliers: Sequence[Supplier], units: Sequence[OrgUnit], today: dt.date
) -> None:
    """Lay out what a year of keeping the catalogue leaves behind; ``zhangxiaoyan`` keeps it, ``chenlixin`` decides."""
    keeper, head = users["zhangxiaoyan"], users["chenlixin"]
    first = today.replace(day=1)
    items = list(Item.objects.filter(kind__in=MEDICAL).order_by("code"))
    with clock.pinned(clock.at(first - dt.timedelta(days=20), 9)):
        classes.install(actor=keeper)
        _classify(items)
        _identify(items, first)
        _papers(items, suppliers, today)
    _agree(suppliers, first)
    _volume(items, today)
    with clock.pinned(clock.at(first - dt.timedelta(days=6), 15)):
        _publish(keeper, head, items, first)
    with clock.pinned(min(clock.at(today, 9), clock.now())):
        _under_way(keeper, head, suppliers, units, today)
        _prices(users["gaojie"], keeper, first, today)
        _projects(users["wangmin"], units, today)
    licenses.remind(today)


def _classify(items: Sequence[Item]) -> None:
    """Codes of the devices, and the hospital's own two trees."""
    for scheme, rows in (("own", OWN), ("budget", BUDGET)):
        for code, name in rows:
            ClassNode.objects.create(scheme=scheme, code=code, name=name, source="院内规定")
    for number, item in enumerate(items, start=1):
        old, new = CLASSES.get(item.name, ("", ""))
        item.category_2002, item.category_2017 = old, new
        if item.device_class in ("2", "3") and new:
            issuer = "国" if item.device_class == "3" else "浙"
            item.registration_number = f"{issuer}械注准2023{item.device_class}{new}{number:04d}"
        item.implant = item.implant or new == "13"
        item.ved = VED.get(item.kind, "D" if item.name in DESIRABLE else "E")
        item.save(update_fields=["category_2002", "category_2017", "registration_number", "implant", "ved"])
        classes.follow(item=item, before=None)


def _identify(items: Sequence[Item], day: dt.date) -> None:
    """Identifiers of the piece and of the package; units of those bought by the case."""
    rows, units = [], []
    for number, item in enumerate(items, start=1):
        body = f"0690123{number:06d}"
        rows.append(ItemIdentifier(di=body + check_digit(body), item=item, valid_from=day))
        for place, (name, size) in enumerate(UNITS.get(item.name, ()), start=1):
            outer = f"{place}690123{number:06d}"
            level = "inner" if place == 1 else "case"
            rows.append(
                ItemIdentifier(
                    di=outer + check_digit(outer), item=item, level=level, quantity=size, valid_from=day
                )
            )
            units.append(ItemUnit(item=item, name=name, num=size, for_purchase=place == 1))
    ItemIdentifier.objects.bulk_create(rows)
    ItemUnit.objects.bulk_create(units)


def _papers(items: Sequence[Item], suppliers: Sequence[Supplier], today: dt.date) -> None:
    """Licences of every supplier, certificates of every product; some near their end, none that stops the demo."""
    rows = []
    for number, supplier in enumerate(suppliers, start=1):
        since = today - dt.timedelta(days=1500)
        rows.append(
            License(
                kind=LicenseKind.BUSINESS,
                number=f"91330100MA2{number:07d}",
                supplier=supplier,
                issuer="市市场监督管理局",
                valid_from=since,
            )
        )
        left = (25, 55, 400)[number % 3] + number * 7
        rows.append(
            License(
                kind=LicenseKind.OPERATION, number=f"浙械经营许{2022 + number % 3}{number:04d}号", supplier=supplier, issuer="市市场监督管理局",
                valid_from=today + dt.timedelta(days=left - 1826), valid_to=today + dt.timedelta(days=left),
            )
        )  # fmt: skip
    for number, item in enumerate(items):
        if item.registration_number:
            left = (900, 610, 85, 1300)[number % 4] + number
            rows.append(
                License(
                    kind=LicenseKind.REGISTRATION, number=item.registration_number, manufacturer=item.manufacturer, issuer="药品监督管理局",
                    valid_from=today + dt.timedelta(days=left - 1826), valid_to=today + dt.timedelta(days=left),
                )
            )  # fmt: skip
    rows.append(
        License(
            kind=LicenseKind.QUALITY, number="ZB-2025-014", supplier=suppliers[1], valid_from=today - dt.timedelta(days=373), valid_to=today - dt.timedelta(days=8)
        )
    )  # fmt: skip
    License.objects.bulk_create(rows)
    span = {"valid_from": today - dt.timedelta(days=300), "valid_to": today + dt.timedelta(days=290)}
    Authorisation.objects.bulk_create(
        Authorisation(
            manufacturer=maker,
            grantee=supplier,
            number=f"SQ-{one:02d}{two:02d}",
            scope_text="全线产品",
            **span,
        )
        for one, maker in enumerate(sorted({item.manufacturer for item in items}), start=1)
        for two, supplier in enumerate(suppliers, start=1)
        if maker != supplier.name
    )


def _agree(suppliers: Sequence[Supplier], first: dt.date) -> None:
    """What was last paid is what was agreed, from this month on."""
    lines = StockReceiptLine.objects.filter(item__kind__in=MEDICAL).order_by("id")
    prices: dict[int, Decimal] = dict(lines.values_list("item_id", "price"))
    PriceAgreement.objects.bulk_create(
        PriceAgreement(
            supplier=supplier, item_id=item, price=price, valid_from=first, source="tender" if place % 3 else "negotiated",
            document=f"XL-CG-{first:%Y}-{place + 1:03d}",
        )
        for place, supplier in enumerate(suppliers)
        for item, price in prices.items()
    )  # fmt: skip


def _volume(items: Sequence[Item], today: dt.date) -> None:
    """Two contracts of volume-based purchasing, one of which lags behind."""
    started = today - dt.timedelta(days=240)
    for code, name, group, agreed in (
        ("JC-GM", "冠脉支架集中带量采购", "冠状动脉药物洗脱支架", 60),
        ("JC-LZ", "静脉留置针省际联盟集采", "一次性使用静脉留置针", 60000),
    ):
        contract = VolumeContract.objects.create(
            code=code, name=name, round_name="2026 年度", agreed=agreed, unit="个" if code == "JC-GM" else "支", valid_from=started,
            valid_to=started + dt.timedelta(days=364),
        )  # fmt: skip
        chosen = [item for item in items if item.name == group]
        VolumeItem.objects.bulk_create(
            VolumeItem(contract=contract, item=item, selected=place < len(chosen) - 1 or len(chosen) < 3)
            for place, item in enumerate(chosen)
        )
        Item.objects.filter(pk__in=[item.pk for item in chosen]).update(volume_based=True)


def _publish(keeper: User, head: User, items: Sequence[Item], first: dt.date) -> None:
    version = supply.draft(
        actor=keeper,
        values={
            "code": f"{first:%Y}-{first.month}", "meeting": f"{first.year} 年第 3 次医用耗材管理委员会",
            "meeting_date": first - dt.timedelta(days=7), "effective_from": first, "note": "年度调整",
        },
    )  # fmt: skip
    supply.add(actor=keeper, version=version, items=[item.pk for item in items])
    supply.publish(actor=head, version=version)


def _under_way(
    keeper: User, head: User, suppliers: Sequence[Supplier], units: Sequence[OrgUnit], today: dt.date
) -> None:
    """Items on their way in, a purchase outside the catalogue, and an exception that waits for its second signature."""
    goods = Item.objects.filter(kind="high_value").order_by("code")[:1].get().material_class_id
    for code, name, spec, maker, steps in (
        ("HC90101", "可视喉镜片", "成人 3#", "华济医用材料有限公司", ("submit", "qualify")),
        ("HC90201", "可吸收骨钉", "Φ4.0×30mm", "仁和骨科器械有限公司", ("submit",)),
        ("HC90301", "一次性使用喉罩", "4#", "杏康医疗器械有限公司", ()),
    ):
        values = {
            "code": code,
            "name": name,
            "spec": spec,
            "unit": "个",
            "kind": "high_value",
            "material_class": goods,
            "manufacturer": maker,
        }
        item = save_item(actor=keeper, pk=None, values=values)
        for act in steps:
            life.step(actor=keeper, item=item, act=act, reason="证照齐全" if act == "qualify" else "科室申请")
    ward = next(unit for unit in units if unit.code == "0114")
    asked = supply.ask_one_off(
        actor=keeper,
        values={
            "item": Item.objects.get(code="HC90201"), "org_unit": ward, "quantity": Decimal(6), "reason": "急诊骨折手术，目录内无同类产品",
            "valid_to": today + dt.timedelta(days=30),
        },
    )  # fmt: skip
    supply.approve_one_off(actor=head, one_off=asked)
    override = licenses.ask_override(
        actor=keeper, check="license", supplier=suppliers[1].pk, item=None, reason="经营许可延续受理中，保障手术供应",
        valid_from=today, valid_to=today + dt.timedelta(days=15),
    )  # fmt: skip
    licenses.sign_override(actor=keeper, override=override, seat="head")


def _prices(buyer: User, accountant: User, first: dt.date, today: dt.date) -> None:
    """What patients are charged since the first of the month, and a price that falls in three days."""
    dear = list(Item.objects.filter(kind="high_value", status="active").order_by("code")[:8])
    Item.objects.filter(pk__in=[item.pk for item in dear]).update(chargeable=True)
    paid = pricing.purchase_prices([item.pk for item in dear], today)
    known = [item for item in dear if item.pk in paid]
    with clock.pinned(clock.at(first, 9, 20)):
        _adjust(buyer, accountant, first, first, "first", "", [(item, None) for item in known])
    lower = [(item, (paid[item.pk] * Decimal("0.85")).quantize(Decimal("0.01"))) for item in known[:2]]
    _adjust(buyer, accountant, today, today + dt.timedelta(days=3), "volume", "省联采办〔2026〕12号", lower)


def _adjust(
    buyer: User,
    accountant: User,
    day: dt.date,
    effective_on: dt.date,
    reason: str,
    basis: str,
    prices: Sequence[tuple[Item, Decimal | None]],
) -> None:
    office = buyer.unit
    if office is None or not prices:
        return
    draft = documents.save_draft(
        PriceAdjustment,
        actor=buyer,
        header={
            "campus": office.campus_id, "org_unit": office.pk, "business_date": day, "effective_on": effective_on, "reason": reason, "basis": basis,
        },
        lines=[{"item": item.pk, "new_price": price} for item, price in prices],
    )  # fmt: skip
    posting.post(documents.submit(draft, actor=buyer), actor=accountant)


def _projects(keeper: User, units: Sequence[OrgUnit], today: dt.date) -> None:
    """Three projects, and gauze drawn for one of them this morning."""
    by_code = {unit.code: unit for unit in units}
    ward = by_code["0114"]
    since = today.replace(month=1, day=1)
    made = [
        Project.objects.create(
            code=code, name=name, kind=kind, fund=Fund.objects.get(code=fund), leader=leader, org_unit=ward, valid_from=since,
            valid_to=since.replace(year=since.year + years) - dt.timedelta(days=1),
        )
        for code, name, kind, fund, leader, years in (
            ("KY-2026-011", "创伤骨科可吸收植入物临床研究", "research", "F4", "周明", 3),
            ("JX-2026-004", "住院医师缝合技能培训", "teaching", "F4", "何静", 1),
            ("CZ-2026-002", "省级重点专科建设", "fiscal", "F2", "沈国平", 2),
        )
    ]  # fmt: skip
    store = Store.objects.get(code="CK01")
    gauze = Item.objects.filter(code="HC00901").first()
    if gauze is None:
        return
    draft = documents.save_draft(
        StockIssue,
        actor=keeper,
        header={
            "campus": store.campus_id, "org_unit": ward.pk, "business_date": today, "store": store.pk, "fund": made[1].fund_id,
            "project": made[1].pk, "receiver": "何静",
        },
        lines=[{"item": gauze.pk, "quantity": "20"}],
    )  # fmt: skip
    posting.post(documents.submit(draft, actor=keeper), actor=keeper)
