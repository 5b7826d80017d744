"""Invariants of costing, as queries that must return no row."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Sum

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.models import CollectedCost, RunCertificate
from hrp.platform.base.health import Invariant, Rows, register
from hrp.platform.base.money import to_cents
from hrp.platform.documents.models import State
from hrp.platform.ledger.turnover import turnover

BREACHES = """
SELECT c.run_id AS run, b.rule, b.unit_id AS unit, b.item_id AS item, b.fund_id AS fund, b.expected, b.found
FROM costing_certificate c CROSS JOIN LATERAL costing_run_breaches(c.run_id) b
WHERE {condition} LIMIT 100
"""


def tie_out() -> Rows:
    """I6: per posted run and expense account, what was collected against what the journal holds now, in 分."""
    rows: Rows = []
    posted = AllocationRun.objects.filter(state=State.POSTED).values_list("pk", "hospital_id")
    certificates = RunCertificate.objects.in_bulk([pk for pk, _ in posted])
    for pk, hospital_id in posted:
        held = certificates[pk]
        journal: dict[int, int] = defaultdict(int)
        for row in turnover(hospital_id, held.first_day, held.last_day, element="expense"):
            journal[row.account_id] += to_cents(row.amount)
        sums = CollectedCost.objects.filter(run_id=pk).values_list("account_id").annotate(Sum("amount_fen"))
        collected = dict(sums)
        rows += [
            {
                "run": pk,
                "account": account,
                "journal_fen": journal.get(account, 0),
                "collected_fen": collected.get(account, 0),
            }
            for account in sorted(journal.keys() | collected.keys())
            if journal.get(account, 0) != collected.get(account, 0)
        ]
    return rows


def register_all() -> None:
    register(
        Invariant(
            id="COST-I1", module="costing", title="分摊前后总成本相等，等于归集成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I1%' OR b.rule = '记录数'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I2", module="costing", title="分摊后只有临床服务类科室有成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I2%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I3", module="costing", title="每个分摊科室转出的成本等于其应分摊成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I3%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I4", module="costing", title="直接成本与三级分摊之和等于全成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I4%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I6", module="costing", title="归集成本与总账费用科目一致（差额 0.00）", check=tie_out
        )
    )
