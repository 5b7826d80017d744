"""月结 and 反结账 of materials: checks, true-up, snapshot, lock. Each month's snapshot is made from the one before it."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.settlement.models import MaterialClose
from hrp.logistics.settlement.selectors.months import is_used, live, previous
from hrp.logistics.settlement.selectors.sides import SIDES
from hrp.logistics.settlement.services import steps, true_up
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import PostingContext
from hrp.platform.ledger.models import Period

CLOSE, REOPEN, VIEW = (
    "logistics.month_close.close",
    "logistics.month_close.reopen",
    "logistics.month_close.view",
)

CLOSED_SQL = "SELECT id FROM logistics_close WHERE period_id = %s AND reopened_at IS NULL"

_SNAPSHOT = """
WITH opened AS ({opened}), moved AS (
    SELECT m.store_id, m.item_id, m.batch_id, {sides}
    FROM logistics_move m WHERE m.period_id = %s GROUP BY 1, 2, 3
)
INSERT INTO logistics_period_balance (close_id, store_id, item_id, batch_id, opening_quantity, opening_amount,
    in_quantity, in_amount, out_quantity, out_amount, closing_quantity, closing_amount)
SELECT %s, store_id, item_id, batch_id, coalesce(o.quantity, 0), coalesce(o.amount, 0),
    coalesce(m.in_quantity, 0), coalesce(m.in_amount, 0), coalesce(m.out_quantity, 0), coalesce(m.out_amount, 0),
    coalesce(o.quantity, 0) + coalesce(m.in_quantity, 0) - coalesce(m.out_quantity, 0),
    coalesce(o.amount, 0) + coalesce(m.in_amount, 0) - coalesce(m.out_amount, 0)
