"""AC-08 and AC-09: a plan for every scenario, and a drill in every contract year."""

from __future__ import annotations

import datetime as dt

from hrp.operations.contracts import proofs
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import AnnualContract
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.emergency import selectors
from hrp.operations.emergency.models import Drill, EmergencyPlan, RevisionRequest
from hrp.operations.emergency.rules import SCENARIOS
from hrp.platform.base import clock
from hrp.platform.ui.screens import registry as screens


def register_all() -> None:
    proofs.register("AC-08", plan_for_every_scenario)
    proofs.register("AC-09", drill_in_every_year)


def plan_for_every_scenario(span: Span) -> Finding:
    """Each scenario has a version both parties had signed by the end of the span."""
    if not EmergencyPlan.objects.filter(contract=span.contract).exists():
        return Finding(
            Verdict.UNPROVEN, f"0/{len(SCENARIOS)} 个场景", missing=(proofs.checks()["AC-08"].needs,)
        )
    current = selectors.in_force(span.contract, span.ends)
    lacking = [title for code, title in SCENARIOS.items() if code not in current]
    return Finding(
        Verdict.NOT_MET if lacking else Verdict.MET,
        f"{len(current)}/{len(SCENARIOS)} 个场景有双方签署的预案；{_answered(span)}",
        exceptions=tuple(f"{title}：没有双方签署的预案" for title in lacking),
        evidence=tuple(
            Evidence(
                f"{version} {version.plan.get_scenario_display()}",
                selectors.url_of(version.plan),
                version.sha256,
            )
            for version in current.values()
        ),
    )


def drill_in_every_year(span: Span) -> Finding:
    """Each contract year that the span touches has a drill whose report both parties signed, once the year is over."""
    years = [
        year
        for year in contracts.years(span.contract)
        if year.starts_on <= span.last_day and year.ends_on >= span.first_day
    ]
    judged = [_year(span, year) for year in years]
    due = [finding for finding in judged if finding.verdict is not Verdict.NOT_APPLICABLE]
    if not due:
        figure = "；".join(finding.figure for finding in judged) or "没有年度合同"
        return Finding(Verdict.NOT_APPLICABLE, figure)
    order = (Verdict.NOT_MET, Verdict.UNPROVEN, Verdict.MET)
    met = sum(finding.verdict is Verdict.MET for finding in due)
    return Finding(
        next(verdict for verdict in order if any(finding.verdict is verdict for finding in due)),
        f"{met}/{len(due)} 个合同年度做过演练",
        exceptions=tuple(text for finding in due for text in finding.exceptions),
        missing=tuple(text for finding in due for text in finding.missing),
        evidence=tuple(one for finding in due for one in finding.evidence),
    )


def _year(span: Span, year: AnnualContract) -> Finding:
    begins, ends = clock.start_of_day(year.starts_on), clock.start_of_day(year.ends_on + dt.timedelta(days=1))
    held = list(
        selectors.drills().filter(
            version__plan__contract=span.contract, began_at__gte=begins, began_at__lt=min(ends, span.ends)
        )
    )
    signed = [drill for drill in held if _signed_by(drill, span.ends)]
    if signed:
        return Finding(Verdict.MET, evidence=tuple(_evidence(drill) for drill in signed))
    if held:
        return Finding(
            Verdict.UNPROVEN,
            missing=tuple(f"{drill}：演练报告尚未由双方签署" for drill in held),
            evidence=tuple(_evidence(drill) for drill in held),
        )
    if span.as_of < ends:
        return Finding(Verdict.NOT_APPLICABLE, f"{year} 未到期，尚未演练")
    return Finding(Verdict.NOT_MET, exceptions=(f"{year}：年度内没有演练",))


def _signed_by(drill: Drill, at: dt.datetime) -> bool:
    signatures = (drill.supplier_signed_at, drill.hospital_signed_at)
    return all(signed is not None and signed <= at for signed in signatures)


def _evidence(drill: Drill) -> Evidence:
    return Evidence(f"{drill} {drill.planned_on}", f"{screens['operations.drill'].base}{drill.pk}")


def _answered(span: Span) -> str:
    """Revision requests made in the span and due by its end: a plan figure, told but not judged."""
    due = RevisionRequest.objects.filter(
        plan__contract=span.contract, requested_at__gte=span.begins, requested_at__lt=span.ends
    ).select_related("answer")
    in_time = [
        one
        for one in due
        if (answer := getattr(one, "answer", None))
        and (one.due_at is None or answer.answered_at < one.due_at)
    ]
    owed = [
        one
        for one in due
        if one in in_time or hasattr(one, "answer") or (one.due_at and one.due_at <= span.ends)
    ]
    return f"修订请求按期答复 {len(in_time)}/{len(owed)}（计划）"
