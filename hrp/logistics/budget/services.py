"""The verbs of the budget ledger: hold, actual, take_back, undo; and those on a line: change, carry over.

Wants are amounts by department, class and project. What has no line is not controlled and leaves no entry. A document holds
what of it is still open, no more: as it is served, received, ordered or closed, its room says anew what is open and ``hold``
writes the difference. So no yuan of one quantity ever stands in two states.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.base.registry import Registry

if TYPE_CHECKING:
    from hrp.platform.documents.spec import PostingContext

ZERO = Decimal(0)
State = BudgetEntry.State
Basis = BudgetLine.Basis

LINES_SQL = """
SELECT id, org_unit_id, coalesce(material_class_id, 0), project, amount, control FROM logistics_budget_line
WHERE org_unit_id = ANY(%s) AND basis = %s AND %s BETWEEN valid_from AND valid_to ORDER BY id
"""
LOCK_SQL = "SELECT id, amount FROM logistics_budget_line WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
SUMS_SQL = """
SELECT line_id, source, state, sum(amount) FROM logistics_budget_entry
WHERE line_id = ANY(%s) GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""
HELD_LINES_SQL = "SELECT DISTINCT line_id FROM logistics_budget_entry WHERE source = %s AND state = %s"
WRITE_SQL = """
INSERT INTO logistics_budget_entry (line_id, state, amount, over, source, by, "on", actor_id, recorded_at)
SELECT u.line, u.state, u.amount, u.over, u.source, %s, %s, %s, %s
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::text[]) AS u(line, state, amount, over, source)
"""
BY_SQL = """
SELECT line_id, state, source, -sum(amount), -sum(over) FROM logistics_budget_entry
WHERE by = %s AND state = 'actual' GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""

LetGo = Callable[[Any, "PostingContext"], None]
predecessors: Registry[LetGo] = Registry("预算前手")
"""Rooms register here how a document that spends lets go what the one before it holds for the same goods."""


def let_go(document: Any, ctx: PostingContext) -> None:
    """Have every room bring down what earlier documents hold for what this one spends now."""
    for step in predecessors:
        step(document, ctx)


@dataclass(frozen=True)
class Want:
    """An amount in yuan to be held or spent; ``position`` is the document's line for the refusal."""

    org_unit_id: int
    material_class_id: int
    amount: Decimal
    project: str = ""
    position: int | None = None


@dataclass(frozen=True)
class Over:
    """How far a soft line is exceeded now."""

    line_id: int
    amount: Decimal


@dataclass
class _Write:
    line: int
    state: str
    amount: Decimal
    source: str
    over: Decimal = ZERO


@transaction.atomic
def hold(
    state: str,
    wants: Sequence[Want],
    *,
    source: str,
    day: dt.date,
    on: dt.date,
    actor: User,
    basis: str = Basis.EXPENSE,
    by: str = "",
    checked: bool = True,
) -> list[Over]:
    """Let ``source`` hold exactly ``wants`` in a state, RESERVED or COMMITTED; with none, nothing any more.

    ``day`` is that of the source and chooses the lines, ``on`` that of this change, ``by`` the document that made it.
    Raises Conflict (``over_budget``) where more is held than a hard line has left; never when ``checked`` is off.
    """  # fmt: skip
    wanted = _by_line(wants, on=day, basis=basis)
    kept = sql.rows(HELD_LINES_SQL, [source, state])
    lines = sorted({*wanted, *(pk for (pk,) in kept)})
    if not lines:
        return []
    locked = dict(sql.rows(LOCK_SQL, [lines]))
    used, held = _held(lines)
    changes = []
    for pk in lines:
        found = wanted.get(pk, [])
        target = sum((want.amount for want in found), ZERO)
        change = target - held.get((pk, source, state), ZERO)
        if change:
            changes.append(_Change(pk, found, change, locked[pk] - used[pk]))
    over, writes = _judge(changes, state=state, source=source, checked=checked)
    _write(writes, by=by or source, on=on, actor=actor)
    return over


@transaction.atomic
def release(*, source: str, on: dt.date, actor: User, by: str = "") -> None:
    """Closed or cancelled: what the source still holds is free again."""
    for state in (State.RESERVED, State.COMMITTED):
        hold(state, (), source=source, day=on, on=on, actor=actor, by=by)


