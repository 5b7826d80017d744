"""Adverse events with their day to report, and notices that find the cards they concern."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import AffectedCard, DeviceEvent, SafetyNotice, StopTag
from hrp.assets.equipment.services import repairs, tags, telling
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.services.filling import fill, refuse
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT = "assets.device_event.edit"
NOTICE = "assets.safety_notice.edit"


@transaction.atomic
def record(*, actor: User, pk: int | None, values: dict[str, Any]) -> DeviceEvent:
    """Record an event, or complete it until it is reported. Its day to report follows from how bad it was."""
    scope.require(actor, EDIT)
    row = DeviceEvent() if pk is None else DeviceEvent.objects.select_for_update().get(pk=pk)
    if pk is not None:
        scope.check_object(actor, EDIT, row)
    if row.reported_on is not None:
        raise Conflict(f"已于 {row.reported_on} 上报，不能再改", way_out="如需更正，请另记一条并注明。")
    wrong = fill(row, values)
    if not wrong and not row.occurred_on <= row.known_on <= clock.today():
        wrong.append(Problem("获知日期不早于发生日期，也不晚于今天", field="known_on"))
    if not wrong and not _uses(actor, row.asset):
        wrong.append(Problem("没有这台设备", field="asset", way_out="请选择本科室使用的设备。"))
    if not wrong and row.severity in DeviceEvent.Severity.values:
        days = parameters.value(f"adverse_days_{row.severity}", row.known_on)
        row.due_on = row.known_on + dt.timedelta(days=days)
    if pk is None:
        row.recorded_by, row.recorded_at = actor, clock.now()
    refuse("不良事件", row, wrong)
    row.save()
    scope.check_written(actor, EDIT, row)
    audit.record(
        actor=actor, act="assets.device_event.edit", target=f"assets.device_event:{row.pk}", unit_id=row.org_unit_id,
        summary=f"登记设备不良事件 {row}",
    )  # fmt: skip
    if pk is None:
        telling.tell(
            tags.EDIT, row.org_unit_id, title=f"设备不良事件：{row}",
            body=f"{row.org_unit} {row.occurred_on}，{row.due_on} 前上报；请决定是否停用同型号设备。",
            url=f"/assets/device-events/{row.pk}", key=f"device-event:{row.pk}",
        )  # fmt: skip
    return row


def _uses(actor: User, asset: Asset) -> bool:
    """Whether a machine is, or is on loan, where somebody may write down events."""
    return any(scope.has(actor, EDIT, unit) for unit in repairs.users_of(asset))


@transaction.atomic
def report(*, actor: User, event: DeviceEvent, reported_on: dt.date, report_no: str) -> DeviceEvent:
    """Write down that it was reported to the national monitoring system."""
    row = DeviceEvent.objects.select_for_update().get(pk=event.pk)
    scope.require(actor, EDIT, row.org_unit_id)
    if row.reported_on is not None:
        raise Conflict(f"已于 {row.reported_on} 上报", way_out="请刷新页面。")
    if not report_no.strip() or not row.known_on <= reported_on <= clock.today():
        raise Invalid(
            "请填写上报日期与编号", way_out="日期不早于获知日期、不晚于今天。",
            problems=[Problem("请核对", field="report_no" if not report_no.strip() else "reported_on")],
        )  # fmt: skip
    row.reported_on, row.report_no = reported_on, report_no.strip()[:60]
    row.save(update_fields=["reported_on", "report_no"])
    audit.record(
        actor=actor, act="assets.device_event.report", target=f"assets.device_event:{row.pk}", unit_id=row.org_unit_id,
        summary=f"上报设备不良事件 {row}：{row.report_no}",
    )  # fmt: skip
    return row


@transaction.atomic
def freeze(*, actor: User, event: DeviceEvent, same_model: bool) -> int:
    """Stop the machine of an event, and with ``same_model`` every one of its model; returns how many were stopped."""
    scope.require(actor, tags.EDIT, event.asset.org_unit_id)
    assets = [event.asset]
    if same_model and event.asset.model:
        scope.require_everywhere(actor, tags.EDIT)
        assets = list(
            Asset.objects.filter(model=event.asset.model, manufacturer=event.asset.manufacturer, status__in=HELD).order_by("pk")
        )  # fmt: skip
    for asset in assets:
        tags.hang(
            actor=actor, asset_id=asset.pk, reason=StopTag.Reason.ADVERSE, text=f"不良事件：{event.event}"[:300],
            source=f"assets.device_event:{event.pk}",
        )  # fmt: skip
    audit.record(
        actor=actor, act="assets.device_event.freeze", target=f"assets.device_event:{event.pk}",
        summary=f"{event} 停用 {len(assets)} 台",
    )  # fmt: skip
    return len(assets)


@transaction.atomic
def enter(*, actor: User, pk: int | None, values: dict[str, Any]) -> SafetyNotice:
    """Enter a notice and find the cards it names, wherever they are; their departments are told."""
    scope.require_everywhere(actor, NOTICE)
    if pk is not None:
        raise Conflict("通知登记后不能修改", way_out="内容有变的，请按新通知另行登记。")
    row = SafetyNotice(entered_by=actor, entered_at=clock.now())
    wrong = fill(row, values)
    if not (row.model or row.registration_number):
        wrong.append(Problem("型号、注册证号至少填一项", field="model"))
    refuse("召回与安全通知", row, wrong)
    row.save()
    found = list(concerned(row))
    AffectedCard.objects.bulk_create(AffectedCard(notice=row, asset=asset) for asset in found)
    audit.record(
        actor=actor, act="assets.safety_notice.edit", target=f"assets.safety_notice:{row.pk}",
        summary=f"登记{row.get_kind_display()} {row}，涉及 {len(found)} 台",
    )  # fmt: skip
    for unit in sorted({asset.org_unit_id for asset in found}):
        telling.tell(
            "assets.safety_notice.handle", unit, title=f"{row.get_kind_display()}：{row.title}",
            body=f"涉及本科室 {sum(asset.org_unit_id == unit for asset in found)} 台，{row.action}", url=f"/assets/safety-notices/{row.pk}",
            key=f"safety-notice:{row.pk}",
        )  # fmt: skip
    return row


def concerned(row: SafetyNotice) -> Any:
    """Cards of the maker's model (or certificate) within the serial numbers named."""
    found = Asset.objects.filter(status__in=HELD).select_related("org_unit")
    for name in ("model", "registration_number", "manufacturer"):
        if getattr(row, name):
            found = found.filter(**{name: getattr(row, name)})
    if row.serial_from:
        found = found.filter(serial_number__gte=row.serial_from)
    if row.serial_to:
        found = found.filter(serial_number__lte=row.serial_to)
    return found.order_by("pk")


