"""Thirteen months in the life of the demo hospital: twelve closed, the present one open."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

from hrp.assets import demo as assets
from hrp.assets.acquisition import demo as acquisition
from hrp.assets.changes import demo as changes
from hrp.assets.construction import demo as construction
from hrp.assets.disposal import demo as disposal
from hrp.assets.equipment import demo as equipment
from hrp.assets.stocktaking import demo as stocktaking
from hrp.config.demo import costs, materials, organisation, people
from hrp.config.demo.organisation import UNITS, Organisation
from hrp.costing.services import reference
from hrp.logistics.bins import demo as bins
from hrp.logistics.catalogue import demo as catalogue
from hrp.logistics.counting import demo as counting
from hrp.logistics.highvalue import demo as highvalue
from hrp.logistics.purchasing import demo as purchasing
from hrp.logistics.requesting import demo as requesting
from hrp.logistics.settlement import demo as settlement
from hrp.logistics.sterile import demo as sterile
from hrp.operations.acceptance import demo as acceptance
from hrp.operations.contracts.models import Contract
from hrp.operations.desk import demo as desk
from hrp.operations.emergency import demo as emergency
from hrp.operations.feedback import demo as feedback
from hrp.operations.incidents import demo as incidents
from hrp.operations.intake import demo as intake
from hrp.operations.knowledge import demo as knowledge
from hrp.operations.training import demo as training
from hrp.platform.access.models import Role, User
from hrp.platform.base import clock
from hrp.platform.documents import services
from hrp.platform.ledger import services as ledger
from hrp.platform.org.models import OrgUnit

SEED = 20260101


@dataclass(frozen=True)
class Size:
    """How busy a month is."""

    receipts: int
    issues: int


SIZES = {"small": Size(2, 8), "medium": Size(8, 70), "large": Size(30, 400)}

Say = Callable[[str], None]


def months_until(today: dt.date, count: int = 13) -> list[dt.date]:
    """First days of the last ``count`` months, the present one last."""
    first = today.replace(day=1)
    months = [first]
    while len(months) < count:
        months.insert(0, (months[0] - dt.timedelta(days=1)).replace(day=1))
    return months


def at_work(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of a working day; on the last day, which is still going on, never later than now."""
    return min(clock.at(day, hour, minute), clock.now())


def last_day(month: dt.date) -> dt.date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def build(*, size: str, today: dt.date, say: Say) -> None:
    """Create the hospital. Deterministic for a size and a day."""
    rng = random.Random(SEED)  # noqa: S311 - a believable past, not a secret
    org = organisation.build()
    users = people.build(org)
    finance, clerk = users["chenlixin"], users["lijianguo"]
    reference.install(actor=clerk)
    room = materials.build(org)
    months = months_until(today)
    estate: assets.Estate
    ward = requesting.prepare(users, room.store, months[0])
    for month in months:
        final = min(last_day(month), today)
        with clock.pinned(at_work(month, 8)):
            period = ledger.open_period(book=org.book, year=month.year, month=month.month, actor=finance)
        if month == months[0]:
            settlement.begin(accountant=users["zhangxiaoyan"], first=month, prices=materials.PRICES)
            estate = assets.begin(
                campus=org.campus, units=org.units, accountant=users["zhengyan"], first=month
            )
            materials.opening(room, org, users["wangmin"], rng, month)
        assets.month(estate, months.index(month), month, final)
        _materials(org, room, users["wangmin"], rng, month, final, SIZES[size])
        purchasing.seed(users=users, store=room.store, month=month, today=today, final=final)
        if month in months[-4:-1]:
            requesting.month(ward, [last_day(month) - dt.timedelta(days=back) for back in (2, 1)])
        if month == months[-2]:
            requesting.durables(ward, last_day(month))
            counting.counted(users, room.store, last_day(month))
        settlement.month(accountant=users["zhangxiaoyan"], payer=finance, rng=rng, first=month, final=final)
        if month != months[-1]:
            closing = last_day(month)
            with clock.pinned(clock.at(closing, 18)):
                settlement.close(accountant=users["zhangxiaoyan"], period=period)
                assets.depreciate(estate, closing)
                costs.enter_costs(org, clerk, rng, closing)
                costs.count(org, clerk, rng, closing)
                costs.allocate(org, clerk, closing)
                ledger.close_period(period=period, actor=finance)
        say(f"{month:%Y-%m} {'已结账' if month != months[-1] else '未结账'}")
    _clinical(users, org, months[-1], today, say)
    _work_in_progress(org, room, users, rng, today)
    bins.seed(users, room.store, at_work(today, 8, 45))
    requesting.today(ward, today, at_work(today, 8, 50))
    counting.today(users, room.store, today, at_work(today, 8, 55))
    catalogue.seed(users, room.suppliers, list(org.units.values()), today)
    say("目录与资质")
    _service(users, list(org.units.values()), today, say)


