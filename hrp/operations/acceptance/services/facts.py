"""The body of a report: everything it says, as plain data, gathered from stored rows only."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from hrp.operations.acceptance import selectors
from hrp.operations.acceptance.rules import tables
from hrp.operations.acceptance.rules.spans import KIND_TITLES, Days
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Contract, ContractVersion
from hrp.operations.contracts.proofs import Finding, Span, checks
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import kpi
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules.clocks import KIND_TITLES as CLOCK_TITLES
from hrp.operations.desk.rules.kpi import Spread
from hrp.operations.desk.rules.plan import PLAN_TITLES
from hrp.platform.audit import selectors as audit

FORMAT = "hrp-service-report/1"
Progress = Callable[[int, int, str], None]


def gather(span: Span, days: Days, *, number: str, made_by: str, progress: Progress) -> dict[str, Any]:
    """The whole report as JSON data. The same rows give the same body."""
    contract = span.contract
    version = contracts.version_in_force(span.ends) or contracts.require_version(span.begins)
    terms = contracts.terms_of(version)
    order = [level.code for level in terms.ranked()]
    answers = _answers(span, progress)
    clocks = selectors.clocks_of(span)
    tickets = selectors.tickets_of(span, clocks)
    chains = selectors.chains_of(tickets, span.as_of)
    head = audit.seal_state()
    return {
        "format": FORMAT,
        "number": number,
        "title": KIND_TITLES[days.kind],
        "kind": days.kind,
        "first_day": span.first_day.isoformat(),
        "last_day": span.last_day.isoformat(),
        "as_of": selectors.iso(span.as_of),
        "made_by": made_by,
        "contract": _contract(contract, version, terms),
        "checks": answers,
        "tally": tables.tally([answer["verdict"] for answer in answers]),
        "levels": {level.code: level.title for level in terms.ranked()},
        "kinds": dict(CLOCK_TITLES),
        "sla": [row.as_dict() for row in tables.sla(clocks, order, list(CLOCK_TITLES))],
        "tickets": len(tickets),
        "closed": sum(
            any(tables.event_type(e["text"]) == "CLOSED" for e in chain) for chain in chains.values()
        ),
        "kpi": _kpi(span),
        "graves": [
            _grave(ticket, [row for row in clocks if row["ticket"] == ticket.number], span.as_of)
            for ticket in tickets
            if ticket.level in terms.levels and terms.levels[ticket.level].emergency_start_s is not None
        ],
        "corrections": _corrections(span, number),
        "audit_head": {"seq": head.seq, "hash": head.hash},
    }


def _answers(span: Span, progress: Progress) -> list[dict[str, Any]]:
    """All checks of the clause matrix with their findings; says how far it is."""
    answers = []
    for place, (code, check) in enumerate(checks().items()):
        progress(place, len(checks()), f"{code} {check.title}")
        found = plain(selectors.prove(code, span))
        answers.append({"code": code, "clause": check.clause, "title": check.title, **found})
    return answers


def _contract(contract: Contract, version: ContractVersion, terms: Terms) -> dict[str, Any]:
    """What the report rests on: the contract, its years, and the version whose figures were judged by."""
    return {
        "number": contract.number,
        "name": contract.name,
        "hospital": contract.hospital.name,
        "supplier": contract.supplier_name,
        "starts_on": contract.starts_on.isoformat(),
        "ends_on": contract.ends_on.isoformat(),
        "version": version.number,
        "version_sha256": version.sha256,
        "modules": list(terms.modules),
        "years": [
            {
                "number": year.number,
                "starts_on": year.starts_on.isoformat(),
                "ends_on": year.ends_on.isoformat(),
                "signed_on": year.signed_on.isoformat() if year.signed_on else None,
            }
            for year in contracts.years(contract)
        ],
    }


def plain(finding: Finding) -> dict[str, Any]:
    """A finding as JSON data."""
    return {
        "verdict": finding.verdict.value,
        "figure": finding.figure,
        "exceptions": list(finding.exceptions),
        "missing": list(finding.missing),
        "evidence": [{"title": e.title, "url": e.url, "sha256": e.sha256} for e in finding.evidence],
    }


def _kpi(span: Span) -> list[list[str]]:
    """The desk's figures that the contract sets no target for: name and words. Small numbers are printed as n/N."""
    found = kpi.figures(span)
    plan = [[f"计划：{PLAN_TITLES[kind]}", figures.rate.text] for kind, figures in found.plan.items()]  # type: ignore[index]
    return [
        ["平均响应用时（MTTA）", _spread(found.acknowledgement)],
        ["平均恢复用时（MTTR）", _spread(found.repair)],
        ["平均恢复用时，扣除等待甲方", _spread(found.repair_without_waiting)],
        ["首次联系即解决", found.first_contact_fix.text],
        ["重开", found.reopened.text],
        ["90 天内同因再发", found.repeated.text],
        ["按约定时间到场", found.agreed_visits.rate.text],
        *plan,
    ]


def _spread(found: Spread) -> str:
    if found.mean_s is None or found.p90_s is None:
        return "—"
    return f"平均 {_words(found.mean_s)}，九成在 {_words(found.p90_s)} 内（{found.n}/{found.of}）"


def _words(seconds: float) -> str:
    minutes = round(seconds / 60, 1)
    return f"{minutes / 60:.1f} 小时" if minutes >= 90 else f"{minutes:g} 分钟"


def _grave(ticket: Ticket, clocks: list[dict[str, Any]], as_of: dt.datetime) -> dict[str, Any]:
    """One emergency with its clocks and the milestones of its chain."""
    return {
        "number": ticket.number,
        "level": ticket.level,
        "title": ticket.title,
        "org_unit": ticket.org_unit.name,
        "module": ticket.module,
        "first_contact_at": selectors.iso(ticket.first_contact_at),
        "resolved_at": selectors.iso(ticket.resolved_at),
        "state": ticket.get_state_display(),
        "clocks": [
            {name: row[name] for name in ("kind", "level", "due", "stop", "verdict", "margin_s", "excused")}
            for row in clocks
        ],
        "timeline": [
            {"at": selectors.iso(event.at), "what": event.get_type_display(), "who": event.actor.display_name}
            for event in desk.timeline(ticket).filter(recorded_at__lte=as_of).order_by("seq")
        ],
    }


def _corrections(span: Span, number: str) -> list[dict[str, str]]:
    """What the last report both parties signed would say differently today (更正): a signed period is never reopened."""
    signed = [row for row in selectors.signed_by_both(span.contract) if row.number != number]
    if not signed:
        return []
    last = signed[-1]
    then = {answer["code"]: answer for answer in json.loads(last.body)["checks"]}
    now = Span(span.contract, last.first_day, last.last_day, span.as_of)
    found = []
    for code, answer in then.items():
        fresh = selectors.prove(code, now)
        if (fresh.verdict.value, fresh.figure) != (answer["verdict"], answer["figure"]):
            was, is_now = (
                f"{v} {f}".strip()
                for v, f in ((answer["verdict"], answer["figure"]), (fresh.verdict.value, fresh.figure))
            )
            found.append({"report": last.number, "code": code, "was": was, "now": is_now})
    return found
