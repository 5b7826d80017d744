"""What is said every morning: care due and overdue, certificates and contracts running out, events to be reported, repairs late."""

from __future__ import annotations

import datetime as dt

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import DeviceEvent, ReadinessCheck, RepairOrder, ServiceContract, Task
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.selectors import metrology as instruments
from hrp.assets.equipment.services import care, contracts, metrology, readiness, repairs, safety, telling
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.platform.access.models import User
from hrp.platform.base import clock


def every_morning(*, actor: User, on: dt.date) -> None:
    """All of it, once a day; what was said already is not said again."""
    care.generate(actor=actor, today=on)
    care_due(on=on)
    metrology.propose_overdue(actor=actor, on=on)
    certificates_due(on=on)
    contracts_ending(on=on)
    events_due(on=on)
    not_checked(on=on)


def care_due(*, on: dt.date) -> int:
    """One message a department and day: what is due within the notice, and what is late."""
    until = on + dt.timedelta(days=parameters.value("care_notice_days", on))
    due = Task.objects.filter(state=Task.State.DUE, due_on__lte=until)
    by_unit: dict[int, list[dt.date]] = {}
    for unit, day in due.values_list("org_unit_id", "due_on"):
        by_unit.setdefault(unit, []).append(day)
    for unit, days in sorted(by_unit.items()):
        late = sum(day < on for day in days)
        telling.tell(
            care.WORK, unit, title=f"维护任务 {len(days)} 项到期{f'，{late} 项已超期' if late else ''}",
            body=f"{until} 前应完成的维护、巡检与检测。", url="/assets/tasks/", key=f"care-due:{unit}:{on}",
        )  # fmt: skip
    return len(by_unit)


def certificates_due(*, on: dt.date) -> int:
    """On each of the days before a certificate runs out that the parameter names."""
    days = parameters.value("metrology_notice_days", on)
    said = 0
    for row in instruments.standing(on=on):
        left = (row.due_on - on).days
        step = min((one for one in days if 0 <= left <= one), default=None)
        if step is not None:
            telling.tell(
                metrology.EDIT, row.instrument.asset.org_unit_id, title=f"计量将于 {row.due_on} 到期：{row.instrument.asset}",
                body=f"还有 {left} 天，请安排{'现场检定' if row.instrument.on_site else '送检'}。",
                url=f"/assets/instruments/{row.instrument.pk}", key=f"metrology:{row.instrument.pk}:{row.due_on}:{step}",
            )  # fmt: skip
            said += 1
    return said


def contracts_ending(*, on: dt.date) -> int:
    """180, 90, 60 and 30 days before the end, or what the parameter says."""
    days = parameters.value("contract_notice_days", on)
    said = 0
    for row in ServiceContract.objects.filter(
        valid_to__gte=on, valid_to__lte=on + dt.timedelta(days=max(days, default=0))
    ):
        left = (row.valid_to - on).days
        step = min((one for one in days if left <= one), default=None)
        if step is not None:
            telling.tell(
                contracts.EDIT, None, title=f"服务合同将于 {row.valid_to} 到期：{row}",
                body=f"还有 {left} 天，请对照按次维修的费用决定是否续签。", url=f"/assets/contracts/{row.pk}",
                key=f"contract:{row.pk}:{row.valid_to}:{step}",
            )  # fmt: skip
            said += 1
    return said


def events_due(*, on: dt.date) -> int:
    """Every day until an event is reported."""
    rows = DeviceEvent.objects.filter(reported_on=None).select_related("asset", "org_unit")
    for row in rows:
        left = (row.due_on - on).days
        words = f"还有 {left} 天" if left > 0 else ("今天到期" if left == 0 else f"已超期 {-left} 天")
        telling.tell(
            safety.EDIT, row.org_unit_id, title=f"不良事件待上报（{words}）：{row}", body=f"上报期限 {row.due_on}。",
            url=f"/assets/device-events/{row.pk}", key=f"device-event-due:{row.pk}:{on}",
        )  # fmt: skip
    return len(rows)


def not_checked(*, on: dt.date) -> int:
    """Departments whose life support was not looked at the day before."""
    before = on - dt.timedelta(days=1)
    seen = ReadinessCheck.objects.filter(on=before).values_list("asset_id", flat=True)
    rows = Asset.objects.filter(life_support=True, status__in=HELD, booked_on__lte=before).exclude(
        pk__in=seen
    )
    by_unit: dict[int, int] = {}
    for unit in rows.values_list("org_unit_id", flat=True):
        by_unit[unit] = by_unit.get(unit, 0) + 1
    for unit, count in sorted(by_unit.items()):
        telling.tell(
            readiness.CHECK, unit, title=f"{before:%m-%d} 有 {count} 台急救生命支持设备没有完好检查",
            url="/assets/readiness", key=f"not-checked:{unit}:{before}",
        )  # fmt: skip
    return len(by_unit)


def repairs_late() -> int:
    """Orders nobody answered in time, and orders not mended in time: said once each to those who dispatch."""
    now = clock.now()
    unanswered = RepairOrder.objects.filter(
        state__in=(flow.State.REPORTED, flow.State.DISPATCHED), respond_by__lt=now
    )
    unfixed = RepairOrder.objects.filter(state__in=flow.OPEN, fixed_at=None, fix_by__lt=now)
    late = [(row, "响应", row.respond_by) for row in unanswered.select_related("asset", "org_unit")]
    late += [(row, "修复", row.fix_by) for row in unfixed.select_related("asset", "org_unit")]
    for row, what, by in late:
        telling.tell(
            repairs.DISPATCH, row.org_unit_id, title=f"报修超时未{what}：{row}",
            body=f"{row.org_unit} {row.fault}，{what}时限 {clock.local(by):%m-%d %H:%M}。", url=repairs.url_of(row),
            key=f"repair-late:{row.pk}:{what}",
        )  # fmt: skip
    return len(late)
