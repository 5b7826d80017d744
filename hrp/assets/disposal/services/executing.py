"""What happens once a disposal is approved: data wiped, sources handed over, the thing gone, the file closed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hrp.assets.disposal.documents.disposal_request import (
    Archive,
    Clearance,
    DisposalRequest,
    DisposalRequestLine,
    Execution,
    Stage,
    current_steps,
)
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

EXECUTE, ARCHIVE = "assets.disposal_request.execute", "assets.disposal_request.archive"


def _posted(request: DisposalRequest, actor: User, code: str) -> DisposalRequest:
    scope.check_object(actor, code, request)
    fresh = documents.lock(request)
    if fresh.state != State.POSTED:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}", code="not_approved", way_out="批准（过账）后再办理。"
        )
    return fresh


@transaction.atomic
def clear(
    request: DisposalRequest,
    asset: Asset,
    *,
    actor: User,
    kind: str,
    method: str,
    witness: User,
    institution: str = "",
) -> Clearance:
    """数据清除, or the source handed to who is licensed (``method`` is the licence), before a witness."""
    fresh = _posted(request, actor, EXECUTE)
    if not fresh.lines.filter(asset=asset).exists():
        raise Invalid(f"{asset} 不在申请单中", code="not_in_request")
    problems = [] if method.strip() else [Problem("请填写方法或许可证号", field="method")]
    if kind == Clearance.Kind.RADIOACTIVE and not institution.strip():
        problems.append(Problem("请填写有资质的承办单位", field="institution"))
    if witness.pk == actor.pk:
        problems.append(Problem("见证人不能是经办人自己", field="witness"))
    if problems:
        raise Invalid("清除记录不完整", problems=problems, way_out="请按提示填写。")
    if Clearance.objects.filter(request=fresh, asset=asset, kind=kind).exists():
        raise Conflict(f"{asset} 已登记{Clearance.Kind(kind).label}", code="cleared", way_out="请刷新页面。")
    made = Clearance.objects.create(
        request=fresh, asset=asset, kind=kind, method=method.strip()[:100], institution=institution.strip()[:100], by=actor,
        witness=witness, at=clock.now(),
    )  # fmt: skip
    documents.log(
        fresh, "clear", actor=actor, summary=f"{Clearance.Kind(kind).label} {asset}：{method.strip()}"
    )
    return made


@transaction.atomic
def execute(
    request: DisposalRequest,
    *,
    actor: User,
    channel: str,
    counterpart: str,
    on: dt.date,
    expected: Decimal = Decimal(0),
) -> Execution:
    """登记执行, and a draft of the write-off. Refuses (``not_cleared``) while data or a source is still in a machine."""
    fresh = _posted(request, actor, EXECUTE)
    if Execution.objects.filter(request=fresh).exists():
        raise Conflict(f"{fresh} 已登记执行", code="executed", way_out="请刷新页面。")
    problems = [] if counterpart.strip() else [Problem("请填写接收单位", field="counterpart")]
    if channel not in Execution.Channel.values:
        problems.append(Problem("请选择执行方式", field="channel"))
    if not fresh.business_date <= on <= clock.today():
        problems.append(Problem(f"执行日期应在 {fresh.business_date} 至 {clock.today()} 之间", field="on"))
    if problems:
        raise Invalid("执行记录不完整", problems=problems, way_out="请按提示填写。")
    lines = list(fresh.lines.select_related("asset").order_by("position"))
    _require_clear(fresh, lines)
    external = current_steps(fresh).get(Stage.EXTERNAL)
    draft = _draft(fresh, lines, external.number if external else "", actor)
    made = Execution.objects.create(
        request=fresh, channel=channel, counterpart=counterpart.strip()[:100], on=on, expected=expected, write_off=draft.source,
        by=actor, at=clock.now(),
    )  # fmt: skip
    documents.log(fresh, "execute", actor=actor, summary=f"{made} {fresh}", data={"write_off": draft.source})
    return made


def _require_clear(request: DisposalRequest, lines: list[DisposalRequestLine]) -> None:
    done = set(Clearance.objects.filter(request=request).values_list("asset_id", "kind"))
    problems = [
        Problem(f"{line.asset} {text}", field="asset", line=line.position - 1)
        for line in lines
        for flag, kind, text in (
            (line.has_storage, Clearance.Kind.WIPE, "含存储介质，尚未清除数据"),
            (line.is_radioactive, Clearance.Kind.RADIOACTIVE, "含放射源，尚未交有资质单位"),
        )
        if flag and (line.asset_id, kind) not in done
    ]
    if problems:
        raise Conflict(
            f"{len(problems)} 项清除未完成",
            code="not_cleared",
            problems=problems,
            way_out="请先登记数据清除与放射源移交。",
        )


def _draft(request: DisposalRequest, lines: list[DisposalRequestLine], number: str, actor: User) -> WriteOff:
    return documents.save_draft(
        WriteOff, actor=actor,
        header={
            "campus": request.campus_id, "org_unit": request.org_unit_id, "business_date": clock.today(), "way": request.way,
            "approval_number": number, "reason": f"{request.get_reason_display()}（{request.number}）"[:200],
        },
        lines=[{"asset": line.asset_id} for line in lines],
    )  # fmt: skip


@transaction.atomic
def archive(request: DisposalRequest, *, actor: User, number: str, place: str = "") -> Archive:
    """归档 once everything is written off: the cards stay, with this file behind them (账销案存)."""
    fresh = _posted(request, actor, ARCHIVE)
    left = fresh.lines.exclude(asset__status=Status.DISPOSED).count()
    if left:
        raise Conflict(
            f"{fresh} 还有 {left} 项未核销", code="not_written_off", way_out="核销单过账后再归档。"
        )
    if not number.strip():
        raise Invalid("请填写档号", problems=[Problem("请填写档号", field="number")])
    if Archive.objects.filter(request=fresh).exists():
        raise Conflict(f"{fresh} 已归档", code="archived", way_out="请刷新页面。")
    made = Archive.objects.create(
        request=fresh, number=number.strip()[:60], place=place.strip()[:100], by=actor, at=clock.now()
    )
    documents.log(fresh, "archive", actor=actor, summary=f"归档 {fresh}：{made.number}")
    return made
