"""Posting and reversal: once, for every document of the hospital.

``post``: lock and re-read -> scope and permission -> state grid -> open period (FOR SHARE) -> ``apply`` (subledger,
valued under sorted locks) -> ``entries`` (pure) -> journal -> number and state -> action log -> commit. The number is
drawn late so that the counter row, which every posting of the kind waits for, is held as briefly as possible; a
rolled-back posting gives its number back.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from hrp.platform.access.models import User
from hrp.platform.base import clock, contention, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import numbering, services
from hrp.platform.documents.models import Document, Reversal, State
from hrp.platform.documents.spec import PostingContext
from hrp.platform.ledger import selectors as ledger_reads
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Entry

D = TypeVar("D", bound=Document)

POSTED = (
    "state = %s, total = %s, posted_at = %s, posted_by_id = %s, posted_version = version, version = version + 1,"
    " updated_at = %s"
)


@contention.atomic
def post(document: D, *, actor: User, expected_version: int | None = None) -> D:
    """Post an approved document. Idempotent by id and version: the same call again returns the posted document.

    Raises Conflict (wrong state, closed period, what ``apply`` refuses), Forbidden, NotFound. On any refusal nothing
    is written.
    """
    fresh = services.lock(document)
    if (
        expected_version is not None
        and fresh.state == State.POSTED
        and fresh.posted_version == expected_version
    ):
        return fresh
    services.allow(fresh, "post", actor=actor)
    if expected_version is not None and fresh.version != expected_version:
        raise Conflict(
            f"{fresh} 已被修改（第 {fresh.version} 版）",
            way_out="请刷新页面核对后再过账。",
            code="version_conflict",
        )
    ctx = _context(fresh, actor=actor, on=fresh.business_date)
    facts = fresh.apply(ctx)
    ledger.record(
        fresh.entries(facts), period=ctx.period, source=ctx.source, kind=Entry.Kind.POST, actor=actor
    )
    now = clock.now()
    numbered = numbering.key(
        kind=fresh.spec.kind, prefix=fresh.spec.prefix, campus_id=fresh.campus_id, day=fresh.business_date
    )
    [(number,)] = sql.rows(
        numbering.stamping(fresh._meta.db_table, POSTED),
        [*numbered, State.POSTED, fresh.total, now, actor.pk, now, fresh.pk],
    )
    fresh.number, fresh.state, fresh.posted_at, fresh.posted_by = number, State.POSTED, now, actor
    fresh.posted_version, fresh.updated_at = fresh.version, now
    fresh.version += 1
    services.log(fresh, "post", actor=actor, data={"number": number, "total": str(fresh.total)})
    return fresh


@contention.atomic
def reverse(document: D, *, actor: User, reason: str, on: dt.date | None = None) -> D:
    """红冲: mirror facts and entries to the cent on day ``on`` (default: today), which must be in an open period.

    A reversal is never booked before the document itself.
    """
    if not reason.strip():
        raise Invalid("红冲必须填写原因", problems=[Problem("请填写红冲原因", field="reason")])
    fresh, target = services.begin(document, "reverse", actor=actor)
    day = on or clock.today()
    if day < fresh.business_date:
        raise Invalid(
            f"红冲日期 {day} 早于原单据日期 {fresh.business_date}", way_out="请选择不早于原单据的日期。",
            problems=[Problem("红冲日期早于原单据", field="on")],
        )  # fmt: skip
    ctx = _context(fresh, actor=actor, on=day)
    fresh.mirror(ctx)
    number = numbering.draw(
        kind=f"{fresh.spec.kind}/reversal", prefix=f"{fresh.spec.prefix}H", campus_id=fresh.campus_id, day=day
    )
    now = clock.now()
    Reversal.objects.create(
        kind=fresh.spec.kind, document_id=fresh.pk, number=number, on=day, reason=reason[:300], actor=actor,
        recorded_at=now,
    )  # fmt: skip
    ledger.mirror(source=ctx.source, period=ctx.period, on=day, text=f"红冲 {fresh}：{reason}", actor=actor)
    fresh.state = target
    fresh.version += 1
    fresh.updated_at = now
    fresh.save(update_fields=["state", "version", "updated_at"])
    services.log(
        fresh,
        "reverse",
        actor=actor,
        summary=f"红冲 {fresh}：{reason}",
        data={"reversal": number, "on": str(day)},
    )
    return fresh


def _context(document: Document, *, actor: User, on: dt.date) -> PostingContext:
    period = ledger_reads.lock_open_period(document.campus_id, on)
    return PostingContext(actor=actor, source=document.source, period=period, on=on)


def reversal_of(document: Document) -> Reversal | None:
    return (
        Reversal.objects.filter(kind=document.spec.kind, document_id=document.pk)
        .select_related("actor")
        .first()
    )
