"""A machine on loan is brought back before it goes to another department or leaves the hospital."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hrp.assets.equipment.models import PoolLoan
from hrp.assets.equipment.services import readiness
from hrp.assets.gates import Gate, Moment
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext


def check(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    ids = [line.asset_id for line in lines if line.asset_id]
    loans = {
        loan.asset_id: loan
        for loan in PoolLoan.objects.filter(asset__in=ids, back_at=None).select_related("org_unit")
    }
    return [
        Problem(f"{line.asset} 借给 {loans[line.asset_id].org_unit} 未还", field="asset", line=place, way_out="请先在“备用机借用”办理归还。")
        for place, line in enumerate(lines)
        if line.asset_id in loans
    ]  # fmt: skip


def apply(document: Any, ctx: PostingContext) -> None:
    """It may have been lent since the document was approved."""
    problems = check(document, list(document.lines.select_related("asset")), ctx.on)
    if problems:
        raise Conflict(
            "有设备借出未还", code="on_loan", problems=problems, way_out="请先在“备用机借用”办理归还。"
        )


def _taken_back(row: Any, ctx: PostingContext) -> None:
    readiness.forget_loan(row.asset, row.status_before)


GATES = (
    Gate("on_loan", Moment.WRITE_OFF, check=check, apply=apply),
    Gate("on_loan", Moment.TRANSFER, check=check, apply=apply),
    Gate("taken_back", Moment.TAKEN_BACK, apply=_taken_back),
)
