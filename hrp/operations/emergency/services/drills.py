"""Verbs of drills: plan one, write down who was there and what happened, what came to light, and sign the report."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Contract, Side
from hrp.operations.emergency import selectors
from hrp.operations.emergency.models import (
    RESULTS,
    Drill,
    DrillEntry,
    DrillFinding,
    DrillParticipant,
    FindingDone,
)
from hrp.operations.emergency.services.sides import party
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem

EDIT, SIGN = "operations.drill.edit", "operations.drill.sign"


@transaction.atomic
def plan_drill(
    *,
    actor: User,
    scenario: str,
    planned_on: dt.date,
    place: str,
    situation: str,
    goal: str,
    drill: Drill | None = None,
) -> Drill:
    """Arrange a drill of the plan in force for a scenario, or arrange one anew that has not been held yet."""
    scope.require(actor, EDIT)
    party(actor, "安排演练")
    wanted = (
        ("place", place, "请写明地点"),
        ("situation", situation, "请写明演练情景"),
        ("goal", goal, "请写明要达到的目标"),
    )
    wrong = [Problem(message, field=name) for name, value, message in wanted if not value.strip()]
    if wrong:
        raise Invalid("演练安排不完整", problems=wrong, way_out="请补齐标红的各项。")
    version = selectors.in_force(contracts.current_contract(), clock.now()).get(scenario)
    if version is None:
        raise Conflict(
            "该场景没有生效的应急预案",
            way_out="请先拟订预案并由双方签署，再安排演练。",
            code="no_plan_in_force",
        )
    if drill is None:
        Contract.objects.select_for_update().get(pk=version.plan.contract_id)  # one number at a time
    held = _open(drill) if drill is not None else Drill(number=_number(planned_on))
    if held.began_at is not None:
        raise Conflict(f"{held} 已经举行", way_out="请另行安排一次演练。")
    held.version, held.planned_on, held.place = version, planned_on, place.strip()
    held.situation, held.goal = situation.strip(), goal.strip()
    if drill is None:
        held.planned_by, held.planned_at = actor, clock.now()
    held.save()
    _log(actor, "plan", held, f"安排演练 {held}，{planned_on}")
    return held


@transaction.atomic
def add_participant(*, actor: User, drill: Drill, side: str, name: str, duty: str) -> DrillParticipant:
    """Somebody of either party who takes part."""
    held = _editable(actor, drill, "登记演练人员")
    if side not in (Side.HOSPITAL.value, Side.SUPPLIER.value) or not name.strip() or not duty.strip():
        raise Invalid("请写明所属方、姓名和担任的角色", way_out="双方各至少一人。")
    return DrillParticipant.objects.create(drill=held, side=side, name=name.strip(), duty=duty.strip())


@transaction.atomic
def add_event(*, actor: User, drill: Drill, text: str, at: dt.datetime | None = None) -> DrillEntry:
    """One line of the drill's timeline."""
    held = _editable(actor, drill, "记录演练经过")
    now = clock.now()
    if not text.strip():
        raise Invalid("请写明经过", way_out="例如：主库停机，值班工程师应答。")
    if at is not None and at > now:
        raise Invalid(
            "时间晚于现在", way_out="请填写实际发生的时间。", problems=[Problem("晚于现在", field="at")]
        )
    return DrillEntry.objects.create(
        drill=held, at=at or now, text=text.strip(), recorded_by=actor, recorded_at=now
    )


@transaction.atomic
def add_finding(*, actor: User, drill: Drill, what: str, owner: str, due_on: dt.date) -> DrillFinding:
    """Something to be put right."""
    held = _editable(actor, drill, "登记演练发现")
    if not what.strip() or not owner.strip():
        raise Invalid("请写明问题与措施、责任人", way_out="责任人写到个人。")
    return DrillFinding.objects.create(drill=held, what=what.strip(), owner=owner.strip(), due_on=due_on)


