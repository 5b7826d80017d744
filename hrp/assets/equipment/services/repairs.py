"""Repairs from the report to the acceptance: each act an event, the card's status following, timers set by parameters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import PoolLoan, RepairEvent, RepairOrder, StopTag
from hrp.assets.equipment.models.repairs import Act, Cause, Priority, Route
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.services import cards, tags, telling
from hrp.assets.models import Asset, DepartmentShare
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import numbering

REPORT = "assets.repair.report"
DISPATCH = "assets.repair.dispatch"
WORK = "assets.repair.work"
CHECK = "assets.repair.check"
ACCEPT = "assets.repair.accept"
VIEW = "assets.repair.view"
PERMISSION = {
    Act.DISPATCH: DISPATCH, Act.TAKE: WORK, Act.ARRIVE: WORK, Act.WAIT: WORK, Act.RESUME: WORK, Act.FIX: WORK,
    Act.CHECKED: CHECK, Act.FAIL: CHECK, Act.ACCEPT: ACCEPT, Act.REJECT: ACCEPT, Act.STOP: WORK, Act.CANCEL: REPORT,
    Act.RATE: ACCEPT, Act.NOTE: VIEW,
}  # fmt: skip
SECONDS_OF_CLOCK = dt.timedelta(minutes=5)  # a phone's clock may be this far ahead of ours


def users_of(asset: Asset) -> set[int]:
    """Departments that use a machine: whose it is, who bears it, who has it on loan."""
    shares = DepartmentShare.objects.filter(asset=asset, valid_to=None).values_list("org_unit_id", flat=True)
    loans = PoolLoan.objects.filter(asset=asset, back_at=None).values_list("org_unit_id", flat=True)
    return {asset.org_unit_id, *shares, *loans}


def reporting_unit(actor: User, asset: Asset) -> int:
    """The department somebody reports for: of those that use the machine, their own first. Raises NotFound."""
    using = users_of(asset)
    mine = [unit for unit in sorted(using) if scope.has(actor, REPORT, unit)]
    if not mine:
        scope.check_object(actor, REPORT, asset)
    if actor.unit_id in mine:
        return int(actor.unit_id)
    return asset.org_unit_id if asset.org_unit_id in mine else mine[0]


@transaction.atomic
def report(
    *, actor: User, asset: Asset, fault: str, priority: str = Priority.NORMAL, is_down: bool = True,
    fault_at: dt.datetime | None = None, contact: str = "", origin: str = "",
) -> RepairOrder:  # fmt: skip
    """报修. One open order a machine (``already_reported`` names it); a machine that stands still becomes 维修."""
    unit = reporting_unit(actor, asset)
    now = clock.now()
    _check_report(fault, priority, fault_at or now, now)
    return _open(
        actor, asset, unit, fault=fault, priority=priority, is_down=is_down, fault_at=fault_at or now, contact=contact,
        origin=origin,
    )  # fmt: skip


@transaction.atomic
def open_by_finding(*, actor: User, asset: Asset, fault: str, origin: str) -> RepairOrder:
    """An order that a failed maintenance or test opens; who may do those need not be allowed to report."""
    return _open(
        actor, asset, asset.org_unit_id, fault=fault, priority=Priority.NORMAL, is_down=True, fault_at=clock.now(),
        contact="", origin=origin,
    )  # fmt: skip


def _open(
    actor: User, asset: Asset, unit: int, *, fault: str, priority: str, is_down: bool, fault_at: dt.datetime,
    contact: str, origin: str,
) -> RepairOrder:  # fmt: skip
    now = clock.now()
    card = cards.held(asset.pk)
    other = RepairOrder.objects.filter(asset=card, state__in=flow.OPEN).select_related("reporter").first()
    if other is not None:
        raise Conflict(
            f"{card} 已于 {clock.local(other.reported_at):%m-%d %H:%M} 由 {other.reporter} 报修（{other.number}，{other.get_state_display()}）",
            code="already_reported", way_out="请打开该维修单补充说明，不必重复报修。",
        )  # fmt: skip
    today = clock.today()
    order = RepairOrder.objects.create(
        number=numbering.draw(kind="assets.repair", prefix="WX", campus_id=card.campus_id, day=today),
        asset=card, campus_id=card.campus_id, org_unit_id=unit, priority=priority, is_down=is_down, fault=fault.strip()[:300],
        contact=contact.strip()[:30], origin=origin, reporter=actor, status_before=tags.status_before(card),
        fault_at=min(fault_at, now), reported_at=now,
        under_warranty=card.warranty_to is not None and card.warranty_to >= today, check_first=_check_first(card, today),
        respond_by=now + dt.timedelta(minutes=parameters.value(f"respond_minutes_{priority}", today)),
        fix_by=now + dt.timedelta(hours=parameters.value(f"fix_hours_{priority}", today)),
    )  # fmt: skip
    _write(order, Act.REPORT, order.fault, actor, to=order.state)
    if is_down and not tags.is_stopped(card.pk):
        cards.become(card, "repair", actor=actor, source=source_of(order), text=f"报修：{order.fault}")
    else:
        cards.note(card, kind="repair", actor=actor, source=source_of(order), text=f"报修：{order.fault}")
    telling.tell(
        DISPATCH, unit, title=f"{order.get_priority_display()}报修：{card}",
        body=f"{order.org_unit} {order.fault}，{clock.local(order.respond_by):%m-%d %H:%M} 前响应。", url=url_of(order),
        key=f"repair:{order.pk}",
    )  # fmt: skip
    return order


def _check_report(fault: str, priority: str, fault_at: dt.datetime, now: dt.datetime) -> None:
    problems = []
    if not fault.strip():
        problems.append(Problem("请描述故障现象", field="fault"))
    if priority not in Priority.values:
        problems.append(Problem("请选择缓急", field="priority"))
    if fault_at > now + SECONDS_OF_CLOCK:
        problems.append(Problem("故障时间不能晚于现在", field="fault_at"))
    if problems:
        raise Invalid("报修没有填完整", problems=problems, way_out="请按标红处填写后再提交。")


def _check_first(asset: Asset, on: dt.date) -> bool:
    rule = parameters.value("check_after_repair", on)
    return rule != "none" and (asset.life_support or (rule == "medical" and asset.asset_class.is_medical))


def source_of(order: RepairOrder) -> str:
    return f"assets.repair:{order.pk}"


def url_of(order: RepairOrder) -> str:
    return f"/assets/repairs/{order.pk}"


def _write(order: RepairOrder, act: str, text: str, actor: User, *, to: str) -> RepairEvent:
    event = RepairEvent.objects.create(
        order=order,
        act=act,
        from_state=order.state,
        to_state=to,
        text=text.strip()[:500],
        actor=actor,
        at=clock.now(),
    )
    audit.record(
        actor=actor, act=f"assets.repair.{act}", target=source_of(order),
        summary=f"{Act(act).label} {order}", unit_id=order.org_unit_id,
    )  # fmt: skip
    return event


def _locked(actor: User, order: RepairOrder, act: str) -> RepairOrder:
    """The order, locked, if the act is this person's and its state allows it (``wrong_state`` otherwise)."""
    row = (
        RepairOrder.objects.select_for_update(of=("self",))
        .select_related("asset", "org_unit")
        .get(pk=order.pk)
    )
    scope.check_object(actor, VIEW, row)
    scope.require(actor, PERMISSION[Act(act)], row.org_unit_id)
    if not flow.allowed(act, row.state):
        raise Conflict(
            f"{row} 现为“{row.get_state_display()}”，不能{Act(act).label}", code="wrong_state",
            way_out="请刷新页面，按当前状态办理。",
        )  # fmt: skip
    return row


