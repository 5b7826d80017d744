"""Maintenance: plans spread over a calendar, tasks done point by point, put off with a reason; what fails is acted on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import (
    CarePlan,
    Postponement,
    RepairOrder,
    RiskScore,
    StopTag,
    Task,
    TaskResult,
    TemplateItem,
)
from hrp.assets.equipment.models.care import CONTROL
from hrp.assets.equipment.rules import due_days, flow, limits, scoring
from hrp.assets.equipment.services import cards, repairs, tags
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT = "assets.care.edit"
WORK = "assets.care.work"


@dataclass(frozen=True)
class Found:
    """What was found at one point: a measured value, or whether it is in order."""

    value: Decimal | None = None
    passed: bool = True
    note: str = ""


@transaction.atomic
def judge(*, actor: User, asset: Asset, function: int, physical: int, need: int) -> RiskScore:
    """Score a machine's risk; failures of the last year are counted, not asked for."""
    scope.require(actor, EDIT, asset.org_unit_id)
    today = clock.today()
    since = clock.start_of_day(due_days.months_later(today, -12))
    failures = (
        RepairOrder.objects.filter(asset=asset, fault_at__gte=since)
        .exclude(state=flow.State.CANCELLED)
        .count()
    )
    risk = scoring.Risk(function, physical, need, failures)
    if not (1 <= function <= 10 and 1 <= physical <= 5 and 1 <= need <= 5):
        raise Invalid(
            "分值超出范围",
            problems=[Problem("功能 1-10，风险与需求 1-5", field="function")],
            way_out="请按范围填写。",
        )
    row, _ = RiskScore.objects.update_or_create(
        asset=asset,
        defaults={"function": function, "physical": physical, "need": need, "failures": failures, "score": risk.score,
                  "judged_on": today},
    )  # fmt: skip
    audit.record(
        actor=actor, act="assets.care.judge", target=f"assets.asset:{asset.pk}", unit_id=asset.org_unit_id,
        summary=f"{asset} 风险分值 {risk.score}",
    )  # fmt: skip
    return row


def proposed_months(row: RiskScore, on: dt.date) -> int | None:
    """How often a score asks for maintenance; None when it does not."""
    return scoring.interval_months(
        row.score, included=parameters.value("risk_included", on), high=parameters.value("risk_high", on),
        high_months=parameters.value("care_months_high", on), months=parameters.value("care_months", on),
    )  # fmt: skip


@transaction.atomic
def generate(*, actor: User, today: dt.date | None = None, unit_id: int | None = None) -> int:
    """Put every plan on the calendar as far as the parameter says; returns how many tasks are new."""
    scope.require(actor, EDIT, unit_id)
    today = today or clock.today()
    until = due_days.months_later(today, parameters.value("calendar_months", today))
    plans = CarePlan.objects.filter(is_active=True, template__is_active=True, asset__status__in=HELD)
    if unit_id is not None:
        plans = plans.filter(asset__org_unit_id=unit_id)
    plans = scope.filter(actor, EDIT, plans.select_related("asset"), "asset__org_unit_id")
    made = [
        Task(
            plan=plan, asset_id=plan.asset_id, template_id=plan.template_id, org_unit_id=plan.asset.org_unit_id,
            planned_on=day, due_on=day,
        )
        for plan in plans
        for day in due_days.series(plan.first_due, months=plan.months, days=plan.days, until=until)
        if day >= today
    ]  # fmt: skip
    before = Task.objects.count()
    Task.objects.bulk_create(made, ignore_conflicts=True)
    count = Task.objects.count() - before
    if count:
        audit.record(
            actor=actor,
            act="assets.care.generate",
            target="assets.care_task:0",
            summary=f"生成 {count} 项维护任务",
        )
    return count


@transaction.atomic
def postpone(*, actor: User, task: Task, to_day: dt.date, reason: str) -> Task:
    """Put a task off, with the reason; it still counts by the day it was first planned for."""
    row = _due(actor, task)
    problems = []
    if to_day <= row.due_on:
        problems.append(Problem(f"应晚于原日期 {row.due_on}", field="to_day"))
    if not reason.strip():
        problems.append(Problem("请写明延期原因", field="reason"))
    if problems:
        raise Invalid("延期没有填完整", problems=problems, way_out="请按标红处填写。")
    Postponement.objects.create(
        task=row, from_day=row.due_on, to_day=to_day, reason=reason.strip()[:200], actor=actor, at=clock.now()
    )
    row.due_on = to_day
    row.save(update_fields=["due_on"])
    _log(actor, row, f"延期到 {to_day}：{reason.strip()}")
    return row


