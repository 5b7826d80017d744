"""What training proves: AC-18, and the systems its sessions name for AC-01."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.contracts.scoping import Marked
from hrp.operations.training.models import Session
from hrp.operations.training.rules import AUDIENCES, Covered, Held, Year, judge
from hrp.operations.training.selectors import sessions
from hrp.platform.base import clock


def marked(span: Span) -> Iterator[Marked]:
    """Sessions held in the span, with the systems of the version in force when each began."""
    found = Session.objects.filter(state="held", starts_at__gte=span.begins, starts_at__lt=span.ends)
    for one in found.order_by("starts_at"):
        version = contracts.version_in_force(one.starts_at)
        covered = contracts.terms_of(version).modules if version else ()
        yield Marked(f"{clock.local(one.starts_at):%Y-%m-%d} {one.title}", one.module, one.in_scope, covered)


def prove_audiences(span: Span) -> Finding:
    """AC-18: in every contract year the span touches, both audiences had a session that somebody signed."""
    today = clock.local(span.as_of).date()
    years = [
        Year(year.number, year.starts_on, year.ends_on)
        for year in contracts.years(span.contract).filter(
            starts_on__lte=min(span.last_day, today), ends_on__gte=span.first_day, signed_on__isnull=False
        )
    ]
    if not years:
        return Finding(Verdict.UNPROVEN, missing=("期内没有签订的年度合同",))
    lines = judge(years, _held(span, years), today)
    due = [line for line in lines if line.state != "pending"]
    done = [line for line in due if line.state == "covered"]
    exceptions = [_exception(line) for line in due if line.state == "missing"]
    missing = [f"{_name(line)}的培训没有签到记录" for line in due if line.state == "unsigned"]
    pending = [_name(line) for line in lines if line.state == "pending"]
    figure = f"已培训 {len(done)}/{len(due)}" + (f"，年度未满待办：{'、'.join(pending)}" if pending else "")
    return Finding(
        _verdict(exceptions, missing, pending), figure, tuple(exceptions), tuple(missing), _evidence(lines)
    )


def _verdict(exceptions: list[str], missing: list[str], pending: list[str]) -> Verdict:
    if exceptions:
        return Verdict.NOT_MET
    if missing:
        return Verdict.UNPROVEN
    return Verdict.NOT_APPLICABLE if pending else Verdict.MET


def _held(span: Span, years: list[Year]) -> list[Held]:
    rows = sessions().filter(
        state="held", starts_at__gte=clock.start_of_day(years[0].first), starts_at__lt=span.as_of
    )
    return [
        Held(str(one.pk), one.audience, clock.local(one.starts_at).date(), one.signed)  # type: ignore[attr-defined]
        for one in rows
    ]


def _name(line: Covered) -> str:
    return f"{line.year.number} {AUDIENCES[line.audience]}"


def _exception(line: Covered) -> str:
    return f"{line.year.number}（{line.year.first} 至 {line.year.last}）没有{AUDIENCES[line.audience]}培训"


def _evidence(lines: list[Covered]) -> tuple[Evidence, ...]:
    wanted = [int(pk) for line in lines for pk in line.sessions]
    found = Session.objects.filter(pk__in=wanted).select_related("material").defer("material__content")
    return tuple(
        Evidence(
            f"{clock.local(one.starts_at):%Y-%m-%d} {one.get_audience_display()} {one.title}",
            reverse("operations.training.detail", args=[one.pk]),
            one.material.sha256,
        )
        for one in found.order_by("starts_at")
    )