@transaction.atomic
def act(*, actor: User, order: RepairOrder, act: str, text: str = "", **found: Any) -> RepairOrder:
    """Any step that has no rule of its own; ``found`` are columns of the order that the step fills."""
    row = _locked(actor, order, act)
    for name, value in found.items():
        setattr(row, name, value)
    if found:
        row.save(update_fields=list(found))
    _write(row, act, text, actor, to=flow.after(act, row.state, check_first=row.check_first))
    row.refresh_from_db()
    return row


def dispatch(*, actor: User, order: RepairOrder, engineer: User, text: str = "") -> RepairOrder:
    """派工, also to somebody else while it is being repaired. Refuses (``no_engineer``) who may not repair there."""
    if not scope.has(engineer, WORK, order.org_unit_id):
        raise Conflict(
            f"{engineer} 在 {order.org_unit} 没有维修权限", code="no_engineer", way_out="请选择设备科工程师。"
        )
    row = act(actor=actor, order=order, act=Act.DISPATCH, text=text or f"派给 {engineer}", engineer=engineer)
    telling.tell(
        "",
        None,
        people=[engineer],
        title=f"派工：{row.asset}",
        body=f"{row.org_unit} {row.fault}",
        url=url_of(row),
    )
    return row


def take(*, actor: User, order: RepairOrder) -> RepairOrder:
    """接单: whoever takes it is its engineer, and what was dispatched to another is taken from nobody."""
    if order.state == flow.State.DISPATCHED and order.engineer_id not in (None, actor.pk):
        raise Conflict(
            f"{order} 已派给 {order.engineer}",
            code="dispatched_to_other",
            way_out="如需改派，请由派工人重新派工。",
        )
    return act(actor=actor, order=order, act=Act.TAKE, engineer=actor)


def arrive(*, actor: User, order: RepairOrder) -> RepairOrder:
    return act(actor=actor, order=order, act=Act.ARRIVE)


def wait(*, actor: User, order: RepairOrder, route: str, text: str, vendor: str = "") -> RepairOrder:
    """等待 parts or a vendor, with the reason."""
    if route not in (Route.VENDOR, Route.PARTS, Route.WARRANTY):
        raise Invalid(
            "请选择等待什么",
            problems=[Problem("请选择外修、等配件或保修", field="route")],
            way_out="请选择。",
        )
    _need(text, "text", "请说明等待的原因")
    return act(actor=actor, order=order, act=Act.WAIT, text=text, route=route, vendor=vendor.strip()[:100])


