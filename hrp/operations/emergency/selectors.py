"""Reads of plans and drills: what is in force at an instant, what waits for whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from hrp.operations.contracts.models import Contract, Side
from hrp.operations.emergency.models import Drill, EmergencyPlan, PlanVersion, RevisionRequest
from hrp.operations.emergency.rules import SCENARIOS
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound

VIEW = "operations.plan.view"


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario of the contract and where its plan stands."""

    scenario: str
    title: str
    plan: EmergencyPlan | None
    in_force: PlanVersion | None
    pending: PlanVersion | None
    open_requests: int


def signed_versions(contract: Contract | None, at: dt.datetime) -> QuerySet[PlanVersion]:
    """Versions both parties had signed by ``at``."""
    return PlanVersion.objects.filter(
        plan__contract=contract, supplier_signed_at__lte=at, hospital_signed_at__lte=at
    )


def in_force(contract: Contract | None, at: dt.datetime) -> dict[str, PlanVersion]:
    """Scenario -> the version in force at ``at``, in the order of the scenarios."""
    latest: dict[str, PlanVersion] = {}
    for version in signed_versions(contract, at).select_related("plan").order_by("number"):
        latest[version.plan.scenario] = version
    return {code: latest[code] for code in SCENARIOS if code in latest}


def version_named(contract: Contract, label: str) -> PlanVersion | None:
    """The version a ticket names as ``EP-HRP-01 v3``; words after the number are ignored."""
    code, _, rest = label.strip().partition(" v")
    number = rest.split(" ", 1)[0]
    if not number.isdecimal() or len(number) > 6:
        return None
    return PlanVersion.objects.filter(plan__contract=contract, plan__code=code, number=int(number)).first()


def overview(contract: Contract | None) -> list[ScenarioRow]:
    """Every scenario, planned for or not."""
    plans = {plan.scenario: plan for plan in EmergencyPlan.objects.filter(contract=contract)}
    current = in_force(contract, clock.now())
    newest: dict[int, PlanVersion] = {}
    for version in PlanVersion.objects.filter(plan__contract=contract).select_related(
        "plan", "supplier_signer", "hospital_signer"
    ):
        newest.setdefault(version.plan_id, version)
    waiting: dict[int, int] = {}
    for plan_id in open_requests(contract).values_list("plan_id", flat=True):
        waiting[plan_id] = waiting.get(plan_id, 0) + 1
    rows = []
    for code, title in SCENARIOS.items():
        plan = plans.get(code)
        last = newest.get(plan.pk) if plan else None
        pending = last if last is not None and not last.is_signed else None
        rows.append(
            ScenarioRow(code, title, plan, current.get(code), pending, waiting.get(plan.pk, 0) if plan else 0)
        )
    return rows


def plan(actor: User, pk: int) -> EmergencyPlan:
    """One plan. Raises Forbidden, NotFound."""
    scope.require(actor, VIEW)
    found = EmergencyPlan.objects.select_related("contract__hospital").filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到该应急预案", way_out="请返回应急预案页面刷新。")
    return found


def versions(of: EmergencyPlan) -> list[PlanVersion]:
    """Newest first."""
    return list(
        PlanVersion.objects.filter(plan=of)
        .select_related("plan", "drafted_by", "supplier_signer", "hospital_signer")
        .order_by("-number")
    )


def open_requests(contract: Contract | None) -> QuerySet[RevisionRequest]:
    """What the hospital asked for and nobody has answered."""
    return RevisionRequest.objects.filter(plan__contract=contract, answer__isnull=True)


def requests(of: EmergencyPlan) -> QuerySet[RevisionRequest]:
    return RevisionRequest.objects.filter(plan=of).select_related(
        "requested_by", "answer__answered_by", "answer__version__plan"
    )


def drills() -> QuerySet[Drill]:
    return Drill.objects.select_related(
        "version__plan__contract__hospital", "supplier_signer", "hospital_signer"
    )


def waiting_for(actor: User, side: str) -> int:
    """Versions to sign and, for the supplier, requests to answer: the number in the menu."""
    if not scope.has(actor, VIEW):
        return 0
    newest = PlanVersion.objects.order_by("plan_id", "-number").distinct("plan_id")
    open_ones = [row for row in newest if row.hospital_signed_at is None]
    if side == Side.HOSPITAL.value:
        return sum(row.supplier_signed_at is not None for row in open_ones)
    if side == Side.SUPPLIER.value:
        unanswered = RevisionRequest.objects.filter(answer__isnull=True).count()
        return sum(row.supplier_signed_at is None for row in open_ones) + unanswered
    return 0


def url_of(of: EmergencyPlan) -> str:
    return reverse("operations.plan.detail", args=[of.pk])