def _clinical(users: dict[str, User], org: Organisation, month: dt.date, today: dt.date, say: Say) -> None:
    """What is used on patients: high-value goods, sterile packs, and machines in repair and care."""
    highvalue.seed(users, org.units, today)
    sterile.seed(users, org.units, today)
    say("高值耗材与消毒供应")
    equipment.seed(users, org.units, month, today)
    say("设备运维")


def _service(users: dict[str, User], units: list[OrgUnit], today: dt.date, say: Say) -> None:
    """The maintenance of the system: desk, emergencies, knowledge, training, what people say of it, and reports."""
    tickets = desk.seed(random.Random(SEED), users, units, today)  # noqa: S311 - a believable past
    contract = Contract.objects.get()
    emergency.seed(users, contract, today)
    incidents.seed(users, contract, units, today)
    intake.seed(users, units)
    say("服务台")
    knowledge.seed(users, today)
    training.seed(users, units, today)
    feedback.seed(users, units, tickets, today)
    say("知识、培训与反馈")
    acceptance.seed(users, today)
    say("服务报告")


def _materials(
    org: Organisation,
    room: materials.Stockroom,
    keeper: User,
    rng: random.Random,
    month: dt.date,
    final: dt.date,
    size: Size,
) -> None:
    days = (final - month).days + 1
    share = days / calendar.monthrange(month.year, month.month)[1]
    acts: list[tuple[int, str]] = [
        (rng.randrange(days), "receipt") for _ in range(max(1, round(size.receipts * share)))
    ]
    acts += [(rng.randrange(days), "issue") for _ in range(max(1, round(size.issues * share)))]
    for offset, what in sorted(acts):
        day = month + dt.timedelta(days=offset)
        with clock.pinned(at_work(day, rng.randint(8, 16), rng.randint(0, 59))):
            if what == "receipt":
                materials.receive(room, org, keeper, rng, day, rng.randint(5, 14))
            else:
                code, _, category, *_ = rng.choice(UNITS)
                materials.issue(room, org, keeper, rng, day, code, category)


def _work_in_progress(
    org: Organisation, room: materials.Stockroom, users: dict[str, User], rng: random.Random, today: dt.date
) -> None:
    """What is lying on desks today: drafts, and receipts waiting for approval."""
    materials.require_approval(Role.objects.get(code="material_accountant"))
    with clock.pinned(at_work(today, 8, 40)):
        for lines, submitted in ((4, False), (14, True), (12, True)):
            draft = materials.draft_receipt(room, org, users["wangmin"], rng, today, lines)
            if submitted:
                services.submit(draft, actor=users["wangmin"])
    stocktaking.today(users, org.units, at_work(today, 8, 58))
    disposal.today(users, org.campus, org.units, at_work(today, 8, 59))
    acquisition.today(users, org.campus, org.units, at_work(today, 9, 2))
    changes.today(users, at_work(today, 9))
    construction.today(users, org.campus, org.units, at_work(today, 9, 1))
