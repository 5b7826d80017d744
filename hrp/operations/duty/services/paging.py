"""Starting, stopping and answering a paging. What is called when is the engine's (``calling``)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet

from hrp.operations.contracts.rules import Terms, chain_of
from hrp.operations.duty import sources
from hrp.operations.duty.models import PagingAck, PagingAttempt, PagingRun
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.notify import services as notify

State = PagingRun.State
VIAS = {"button": "页面", "link": "链接", "voice": "电话按键", "response": "响应工单"}
TOKEN_HOURS = 24


@transaction.atomic
def start(
    *, source: str, url: str, level: str, terms: Terms, title: str = "", key: str = "1"
) -> PagingRun | None:
    """Begin to page for ``source`` along the chain of ``level``; None when the plan has no such chain.

    The first step is found by the engine within a second. The same ``source`` and ``key`` are paged for once, ever;
    a further key ends what still runs for the source, because the new chain takes over.
    """
    steps = chain_of(terms, level)
    if not steps:
        return None
    now = clock.now()
    run, created = PagingRun.objects.get_or_create(
        source=source,
        key=key,
        defaults={
            "url": url,
            "title": title[:200],
            "level": level,
            "steps": [asdict(step) for step in steps],
            "started_at": now,
            "respond_by": now + dt.timedelta(seconds=terms.levels[level].response_s),
            "next_at": now,
        },
    )
    if created:
        _stop(PagingRun.objects.filter(source=source).exclude(pk=run.pk), f"改按 {level} 级呼叫链")
    return run


def stop(*, source: str, note: str) -> int:
    """End what still pages for a source because there is nothing left to answer; returns how many ended.

    Called by the source itself, which holds its own lock.
    """
    return _stop(PagingRun.objects.filter(source=source), note)


def _stop(runs: QuerySet[PagingRun], note: str) -> int:
    ids = list(runs.filter(state__in=[State.ACTIVE, State.EXHAUSTED]).values_list("pk", flat=True))
    if not ids:
        return 0
    _recall(ids, note)
    return PagingRun.objects.filter(pk__in=ids).update(
        state=State.STOPPED, next_at=None, ended_at=clock.now(), end_note=note[:200]
    )


def _recall(runs: Sequence[int], reason: str) -> None:
    """Nobody is called any more for what has been answered, not even by a gateway that comes back to life."""
    called = PagingAttempt.objects.filter(run__in=runs).values_list("message_id", flat=True)
    notify.recall(messages=set(called), reason=f"呼叫已结束：{reason}")


def answered_by_deed(*, source: str, user: User) -> bool:
    """Somebody of the team has taken up the matter itself: that answers the paging too. The source holds its lock."""
    run = (
        PagingRun.objects.select_for_update()
        .filter(source=source, state__in=[State.ACTIVE, State.EXHAUSTED])
        .order_by("-id")
        .first()
    )
    if run is None:
        return False
    _answer(run, user, "response", clock.now())
    return True


def acknowledge(*, run: PagingRun, user: User, via: str) -> PagingRun:
    """``user`` answers: paging stops, the response clock of the matter does not. A second answer is kept beside the first.

    Raises Conflict when the run was stopped for another reason.
    """
    source = sources.of(run.source)
    with transaction.atomic():
        if source is not None:
            source.hold(run.source, wait=True)
        held = PagingRun.objects.select_for_update().get(pk=run.pk)
        if held.state == State.STOPPED:
            raise Conflict(f"呼叫已停止：{held.end_note}", way_out="无需再应答，可打开工单查看。")
        now = clock.now()
        first = held.state != State.ACKED
        _answer(held, user, via, now)
        if first and source is not None:
            source.on_ack(held, user=user, via=VIAS[via], at=now)
        audit.record(
            actor=user,
            act="operations.paging.ack",
            target=f"operations.paging:{held.pk}",
            summary=f"应答呼叫（{VIAS[via]}）：{held.title}",
        )
    return held


def _answer(run: PagingRun, user: User, via: str, now: dt.datetime) -> None:
    PagingAck.objects.get_or_create(run=run, user=user, defaults={"at": now, "via": via})
    if run.state == State.ACKED:
        return
    run.state, run.next_at, run.ended_at, run.ended_by = State.ACKED, None, now, user
    run.end_note = VIAS[via]
    run.save(update_fields=["state", "next_at", "ended_at", "ended_by", "end_note"])
    _recall([run.pk], f"{user.display_name} 已应答")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def attempt_of(token: str) -> PagingAttempt:
    """The attempt a link was sent with. Raises NotFound for an unknown or an old one."""
    found = (
        PagingAttempt.objects.filter(token_sha256=digest(token)).select_related("run", "user").first()
        if token
        else None
    )
    if found is None or clock.now() - found.at > dt.timedelta(hours=TOKEN_HOURS):
        raise NotFound("确认链接无效或已过期", way_out="请登录系统，在「呼叫」中应答。")
    return found


def acknowledge_by_link(*, token: str) -> PagingRun:
    """Answer with the link of a message. It works once: Conflict when this person has answered already."""
    attempt = attempt_of(token)
    if PagingAck.objects.filter(run=attempt.run_id, user=attempt.user_id).exists():
        raise Conflict("您已经应答过这次呼叫", way_out="请登录系统处理工单。", code="token_used")
    return acknowledge(run=attempt.run, user=attempt.user, via="link")


def acknowledge_by_voice(*, message: int, channel: str) -> PagingRun:
    """The voice gateway reports that the called person pressed the key. Raises NotFound for a call not ours."""
    attempt = (
        PagingAttempt.objects.filter(message=message, channel=channel).select_related("run", "user").first()
    )
    if attempt is None:
        raise NotFound("没有这次呼叫", way_out="请核对网关回报的编号。")
    return acknowledge(run=attempt.run, user=attempt.user, via="voice")
