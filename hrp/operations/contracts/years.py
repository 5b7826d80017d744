"""AC-02: one signed contract a year, end to end; and who is told before one runs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from hrp.operations.contracts import selectors
from hrp.operations.contracts.models import AnnualContract, Contract
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

ALERT_DAYS = (90, 60, 30, 7)
ALERTED = ("客户经理", "服务台主管", "甲方系统主管工程师", "甲方信息科主任")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """Days in a row, both ends included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first} 至 {self.last}（{self.days} 天）"


def gaps(wanted: Stretch, covered: Sequence[Stretch]) -> list[Stretch]:
    """The days of ``wanted`` that no stretch of ``covered`` contains, in order."""
    found, at = [], wanted.first
    for one in sorted(covered, key=lambda stretch: stretch.first):
        if one.first > wanted.last:
            break
        if one.first > at:
            found.append(Stretch(at, one.first - _DAY))
        at = max(at, one.last + _DAY)
    if at <= wanted.last:
        found.append(Stretch(at, wanted.last))
    return found


def overlaps(covered: Sequence[Stretch]) -> list[Stretch]:
    """The days that two stretches share, pair by pair."""
    ordered = sorted(covered, key=lambda stretch: (stretch.first, stretch.last))
    return [
        Stretch(later.first, min(earlier.last, later.last))
        for place, earlier in enumerate(ordered)
        for later in ordered[place + 1 :]
        if later.first <= earlier.last
    ]


def prove(span: Span) -> Finding:
    """Every day of the span inside the service period, up to ``as_of``, lies in exactly one signed year."""
    contract = span.contract
    last = min(span.last_day, contract.ends_on, clock.local(span.as_of).date())
    wanted = Stretch(max(span.first_day, contract.starts_on), last)
    if wanted.last < wanted.first:
        return Finding(Verdict.NOT_APPLICABLE, figure="期内没有服务期内的日子")
    years = list(selectors.years(contract))
    if not years:
        return Finding(Verdict.UNPROVEN, missing=("没有登记任何年度合同",))
    signed = [Stretch(year.starts_on, year.ends_on) for year in years if year.signed_on is not None]
    uncovered = gaps(wanted, signed)
    shared = [one for one in overlaps(signed) if one.first <= wanted.last and one.last >= wanted.first]
    unsigned = [year for year in years if year.signed_on is None and year.starts_on <= wanted.last]
    exceptions = [
        *(f"空档：{one}，期间工单只计影子时钟" for one in uncovered),
        *(f"重叠：{one}" for one in shared),
        *(f"{year.number} 未签订（{year.starts_on} 起）" for year in unsigned),
    ]
    covered_days = wanted.days - sum(one.days for one in uncovered)
    return Finding(
        Verdict.NOT_MET if uncovered or shared else Verdict.MET,
        figure=f"{covered_days}/{wanted.days} 天有签订的年度合同",
        exceptions=tuple(exceptions),
        evidence=(Evidence("年度合同", reverse("operations.contract")),),
    )


def ending(contract: Contract, today: dt.date) -> AnnualContract | None:
    """The signed year that covers ``today`` and that no signed year follows without a gap; None otherwise."""
    signed = AnnualContract.objects.filter(contract=contract, signed_on__isnull=False)
    year = signed.filter(starts_on__lte=today, ends_on__gte=today).order_by("-ends_on").first()
    if year is None or signed.filter(starts_on__lte=year.ends_on + _DAY, ends_on__gt=year.ends_on).exists():
        return None
    return year


def alert(today: dt.date) -> int:
    """Tell both parties once at 90, 60, 30 and 7 days before an annual contract runs out unrenewed.

    A day missed while the system was down is made good on the next; returns how many people were told.
    """
    told = 0
    for contract in Contract.objects.filter(starts_on__lte=today, ends_on__gte=today):
        year = ending(contract, today)
        if year is None:
            continue
        left = (year.ends_on - today).days
        reached = [days for days in ALERT_DAYS if left <= days]
        if not reached:
            continue
        last_year = year.ends_on >= contract.ends_on
        told += len(
            notify.notify(
                recipients=selectors.users_with(ALERTED),
                kind="operations.contract",
                title=f"年度合同 {year.number} 还有 {left} 天到期",
                body=f"{year.ends_on} 止。"
                + (
                    "服务期同日届满，请商定续约或终止。"
                    if last_year
                    else "下一年度合同尚未签订；空档期没有合同时钟。"
                ),
                url=reverse("operations.contract"),
                dedupe_key=f"contract-end:{year.pk}:{year.ends_on}:{min(reached)}",
            )
        )
    return told
