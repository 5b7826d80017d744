"""Rules in force on a day: which steps a request passes, how an amount may be bought, which licences are free."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.models import LargeClass, LargeLicence, MethodRule, StepRule
from hrp.assets.acquisition.rules.decisions import Basis, Step, Threshold, required
from hrp.assets.acquisition.rules.methods import Method, MethodLimit
from hrp.platform.base import sql
from hrp.platform.base.refusals import Problem
from hrp.platform.org import parameters
from hrp.platform.org.models.units import valid_on

MONTHS = {"quarter": 3, "year": 12}
# two requests for the last place of a licence must see each other, and so must two purchases of one kind of thing
LOCK_LICENCES = "SELECT pg_advisory_xact_lock(hashtext('assets.large_licence'))"
LOCK_PURCHASES = "SELECT pg_advisory_xact_lock(hashtext('assets.acquisition_purchase'))"
# by entry of the catalogue, whatever edition of it a request was made under
TAKEN_SQL = """
SELECT k.code, coalesce(sum(l.quantity), 0) FROM assets_acquisition_request_line l
JOIN assets_acquisition_request d ON d.id = l.document_id AND d.state = 'posted' AND d.id <> %s
JOIN org_campus c ON c.id = d.campus_id AND c.hospital_id = %s
JOIN assets_large_class k ON k.id = l.large_class_id GROUP BY 1
"""


def lock_licences() -> None:
    sql.rows(LOCK_LICENCES, [])


def lock_purchases() -> None:
    sql.rows(LOCK_PURCHASES, [])


def steps(request: Any, lines: Sequence[Any]) -> list[Step]:
    """The steps a request passes, in order."""
    thresholds = [
        Threshold(Step(row.step), Basis(row.basis), row.amount_from, row.large_only, row.source)
        for row in StepRule.objects.filter(valid_on(request.business_date))
    ]
    prices = [line.price for line in lines if line.price is not None]
    large = any(line.large_class_id for line in lines)
    return required(thresholds, prices, request.total, large=large)


def large_by_price(on: dt.date) -> list[LargeClass]:
    """Entries of the catalogue that go by price."""
    return list(LargeClass.objects.filter(valid_on(on), price_from__isnull=False))


def method_limits(on: dt.date) -> list[MethodLimit]:
    """Rows of the hospital's region where there are any, else the general ones."""
    region = parameters.value(mine.REGION, on).strip()
    rows = list(MethodRule.objects.filter(valid_on(on)).order_by("method", "amount_from"))
    local = [row for row in rows if region and row.region == region]
    return [
        MethodLimit(Method(row.method), row.amount_from, row.amount_to, row.least_bids, row.source)
        for row in local or [row for row in rows if not row.region]
    ]


def span(on: dt.date) -> tuple[dt.date, dt.date]:
    """The days whose purchases are added up against splitting."""
    months = MONTHS[parameters.value(mine.SPAN, on)]
    first = dt.date(on.year, (on.month - 1) // months * months + 1, 1)
    after = first.month - 1 + months
    return first, dt.date(first.year + after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """Licences of one class: their numbers, what they allow, and what is taken."""

    numbers: tuple[str, ...]
    quota: int
    taken: int

    @property
    def left(self) -> int:
        return self.quota - self.taken


def licence_standing(*, hospital: int, on: dt.date, but: int | None = None) -> dict[str, Standing]:
    """By code of the catalogue, what a hospital may still acquire; ``but`` a request of its own."""
    taken = dict(sql.rows(TAKEN_SQL, [but or 0, hospital]))
    rows: dict[str, list[LargeLicence]] = defaultdict(list)
    for row in LargeLicence.objects.filter(valid_on(on), hospital=hospital).select_related("large_class"):
        rows[row.large_class.code].append(row)
    return {
        code: Standing(
            tuple(row.number for row in found), sum(row.quota for row in found),
            sum(row.occupied for row in found) + int(taken.get(code, 0)),
        )
        for code, found in rows.items()
    }  # fmt: skip


def licence_problems(
    wanted: Sequence[tuple[Any, LargeClass, int]], *, hospital: int, on: dt.date, but: int | None = None
) -> list[Problem]:
    """What is missing of the licences for lines (line, class, pieces): the certificate itself, or free places of it."""
    standing = licence_standing(hospital=hospital, on=on, but=but)
    asked: dict[str, int] = defaultdict(int)
    problems = []
    for line, kind, pieces in wanted:
        asked[kind.code] += pieces
        place, found = line.position - 1, standing.get(kind.code)
        if found is None:
            authority = "国家卫生健康委" if kind.category == LargeClass.Category.A else "省级卫生健康部门"
            problems.append(
                Problem(
                    f"{line.name} 属于{kind.get_category_display()}“{kind.name}”，没有有效的配置许可证", field="large_class", line=place,
                    way_out=f"请向{authority}申请，取得后登记在“大型设备配置证”。依据：{kind.source}",
                )
            )  # fmt: skip
        elif asked[kind.code] > found.left:
            problems.append(
                Problem(
                    f"{line.name}：配置证 {'、'.join(found.numbers)} 许可 {found.quota} 台，已占用 {found.taken} 台，本次 {asked[kind.code]} 台，"
                    f"超出 {asked[kind.code] - found.left} 台",
                    field="large_class", line=place, way_out="请减少台数，或申请增加许可台数后登记。",
                )
            )  # fmt: skip
    return problems
