"""The demo hospital's assets: what it owned when its books began, what it bought since, and each month's depreciation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.models import Asset, AssetClass, DepartmentShare, FundingLine, FundingSource, Location
from hrp.assets.services import reference
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.org.models import Campus, OrgUnit
from hrp.platform.org.rules.pinyin import pinyin_key

# class, name, model, maker, yuan, source (of two: shares), unit, months in use when the books began
OWNED: tuple[tuple[str, str, str, str, int, tuple[tuple[str, int], ...], str, int], ...] = (
    (
        "A02320900",
        "磁共振成像系统",
        "XM-3.0T",
        "东海医疗影像",
        9_800_000,
        (("02", 60), ("04", 40)),
        "0202",
        30,
    ),
    ("A02321000", "X射线计算机体层摄影设备", "XC-64", "东海医疗影像", 5_600_000, (("04", 100),), "0202", 41),
    ("A02321000", "数字化X射线摄影系统", "XR-500", "东海医疗影像", 1_280_000, (("04", 100),), "0202", 12),
    ("A02320300", "彩色多普勒超声诊断仪", "XU-9", "华声医学", 1_350_000, (("04", 100),), "0203", 18),
    ("A02320300", "便携式超声诊断仪", "XU-P3", "华声医学", 420_000, (("03", 100),), "0203", 6),
    ("A02321300", "全自动生化分析仪", "XB-800", "北辰检验", 1_180_000, (("04", 100),), "0201", 22),
    ("A02321300", "血细胞分析仪", "XH-60", "北辰检验", 460_000, (("04", 100),), "0201", 9),
    ("A02321500", "麻醉机", "XA-7", "安平医疗", 390_000, (("04", 100),), "0205", 26),
    ("A02321500", "麻醉机", "XA-7", "安平医疗", 390_000, (("04", 100),), "0205", 26),
    ("A02321500", "治疗呼吸机", "XV-5", "安平医疗", 268_000, (("02", 100),), "0117", 14),
    ("A02321500", "治疗呼吸机", "XV-5", "安平医疗", 268_000, (("02", 100),), "0117", 14),
    ("A02320100", "多参数监护仪", "XP-12", "安平医疗", 38_600, (("04", 100),), "0117", 33),
    ("A02320100", "多参数监护仪", "XP-12", "安平医疗", 38_600, (("04", 100),), "0111", 33),
    ("A02320100", "除颤监护仪", "XD-2", "安平医疗", 62_000, (("04", 100),), "0107", 20),
    ("A02320100", "十二道心电图机", "XE-12", "安平医疗", 45_800, (("04", 100),), "0101", 58),
    ("A02321800", "脉动真空灭菌器", "XS-1.2", "洁康设备", 536_000, (("04", 100),), "0301", 27),
    ("A02320200", "电子胃肠镜", "XG-290", "光华内镜", 1_680_000, (("04", 70), ("03", 30)), "0111", 15),
    ("A02010100", "虚拟化服务器", "XN-48", "联云科技", 286_000, (("04", 100),), "0405", 19),
    ("A02030100", "救护车", "XZ-5030", "长安特种车", 468_000, (("05", 100),), "0107", 36),
    ("A05010100", "办公家具", "组合", "明诚家具", 86_000, (("04", 100),), "0401", 48),
    ("A08060100", "医院信息平台软件", "V6", "联云科技", 2_350_000, (("04", 100),), "0405", 25),
)
# month since the books began, class, name, model, maker, yuan, source, unit
BOUGHT = (
    (2, "A02320300", "心脏彩色超声诊断仪", "XU-C7", "华声医学", 1_860_000, (("04", 100),), "0203"),
    (5, "A02320100", "输注工作站", "XI-6", "安平医疗", 78_000, (("04", 100),), "0117"),
    (7, "A02321600", "口腔综合治疗台", "XK-3", "光华内镜", 128_000, (("04", 100),), "0103"),
    (10, "A02320600", "康复训练系统", "XT-4", "东海医疗影像", 215_000, (("02", 100),), "0104"),
)  # fmt: skip
SHARED = {"XM-3.0T": (("0202", 100),), "XG-290": (("0111", 60), ("0112", 40))}


@dataclass
class Estate:
    """What later months of the demo need."""

    campus: Campus
    units: dict[str, OrgUnit]
    accountant: User
    office: OrgUnit
    sources: dict[str, FundingSource] = field(default_factory=dict)
    classes: dict[str, AssetClass] = field(default_factory=dict)
    rooms: dict[str, Location] = field(default_factory=dict)


def begin(*, campus: Campus, units: dict[str, OrgUnit], accountant: User, first: dt.date) -> Estate:
    """Reference data, places, and what the hospital owned on the first day of its books."""
    reference.install(actor=accountant)
    estate = Estate(campus, units, accountant, units["0402"])
    estate.sources = {source.code: source for source in FundingSource.objects.all()}
    estate.classes = {kind.code: kind for kind in AssetClass.objects.all()}
    Location.objects.bulk_create(
        Location(code=f"1-{code}", name=f"{unit.name}设备间", campus=campus) for code, unit in units.items()
    )
    by_name = {location.name: location for location in Location.objects.all()}
    estate.rooms = {code: by_name[f"{unit.name}设备间"] for code, unit in units.items()}
    with clock.pinned(clock.at(first, 9)):
        cards = [_card(estate, row[:7], first, way="opening", used=row[7]) for row in OWNED]
        _post(estate, Booking, first, [{"asset": card.pk} for card in cards])
    return estate


def _card(estate: Estate, row: tuple[Any, ...], on: dt.date, *, way: str, used: int = 0) -> Asset:
    kind, name, model, maker, yuan, paid, unit = row
    asset_class = estate.classes[kind]
    rule = reference.usual_months(asset_class, on)
    cost = Decimal(yuan)
    asset = Asset.objects.create(
        name=name, model=model, manufacturer=maker, asset_class=asset_class, cost=cost, life_months=rule, way=way,
        campus=estate.campus, org_unit=estate.units[unit], location=estate.rooms[unit], accepted_on=on,
        serial_number=f"{model}-{on:%y}{yuan % 9973:04d}", life_support=asset_class.life_support, pinyin=pinyin_key(name),
        supplier=f"{maker}有限公司",
    )  # fmt: skip
    parts = [(source, (cost * share / 100).quantize(Decimal("0.01"))) for source, share in paid]
    for source, part in parts:
        opening = (part * used / (rule or 1)).quantize(Decimal("0.01"))
        FundingLine.objects.create(
            asset=asset, source=estate.sources[source], cost=part, opening=opening, opening_months=used
        )
    for code, ratio in SHARED.get(model, ((unit, 100),)):
        DepartmentShare.objects.create(
            asset=asset, org_unit=estate.units[code], ratio=Decimal(ratio), valid_from=on
        )
    return asset


def _post(estate: Estate, model: Any, day: dt.date, lines: list[dict[str, Any]], **header: Any) -> Any:
    draft = services.save_draft(
        model, actor=estate.accountant, lines=lines,
        header={"campus": estate.campus.pk, "org_unit": estate.office.pk, "business_date": day, **header},
    )  # fmt: skip
    return posting.post(services.submit(draft, actor=estate.accountant), actor=estate.accountant)


def month(estate: Estate, number: int, first: dt.date, final: dt.date) -> None:
    """What was bought in the ``number``-th month since the books began."""
    for at, *row in BOUGHT:
        if at == number:
            day = min(first + dt.timedelta(days=14), final)
            with clock.pinned(min(clock.at(day, 10), clock.now())):
                card = _card(estate, tuple(row), day, way="purchase")
                _post(estate, Booking, day, [{"asset": card.pk}])


def depreciate(estate: Estate, day: dt.date) -> None:
    """The run of a month on its last day."""
    _post(estate, DepreciationRun, day, [])
