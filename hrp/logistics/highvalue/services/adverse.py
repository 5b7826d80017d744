"""医疗器械不良事件: recorded with the day by which it must be reported, tied to the batch, which may be frozen at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import AdverseEvent, TraceUnit
from hrp.logistics.highvalue.services import freezing
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters

EDIT = "logistics.adverse_event.edit"


@transaction.atomic
def save(*, actor: User, pk: int | None, values: dict[str, Any]) -> AdverseEvent:
    """Record one; a piece names its item and batch by itself. Whoever may freeze is told, with the proposal."""
    scope.require(actor, EDIT)
    row = AdverseEvent() if pk is None else AdverseEvent.objects.select_for_update().get(pk=pk)
    if pk is not None:
        scope.check_object(actor, EDIT, row)
    if row.reported_on is not None:
        raise Conflict(f"已于 {row.reported_on} 上报，不能再改", way_out="如需更正，请另记一条并注明。")
    for name in (
        "item",
        "batch",
        "unit",
        "org_unit",
        "severity",
        "description",
        "visit_no",
        "occurred_on",
        "known_on",
    ):
        if name in values:
            field: Any = row._meta.get_field(name)
            setattr(
                row, field.attname, field.to_python(values[name]) if values[name] not in ("", None) else None
            )
    row.visit_no, row.description = row.visit_no or "", (row.description or "").strip()
    if row.unit_id:
        unit = TraceUnit.objects.get(pk=row.unit_id)
        row.item_id, row.batch_id = unit.item_id, unit.batch_id
    _require_whole(row)
    row.due_on = rules.days_due(row.known_on, row.severity, days_of(row.known_on))
    if pk is None:
        row.recorded_by, row.recorded_at = actor, clock.now()
    row.save()
    scope.check_written(actor, EDIT, row)
    audit.record(
        actor=actor, act="logistics.adverse_event.save", target=f"logistics.adverse_event:{row.pk}",
        summary=f"登记不良事件 {row}", unit_id=row.org_unit_id,
    )  # fmt: skip
    if pk is None:
        _propose(row)
    return row


def _require_whole(row: AdverseEvent) -> None:
    problems = [
        Problem("请填写", field=name)
        for name in ("item_id", "org_unit_id", "severity", "description", "occurred_on", "known_on")
        if not getattr(row, name)
    ]
    if not problems and not row.occurred_on <= row.known_on <= clock.today():
        problems.append(Problem("获知日期不早于发生日期，也不晚于今天", field="known_on"))
    if row.batch_id and row.batch and row.batch.item_id != row.item_id:
        problems.append(Problem("该批次不是这种物资", field="batch"))
    if problems:
        problems = [Problem(p.message, field=p.field.removesuffix("_id")) for p in problems]
        raise Invalid("不良事件登记不完整", problems=problems, way_out="请按标红处填写。")


def days_of(on: dt.date) -> dict[str, int]:
    """The rule in force on a day."""
    return {one: parameters.value(f"adverse.days_{one}", on) for one in AdverseEvent.Severity.values}


def _propose(row: AdverseEvent) -> None:
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, "logistics.freeze.edit")
    ]
    if people:
        notify.notify(
            recipients=people, kind="logistics.recall", title=f"不良事件（{row.get_severity_display()}）：{row.item}",
            body=f"{row.org_unit} {row.occurred_on}，建议冻结{'该批次' if row.batch_id else '该物资'}；{row.due_on} 前上报。",
            url=f"/logistics/adverse-events/{row.pk}", dedupe_key=f"adverse:{row.pk}",
        )  # fmt: skip


@transaction.atomic
def freeze(*, actor: User, event: AdverseEvent) -> AdverseEvent:
    """Follow the proposal: hold the batch, or the whole item when no batch is known."""
    row = AdverseEvent.objects.select_for_update().get(pk=event.pk)
    if row.freeze_id is not None:
        raise Conflict("已经冻结", way_out="请刷新页面。")
    frozen = freezing.freeze(
        actor=actor, reason=f"不良事件：{row.description}"[:300], batch_id=row.batch_id,
        item_id=None if row.batch_id else row.item_id, source=f"logistics.adverse_event:{row.pk}",
    )  # fmt: skip
    row.freeze = frozen.freeze
    row.save(update_fields=["freeze"])
    return row


@transaction.atomic
def report(*, actor: User, event: AdverseEvent, reported_on: dt.date, report_no: str) -> AdverseEvent:
    """Write down that it was reported to the monitoring system, when, and under which number."""
    scope.require(actor, EDIT)
    row = AdverseEvent.objects.select_for_update().get(pk=event.pk)
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
        actor=actor, act="logistics.adverse_event.report", target=f"logistics.adverse_event:{row.pk}",
        summary=f"上报不良事件 {row}：{row.report_no}", unit_id=row.org_unit_id,
    )  # fmt: skip
    return row
