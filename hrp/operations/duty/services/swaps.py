"""换班: asked, accepted by the colleague, approved by a supervisor; the rota changes at the approval."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.operations.duty.models import SwapRequest
from hrp.operations.duty.services import parties, rota
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.notify import services as notify

State = SwapRequest.State


@transaction.atomic
def ask(
    *, actor: User, layer: str, colleague: User, starts_at: dt.datetime, ends_at: dt.datetime, reason: str
) -> SwapRequest:
    """Ask a colleague to take over one's own shift or a part of it."""
    parties.require_supplier(actor, parties.WORK, "申请换班")
    if ends_at <= starts_at or starts_at < clock.now():
        raise Invalid("换班时间已经过去，或止早于起", way_out="请填写今后的起止时间。")
    if colleague.pk == actor.pk:
        raise Invalid("接班同事不能是自己", way_out="请选择另一位值班人员。")
    if not reason.strip():
        raise Invalid("请写明事由", way_out="主管据此决定。")
    rota.require_standing(layer, actor, starts_at, ends_at)
    row = SwapRequest.objects.create(
        layer=layer,
        asker=actor,
        colleague=colleague,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip(),
        asked_at=clock.now(),
    )
    _record(actor, row, "ask", "申请换班")
    _tell(row, [colleague], f"{actor.display_name} 请您接班")
    return row


@transaction.atomic
def answer(*, actor: User, swap: SwapRequest, accept: bool, note: str = "") -> SwapRequest:
    """The colleague accepts or declines."""
    row = _held(swap, State.ASKED)
    parties.require_supplier(actor, parties.WORK, "答复换班")
    if actor.pk != row.colleague_id:
        raise Forbidden("只有被请的同事能答复", way_out=f"请{row.colleague.display_name}登录办理。")
    row.state = State.ACCEPTED if accept else State.DECLINED
    row.answered_at, row.note = clock.now(), note.strip()
    row.save(update_fields=["state", "answered_at", "note"])
    _record(actor, row, "answer", "接受换班" if accept else "未接受换班")
    if not accept:
        _tell(row, [row.asker], f"{actor.display_name} 未接受换班")
    return row


@transaction.atomic
def decide(*, actor: User, swap: SwapRequest, approve: bool, note: str = "") -> SwapRequest:
    """A supervisor, who asked for nothing himself, approves or rejects; approving changes the rota."""
    parties.require_supplier(actor, parties.EDIT, "批准换班")
    parties.lock_rota()
    row = _held(swap, State.ACCEPTED)
    if actor.pk in (row.asker_id, row.colleague_id):
        raise Forbidden("不能批准自己的换班", way_out="请另一位主管批准。")
    if approve:
        rota.stand_in(
            actor, row.layer, row.asker, row.colleague, row.starts_at, row.ends_at, f"换班：{row.reason}"
        )
    row.state = State.APPROVED if approve else State.REJECTED
    row.decided_at, row.decided_by = clock.now(), actor
    row.note = note.strip() or row.note
    row.save(update_fields=["state", "decided_at", "decided_by", "note"])
    _record(actor, row, "decide", "批准换班" if approve else "未批准换班")
    _tell(row, [row.asker, row.colleague], "换班已批准" if approve else "换班未获批准")
    return row


@transaction.atomic
def withdraw(*, actor: User, swap: SwapRequest) -> SwapRequest:
    """The asker takes the request back before it is decided."""
    row = _held(swap, State.ASKED, State.ACCEPTED)
    if actor.pk != row.asker_id:
        raise Forbidden("只有申请人能撤回", way_out=f"请{row.asker.display_name}登录办理。")
    row.state = State.WITHDRAWN
    row.save(update_fields=["state"])
    _record(actor, row, "withdraw", "撤回换班")
    return row


def _held(swap: SwapRequest, *states: str) -> SwapRequest:
    row = SwapRequest.objects.select_for_update().filter(pk=swap.pk).first()
    if row is None:
        raise NotFound("没有找到该换班申请", way_out="请刷新页面。")
    if row.state not in states:
        raise Conflict(f"该申请{row.get_state_display()}，不能再办", way_out="请刷新页面核对。")
    return row


def _record(actor: User, row: SwapRequest, act: str, what: str) -> None:
    audit.record(
        actor=actor,
        act=f"operations.duty.swap_{act}",
        target=f"operations.duty_swap:{row.pk}",
        summary=f"{what}：{row.layer} {clock.local(row.starts_at):%m-%d %H:%M}",
    )


def _tell(row: SwapRequest, people: list[User], title: str) -> None:
    span = f"{clock.local(row.starts_at):%m-%d %H:%M} 至 {clock.local(row.ends_at):%m-%d %H:%M}"
    notify.notify(
        recipients=people,
        kind="operations.duty",
        title=title,
        body=f"{row.layer} {span} · {row.reason}",
        url="/operations/duty/mine",
    )
