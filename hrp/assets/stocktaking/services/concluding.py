"""The department's word, the reconciliation, and the approval that puts cards right."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from hrp.assets.models import Asset, CardEvent
from hrp.assets.models.cards import Status
from hrp.assets.stocktaking import selectors
from hrp.assets.stocktaking.models import Outcome, Result, StocktakePlan, StocktakeTask
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services.planning import PLAN, lock, log, require
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem

CONFIRM, APPROVE = "assets.stocktake_task.confirm", "assets.stocktake.approve"
State, TaskState = StocktakePlan.State, StocktakeTask.State
LOCK_SQL = "SELECT id FROM assets_asset WHERE id = ANY(%s) ORDER BY id FOR UPDATE"


def _task(task: StocktakeTask) -> StocktakeTask:
    fresh = StocktakeTask.objects.select_for_update(of=("self",)).select_related("plan").get(pk=task.pk)
    if fresh.plan.state != State.COUNTING:
        raise Conflict(f"{fresh.plan} {fresh.plan.get_state_display()}", code="ended", way_out="请刷新页面。")
    return fresh


@transaction.atomic
def confirm(task: StocktakeTask, *, actor: User, note: str = "") -> StocktakeTask:
    """科室确认: this is all there is. What was not found needs a word of explanation."""
    scope.require(actor, CONFIRM, task.org_unit_id)
    fresh = _task(task)
    if fresh.state != TaskState.COUNTING:
        raise Conflict(f"{fresh} 已确认", code="confirmed", way_out="请刷新页面。")
    lines = list(fresh.lines.values_list("pk", flat=True))
    missing = len(lines) - len(selectors.standings(lines))
    if missing and not note.strip():
        raise Invalid(
            f"{len(lines)} 项中有 {missing} 项未找到，请说明", code="unexplained",
            problems=[Problem("请说明未找到的原因", field="note")], way_out="填写说明后确认，或继续查找。",
        )  # fmt: skip
    fresh.state, fresh.confirmed_by, fresh.confirmed_at = TaskState.CONFIRMED, actor, clock.now()
    fresh.note = note.strip()[:300]
    fresh.save(update_fields=["state", "confirmed_by", "confirmed_at", "note"])
    _log_task(fresh, "confirm", actor, {"lines": len(lines), "missing": missing})
    return fresh


@transaction.atomic
def reopen(task: StocktakeTask, *, actor: User, reason: str) -> StocktakeTask:
    """退回科室: there is more to look for."""
    scope.require(actor, PLAN, task.plan.org_unit_id)
    fresh = _task(task)
    if fresh.state != TaskState.CONFIRMED:
        raise Conflict(f"{fresh} {fresh.get_state_display()}", code="not_confirmed", way_out="请刷新页面。")
    fresh.state, fresh.confirmed_by, fresh.confirmed_at = TaskState.COUNTING, None, None
    fresh.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    _log_task(fresh, "reopen", actor, {"reason": reason[:200]})
    return fresh


@transaction.atomic
def reconcile(plan: StocktakePlan, *, actor: User) -> StocktakePlan:
    """对账: what holds of every line becomes its result; what nobody saw is 未找到.

    Refuses (``not_confirmed``) while departments have not confirmed and the plan is not yet due.
    """
    require(plan, PLAN, actor=actor)
    fresh = lock(plan)
    if fresh.state != State.COUNTING:
        raise Conflict(f"{fresh} {fresh.get_state_display()}", code="ended", way_out="请刷新页面。")
    tasks = list(fresh.tasks.select_for_update(of=("self",)).select_related("org_unit").order_by("pk"))
    waiting = [task for task in tasks if task.state != TaskState.CONFIRMED]
    if waiting and clock.today() <= fresh.due_on:
        names = "、".join(str(task.org_unit) for task in waiting[:5])
        raise Conflict(
            f"{len(tasks)} 个科室中有 {len(waiting)} 个未确认：{names}", code="not_confirmed",
            way_out=f"请科室确认；{fresh.due_on} 过后可按未找到对账。",
        )  # fmt: skip
    lines = list(selectors.lines_of(fresh).values_list("pk", flat=True))
    held = selectors.standings(lines)
    Result.objects.bulk_create(
        Result(line_id=pk, kind=held[pk].kind if pk in held else Kind.NOT_FOUND, finding_id=held[pk].key if pk in held else None)
        for pk in lines
    )  # fmt: skip
    fresh.state, fresh.reconciled_by, fresh.reconciled_at = State.RECONCILED, actor, clock.now()
    fresh.save(update_fields=["state", "reconciled_by", "reconciled_at"])
    log(fresh, "reconcile", actor, {"lines": len(lines), "missing": len(lines) - len(held)})
    return fresh


@transaction.atomic
def approve(plan: StocktakePlan, *, actor: User, opinion: str = "") -> StocktakePlan:
    """审批 by another than who planned and who reconciled: cards take the places that were found, the idle are said to be."""
    require(plan, APPROVE, actor=actor)
    fresh = lock(plan)
    if fresh.state != State.RECONCILED:
        raise Conflict(f"{fresh} {fresh.get_state_display()}", code="not_reconciled", way_out="请先对账。")
    if actor.pk in (fresh.planned_by_id, fresh.reconciled_by_id):
        raise Conflict(
            "下达人、对账人不能审批自己的盘点", code="own_plan", way_out="请由其他有审批权限的人办理。"
        )
    fresh.state, fresh.approved_by, fresh.approved_at = State.APPROVED, actor, clock.now()
    fresh.opinion = opinion.strip()[:200]
    fresh.save(update_fields=["state", "approved_by", "approved_at", "opinion"])
    fixed = _put_right(fresh, actor)
    log(fresh, "approve", actor, {"fixed": fixed, "opinion": fresh.opinion})
    return fresh


def _put_right(plan: StocktakePlan, actor: User) -> int:
    results = list(
        Result.objects.filter(line__task__plan=plan, kind__in=(Kind.ELSEWHERE, Kind.IDLE)).select_related(
            "line", "finding__location"
        )
    )
    sql.rows(LOCK_SQL, [sorted(result.line.asset_id for result in results)])
    cards = Asset.objects.in_bulk([result.line.asset_id for result in results])
    done = [
        outcome for result in results if (outcome := _one(plan, result, cards[result.line.asset_id], actor))
    ]
    Outcome.objects.bulk_create(done)
    return len(done)


def _one(plan: StocktakePlan, result: Result, asset: Asset, actor: User) -> Outcome | None:
    """A card that other documents moved since it was found is left as they have it."""
    place = result.finding.location if result.finding else None
    before: dict[str, object]
    after: dict[str, object]
    if result.kind == Kind.ELSEWHERE and place is not None and asset.location_id == result.line.location_id:
        before, after = {"location": asset.location_id}, {"location": place.pk}
        asset.location, way, text = place, Outcome.Way.LOCATION, f"盘点更正地点为 {place}"
        asset.save(update_fields=["location"])
    elif result.kind == Kind.IDLE and asset.status == Status.IN_USE:
        before, after = {"status": str(asset.status)}, {"status": str(Status.IDLE)}
        asset.status, way, text = Status.IDLE, Outcome.Way.IDLE, "盘点发现闲置"
        asset.save(update_fields=["status"])
    else:
        return None
    source, now = f"assets.stocktake:{plan.pk}", clock.now()
    CardEvent.objects.create(
        asset=asset, kind="stocktake", source=source, date=clock.today(), at=now, actor=actor, text=f"{text}（{plan}）"[:300],
        before=before, after=after,
    )  # fmt: skip
    return Outcome(result=result, way=way, source=source, by=actor, at=now)


def _log_task(task: StocktakeTask, act: str, actor: User, data: dict[str, object]) -> None:
    audit.record(
        actor=actor, act=f"assets.stocktake_task.{act}", target=f"assets.stocktake_task:{task.pk}", summary=str(task), data=data
    )  # fmt: skip


def differing(plan: StocktakePlan, kinds: Sequence[Kind]) -> list[Result]:
    """Results of these kinds, with what is needed to act on them."""
    return list(
        Result.objects.filter(line__task__plan=plan, kind__in=kinds)
        .select_related("line__asset", "line__task__org_unit", "finding__task__org_unit", "finding__location")
        .order_by("line__asset__number")
    )