@transaction.atomic
def handle(*, actor: User, card: AffectedCard, result: str) -> AffectedCard:
    """Write down what was done with one card."""
    row = AffectedCard.objects.select_for_update(of=("self",)).select_related("asset").get(pk=card.pk)
    scope.require(actor, "assets.safety_notice.handle", row.asset.org_unit_id)
    if row.handled_on is not None:
        raise Conflict(f"已由 {row.handled_by} 于 {row.handled_on} 处理", way_out="请刷新页面。")
    if not result.strip():
        raise Invalid(
            "请写明处理结果", problems=[Problem("请填写", field="result")], way_out="请填写处理结果。"
        )
    row.handled_on, row.handled_by, row.result = clock.today(), actor, result.strip()[:200]
    row.save()
    audit.record(
        actor=actor, act="assets.safety_notice.handle", target=f"assets.safety_notice:{row.notice_id}",
        unit_id=row.asset.org_unit_id, summary=f"{row.asset} {row.result}",
    )  # fmt: skip
    return row


@transaction.atomic
def stop(*, actor: User, card: AffectedCard) -> StopTag:
    """Stop a card a notice names."""
    scope.require(actor, tags.EDIT, card.asset.org_unit_id)
    return tags.hang(
        actor=actor, asset_id=card.asset_id, reason=StopTag.Reason.RECALL, text=f"{card.notice}"[:300],
        source=f"assets.safety_notice:{card.notice_id}",
    )  # fmt: skip
