"""What somebody must be told of every day: vials past their stability, packs about to expire, cabinets nobody counted."""

from __future__ import annotations

import datetime as dt

from hrp.logistics.sterile import selectors
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
    vials = reagents.overdue(today)
    if vials:
        text = "、".join(f"{v.instrument} {v.item} {v.batch.lot}" for v in vials[:10])
        _tell(
            reagents.WORK,
            f"{len(vials)} 瓶开瓶试剂已过效期",
            text,
            "/logistics/reagent-vials/",
            "vials",
            today,
        )
    changed = reagents.uncalibrated()
    if changed:
        text = "、".join(f"{v.instrument} {v.item} {v.batch.lot}" for v in changed[:10])
        _tell(
            reagents.WORK,
            f"{len(changed)} 瓶试剂换批后未定标",
            text,
            "/logistics/reagent-logs/",
            "lots",
            today,
        )
    unread = cold.unread(today)
    if unread:
        text = "、".join(map(str, unread[:10]))
        _tell(
            cold.WORK,
            f"{len(unread)} 台冷链设备今日未登记温度",
            text,
            "/logistics/cold-places/",
            "cold",
            today,
        )
    missing = hazards.unchecked(today)
    if missing:
        text = "、".join(f"{store} {item}" for store, item in missing[:10])
        _tell(hazards.HAZARD, "危化品今日尚未双人盘点", text, "/logistics/hazards/", "hazard", today)
    soon = cycle.expiring(today, parameters.value("sterile.warn_days", today))
    if soon:
        _tell(
            cycle.WORK,
            f"{soon} 个无菌包即将失效",
            "请优先发放或回收重新处理。",
            "/logistics/packs/",
            "packs",
            today,
        )
    waiting = selectors.not_followed().count()
    if waiting:
        _tell(
            cycle.RELEASE,
            f"{waiting} 次紧急放行待追踪",
            "生物监测出结果后请登记。",
            "/logistics/emergency-releases/",
            "early",
            today,
        )


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
