"""AC-06 and AC-07: arrivals in time with evidence of them, and emergencies answered and started as promised."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.operations.contracts import proofs
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Clock, Ticket, TicketEvent
from hrp.operations.emergency import selectors as emergency
from hrp.operations.incidents.models import ArrivalEvidence

ELEMENTS = {"commander": "指挥", "staff": "人员", "plan": "预案", "bridge": "会议桥"}


def register_all() -> None:
    proofs.register("AC-06", on_site_in_time)
    proofs.register("AC-07", emergencies_started)


def _clocks(span: Span, kind: str) -> list[Clock]:
    """Clocks of signed years that began in the span; those of a gap between years are shadow values."""
    found = Clock.objects.filter(
        kind=kind,
        ticket__contract_version__contract=span.contract,
        ticket__annual_contract__isnull=False,
        start__gte=span.begins,
        start__lt=span.ends,
    )
    return list(found.select_related("ticket").order_by("start"))


def _stopped(row: Clock, span: Span) -> bool:
    return row.stop is not None and row.stop <= span.ends


def _met(row: Clock, span: Span) -> bool:
    return row.verdict == "met" and _stopped(row, span)


def _missed(row: Clock, span: Span) -> bool:
    return row.verdict == "breached" and row.due < span.ends


def _name(row: Clock) -> str:
    return f"{row.ticket.number} {row.get_kind_display()}"


def on_site_in_time(span: Span) -> Finding:
    """Every on-site clock that had to stop did so in time, and a gate scan or the hospital's word shows the arrival."""
    rows = _clocks(span, "onsite")
    met, missed = [row for row in rows if _met(row, span)], [row for row in rows if _missed(row, span)]
    moot = sum(row.verdict == "moot" for row in rows)
    judged = len(met) + len(missed)
    aside = f"；另有 {moot} 项到场前已远程解决" if moot else ""
    if not judged:
        return Finding(Verdict.NOT_APPLICABLE, f"没有到期的到场要求{aside}")
    shown = {
        (ticket, cycle): kinds
        for ticket, cycle, kinds in ArrivalEvidence.objects.filter(
            ticket__in=[row.ticket for row in rows], given_at__lte=span.ends
        ).values_list("ticket_id", "cycle", "kind")
    }
    arrived = [row for row in (*met, *missed) if _stopped(row, span)]
    bare = [row for row in arrived if (row.ticket_id, row.cycle) not in shown]
    verdict = Verdict.NOT_MET if missed else Verdict.UNPROVEN if bare else Verdict.MET
    return Finding(
        verdict,
        f"按时到场 {len(met)}/{judged}；有到场凭据 {len(arrived) - len(bare)}/{len(arrived)}{aside}",
        exceptions=tuple(f"{_name(row)}超时（{row.level}级）" for row in missed),
        missing=tuple(f"{row.ticket.number}：没有门禁签到或甲方签认" for row in bare),
        evidence=_evidence([row.ticket for row in (*met, *missed)]),
    )


def emergencies_started(span: Span) -> Finding:
    """Every emergency was answered in time and started in time, with commander, staff, plan in force and bridge."""
    starts = [row for row in _clocks(span, "emergency_start") if row.verdict != "superseded"]
    opened = {(row.ticket_id, row.cycle, row.start) for row in starts}
    answers = [
        row
        for row in _clocks(span, "response")
        if (row.ticket_id, row.cycle, row.start) in opened and row.verdict != "superseded"
    ]
    due = [row for row in (*answers, *starts) if _met(row, span) or _missed(row, span)]
    if not due:
        return Finding(Verdict.NOT_APPLICABLE, "没有到期的紧急事件")
    events = TicketEvent.objects.filter(
        type="EMERGENCY_STARTED", ticket__in=[row.ticket for row in starts], recorded_at__lte=span.ends
    ).select_related("ticket")
    lacking, unknown = [], []
    for event in events:
        lacking += [
            f"{event.ticket.number}：启动时没有写明{title}"
            for name, title in ELEMENTS.items()
            if not event.payload.get(name)
        ]
        unknown += _plan_gap(span, event)
    missed = [row for row in due if _missed(row, span)]
    verdict = Verdict.NOT_MET if missed or lacking else Verdict.UNPROVEN if unknown else Verdict.MET
    complete = len(events) - len({text.split("：")[0] for text in lacking})
    return Finding(
        verdict,
        f"响应 {_rate(answers, span)}；启动 {_rate(starts, span)}；要素齐全 {complete}/{len(events)}",
        exceptions=(*(f"{_name(row)}超时（{row.level}级）" for row in missed), *lacking),
        missing=tuple(unknown),
        evidence=_evidence([row.ticket for row in due]),
    )


def _rate(rows: Sequence[Clock], span: Span) -> str:
    met = sum(_met(row, span) for row in rows)
    return f"{met}/{met + sum(_missed(row, span) for row in rows)}"


def _plan_gap(span: Span, event: TicketEvent) -> list[str]:
    """Why the plan named at the start cannot be vouched for; nothing when it was in force then."""
    named = str(event.payload.get("plan", ""))
    version = emergency.version_named(span.contract, named) if named else None
    if not named or (version and version.hospital_signed_at and version.hospital_signed_at <= event.at):
        return []
    return [f"{event.ticket.number}：启动时所用预案「{named}」没有双方签署的版本"]


def _evidence(tickets: Sequence[Ticket]) -> tuple[Evidence, ...]:
    unique = {ticket.pk: ticket for ticket in tickets}
    return tuple(
        Evidence(f"{one.number} {one.title}", desk.url_of(one), one.head_hash) for one in unique.values()
    )
