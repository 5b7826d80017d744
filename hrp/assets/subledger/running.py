"""A month's depreciation of every card of a hospital, computed and stored by one statement.

For each funding line the closed form of its plan (:class:`hrp.assets.rules.plans.Plan`), for units of work the readings of
the month; then each line's fen by the shares of the departments, the fen left over to the largest remainders, ties to the
smaller code (:mod:`hrp.platform.base.largest_remainder`). Tests hold it against both kernels.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from hrp.assets.rules.months import Month
from hrp.assets.rules.sharing import TransferPolicy
from hrp.platform.base import sql

# {shares}: who bears a card in the month and with what weight, by the policy for the month of a transfer; ``alone`` are those
# who bear the whole of it. A plan stands until a later one takes its place.
_CELLS = """
WITH charge AS MATERIALIZED (
    SELECT l.asset_id, p.line_id,
        CASE WHEN p.units IS NOT NULL THEN
            least(round(u.units * p.base / p.units, 2), p.base - coalesce((
                SELECT sum(d.amount) FROM assets_depreciation d
                WHERE d.line_id = p.line_id AND d.month >= p.effective AND d.month < %(month)s), 0))
        WHEN %(month)s - p.first + 1 = p.months THEN p.base - least(p.monthly * (%(month)s - p.first), p.base)
        ELSE least(p.monthly * (%(month)s - p.first + 1), p.base) - least(p.monthly * (%(month)s - p.first), p.base) END AS amount
    FROM assets_plan p JOIN assets_funding l ON l.id = p.line_id JOIN assets_asset a ON a.id = l.asset_id
    JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %(hospital)s
    LEFT JOIN assets_usage u ON u.asset_id = a.id AND u.month = %(first)s
    WHERE p.effective <= %(month)s AND p.base > 0 AND p.first <= %(month)s
      AND CASE WHEN p.units IS NULL THEN %(month)s < p.first + p.months ELSE u.units IS NOT NULL END
      AND NOT EXISTS (SELECT FROM assets_plan q WHERE q.line_id = p.line_id AND q.id > p.id AND q.effective <= %(month)s)
), {shares}, part AS (
    SELECT c.line_id, s.org_unit_id, o.code COLLATE "C" AS code, c.amount * 100 AS fen,
        div(c.amount * 100 * s.weight, s.whole) AS floor, mod(c.amount * 100 * s.weight, s.whole) AS rest
    FROM charge c JOIN several s ON s.asset_id = c.asset_id JOIN org_unit o ON o.id = s.org_unit_id
    WHERE c.amount <> 0
)
SELECT c.line_id, s.org_unit_id, c.amount FROM charge c JOIN alone s ON s.asset_id = c.asset_id WHERE c.amount <> 0
UNION ALL
SELECT line_id, org_unit_id,
    (floor + CASE WHEN row_number() OVER (PARTITION BY line_id ORDER BY rest DESC, code, org_unit_id)
                       <= fen - sum(floor) OVER (PARTITION BY line_id) THEN 1 ELSE 0 END) / 100
FROM part
"""
# on the last day a department has one share of a card, and who has all of it is alone
_BY_MONTH_END = """
alone AS (
    SELECT asset_id, org_unit_id FROM assets_share
    WHERE ratio = 100 AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(last)s)
), several AS (
    SELECT asset_id, org_unit_id, ratio AS weight, sum(ratio) OVER (PARTITION BY asset_id) AS whole FROM assets_share
    WHERE ratio < 100 AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(last)s)
)"""
_BY_DAYS = """
share AS (
    SELECT s.asset_id, s.org_unit_id,
        sum(s.ratio * (least(coalesce(s.valid_to, %(last)s), %(last)s) - greatest(s.valid_from, %(first)s) + 1)) AS weight
    FROM assets_share s WHERE s.valid_from <= %(last)s AND (s.valid_to IS NULL OR s.valid_to >= %(first)s) GROUP BY 1, 2
), borne AS (
    SELECT asset_id, org_unit_id, weight, sum(weight) OVER (PARTITION BY asset_id) AS whole FROM share
), alone AS (SELECT asset_id, org_unit_id FROM borne WHERE weight = whole), several AS (SELECT * FROM borne WHERE weight < whole)"""
CELLS_SQL = {
    TransferPolicy.MONTH_END: _CELLS.format(shares=_BY_MONTH_END.strip()),
    TransferPolicy.DAYS: _CELLS.format(shares=_BY_DAYS.strip()),
}
RUN_SQL = """
INSERT INTO assets_depreciation (run_id, mirror, month, line_id, org_unit_id, amount)
SELECT %(run)s, false, %(month)s, cell.line_id, cell.org_unit_id, cell.amount FROM ({cells}) AS cell (line_id, org_unit_id, amount)
"""
# what a run would write, or wrote, beside the month before it: by class, department and source
_BY_CELL = """
SELECT k.code, k.name, o.code, o.name, f.name, r.name, count(DISTINCT l.asset_id), sum(x.this), sum(x.last)
FROM ({cells}
      UNION ALL SELECT line_id, org_unit_id, 0, amount FROM assets_depreciation WHERE month = %(month)s - 1) x (line_id, org_unit_id, this, last)
