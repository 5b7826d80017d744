"""What somebody must be told of every day: vials past their stability, packs about to expire, cabinets nobody counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from hrp.logistics.sterile import selectors
from hrp.logistics.sterile.models import ReagentVial
from hrp.logistics.sterile.services import cold, cycle, hazards, reagents
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters


@duty(name="sterile.daily", title="消毒供应与试剂每日提醒", daily_at=dt.time(17, 30))
def daily() -> None:
    """One message a kind and day to whoever works there; nothing to tell, no message."""
    today = clock.today()
    for key, permission, count, title, body, url in (*_packs(today), *_reagents(today)):
        if count:
            _tell(permission, title.format(count=count), body, f"/logistics/{url}/", key, today)


Told = tuple[str, str, int, str, str, str]


def _packs(today: dt.date) -> Iterator[Told]:
    soon = cycle.expiring(today, parameters.value("sterile.warn_days", today))
    waiting = selectors.not_followed().count()
    yield "packs", cycle.WORK, soon, "{count} 个无菌包即将失效", "请优先发放或回收重新处理。", "packs"
    yield (
        "early", cycle.RELEASE, waiting, "{count} 次紧急放行待追踪", "生物监测出结果后请登记。", "emergency-releases"
    )  # fmt: skip


def _reagents(today: dt.date) -> Iterator[Told]:
    vials, changed = reagents.overdue(today), reagents.uncalibrated()
    unread, missing = cold.unread(today), hazards.unchecked(today)
    hazardous = _names(f"{store} {item}" for store, item in missing)
    yield "vials", reagents.WORK, len(vials), "{count} 瓶开瓶试剂已过效期", _named(vials), "reagent-vials"
    yield "lots", reagents.WORK, len(changed), "{count} 瓶试剂换批后未定标", _named(changed), "reagent-logs"
    yield (
        "cold",
        cold.WORK,
        len(unread),
        "{count} 台冷链设备今日未登记温度",
        _names(map(str, unread)),
        "cold-places",
    )
    yield "hazard", hazards.HAZARD, len(missing), "{count} 种危化品今日尚未双人盘点", hazardous, "hazards"


def _named(vials: Iterable[ReagentVial]) -> str:
    return _names(f"{vial.instrument} {vial.item} {vial.batch.lot}" for vial in vials)


def _names(texts: Iterable[str]) -> str:
    return "、".join(list(texts)[:10])


def _tell(permission: str, title: str, body: str, url: str, key: str, today: dt.date) -> None:
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, permission)
    ]
    if people:
        notify.notify(
            recipients=people,
            kind="logistics.sterile",
            title=title,
            body=body,
            url=url,
            dedupe_key=f"sterile:{key}:{today}",
        )
