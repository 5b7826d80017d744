"""Writing a run down: the certificate first, then every table by COPY, in the transaction of the posting."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db import connection

from hrp.costing.models import Item7, RuleSet
from hrp.costing.rules.certificate import Certificate
from hrp.costing.subledger.collection import RunInputs
from hrp.costing.subledger.computation import Computed
from hrp.platform.base import clock
from hrp.platform.base.money import from_cents
from hrp.platform.ledger.selectors import fund_ids

if TYPE_CHECKING:
    from hrp.platform.access.models import User

ENGINE_VERSION = "three_level_fen/1"
SIX = Decimal("0.000001")

CERTIFICATE_SQL = """
INSERT INTO costing_certificate (
    run_id, hospital_id, first_day, last_day, input_sha256, engine_version, rule_set_version, departments, postings,
    collected_fen, excluded_fen, before_fen, after_fen, held_fen, matrix, violations, warnings, actor_id, actor_name,
    computed_at, seconds, xact_id
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0)
"""


def write(
    run_id: int, inputs: RunInputs, computed: Computed, *, hospital_id: int, rule_set: RuleSet, actor: User
) -> Decimal:
    """Write certificate and facts; returns the full cost of the clinical departments (and holds) in yuan."""
    allocation = computed.allocation
    certificate = allocation.certificate
    collected = sum(row.amount_fen for row in inputs.collected)
    before = sum(row.amount_fen for row in inputs.collected if row.participates)
    with connection.cursor() as cursor:
        cursor.execute(
            CERTIFICATE_SQL,
            [
                run_id, hospital_id, inputs.first_day, inputs.last_day, certificate.input_hash, ENGINE_VERSION,
                rule_set.version, len(inputs.departments), len(allocation.postings), collected, collected - before,
                before, certificate.total_fen, certificate.held_fen, json.dumps(_matrix(inputs, certificate)),
                list(certificate.violations), list(computed.warnings), actor.pk, actor.display_name, clock.now(),
                Decimal(str(round(computed.seconds, 3))),
            ],
        )  # fmt: skip
    _write_facts(run_id, inputs, computed)
    return from_cents(certificate.total_fen)


def _write_facts(run_id: int, inputs: RunInputs, computed: Computed) -> None:
    allocation = computed.allocation
    unit = {d.code: d.id for d in inputs.departments}
    item = {item.code: pk for pk, item in inputs.items.items()}
    fund = fund_ids()
    _copy(
        "costing_run_department", ("run_id", "unit_id", "code", "name", "category", "setting"),
        ((run_id, d.id, d.code, d.name, d.category, d.setting) for d in inputs.departments),
    )  # fmt: skip
    _copy(
        "costing_collected", ("run_id", "unit_id", "account_id", "item_id", "fund_id", "amount_fen", "participates"),
        ((run_id, c.unit_id, c.account_id, c.item_id, fund[c.fund], c.amount_fen, c.participates) for c in inputs.collected),
    )  # fmt: skip
    _copy(
        "costing_driver_value", ("run_id", "driver_code", "source_id", "receiver_id", "value"),
        ((run_id, r.driver, r.source_id, r.receiver_id, r.value) for r in inputs.readings),
    )  # fmt: skip
    _copy(
        "costing_posting",
        ("run_id", "level", "source_id", "receiver_id", "item_id", "fund_id", "amount_fen", "rule_id", "driver_code",
         "numerator", "denominator", "fallback_depth"),
        (
            (run_id, p.level, unit[p.source], unit[p.receiver], item[p.item], fund[p.fund], p.amount_fen, int(p.rule),
             p.driver, _decimal(p.numerator), _decimal(p.denominator), p.fallback_depth)
            for p in allocation.postings
        ),
    )  # fmt: skip
    _copy(
        "costing_full_cost",
        ("run_id", "unit_id", "item_id", "fund_id", "direct_fen", "from_a_fen", "from_x_fen", "from_t_fen", "held_fen"),
        (
            (run_id, unit[cell[0]], item[cell[1]], fund[cell[2]], cost.direct, cost.from_a, cost.from_x, cost.from_t,
             allocation.held.get(cell, 0))
            for cell, cost in allocation.costs.items()
        ),
    )  # fmt: skip


def _copy(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _decimal(value: Fraction) -> Decimal:
    """Statistics have at most six decimals, so this is exact."""
    return (Decimal(value.numerator) / value.denominator).quantize(SIX)


def _matrix(inputs: RunInputs, certificate: Certificate) -> list[dict[str, Any]]:
    """Totals before and after per statutory item and fund."""
    item7 = {item.code: item.item7 for item in inputs.items.values()}
    before: dict[tuple[str, str], int] = defaultdict(int)
    after: dict[tuple[str, str], int] = defaultdict(int)
    for totals, target in ((certificate.before, before), (certificate.after, after)):
        for (item, fund), fen in totals.items():
            target[item7[item], fund] += fen
    return [
        {"item7": code, "fund": fund, "before_fen": before[code, fund], "after_fen": after[code, fund]}
        for code in Item7.values
        for fund in sorted(fund_ids())
    ]
