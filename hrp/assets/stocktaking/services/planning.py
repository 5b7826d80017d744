"""Planning a stocktake: which assets, whose task they are, and what the books say of them at this instant."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from typing import Any

from django.db import transaction

from hrp.assets.models import Asset, AssetClass
from hrp.assets.models.cards import HELD
from hrp.assets.stocktaking.models import PlanLine, StocktakePlan, StocktakeTask
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.org import selectors as org
from hrp.platform.org.models import OrgUnit

PLAN = "assets.stocktake.edit"
Method, State = StocktakePlan.Method, StocktakePlan.State


@transaction.atomic
def begin(
    *, actor: User, office: OrgUnit, name: str, method: str, due_on: dt.date, of_unit: OrgUnit | None = None,
    of_class: AssetClass | None = None, sample: int | None = None, note: str = "",
) -> StocktakePlan:  # fmt: skip
    """下达盘点: tasks of departments with what each has to find, as the books have it now."""
    scope.require(actor, PLAN, office.pk)
    problems = _problems(name, method, due_on, of_unit, of_class, sample)
    if problems:
        raise Invalid(f"盘点计划有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。")
    now = clock.now()
    chosen = _chosen(actor, office, method, of_unit, of_class, sample, now)
    if not chosen:
        raise Conflict("没有需要盘点的资产", code="nothing_to_count", way_out="请改选盘点方式、科室或分类。")
    _require_free(chosen)
    plan = StocktakePlan.objects.create(
        name=name.strip(), method=method, campus_id=office.campus_id, org_unit=office, of_unit=of_unit, of_class=of_class,
        sample=sample, due_on=due_on, frozen_at=now, planned_by=actor, note=note[:200],
    )  # fmt: skip
    by_unit: dict[int, list[Asset]] = defaultdict(list)
    for asset in chosen:
        by_unit[asset.org_unit_id].append(asset)
    tasks = StocktakeTask.objects.bulk_create(
        StocktakeTask(plan=plan, org_unit_id=unit) for unit in sorted(by_unit)
    )
    PlanLine.objects.bulk_create(
        PlanLine(task=task, asset=asset, location_id=asset.location_id, cost=asset.cost)
        for task in tasks
        for asset in by_unit[task.org_unit_id]
    )
    log(plan, "plan", actor, {"assets": len(chosen), "departments": len(tasks)})
    return plan


def _problems(
    name: str, method: str, due_on: dt.date, of_unit: Any, of_class: Any, sample: int | None
) -> list[Problem]:
    found = [] if name.strip() else [Problem("请填写名称", field="name")]
    if method not in Method.values:
        found.append(Problem("请选择盘点方式", field="method"))
    if method == Method.UNIT and of_unit is None:
        found.append(Problem("按科室盘点请选择科室", field="of_unit"))
    if method == Method.CLASS and of_class is None:
        found.append(Problem("按分类盘点请选择分类", field="of_class"))
    if method == Method.RANDOM and not sample:
        found.append(Problem("随机抽盘请填写项数", field="sample"))
    if due_on < clock.today():
        found.append(Problem(f"截止日期 {due_on} 已过", field="due_on"))
    return found


def _chosen(
    actor: User, office: OrgUnit, method: str, of_unit: OrgUnit | None, of_class: AssetClass | None, sample: int | None,
    now: dt.datetime,
) -> list[Asset]:  # fmt: skip
    """Assets of the campus, of the departments the planner may send to look."""
    held = Asset.objects.filter(status__in=HELD, campus=office.campus_id).order_by("org_unit_id", "number")
    rows = scope.filter(actor, PLAN, held, "org_unit")
    if of_unit is not None:
        rows = rows.filter(org_unit__in=org.descendants([of_unit.pk], on=clock.today()) | {of_unit.pk})
    if of_class is not None:
        rows = rows.filter(asset_class=of_class)
    found = list(rows)
    if method != Method.RANDOM:
        return found
    # by office and instant, so that the draw can be repeated by an auditor
    drawn = random.Random(f"{office.code} {now.isoformat()}").sample(  # noqa: S311 - a sample, not a secret
        found, min(sample or 0, len(found))
    )
    return sorted(drawn, key=lambda asset: (asset.org_unit_id, asset.number or ""))


def _require_free(chosen: list[Asset]) -> None:
    """An asset is looked for by one plan at a time: whose result would hold otherwise?"""
    busy = PlanLine.objects.filter(
        asset__in=[asset.pk for asset in chosen], task__plan__state__in=(State.COUNTING, State.RECONCILED)
    ).select_related("task__plan")
    first = busy.first()
    if first is not None:
        raise Conflict(
            f"所选 {len(chosen)} 项中有 {busy.count()} 项正在盘点（{first.task.plan}）", code="counting",
            way_out="请先完成或取消那次盘点。",
        )  # fmt: skip


@transaction.atomic
def cancel(plan: StocktakePlan, *, actor: User, reason: str) -> StocktakePlan:
    """取消: what was found so far stays on record and is not used."""
    require(plan, PLAN, actor=actor)
    fresh = lock(plan)
    if fresh.state not in (State.COUNTING, State.RECONCILED):
        raise Conflict(f"{fresh} {fresh.get_state_display()}，不能取消", code="ended", way_out="请刷新页面。")
    fresh.state = State.CANCELLED
    fresh.save(update_fields=["state"])
    log(fresh, "cancel", actor, {"reason": reason[:200]})
    return fresh


def require(plan: StocktakePlan, code: str, *, actor: User) -> None:
    """Who acts upon a plan answers for every department that looks by it, not only for the office that planned it."""
    scope.require(actor, code, plan.org_unit_id)
    held = scope.units(actor, code)
    if held is not None and plan.tasks.exclude(org_unit__in=held).exists():
        scope.require_everywhere(actor, code)


def lock(plan: StocktakePlan) -> StocktakePlan:
    return StocktakePlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)


def log(plan: StocktakePlan, act: str, actor: User, data: dict[str, object] | None = None) -> None:
    audit.record(
        actor=actor, act=f"assets.stocktake.{act}", target=f"assets.stocktake:{plan.pk}", summary=str(plan), data=data
    )  # fmt: skip