JOIN assets_funding l ON l.id = x.line_id JOIN assets_asset a ON a.id = l.asset_id
JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %(hospital)s JOIN assets_class k ON k.id = a.asset_class_id
JOIN org_unit o ON o.id = x.org_unit_id JOIN assets_source r ON r.id = l.source_id JOIN ledger_fund f ON f.id = r.fund_id
GROUP BY k.id, o.id, f.id, r.id HAVING sum(x.this) <> 0 OR sum(x.last) <> 0 ORDER BY k.code, o.code, r.code
"""
# what has no whole set of departments on the last day cannot be borne by anybody
HOMELESS_SQL = """
WITH shared AS (SELECT asset_id, ratio FROM assets_share WHERE valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(last)s))
SELECT a.number, a.name FROM assets_asset a JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %(hospital)s
LEFT JOIN (SELECT asset_id, sum(ratio) AS ratio FROM shared WHERE ratio < 100 GROUP BY 1) s ON s.asset_id = a.id
WHERE a.status NOT IN ('draft', 'disposed') AND a.value_kind <> 'memo' AND a.booked_on <= %(last)s AND coalesce(s.ratio, 0) <> 100
  AND NOT EXISTS (SELECT FROM shared w WHERE w.asset_id = a.id AND w.ratio = 100)
ORDER BY a.number LIMIT 50
"""
MIRROR_SQL = """
INSERT INTO assets_depreciation (run_id, mirror, month, line_id, org_unit_id, amount)
SELECT run_id, true, month, line_id, org_unit_id, -amount FROM assets_depreciation WHERE run_id = %s AND NOT mirror
"""
# what is booked: by expense account of the department's kind, department, fund and the class's 累计折旧
SUMS_SQL = """
SELECT CASE WHEN d.org_unit_id = ANY(%s) THEN m.code ELSE x.code END, y.code, f.code, d.org_unit_id, sum(d.amount)
FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id JOIN assets_asset a ON a.id = l.asset_id
JOIN assets_class k ON k.id = a.asset_class_id
JOIN ledger_account x ON x.id = k.expense_account_id JOIN ledger_account m ON m.id = k.admin_expense_account_id
JOIN ledger_account y ON y.id = k.depreciation_account_id
JOIN assets_source s ON s.id = l.source_id JOIN ledger_fund f ON f.id = s.fund_id
WHERE d.run_id = %s AND NOT d.mirror GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
LAST_SQL = "SELECT max(month) FROM assets_run WHERE hospital_id = %s AND state = 'posted'"
BEGIN_SQL = """
SELECT min(p.first) FROM assets_plan p JOIN assets_funding l ON l.id = p.line_id JOIN assets_asset a ON a.id = l.asset_id
JOIN org_campus c ON c.id = a.campus_id AND c.hospital_id = %s WHERE p.base > 0
"""


def hold(hospital_id: int) -> None:
    """Keep runs of a hospital away until the end of the transaction; others who hold it are not."""
    sql.run("SELECT id FROM org_hospital WHERE id = %s FOR SHARE", [hospital_id])


def hold_alone(hospital_id: int) -> None:
    """Wait for everybody who holds the hospital, and keep them away until the end of the transaction."""
    sql.run("SELECT id FROM org_hospital WHERE id = %s FOR NO KEY UPDATE", [hospital_id])


def last_month(hospital_id: int) -> Month | None:
    """The last month that was run and not taken back."""
    found = sql.row(LAST_SQL, [hospital_id])
    return None if found is None or found[0] is None else Month(found[0])