@transaction.atomic
def actual(
    wants: Sequence[Want], *, source: str, on: dt.date, actor: User, basis: str = Basis.EXPENSE
) -> list[Over]:
    """Money was spent: goods issued, or received. Raises Conflict (``over_budget``)."""
    wanted = _by_line(wants, on=on, basis=basis)
    if not wanted:
        return []
    locked = dict(sql.rows(LOCK_SQL, [sorted(wanted)]))
    used, _ = _held(sorted(wanted))
    changes = [
        _Change(pk, found, sum((want.amount for want in found), ZERO), locked[pk] - used[pk])
        for pk, found in sorted(wanted.items())
    ]
    over, writes = _judge(changes, state=State.ACTUAL, source=source, checked=True)
    _write(writes, by=source, on=on, actor=actor)
    return over


@transaction.atomic
def take_back(
    wants: Sequence[Want],
    *,
    source: str,
    day: dt.date,
    by: str,
    on: dt.date,
    actor: User,
    basis: str = Basis.EXPENSE,
) -> None:
    """Goods came back of what ``source`` spent on ``day``: so much less was spent, as far as a line had counted it."""
    wanted = _by_line(wants, on=day, basis=basis)
    if not wanted:
        return
    sql.rows(LOCK_SQL, [sorted(wanted)])
    _, held = _held(sorted(wanted))
    writes = []
    for pk, found in sorted(wanted.items()):
        spent = held.get((pk, source, State.ACTUAL), ZERO)
        part = min(sum((want.amount for want in found), ZERO), spent)
        if part > 0:
            writes.append(_Write(pk, State.ACTUAL, -part, source))
    _write(writes, by=by, on=on, actor=actor)


@transaction.atomic
def undo(*, by: str, on: dt.date, actor: User) -> None:
    """A document was reversed: what it spent, or took back, is mirrored. What is open again its room holds anew."""
    found = sql.rows(BY_SQL, [by])
    sql.rows(LOCK_SQL, [sorted({row[0] for row in found})])
    found = sql.rows(BY_SQL, [by])
    _write(
        [_Write(line, state, amount, source, over) for line, state, source, amount, over in found],
        by=by,
        on=on,
        actor=actor,
    )


def lines_for(
    wants: Sequence[Want], *, on: dt.date, basis: str = Basis.EXPENSE
) -> dict[tuple[int, int, str], int]:
    """The line that controls each (department, class, project); what is not controlled is left out."""
    rows = sql.rows(LINES_SQL, [sorted({w.org_unit_id for w in wants}), basis, on])
    known = {(unit, group, project): pk for pk, unit, group, project, *_ in rows}
    found = {}
    for want in wants:
        key = want.org_unit_id, want.material_class_id, want.project
        line = known.get(key) or known.get((key[0], 0, key[2]))
        if line is not None:
            found[key] = line
    return found


@dataclass(frozen=True)
class _Change:
    """By how much a line is used more (or less), for which wants, when ``free`` of it was left before."""

    line: int
    wants: Sequence[Want]
    amount: Decimal
    free: Decimal


def _by_line(wants: Sequence[Want], *, on: dt.date, basis: str) -> dict[int, list[Want]]:
    """Wants by the line that controls them; what is not controlled is left out."""
    wants = [want for want in wants if want.amount]
    chosen = lines_for(wants, on=on, basis=basis) if wants else {}
    found: dict[int, list[Want]] = defaultdict(list)
    for want in wants:
        line = chosen.get((want.org_unit_id, want.material_class_id, want.project))
        if line is not None:
            found[line].append(want)
    return found


def _judge(
    changes: Sequence[_Change], *, state: str, source: str, checked: bool
) -> tuple[list[Over], list[_Write]]:
    """How far soft lines are exceeded, and what to write. Raises Conflict where a hard line is."""
    rows = BudgetLine.objects.select_related("org_unit", "material_class").in_bulk([c.line for c in changes])
    over: list[Over] = []
    writes: list[_Write] = []
    problems: list[Problem] = []
    for change in changes:
        row = rows[change.line]
        beyond = max(change.amount - max(change.free, ZERO), ZERO) if change.amount > 0 else ZERO
        if beyond and checked and row.control == BudgetLine.Control.HARD:
            problems += _problems(row, change.wants, change.amount, change.free)
        elif beyond and row.control == BudgetLine.Control.SOFT:
            over.append(Over(change.line, beyond))
        writes.append(_Write(change.line, state, change.amount, source, beyond))
    if problems:
        raise Conflict(
            f"超出预算，{len(problems)} 处不能办理", code="over_budget", problems=problems,
            way_out="请减少数量或改用其他项目；确需办理的，请预算管理员在 结算 → 物资预算 中追加预算，经批准后再试。",
        )  # fmt: skip
    return over, writes


