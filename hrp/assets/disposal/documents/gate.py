"""No write-off without the approval its value needs, and none cut small to slip under a limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hrp.assets.disposal.documents import limits
from hrp.assets.disposal.documents.disposal_request import (
    DisposalRequest,
    DisposalRequestLine,
    Execution,
    Stage,
    current_steps,
)
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.documents.write_off import Way, WriteOff
from hrp.assets.gates import Gate, Moment
from hrp.assets.models import Asset
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import PostingContext

# two write-offs of one department at the same instant must see each other
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('assets.disposal'))"


def check(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    """What stands against writing these off; a loss found by a stocktake is judged when it is posted."""
    assets = [line.asset for line in lines if line.asset_id]
    if document.way in (Way.LOSS, Way.RETURN) or not assets or not limits.in_force(document.way, on):
        return []
    approved, problems = _approved(document, lines)
    ranks = [_rank(request) for request in approved.values()]
    rank = min(ranks) if ranks and len(approved) == len(assets) else 0
    limit = limits.needed(assets, document.way, on)
    total = sum((asset.cost for asset in assets), Decimal(0))
    if limit is not None and limit.rank > max(rank, DisposalRule.Rank.HOSPITAL):
        problems.append(
            Problem(
                f"原值合计 {total:,.2f} 元，单项最高 {max(a.cost for a in assets):,.2f} 元，达到 {limit.low:,.2f} 元须由{limit.approver}审批",
                field="asset", line=0, way_out=f"请先取得{limit.approver}批复并登记在处置申请单。依据：{limit.source}",
            )
        )  # fmt: skip
    return problems + limits.split_problems(
        assets, document.way, on, rank=max(rank, DisposalRule.Rank.HOSPITAL)
    )


def _approved(document: Any, lines: Sequence[Any]) -> tuple[dict[int, DisposalRequest], list[Problem]]:
    """The approved request of each asset, and a problem for each that has none."""
    ids = [line.asset_id for line in lines if line.asset_id]
    rows = DisposalRequestLine.objects.filter(
        asset__in=ids, document__state=State.POSTED, document__way=document.way,
    ).select_related("document")  # fmt: skip
    found = {row.asset_id: row.document for row in rows}
    problems = [
        Problem(
            f"{line.asset} 没有已批准的处置申请", field="asset", line=place, way_out="请先办理处置申请单，核销单由执行时生成。"
        )
        for place, line in enumerate(lines) if line.asset_id and line.asset_id not in found
    ]  # fmt: skip
    return found, problems


def _rank(request: DisposalRequest) -> int:
    external = current_steps(request).get(Stage.EXTERNAL)
    return external.rank or DisposalRule.Rank.HOSPITAL if external else DisposalRule.Rank.HOSPITAL


def apply(document: WriteOff, ctx: PostingContext) -> None:
    """At posting everything is asked again, for much may have happened since the draft was saved."""
    sql.rows(ONE_AT_A_TIME, [])
    lines = list(document.lines.select_related("asset__org_unit"))
    problems = check(document, lines, ctx.on) + _loss(document, [line.asset for line in lines], ctx.on)
    problems += _not_executed(lines)
    if problems:
        raise Conflict(
            f"{document} 超出审批权限或缺少批准", code="not_approved", problems=problems, way_out="请按提示取得批准后再过账。"
        )  # fmt: skip


def _not_executed(lines: Sequence[Any]) -> list[Problem]:
    """Approved is not gone: data, sources and the thing itself are seen to first."""
    waiting = DisposalRequestLine.objects.filter(
        asset__in=[line.asset_id for line in lines], document__state=State.POSTED
    ).exclude(document__in=Execution.objects.values("request"))
    return [
        Problem(f"{row.asset} 的处置申请 {row.document.number} 尚未登记执行", field="asset")
        for row in waiting.select_related("asset", "document")
    ]


def _loss(document: WriteOff, assets: Sequence[Asset], on: dt.date) -> list[Problem]:
    """A loss above what the hospital decides itself needs the number of an approval from outside."""
    if document.way != Way.LOSS or document.approval_number.strip():
        return []
    limit = limits.needed(assets, document.way, on)
    rank = DisposalRule.Rank.HOSPITAL
    if limit is None or limit.rank <= rank:
        return limits.split_problems(assets, document.way, on, rank=rank)
    total = sum((asset.cost for asset in assets), Decimal(0))
    return [
        Problem(
            f"盘亏原值合计 {total:,.2f} 元须由{limit.approver}审批，请填写批复文号", field="approval_number"
        )
    ]


GATE = Gate("disposal", Moment.WRITE_OFF, check=check, apply=apply)