def _due(actor: User, task: Task) -> Task:
    row = Task.objects.select_for_update(of=("self",)).select_related("asset", "template").get(pk=task.pk)
    scope.check_object(actor, WORK, row)
    if row.state != Task.State.DUE:
        raise Conflict(f"{row} 已{row.get_state_display()}", code="task_done", way_out="请刷新页面。")
    return row


@transaction.atomic
def complete(
    *, actor: User, task: Task, found: Mapping[int, Found], hours: Decimal | None = None, note: str = ""
) -> Task:
    """Do a task, every point of its template answered. Values beyond their limits fail whatever was ticked.

    What fails opens a repair; a failed quality or safety test stops the machine besides.
    """
    row = _due(actor, task)
    items = list(TemplateItem.objects.filter(template=row.template, is_active=True).order_by("position"))
    problems = [problem for item in items for problem in _missing(item, found.get(item.pk))]
    if not items:
        problems = [Problem("模板还没有项目")]
    if problems:
        raise Invalid(
            f"{row.template} 有 {len(problems)} 项没有填好", problems=problems, way_out="请逐项填写。"
        )
    results = [_result(row, item, found[item.pk]) for item in items]
    failed = [one for one in results if not one.passed]
    row.state = Task.State.FAILED if failed else Task.State.PASSED
    row.done_on, row.done_by, row.hours, row.note = (
        clock.today(),
        actor,
        hours or row.template.hours,
        note.strip()[:300],
    )
    TaskResult.objects.bulk_create(results)
    row.save()
    _log(actor, row, f"{row.get_state_display()}")
    if failed:
        _act_on_failure(actor, row, failed)
    return row


def _missing(item: TemplateItem, given: Found | None) -> list[Problem]:
    if given is None or (item.numeric and given.value is None):
        words = limits.described(item.low, item.high, item.unit)
        return [Problem(f"请填写“{item.name}”{f'（{words}）' if words else ''}", field=f"item-{item.pk}")]
    return []


def _result(task: Task, item: TemplateItem, given: Found) -> TaskResult:
    value = given.value if item.numeric else None
    good = given.passed and (value is None or limits.within(value, item.low, item.high))
    return TaskResult(
        task=task, item=item, value=value, low=item.low if item.numeric else None,
        high=item.high if item.numeric else None, passed=good, note=given.note.strip()[:200],
    )  # fmt: skip


def _act_on_failure(actor: User, task: Task, failed: list[TaskResult]) -> None:
    """A tag for what is not safe, and a repair where none is under way."""
    said = "；".join(_described(one) for one in failed)
    text = f"{task.template}不合格：{said}"[:300]
    source = f"assets.task:{task.pk}"
    asset = cards.held(task.asset_id)
    if task.template.kind in CONTROL:
        tags.hang(actor=actor, asset_id=asset.pk, reason=StopTag.Reason.CONTROL, text=text, source=source)
    if not RepairOrder.objects.filter(asset=asset, state__in=flow.OPEN).exists():
        repairs.open_by_finding(actor=actor, asset=asset, fault=text, origin=source)


def _described(one: TaskResult) -> str:
    if one.value is None:
        return one.item.name
    return (
        f"{one.item.name} {one.value.normalize():f}（{limits.described(one.low, one.high, one.item.unit)}）"
    )


@transaction.atomic
def cancel(*, actor: User, task: Task, note: str) -> Task:
    """Strike a task that makes no sense any more, with the reason."""
    row = _due(actor, task)
    scope.require(actor, EDIT, row.org_unit_id)
    if not note.strip():
        raise Invalid("请写明取消原因", problems=[Problem("请填写", field="note")], way_out="请填写原因。")
    row.state, row.note = Task.State.CANCELLED, note.strip()[:300]
    row.save(update_fields=["state", "note"])
    _log(actor, row, f"取消：{row.note}")
    return row


def _log(actor: User, task: Task, words: str) -> None:
    audit.record(
        actor=actor, act="assets.care.work", target=f"assets.task:{task.pk}", unit_id=task.org_unit_id,
        summary=f"{task} {words}",
    )  # fmt: skip