def _held(lines: Sequence[int]) -> tuple[Mapping[int, Decimal], dict[tuple[int, str, str], Decimal]]:
    """What of each line is used (carried-over money counts against it), and what each source holds by state."""
    used: dict[int, Decimal] = defaultdict(Decimal)
    held = {}
    for line, source, state, amount in sql.rows(SUMS_SQL, [lines]):
        used[line] += -amount if state == State.CARRIED else amount
        held[line, source, state] = amount
    return used, held


def _problems(line: BudgetLine, wants: Sequence[Want], amount: Decimal, free: Decimal) -> list[Problem]:
    words = f"{line}：需 {amount:,.2f} 元，可用预算 {max(free, ZERO):,.2f} 元，超出 {amount - max(free, ZERO):,.2f} 元"
    places = [want.position - 1 for want in wants if want.position is not None]
    return [Problem(words, field="item", line=place) for place in places] or [
        Problem(words, field="org_unit")
    ]


def _write(writes: Sequence[_Write], *, by: str, on: dt.date, actor: User) -> None:
    if writes:
        sql.run(
            WRITE_SQL,
            [by, on, actor.pk, clock.now(), [w.line for w in writes], [w.state for w in writes],
             [w.amount for w in writes], [w.over for w in writes], [w.source for w in writes]],
        )  # fmt: skip


# -- verbs on a line ---------------------------------------------------------------------------------------------


@transaction.atomic
def change(*, actor: User, line: BudgetLine, amount: Decimal, reason: str) -> BudgetLine:
    """追加 or 调减 by ``amount`` (signed). What is promised or spent already cannot be taken away."""
    scope.require(actor, "logistics.budget_line.change", line.org_unit_id)
    if not reason.strip():
        raise Invalid("调整预算必须说明原因", problems=[Problem("请填写原因", field="reason")])
    row = BudgetLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
    used, _ = _held([row.pk])
    if amount < 0 and row.amount + amount < used[row.pk]:
        raise Conflict(
            f"调减后预算为 {row.amount + amount:,.2f} 元，少于已占用和执行的 {used[row.pk]:,.2f} 元", code="budget_used",
            way_out="请减少调减金额，或先关闭占用它的申领与订单。",
        )  # fmt: skip
    before, row.amount = row.amount, row.amount + amount
    row.save(update_fields=["amount"])
    audit.record(
        actor=actor, act="logistics.budget_line.change", target=f"logistics.budget_line:{row.pk}",
        summary=f"{row} 预算 {before:,.2f} → {row.amount:,.2f}：{reason}",
    )  # fmt: skip
    return row


@transaction.atomic
def carry(*, actor: User, line: BudgetLine) -> Decimal:
    """结转: what an ended line has left goes to the line of the same department, class and project that follows it."""
    scope.require(actor, "logistics.budget_line.change", line.org_unit_id)
    following = BudgetLine.objects.filter(
        org_unit=line.org_unit_id, material_class=line.material_class_id, project=line.project, basis=line.basis,
        valid_from=line.valid_to + dt.timedelta(days=1),
    ).first()  # fmt: skip
    if following is None:
        raise Conflict(
            f"{line} 之后没有同科室同类的预算，无处结转", way_out="请先建立下一期预算。", code="no_next_line"
        )
    locked = dict(sql.rows(LOCK_SQL, [sorted((line.pk, following.pk))]))
    used, _ = _held([line.pk])
    left = locked[line.pk] - used[line.pk]
    if line.valid_to >= clock.today() or left <= 0:
        raise Conflict(
            f"{line} 尚未到期或没有余额，不能结转",
            way_out="请在预算到期后结转有余额的预算。",
            code="nothing_to_carry",
        )
    source = f"logistics.budget_line:{line.pk}"
    writes = [
        _Write(line.pk, State.CARRIED, -left, source),
        _Write(following.pk, State.CARRIED, left, source),
    ]
    _write(writes, by=source, on=clock.today(), actor=actor)
    audit.record(
        actor=actor,
        act="logistics.budget_line.carry",
        target=source,
        summary=f"{line} 余额 {left:,.2f} 元结转至 {following}",
    )
    return left