def resume(*, actor: User, order: RepairOrder, text: str = "") -> RepairOrder:
    return act(actor=actor, order=order, act=Act.RESUME, text=text)


def fix(
    *, actor: User, order: RepairOrder, cause: str, action: str, route: str = Route.SELF, vendor: str = "",
    extends_life: bool = False, adds_capability: bool = False,
) -> RepairOrder:  # fmt: skip
    """修复, with the cause found and what was done."""
    if cause not in Cause.values or not cause:
        raise Invalid(
            "请选择故障原因", problems=[Problem("请选择", field="cause")], way_out="请选择故障原因。"
        )
    _need(action, "action", "请写明处理措施")
    row = act(
        actor=actor, order=order, act=Act.FIX, text=action, cause=cause, action=action.strip()[:300],
        route=route or Route.SELF, vendor=vendor.strip()[:100] or order.vendor, extends_life=extends_life,
        adds_capability=adds_capability,
    )  # fmt: skip
    if row.state == flow.State.TO_ACCEPT:
        _ask_acceptance(row)
    return row


def check(*, actor: User, order: RepairOrder, passed: bool, text: str) -> RepairOrder:
    """修后检测: a machine that failed goes back to the bench."""
    _need(text, "text", "请写明检测项目与结果")
    row = act(actor=actor, order=order, act=Act.CHECKED if passed else Act.FAIL, text=text)
    if passed:
        _ask_acceptance(row)
    return row


def _ask_acceptance(row: RepairOrder) -> None:
    telling.tell(
        ACCEPT, row.org_unit_id, title=f"请验收：{row.asset}", body=row.action, url=url_of(row),
        key=f"repair-accept:{row.pk}:{clock.now():%Y%m%d%H%M%S}",
    )  # fmt: skip


@transaction.atomic
def accept(*, actor: User, order: RepairOrder, rating: int | None = None, text: str = "") -> RepairOrder:
    """科室验收 by somebody who did not repair it; the card becomes what it was."""
    _not_own(actor, order)
    if rating is not None and not 1 <= rating <= 5:
        raise Invalid(
            "评价为 1 至 5 分", problems=[Problem("应为 1 至 5", field="rating")], way_out="请改正评价。"
        )
    row = act(actor=actor, order=order, act=Act.ACCEPT, text=text)
    _give_back(actor, row, "维修验收")
    return rate(actor=actor, order=row, rating=rating) if rating is not None else row


def rate(*, actor: User, order: RepairOrder, rating: int) -> RepairOrder:
    if order.rating is not None:
        raise Conflict(f"{order} 已评价", way_out="评价只做一次。")
    return act(actor=actor, order=order, act=Act.RATE, text=f"{rating} 分", rating=rating)


def reject(*, actor: User, order: RepairOrder, text: str) -> RepairOrder:
    _need(text, "text", "请写明验收不通过的原因")
    row = act(actor=actor, order=order, act=Act.REJECT, text=text)
    if row.engineer is not None:
        telling.tell(
            "", None, people=[row.engineer], title=f"验收不通过：{row.asset}", body=text, url=url_of(row)
        )
    return row


@transaction.atomic
def stop(*, actor: User, order: RepairOrder, text: str) -> RepairOrder:
    """停用结案: it cannot be repaired, or is not worth it. A stop tag hangs from now on."""
    _need(text, "text", "请写明停用的原因")
    row = act(actor=actor, order=order, act=Act.STOP, text=text)
    tags.hang(
        actor=actor, asset_id=row.asset_id, reason=StopTag.Reason.REPAIR, text=text, source=source_of(row),
        before=row.status_before,
    )  # fmt: skip
    return row


@transaction.atomic
def cancel(*, actor: User, order: RepairOrder, text: str) -> RepairOrder:
    """撤销 a report made in error, before anybody took it."""
    _need(text, "text", "请写明撤销的原因")
    row = act(actor=actor, order=order, act=Act.CANCEL, text=text)
    _give_back(actor, row, "撤销报修")
    return row


def say(*, actor: User, order: RepairOrder, text: str) -> RepairOrder:
    """A remark, from either side."""
    _need(text, "text", "请填写说明")
    return act(actor=actor, order=order, act=Act.NOTE, text=text)


def _not_own(actor: User, order: RepairOrder) -> None:
    if RepairEvent.objects.filter(order=order, act=Act.FIX, actor=actor).exists():
        raise Forbidden("不能验收自己修的设备", code="own_repair", way_out="请使用科室的人员验收。")


def _give_back(actor: User, row: RepairOrder, why: str) -> None:
    """The card becomes what it was before the report, unless a tag hangs on it."""
    card = cards.held(row.asset_id) if row.asset.is_held else None
    if card is None or not row.is_down:
        return
    status = cards.usable_again(card, row.status_before, down=False, hung=tags.is_stopped(card.pk))
    cards.become(card, status, actor=actor, source=source_of(row), text=f"{why}：{row}")


def _need(text: str, field: str, message: str) -> None:
    if not text.strip():
        raise Invalid(message, problems=[Problem(message, field=field)], way_out="请填写后再提交。")
