"""What the duty room proves: the rota stood (AC-04), and the hospital's counterparts can be reached (AC-31)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse

from hrp.operations.contracts import proofs
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import AnnualContract
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.duty import rules, selectors
from hrp.operations.duty.models import Shift
from hrp.operations.duty.rules import Fault
from hrp.operations.duty.selectors import Counterpart
from hrp.platform.base import clock
from hrp.platform.notify.selectors import passed_test_days

MOST = 20
"""How many failures one finding names."""


def register() -> None:
    proofs.register("AC-04", rota_covers_every_minute)
    proofs.register("AC-31", counterparts_are_reachable)


def rota_covers_every_minute(span: Span) -> Finding:
    """AC-04: enough layers at every minute, nobody in two, nobody too far; and each day a paging transport that needs
    no internet was proved to work."""
    begin, end = span.begins, span.ends
    if begin >= end:
        return Finding(Verdict.NOT_APPLICABLE, figure="期间尚未开始")
    evidence = (Evidence("值班表", reverse("operations.duty") + f"?month={span.first_day:%Y-%m}"),)
    if not Shift.objects.filter(starts_at__lt=end, ends_at__gt=begin).exists():
        return Finding(Verdict.UNPROVEN, missing=("值班表",), evidence=evidence)
    faults = [one for one in selectors.faults(begin, end) if one.kind in rules.GRAVE]
    whole = int((end - begin).total_seconds()) // 60
    open_minutes = -(-rules.uncovered_s(faults) // 60)
    days = _days(span)
    tested = passed_test_days(begin, end)
    untested = [day for day in days if day not in tested]
    figure = f"覆盖 {whole - open_minutes}/{whole} 分钟，自检 {len(days) - len(untested)}/{len(days)} 天"
    exceptions = (*_fault_lines(faults), *(f"{day} 没有通过的呼叫自检" for day in untested[:MOST]))
    if faults:
        return Finding(Verdict.NOT_MET, figure, exceptions, evidence=evidence)
    if days and len(untested) == len(days):
        return Finding(Verdict.UNPROVEN, figure, missing=("每日呼叫自检",), evidence=evidence)
    verdict = Verdict.NOT_MET if untested else Verdict.MET
    return Finding(verdict, figure, exceptions, evidence=evidence)


def _days(span: Span) -> list[dt.date]:
    """The days of the span that are over."""
    count = (span.last_day - span.first_day).days + 1
    days = [span.first_day + dt.timedelta(days=place) for place in range(count)]
    return [day for day in days if clock.start_of_day(day + dt.timedelta(days=1)) <= span.ends]


def _fault_lines(faults: Sequence[Fault]) -> list[str]:
    names = selectors.names({fault.person for fault in faults if fault.person is not None})
    lines = [
        f"{clock.local(fault.start):%Y-%m-%d %H:%M} 至 {clock.local(fault.end):%m-%d %H:%M} "
        f"{rules.KIND_TITLES[fault.kind]} {fault.layer or names.get(fault.person or 0, '')}".strip()
        for fault in faults[:MOST]
    ]
    return [*lines, f"另有 {len(faults) - MOST} 处"] if len(faults) > MOST else lines


def counterparts_are_reachable(span: Span) -> Finding:
    """AC-31: every counterpart role of the hospital is filled by somebody with a number, who answered in each quarter."""
    if span.begins >= span.ends:
        return Finding(Verdict.NOT_APPLICABLE, figure="期间尚未开始")
    evidence = (Evidence("联系核验", reverse("operations.contacts")),)
    people = selectors.counterparts()
    filled = {title for one in people for title in one.titles}
    vacant = [title for title in _hospital_titles(span) if title not in filled]
    failures = [f"无人担任：{title}" for title in vacant]
    failures += [f"{one.user.display_name} 没有登记电话" for one in people if not one.phone]
    if not people:
        return Finding(
            Verdict.UNPROVEN, exceptions=tuple(failures), missing=("甲方对口人员",), evidence=evidence
        )
    begun = _quarters(span)
    over = [(first, end) for first, end in begun if clock.start_of_day(end) <= span.ends]
    made = reached = 0
    for first, end in begun:
        is_over = (first, end) in over
        for one in people:
            checks = selectors.checks_in(
                clock.start_of_day(first), min(clock.start_of_day(end), span.ends)
            ).get(one.user.pk, [])
            if not checks and not is_over:
                continue  # the quarter still runs: there is time
            made += 1
            if any(check.reached for check in checks):
                reached += 1
            else:
                failures.append(_unreached(one, first, bool(checks)))
    figure = f"{len(people)} 人在册，核验 {reached}/{made}"
    if failures:
        return Finding(Verdict.NOT_MET, figure, tuple(failures[:MOST]), evidence=evidence)
    if not made:
        return Finding(Verdict.UNPROVEN, figure, missing=("本季度联系核验",), evidence=evidence)
    return Finding(Verdict.MET, figure, evidence=evidence)


def _unreached(one: Counterpart, first: dt.date, tried: bool) -> str:
    return f"{one.user.display_name} 自 {first} 起的季度{'未联系上' if tried else '没有核验'}"


def _hospital_titles(span: Span) -> list[str]:
    """Role titles of the hospital the version in force wants told."""
    version = contracts.version_in_force(span.ends)
    if version is None:
        return []
    terms = contracts.terms_of(version)
    titles = [title for level in terms.ranked() for title in level.notify] + list(terms.notify_on_breach)
    return [title for title in dict.fromkeys(titles) if title.startswith("甲方")]


def _quarters(span: Span) -> list[tuple[dt.date, dt.date]]:
    """The quarters of the contract years (I-13) that touch the span, each [first day, first day of the next)."""
    last = clock.local(span.ends - dt.timedelta(microseconds=1)).date()
    found = []
    for year in AnnualContract.objects.filter(
        contract=span.contract, starts_on__lte=last, ends_on__gte=span.first_day
    ).order_by("starts_on"):
        starts = [_months_on(year.starts_on, months) for months in (0, 3, 6, 9)]
        ends = [*starts[1:], year.ends_on + dt.timedelta(days=1)]
        found += [
            (first, end)
            for first, end in zip(starts, ends, strict=True)
            if first <= last and end > span.first_day
        ]
    return found


def _months_on(day: dt.date, months: int) -> dt.date:
    """The same day some months later; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1), following - dt.timedelta(days=1))
