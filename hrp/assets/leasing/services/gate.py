"""Leased cards have the life their lease allows; what is outside is taken back before it moves or leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hrp.assets.documents.revision import Kind as RevisionKind
from hrp.assets.gates import Gate, Moment
from hrp.assets.leasing.documents.rent_out import OutCard
from hrp.assets.leasing.models import Lease, LeaseCard
from hrp.assets.leasing.services import leases
from hrp.assets.models.cards import Way
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext


def _leases(lines: Sequence[Any]) -> dict[int, Lease]:
    rows = LeaseCard.objects.filter(asset__in=[line.asset_id for line in lines if line.asset_id])
    return {row.asset_id: row.lease for row in rows.select_related("lease")}


def _booked(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    found = _leases(lines)
    problems = []
    for place, line in enumerate(lines):
        if not line.asset_id or line.asset.way != Way.LEASED:
            continue
        lease = found.get(line.asset_id)
        if lease is None:
            problems.append(
                Problem(f"{line.asset.name} 是融资租入，还没有列入租入合同", field="asset", line=place, way_out="请先在“租入登记”中列入。")
            )  # fmt: skip
        else:
            problems += _too_long(lease, line, line.asset.life_months, place, on)
    return problems


def _revised(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    if document.kind != RevisionKind.LIFE:
        return []
    found = _leases(lines)
    return [
        problem
        for place, line in enumerate(lines)
        if (lease := found.get(line.asset_id)) is not None and lease.ended_how != Lease.End.OWNERSHIP
        for problem in _too_long(lease, line, line.life_months, place, on)
    ]


def _too_long(lease: Lease, line: Any, life: int | None, place: int, on: dt.date) -> list[Problem]:
    longest = leases.limit(lease, line.asset, on)
    if life is None or longest is None or life <= longest or lease.kind != Lease.Kind.FINANCE:
        return []
    words = f"{line.asset} 使用 {life} 个月，租期与使用年限中较短的是 {longest} 个月"
    return [Problem(words, field="asset", line=place, way_out="期满取得所有权的，请在租入合同上注明。")]


def _outside(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    rows = OutCard.objects.filter(asset__in=[line.asset_id for line in lines if line.asset_id], back_on=None)
    out = {row.asset_id: row.document for row in rows.select_related("document")}
    return [
        Problem(
            f"{line.asset} {out[line.asset_id].get_way_display()}给 {out[line.asset_id].counterpart} 未收回",
            field="asset", line=place, way_out=f"请先在 {out[line.asset_id]} 办理收回。",
        )
        for place, line in enumerate(lines)
        if line.asset_id in out and not _invested(document, out[line.asset_id])
    ]  # fmt: skip


def _invested(document: Any, rent_out: Any) -> bool:
    """What was invested leaves the books when the share is recognised, without coming back."""
    return rent_out.way == "invest" and document.spec.kind == "assets.write_off"


def _still_outside(document: Any, ctx: PostingContext) -> None:
    problems = _outside(document, list(document.lines.select_related("asset")), ctx.on)
    if problems:
        raise Conflict("有资产在外未收回", code="outside", problems=problems, way_out="请先办理收回。")


GATES = (
    Gate("lease_life", Moment.BOOKING, check=_booked),
    Gate("lease_life", Moment.REVISION, check=_revised),
    Gate("outside", Moment.TRANSFER, check=_outside, apply=_still_outside),
    Gate("outside", Moment.WRITE_OFF, check=_outside, apply=_still_outside),
)