FROM opened o FULL JOIN moved m USING (store_id, item_id, batch_id)
"""
FROM_LAST_SQL = _SNAPSHOT.format(
    opened="""
    SELECT store_id, item_id, batch_id, closing_quantity AS quantity, closing_amount AS amount
    FROM logistics_period_balance WHERE close_id = %s AND (closing_quantity <> 0 OR closing_amount <> 0)""",
    sides=SIDES,
)
# the first month that is closed looks back over everything before it, once
FROM_MOVES_SQL = _SNAPSHOT.format(
    opened="""
    SELECT m.store_id, m.item_id, m.batch_id, sum(m.quantity) AS quantity, sum(m.amount) AS amount
    FROM logistics_move m JOIN ledger_period p ON p.id = m.period_id
    JOIN ledger_period this ON this.id = %s AND this.book_id = p.book_id AND p.first_day < this.first_day
    GROUP BY 1, 2, 3 HAVING sum(m.quantity) <> 0 OR sum(m.amount) <> 0""",
    sides=SIDES,
)


@transaction.atomic
def close(*, actor: User, period: Period) -> MaterialClose:
    """月结, for the whole hospital at once. Raises Conflict with what is still open; nothing is changed then."""
    scope.require_everywhere(actor, CLOSE)
    period = Period.objects.select_for_update(of=("self",)).select_related("book").get(pk=period.pk)
    _require_closable(period)
    found = steps.look(period, heavy=False)
    _refuse_open(period, found)
    waiting = [str(one) for one in true_up.make(period, actor=actor) if one.state != State.POSTED]
    if waiting:
        raise Conflict(
            f"{period} 的月末加权平均调整须经审批", code="true_up_waits",
            way_out="请在月结页面点“生成月末调整单”，审批并过账后再月结。",
        )  # fmt: skip
    checks = steps.look(period, heavy=True)
    _refuse_open(period, checks)
    made = MaterialClose(book=period.book, period=period, closed_by=actor, closed_at=clock.now())
    made.checks = [{"step": f.step.title, "open": [one.text for one in f.open or ()]} for f in checks]
    before = previous(period)
    made.save()
    if before is not None:
        sql.run(FROM_LAST_SQL, [before.pk, period.pk, made.pk])
    else:
        sql.run(FROM_MOVES_SQL, [period.pk, period.pk, made.pk])
    audit.record(
        actor=actor,
        act="logistics.month_close.close",
        target=f"logistics.month_close:{made.pk}",
        summary=f"月结 {period} 物资",
    )
    return made


def _require_closable(period: Period) -> None:
    if period.state == Period.State.CLOSED:
        raise Conflict(
            f"会计期间 {period} 已结账，不能再月结", way_out="请财务先反结账。", code="period_closed"
        )
    if live(period) is not None:
        raise Conflict(f"{period} 物资已月结", code="already_closed")
    earlier = (
        Period.objects.filter(book=period.book_id, first_day__lt=period.first_day, state=Period.State.OPEN)
        .exclude(pk__in=MaterialClose.objects.filter(reopened_at=None).values("period"))
        .order_by("first_day")
    )
    open_one = next((one for one in earlier if is_used(one)), None)
    if open_one is not None:
        raise Conflict(
            f"不能月结 {period}：{open_one} 尚未月结", way_out=f"请先月结 {open_one}。", code="earlier_open"
        )


def _refuse_open(period: Period, found: list[steps.Found]) -> None:
    problems = [
        Problem(f"{one.step.title}：{open_.text}")
        for one in found
        for open_ in one.open or ()
        if open_.blocks
    ]
    if problems:
        raise Conflict(
            f"{period} 还不能月结：{len(problems)} 项未处理", problems=problems[:50], code="not_ready",
            way_out="请逐项处理；单据确实归下月的，请把业务日期改到下月。",
        )  # fmt: skip


@transaction.atomic
def reopen(*, actor: User, closed: MaterialClose, reason: str) -> MaterialClose:
    """反结账: the newest closed month, by another person than who closed it, while the ledger's month is open."""
    scope.require_everywhere(actor, REOPEN)
    if not reason.strip():
        raise Invalid("反结账必须说明原因", problems=[Problem("请填写原因", field="reason")])
    period = Period.objects.select_for_update(of=("self",)).get(pk=closed.period_id)
    row = MaterialClose.objects.select_for_update(of=("self",)).get(pk=closed.pk)
    later = MaterialClose.objects.filter(
        book=row.book_id, period__first_day__gt=period.first_day, reopened_at=None
    ).select_related("period").first()  # fmt: skip
    if row.reopened_at is not None:
        raise Conflict(f"{row} 已反结账", code="already_open")
    if period.state == Period.State.CLOSED:
        raise Conflict(
            f"会计期间 {period} 已结账", way_out="请财务先反结账该会计期间。", code="period_closed"
        )
    if later is not None:
        raise Conflict(
            f"只能反结账最近一个月：{later.period} 也已月结",
            way_out=f"请先反结账 {later.period}。",
            code="later_closed",
        )
    if row.closed_by_id == actor.pk:
        raise Conflict(
            "反结账须由月结人以外的人办理", way_out="请另一位有反结账权限的人办理。", code="same_person"
        )
    row.reopened_by, row.reopened_at, row.reopen_reason = actor, clock.now(), reason[:300]
    row.save(update_fields=["reopened_by", "reopened_at", "reopen_reason"])
    audit.record(
        actor=actor, act="logistics.month_close.reopen", target=f"logistics.month_close:{row.pk}",
        summary=f"反结账 {period} 物资：{reason}",
    )  # fmt: skip
    return row


# -- what keeps others from going around it ----------------------------------------------------------------------


def require_open(ctx: PostingContext) -> None:
    """Barrier before stock moves: not in a month whose materials are closed."""
    if sql.row(CLOSED_SQL, [ctx.period.id]) is not None:
        raise Conflict(
            f"{ctx.on:%Y-%m} 物资已月结，不能再记账", code="materials_closed",
            way_out="请把业务日期改到未月结的月份；确需补记上月，请物资会计反结账。",
        )  # fmt: skip


def before_ledger_closes(period: Period) -> list[Problem]:
    """Condition of the ledger: a book that moves materials closes them first."""
    if live(period) is not None or not is_used(period):
        return []
    return [Problem(f"{period} 物资尚未月结", way_out="请物资会计在 物资 → 结算 → 月结 中办理。")]
