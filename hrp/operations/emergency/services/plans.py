"""Verbs of plans: draft, sign, ask for a revision, answer."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Contract, Side
from hrp.operations.contracts.rules import canonical, digest
from hrp.operations.emergency import selectors
from hrp.operations.emergency.models import EmergencyPlan, PlanVersion, RevisionAnswer, RevisionRequest
from hrp.operations.emergency.rules import SCENARIOS, Content, problems, to_body
from hrp.operations.emergency.services.sides import party
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.notify import services as notify
from hrp.platform.org import selectors as org

EDIT, SIGN, REQUEST = "operations.plan.edit", "operations.plan.sign", "operations.plan.request"
HOSPITAL_ROLES, SUPPLIER_ROLES = ("甲方系统主管工程师",), ("服务台主管", "值班工程师")


@transaction.atomic
def draft(*, actor: User, contract: Contract, scenario: str, content: Content, note: str = "") -> PlanVersion:
    """The supplier writes the next version of a scenario's plan; an unsigned one is written anew.

    Raises Invalid naming every missing part. A version somebody has signed is never touched: a new one follows it.
    """
    scope.require(actor, EDIT)
    party(actor, "拟订应急预案", only=Side.SUPPLIER)
    if scenario not in SCENARIOS:
        raise Invalid("没有这个应急场景", way_out="请从列表选择场景。")
    wrong = problems(content)
    if wrong:
        raise Invalid("应急预案不完整（合同 三(二)1(2)）", problems=wrong, way_out="请补齐标红的各项。")
    Contract.objects.select_for_update().get(pk=contract.pk)
    place = list(SCENARIOS).index(scenario) + 1
    plan, _ = EmergencyPlan.objects.get_or_create(
        contract=contract, scenario=scenario, defaults={"code": f"EP-HRP-{place:02d}"}
    )
    latest = PlanVersion.objects.filter(plan=plan).order_by("-number").first()
    if latest is None or latest.supplier_signed_at is not None:
        latest = PlanVersion(plan=plan, number=latest.number + 1 if latest else 1)
    body = canonical(to_body(content))
    latest.body, latest.sha256, latest.note = body, digest(body), note.strip()
    latest.drafted_by, latest.drafted_at = actor, clock.now()
    latest.save()
    _log(actor, "draft", latest, f"拟订 {latest}")
    return latest


@transaction.atomic
def sign(*, actor: User, version: PlanVersion) -> PlanVersion:
    """Sign for one's side: the supplier first, then the hospital, which puts the version in force."""
    scope.require(actor, SIGN)
    side = party(actor, "签署应急预案")
    held = PlanVersion.objects.select_for_update().select_related("plan").get(pk=version.pk)
    newer = PlanVersion.objects.filter(plan=held.plan, number__gt=held.number).order_by("-number").first()
    if newer is not None:
        raise Conflict(f"{held} 之后已有 {newer}", way_out=f"请签署 {newer}。", code="plan_superseded")
    if getattr(held, f"{side.value}_signed_at") is not None:
        raise Conflict(f"{held} 已由{side.label}签署", way_out="无需重复签署。", code="already_signed")
    if side is Side.HOSPITAL and held.supplier_signed_at is None:
        raise Conflict(
            f"{held} 尚未由乙方签署", way_out="请乙方先签署，再由甲方签署生效。", code="supplier_signs_first"
        )
    setattr(held, f"{side.value}_signer", actor)
    setattr(held, f"{side.value}_signed_at", clock.now())
    held.save(update_fields=[f"{side.value}_signer", f"{side.value}_signed_at"])
    _log(actor, "sign", held, f"{side.label}签署 {held}")
    _tell_signed(held, side)
    return held


@transaction.atomic
def request_revision(*, actor: User, plan: EmergencyPlan, text: str) -> RevisionRequest:
    """The hospital asks for a change; the answer is due within the agreed working days."""
    scope.require(actor, REQUEST)
    party(actor, "提出修订", only=Side.HOSPITAL)
    if not text.strip():
        raise Invalid(
            "请写明要修订什么",
            way_out="例如联系人变更、机房搬迁。",
            problems=[Problem("请填写", field="text")],
        )
    now = clock.now()
    made = RevisionRequest.objects.create(
        plan=plan, text=text.strip(), requested_by=actor, requested_at=now, due_at=answer_due(now)
    )
    _log(actor, "request", plan, f"请求修订 {plan}")
    notify.notify(
        recipients=contracts.users_with(SUPPLIER_ROLES),
        kind="operations.plan",
        title=f"甲方请求修订 {plan}",
        body=made.text[:200],
        url=selectors.url_of(plan),
        dedupe_key=f"plan-request:{made.pk}",
    )
    return made


@transaction.atomic
def answer_revision(*, actor: User, request: RevisionRequest, accepted: bool, text: str) -> RevisionAnswer:
    """The supplier answers once. What is accepted names the version that takes it up, when there is one already."""
    scope.require(actor, EDIT)
    party(actor, "答复修订请求", only=Side.SUPPLIER)
    if not text.strip():
        raise Invalid("请写明答复", way_out="采纳的写明如何修订，不采纳的写明理由。")
    held = RevisionRequest.objects.select_related("plan").get(pk=request.pk)
    EmergencyPlan.objects.select_for_update().get(pk=held.plan_id)  # one answer at a time
    if RevisionAnswer.objects.filter(request=held).exists():
        raise Conflict(
            "该请求已经答复", way_out="如需补充，请修订预案后由双方签署。", code="already_answered"
        )
    version = (
        PlanVersion.objects.filter(plan=held.plan, drafted_at__gte=held.requested_at)
        .order_by("-number")
        .first()
    )
    made = RevisionAnswer.objects.create(
        request=held,
        accepted=accepted,
        text=text.strip(),
        version=version if accepted else None,
        answered_by=actor,
        answered_at=clock.now(),
    )
    _log(actor, "answer", held.plan, f"答复修订请求：{'采纳' if accepted else '不采纳'}")
    notify.notify(
        recipients=[held.requested_by_id],
        kind="operations.plan",
        title=f"修订请求已答复：{held.plan}",
        body=made.text[:200],
        url=selectors.url_of(held.plan),
        dedupe_key=f"plan-answer:{made.pk}",
    )
    return made


def answer_due(requested_at: dt.datetime) -> dt.datetime | None:
    """24:00 of the last working day agreed for an answer; None while a year on the way has no official calendar."""
    version = contracts.version_in_force(requested_at)
    if version is None:
        return None
    days = contracts.terms_of(version).plan["plan_revision_working_days"]
    try:
        return org.work_calendar().working_day_deadline(requested_at, days)
    except Conflict:
        return None


def _tell_signed(version: PlanVersion, side: Side) -> None:
    supplier = side is Side.SUPPLIER
    notify.notify(
        recipients=contracts.users_with(HOSPITAL_ROLES if supplier else SUPPLIER_ROLES),
        kind="operations.plan",
        title=f"{version} 待甲方签署" if supplier else f"{version} 已生效",
        body=f"{version.plan.get_scenario_display()}　{version.note}",
        url=selectors.url_of(version.plan),
        dedupe_key=f"plan-signed:{version.pk}:{side.value}",
    )


def _log(actor: User, act: str, target: EmergencyPlan | PlanVersion, summary: str) -> None:
    kind = "plan_version" if isinstance(target, PlanVersion) else "plan"
    data = {"sha256": target.sha256} if isinstance(target, PlanVersion) else None
    audit.record(
        actor=actor,
        act=f"operations.plan.{act}",
        target=f"operations.{kind}:{target.pk}",
        summary=summary,
        data=data,
    )