@transaction.atomic
def conclude(
    *, actor: User, drill: Drill, began_at: dt.datetime, ended_at: dt.datetime, result: str, summary: str
) -> Drill:
    """Write the result. It may be written anew until either party signs."""
    held = _editable(actor, drill, "登记演练结果")
    if result not in dict(RESULTS) or not summary.strip():
        raise Invalid("请选择结果并写总结", way_out="总结写明目标是否达到、耽误在哪里。")
    if not began_at < ended_at <= clock.now():
        raise Invalid("开始时间应早于结束时间，且都不晚于现在", way_out="请核对两个时间。")
    held.began_at, held.ended_at, held.result, held.summary = began_at, ended_at, result, summary.strip()
    held.save(update_fields=["began_at", "ended_at", "result", "summary"])
    _log(actor, "conclude", held, f"演练结果 {held}：{held.get_result_display()}")
    return held


@transaction.atomic
def sign(*, actor: User, drill: Drill) -> Drill:
    """Sign the report for one's side. Raises Conflict while people of a side, the course or the result are missing."""
    scope.require(actor, SIGN)
    side = party(actor, "签署演练报告")
    held = _lock(drill)
    if getattr(held, f"{side.value}_signed_at") is not None:
        raise Conflict(f"{held} 已由{side.label}签署", way_out="无需重复签署。", code="already_signed")
    missing = _missing(held)
    if missing:
        raise Conflict(
            f"演练报告不完整：{'、'.join(missing)}",
            way_out="请补齐后再签署；签署后不可修改。",
            code="drill_incomplete",
        )
    setattr(held, f"{side.value}_signer", actor)
    setattr(held, f"{side.value}_signed_at", clock.now())
    held.save(update_fields=[f"{side.value}_signer", f"{side.value}_signed_at"])
    _log(actor, "sign", held, f"{side.label}签署演练报告 {held}")
    return held


@transaction.atomic
def finish_finding(*, actor: User, finding: DrillFinding, evidence: str) -> FindingDone:
    """Say what shows that a finding has been put right."""
    scope.require(actor, EDIT)
    party(actor, "登记整改完成")
    if not evidence.strip():
        raise Invalid("请写明完成证据", way_out="例如变更单号、截图所在、复测结果。")
    held = DrillFinding.objects.select_related("drill").get(pk=finding.pk)
    _lock(held.drill)
    if FindingDone.objects.filter(finding=held).exists():
        raise Conflict("该项已登记完成", way_out="无需重复登记。")
    made = FindingDone.objects.create(
        finding=held, evidence=evidence.strip(), done_by=actor, done_at=clock.now()
    )
    _log(actor, "finish_finding", held.drill, f"演练发现整改完成：{held}")
    return made


def _missing(drill: Drill) -> list[str]:
    sides = set(DrillParticipant.objects.filter(drill=drill).values_list("side", flat=True))
    wanted = (
        (Side.HOSPITAL.value in sides, "甲方人员"),
        (Side.SUPPLIER.value in sides, "乙方人员"),
        (DrillEntry.objects.filter(drill=drill).exists(), "演练经过"),
        (bool(drill.result), "演练结果"),
    )
    return [title for there, title in wanted if not there]


def _editable(actor: User, drill: Drill, what: str) -> Drill:
    scope.require(actor, EDIT)
    party(actor, what)
    return _open(drill)


def _open(drill: Drill) -> Drill:
    held = _lock(drill)
    if held.supplier_signed_at or held.hospital_signed_at:
        raise Conflict(
            f"{held} 的报告已签署，不能再改",
            way_out="新发现的问题请在下次演练或工单中处理。",
            code="drill_signed",
        )
    return held


def _lock(drill: Drill) -> Drill:
    held = Drill.objects.select_for_update().filter(pk=drill.pk).first()
    if held is None:
        raise NotFound("没有找到该演练", way_out="请返回应急演练列表刷新。")
    return held


def _number(planned_on: dt.date) -> str:
    """``YL2026-03``: drills are never removed, so counting them is enough."""
    prefix = f"YL{planned_on.year}-"
    taken = Drill.objects.filter(number__startswith=prefix).count()
    return f"{prefix}{taken + 1:02d}"


def _log(actor: User, act: str, drill: Drill, summary: str) -> None:
    audit.record(
        actor=actor, act=f"operations.drill.{act}", target=f"operations.drill:{drill.pk}", summary=summary
    )
