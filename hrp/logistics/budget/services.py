"""The verbs of the budget ledger: reserve, commit, actual, release, undo; and those on a line: change, carry over.

Wants are amounts by department, class and project. What has no line is not controlled and leaves no entry. A document that
follows another (``of``) takes over what that one still holds, so no yuan is ever counted in two states.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.base.registry import Registry

ZERO = Decimal(0)
State = BudgetEntry.State
Basis = BudgetLine.Basis

LINES_SQL = """
SELECT id, org_unit_id, coalesce(material_class_id, 0), project, amount, control FROM logistics_budget_line
WHERE org_unit_id = ANY(%s) AND basis = %s AND %s BETWEEN valid_from AND valid_to ORDER BY id
"""
LOCK_SQL = "SELECT id, amount FROM logistics_budget_line WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
HOLD_SQL = """
SELECT id FROM logistics_budget_line WHERE org_unit_id = %s AND basis = %s AND %s BETWEEN valid_from AND valid_to
ORDER BY id FOR NO KEY UPDATE
"""
SUMS_SQL = """
SELECT line_id, source, state, sum(amount) FROM logistics_budget_entry
WHERE line_id = ANY(%s) GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""
WRITE_SQL = """
INSERT INTO logistics_budget_entry (line_id, state, amount, over, source, by, "on", actor_id, recorded_at)
SELECT u.line, u.state, u.amount, u.over, u.source, %s, %s, %s, %s
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::text[]) AS u(line, state, amount, over, source)
"""
BY_SQL = """
SELECT line_id, state, source, -sum(amount), -sum(over) FROM logistics_budget_entry
WHERE by = %s GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""

Origin = Callable[[Any], Sequence[str]]
origins: Registry[Origin] = Registry("预算来源")
"""Rooms name here which sources a document follows: ``origins.register("requests", lambda document: [...])``."""


def followed(document: Any) -> list[str]:
    """The sources whose reservations and commitments a document takes over."""
    return [source for origin in origins for source in origin(document)]


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
def reserve(
    wants: Sequence[Want], *, source: str, on: dt.date, actor: User, basis: str = Basis.EXPENSE
) -> list[Over]:
    """Approved requisition or plan: money is spoken for. Raises Conflict (``over_budget``)."""
    return _enter(State.RESERVED, wants, source=source, on=on, actor=actor, basis=basis, of=())


@transaction.atomic
def commit(
    wants: Sequence[Want],
    *,
    source: str,
    on: dt.date,
    actor: User,
    basis: str = Basis.EXPENSE,
    of: Sequence[str] = (),
) -> list[Over]:
    """An order was placed; it takes over what the sources ``of`` had reserved. Raises Conflict (``over_budget``)."""
    return _enter(State.COMMITTED, wants, source=source, on=on, actor=actor, basis=basis, of=of)


@transaction.atomic
def actual(
    wants: Sequence[Want],
    *,
    source: str,
    on: dt.date,
    actor: User,
    basis: str = Basis.EXPENSE,
    of: Sequence[str] = (),
) -> list[Over]:
    """Money was spent: goods issued, or received. Takes over what ``of`` held. Raises Conflict (``over_budget``)."""
    return _enter(State.ACTUAL, wants, source=source, on=on, actor=actor, basis=basis, of=of)


def hold(org_unit_id: int, *, on: dt.date) -> None:
    """Lock a department's lines before stock is: spending and giving back meet both in this order."""
    sql.rows(HOLD_SQL, [org_unit_id, Basis.EXPENSE, on])


@transaction.atomic
def release(*, source: str, on: dt.date, actor: User) -> None:
    """Closed or cancelled: what the source still reserves or commits is free again."""
    lines = [
        pk
        for (pk,) in sql.rows(
            "SELECT DISTINCT line_id FROM logistics_budget_entry WHERE source = %s", [source]
        )
    ]
    sql.rows(LOCK_SQL, [lines])
    open_now = [
        _Write(line, state, -amount, source)
        for line, whose, state, amount in sql.rows(SUMS_SQL, [lines])
        if whose == source and state in (State.RESERVED, State.COMMITTED)
    ]
    _write(open_now, by=source, on=on, actor=actor)


@transaction.atomic
def undo(*, by: str, on: dt.date, actor: User) -> None:
    """A document was reversed: every entry it made is mirrored, and what it took over is held again."""
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


def _enter(
    state: str, wants: Sequence[Want], *, source: str, on: dt.date, actor: User, basis: str, of: Sequence[str]
) -> list[Over]:
    wants = [want for want in wants if want.amount]
    chosen = lines_for(wants, on=on, basis=basis) if wants else {}
    if not chosen:
        return []
    wanted: dict[int, list[Want]] = defaultdict(list)
    for want in wants:
        line = chosen.get((want.org_unit_id, want.material_class_id, want.project))
        if line is not None:
            wanted[line].append(want)
    locked = dict(sql.rows(LOCK_SQL, [sorted(wanted)]))
    used, held = _held(sorted(wanted))
    writes: list[_Write] = []
    over: list[Over] = []
    problems: list[Problem] = []
    for pk, found in sorted(wanted.items()):
        amount = sum((want.amount for want in found), ZERO)
        given_up = _take_over(pk, amount, held, of)
        row = BudgetLine.objects.select_related("org_unit", "material_class").get(pk=pk)
        free = locked[pk] - used[pk] - sum((w.amount for w in given_up), ZERO)
        beyond = max(amount - max(free, ZERO), ZERO) if amount > 0 else ZERO
        if beyond and row.control == BudgetLine.Control.HARD:
            problems += _problems(row, found, amount, free)
        elif beyond and row.control == BudgetLine.Control.SOFT:
            over.append(Over(pk, beyond))
        writes += [*given_up, _Write(pk, state, amount, source, beyond)]
    if problems:
        raise Conflict(
            f"超出预算，{len(problems)} 处不能办理", code="over_budget", problems=problems,
            way_out="请减少数量或改用其他项目；确需办理的，请预算管理员在 结算 → 预算 中追加预算，经批准后再试。",
        )  # fmt: skip
    _write(writes, by=source, on=on, actor=actor)
    return over


def _held(lines: Sequence[int]) -> tuple[Mapping[int, Decimal], dict[tuple[int, str, str], Decimal]]:
    """What of each line is used (carried-over money counts against it), and what each source holds by state."""
    used: dict[int, Decimal] = defaultdict(Decimal)
    held = {}
    for line, source, state, amount in sql.rows(SUMS_SQL, [lines]):
        used[line] += -amount if state == State.CARRIED else amount
        held[line, source, state] = amount
    return used, held


def _take_over(
    line: int, amount: Decimal, held: dict[tuple[int, str, str], Decimal], of: Sequence[str]
) -> list[_Write]:
    """Entries that free what the sources before this one hold, up to ``amount``; orders before requisitions."""
    writes = []
    left = amount
    for state in (State.COMMITTED, State.RESERVED):
        for source in of:
            part = min(held.get((line, source, state), ZERO), left)
            if part > 0:
                writes.append(_Write(line, state, -part, source))
                held[line, source, state] -= part
                left -= part
    return writes


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
