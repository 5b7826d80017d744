"""Machines of the demo hospital: templates and their calendar, a few repairs, certificates, a contract, what two machines earned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from hrp.assets.equipment.models import (
    CarePlan,
    CoveredCard,
    Forecast,
    Instrument,
    MachineCost,
    MachineRevenue,
    ServiceContract,
    Task,
    Template,
    TemplateItem,
)
from hrp.assets.equipment.rules.due_days import months_later
from hrp.assets.equipment.services import care, metrology, readiness, repair_files, repairs, tags
from hrp.assets.models import Asset
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit

ENGINEER, CUSTODIAN = "gaoyuan", "ludan"
# code, name, kind, standard, hours, points (name, unit, low, high); a point without limits is a yes
TEMPLATES = (
    ("PM-HX", "呼吸机二级保养", "pm", "产品说明书", "1.5", (("外观与管路", "", None, None), ("氧浓度误差", "%", -3, 3), ("报警功能", "", None, None))),
    ("PM-YX", "影像设备二级保养", "pm", "产品说明书", "4", (("机械运动", "", None, None), ("水冷温度", "℃", 15, 25))),
    ("QC-HX", "呼吸机质量检测", "qc", "JJF 1234", "1", (("潮气量误差", "%", -15, 15), ("呼气末正压误差", "cmH2O", -2, 2))),
    ("ES-JH", "监护仪电气安全", "safety", "IEC 62353", "0.5", (("接地电阻", "Ω", None, Decimal("0.3")), ("漏电流", "μA", None, 500))),
)  # fmt: skip
# template, model, months between, last done so many months ago, what was measured then
PLANS = (
    ("PM-HX", "XV-5", 3, (None, "1.2", None)),
    ("QC-HX", "XV-5", 6, ("4.5", "0.6")),
    ("PM-YX", "XM-3.0T", 3, (None, "19.5")),
    ("PM-YX", "XC-64", 3, (None, "20.1")),
    ("ES-JH", "XP-12", 12, ("0.08", "120")),
)  # fmt: skip
EARNED = {"XM-3.0T": (700, 610), "XC-64": (320, 1150)}  # yuan an examination, examinations a month


def seed(users: Mapping[str, User], units: Mapping[str, OrgUnit], first: dt.date, today: dt.date) -> None:
    """What lies behind and what is going on today."""
    engineer, custodian = users[ENGINEER], users[CUSTODIAN]
    cards: dict[str, list[Asset]] = {}
    for asset in Asset.objects.exclude(model="").select_related("org_unit").order_by("pk"):
        cards.setdefault(asset.model, []).append(asset)
    with clock.pinned(_at(first, 8, 30)):
        _care(engineer, cards, first)
        _instruments(engineer, cards, first)
    _contract(cards, first)
    _earned(engineer, cards, first)
    _repairs(engineer, custodian, cards, first, today)
    ventilator = cards["XV-5"][0]
    with clock.pinned(_at(today, 8, 5)):
        readiness.check(actor=custodian, asset=ventilator, usable=True)


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of a working day, never later than now."""
    return min(clock.at(day, hour, minute), clock.now())


def _care(engineer: User, cards: Mapping[str, list[Asset]], first: dt.date) -> None:
    templates = {}
    for code, name, kind, standard, hours, points in TEMPLATES:
        templates[code] = Template.objects.create(
            code=code, name=name, kind=kind, standard=standard, hours=Decimal(hours)
        )
        TemplateItem.objects.bulk_create(
            TemplateItem(
                template=templates[code], position=place, name=point, unit=unit, low=low, high=high,
                numeric=low is not None or high is not None,
            )
            for place, (point, unit, low, high) in enumerate(points, start=1)
        )  # fmt: skip
    for code, model, months, _ in PLANS:
        asset = cards[model][0]
        CarePlan.objects.create(asset=asset, template=templates[code], months=months, first_due=first)
    care.generate(actor=engineer, today=first)
    for code, model, _, measured in PLANS[:3]:
        task = Task.objects.get(asset=cards[model][0], template=templates[code], planned_on=first)
        items = task.template.items.order_by("position")
        found = {
            item.pk: care.Found(value=Decimal(value) if value else None)
            for item, value in zip(items, measured, strict=True)
        }
        care.complete(actor=engineer, task=task, found=found)
    care.judge(actor=engineer, asset=cards["XV-5"][0], function=10, physical=5, need=4)
    care.judge(actor=engineer, asset=cards["XP-12"][0], function=7, physical=3, need=3)