def first_due(hospital_id: int) -> Month | None:
    """The first month any plan bears something in."""
    found = sql.row(BEGIN_SQL, [hospital_id])
    return None if found is None or found[0] is None else Month(found[0])


def homeless(hospital_id: int, last_day: dt.date) -> list[str]:
    """Cards nobody bears the whole of on a day."""
    with connection.cursor() as cursor:
        cursor.execute(HOMELESS_SQL, {"hospital": hospital_id, "last": last_day})
        return [f"{number} {name}" for number, name in cursor.fetchall()]


def run(run_id: int, *, hospital_id: int, month: Month, last_day: dt.date, policy: TransferPolicy) -> int:
    """Compute and store the month; the number of rows written."""
    return _named(
        RUN_SQL.format(cells=CELLS_SQL[policy]),
        {"run": run_id, "hospital": hospital_id, "month": month.number, "first": month.first_day, "last": last_day},
    )  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A class, a department and a source in a month, in yuan, beside the month before."""

    class_code: str
    asset_class: str
    unit_code: str
    unit: str
    fund: str
    source: str
    cards: int
    this: Decimal
    last: Decimal

    @property
    def change(self) -> Decimal:
        return self.this - self.last


def preview(*, hospital_id: int, month: Month, last_day: dt.date, policy: TransferPolicy) -> list[Cell]:
    """What a run of the month would book now; nothing is written."""
    cells = f"SELECT line_id, org_unit_id, amount, 0 FROM ({CELLS_SQL[policy]}) AS cell (line_id, org_unit_id, amount)"  # noqa: S608 - our own text
    return _cells(cells, hospital_id, month, last_day)


def written(run_id: int, *, hospital_id: int, month: Month) -> list[Cell]:
    """What a run booked."""
    cells = f"SELECT line_id, org_unit_id, amount, 0 FROM assets_depreciation WHERE run_id = {int(run_id)} AND NOT mirror"  # noqa: S608 - a number
    return _cells(cells, hospital_id, month, month.first_day)


def _cells(cells: str, hospital_id: int, month: Month, last_day: dt.date) -> list[Cell]:
    values: dict[str, int | dt.date] = {
        "hospital": hospital_id,
        "month": month.number,
        "first": month.first_day,
        "last": last_day,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_CELL.format(cells=cells), values)
        return [Cell(*row) for row in cursor.fetchall()]


# what left the hospital with this month in its accumulated depreciation, is spread over units of work counted after it, or
# was moved to other accounts or restated with it (``rests_on``: the first month the event did not rest on)
DEPENDENT_SQL = """
SELECT a.number, a.name, a.status FROM assets_asset a WHERE EXISTS (
    SELECT FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id AND l.asset_id = a.id
    JOIN LATERAL (SELECT units, effective FROM assets_plan WHERE line_id = l.id ORDER BY id DESC LIMIT 1) p ON true
    WHERE d.run_id = %s AND NOT d.mirror AND (a.status = 'disposed' OR (p.units IS NOT NULL AND p.effective > d.month)
        OR EXISTS (SELECT FROM assets_card_event e WHERE e.asset_id = a.id AND (e.after ->> 'rests_on')::int > d.month
                   AND NOT EXISTS (SELECT FROM assets_card_event u WHERE u.asset_id = e.asset_id AND u.source = e.source AND u.kind LIKE 'un-%%'))))
ORDER BY a.number LIMIT 20
"""


def dependent(run_id: int) -> list[str]:
    """Cards whose later documents rest on a run."""
    return [f"{number} {name}" for number, name, _ in sql.rows(DEPENDENT_SQL, [run_id])]


def mirror(run_id: int) -> None:
    sql.run(MIRROR_SQL, [run_id])


Sum = tuple[str, str, str, int, Decimal]


def sums(run_id: int, admin_units: list[int]) -> list[Sum]:
    """(expense account, accumulated account, fund, department, yuan) of a run."""
    # not prepared either: how many rows there are is only known by now
    with connection.cursor() as cursor:
        cursor.execute(SUMS_SQL, [admin_units, run_id])
        return [(row[0], row[1], row[2], row[3], row[4]) for row in cursor.fetchall()]


def _named(statement: str, values: Mapping[str, int | dt.date]) -> int:
    # not prepared: a statement run once a month is planned with its values
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