def _instruments(engineer: User, cards: Mapping[str, list[Asset]], first: dt.date) -> None:
    for place, model in enumerate(("XE-12", "XC-64", "XP-12")):
        row = Instrument.objects.create(
            asset=cards[model][0], organisation="杏林市计量检定所", category="医用诊断设备", first_due=first
        )
        tested = months_later(first, -11 - place)
        metrology.certify(
            actor=engineer, instrument=row, number=f"JL{tested:%y%m}{row.pk:03d}", organisation="", tested_on=tested,
            result="passed", valid_to=months_later(tested, 12), cost=Decimal("360.00"),
        )  # fmt: skip


def _contract(cards: Mapping[str, list[Asset]], first: dt.date) -> None:
    begin = months_later(first, -10)
    row = ServiceContract.objects.create(
        number="FW-0301", name="影像设备全保", kind="full", vendor="东海医疗影像有限公司", valid_from=begin,
        valid_to=months_later(begin, 12) - dt.timedelta(days=1), fee=Decimal("680000.00"), visits_a_year=4, response_hours=4,
        parts_included=True,
    )  # fmt: skip
    CoveredCard.objects.create(contract=row, asset=cards["XM-3.0T"][0], weight=Decimal(2))
    CoveredCard.objects.create(contract=row, asset=cards["XC-64"][0], weight=Decimal(1))


def _earned(engineer: User, cards: Mapping[str, list[Asset]], first: dt.date) -> None:
    revenues, costs = [], []
    for model, (price, count) in EARNED.items():
        asset = cards[model][0]
        for back in range(12, 0, -1):
            month, at = months_later(first, -back), clock.now()
            volume = count + (back * 37) % 90
            revenues.append(
                MachineRevenue(asset=asset, month=month, revenue=Decimal(price * volume), volume=volume, positive=volume * 3 // 5, used_hours=Decimal(volume) / 3, note="收费系统", actor=engineer, at=at)
            )  # fmt: skip
            costs += [
                MachineCost(asset=asset, month=month, kind="consumables", amount=Decimal(volume * 60), variable=True, note="领用", actor=engineer, at=at),
                MachineCost(asset=asset, month=month, kind="staff", amount=Decimal(68000), note="人事", actor=engineer, at=at),
            ]  # fmt: skip
        Forecast.objects.create(
            asset=asset, volume=count * 12, revenue=Decimal(price * count * 12), cost=Decimal(price * count * 7),
            payback_years=Decimal("3.50"), study="装备委员会论证",
        )  # fmt: skip
    MachineRevenue.objects.bulk_create(revenues)
    MachineCost.objects.bulk_create(costs)


def _repairs(
    engineer: User, custodian: User, cards: Mapping[str, list[Asset]], first: dt.date, today: dt.date
) -> None:
    """One mended and accepted, one that waits for parts, one reported this morning."""
    monitor, ventilator = cards["XP-12"][0], cards["XV-5"][1]
    with clock.pinned(_at(first, 9)):
        order = repairs.report(actor=custodian, asset=monitor, fault="血氧探头无数值", priority="normal")
    with clock.pinned(_at(first, 9, 25)):
        order = repairs.arrive(actor=engineer, order=repairs.take(actor=engineer, order=order))
        repair_files.charge(
            actor=engineer, order=order, kind="part", name="血氧探头", quantity=Decimal(1), amount=Decimal("420.00"), reference="科室领用"
        )  # fmt: skip
    with clock.pinned(_at(first, 10, 40)):
        order = repairs.fix(actor=engineer, order=order, cause="part", action="更换血氧探头，校准正常")
        if order.state == "to_check":
            order = repairs.check(actor=engineer, order=order, passed=True, text="血氧 98%，心率误差合格")
        repairs.accept(actor=custodian, order=order, rating=5)
    with clock.pinned(_at(first, 15)):
        order = repairs.report(
            actor=custodian, asset=ventilator, fault="氧电池报警，氧浓度偏低", priority="urgent"
        )
        order = repairs.arrive(actor=engineer, order=repairs.take(actor=engineer, order=order))
        repairs.wait(actor=engineer, order=order, route="parts", text="氧电池订货，三日到")
    defibrillator = cards["XD-2"][0]
    with clock.pinned(_at(today, 7, 50)):
        tags.propose(
            actor=engineer,
            asset=defibrillator,
            reason="other",
            text="放电能量偏差待复测",
            source="assets.demo",
        )
