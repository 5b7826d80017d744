"""A month of the demo hospital's other costs and statistics, and its allocation."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hrp.config.demo.organisation import UNITS, Organisation
from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import Driver, RuleSet
from hrp.platform.access.models import User
from hrp.platform.documents import posting, services
from hrp.platform.ledger.models import Account, Fund

# yuan a month per head of staff, by kind and category: (low, high)
PER_HEAD: dict[str, dict[str, tuple[int, int]]] = {
    "payroll": {
        "clinical": (14200, 17800), "medtech": (13400, 16200), "auxiliary": (8600, 9900), "admin": (10800, 12600),
    },
    "payable": {
        "clinical": (1100, 1900), "medtech": (1400, 2300), "auxiliary": (1200, 2100), "admin": (1500, 2900),
    },
}  # fmt: skip
SUBACCOUNT = {"payroll": "01", "payable": "07"}

# 消毒供应中心 serves those who use packs; 收费 serves outpatients; 结算 and 病案 serve wards
SERVES = {
    "0301": ("clinical", "medtech"),
    "0302": ("outpatient",),
    "0303": ("inpatient",),
    "0304": ("inpatient",),
}


def _yuan(rng: random.Random, low: int, high: int) -> Decimal:
    return Decimal(rng.randint(low * 100, high * 100)).scaleb(-2)


def _act(
    model: Any, clerk: User, org: Organisation, day: dt.date, lines: Iterable[dict[str, Any]], **header: Any
) -> None:
    draft = services.save_draft(
        model,
        actor=clerk,
        header={"campus": org.campus.pk, "org_unit": org.units["0402"].pk, "business_date": day, **header},
        lines=list(lines),
    )
    posting.post(services.submit(draft, actor=clerk), actor=clerk)


def enter_costs(org: Organisation, clerk: User, rng: random.Random, day: dt.date) -> None:
    """Wages and running costs of every department (depreciation comes from the assets themselves); risk fund and drugs of those with any."""
    accounts = dict(Account.objects.values_list("code", "id"))
    fund = Fund.objects.get(code="F1").pk
    teaching = Fund.objects.get(code="F4").pk
    for kind, by_category in PER_HEAD.items():
        lines = []
        for code, _, category, _, staff in UNITS:
            head = "5101" if category == "admin" else "5001"
            amount = sum((_yuan(rng, *by_category[category]) for _ in range(staff)), Decimal(0))
            lines.append(
                {
                    "bearer": org.units[code].pk,
                    "account": accounts[f"{head}.{SUBACCOUNT[kind]}"],
                    "fund": fund,
                    "amount": amount,
                }
            )
        if kind == "payable":  # a teaching grant
            lines.append(
                {
                    "bearer": org.units["0111"].pk,
                    "account": accounts["5001.07"],
                    "fund": teaching,
                    "amount": _yuan(rng, 4000, 19000),
                }
            )
        _act(CostEntry, clerk, org, day, lines, cost_kind=kind)
    clinical = [code for code, _, category, *_ in UNITS if category == "clinical"]
    _act(
        CostEntry, clerk, org, day, cost_kind="risk_fund",
        lines=[
            {"bearer": org.units[c].pk, "account": accounts["5001.06"], "fund": fund, "amount": _yuan(rng, 2500, 9800)}
            for c in clinical
        ],
    )  # fmt: skip
    _act(
        CostEntry, clerk, org, day, cost_kind="drugs",
        lines=[
            {"bearer": org.units[c].pk, "account": accounts["5001.03"], "fund": fund, "amount": _yuan(rng, 60000, 520000)}
            for c in clinical
        ],
    )  # fmt: skip


def count(org: Organisation, clerk: User, rng: random.Random, day: dt.date) -> None:
    """Headcount, internal services, examinations ordered, visits and bed-days of the month."""
    driver = dict(Driver.objects.values_list("code", "id"))
    lines: list[dict[str, Any]] = [
        {"driver": driver["P01"], "receiver": org.units[code].pk, "quantity": staff + rng.randint(-1, 1)}
        for code, _, _, _, staff in UNITS
    ]
    for server, served in SERVES.items():
        for code, _, category, setting, staff in UNITS:
            if category in served or setting in served:
                lines.append(
                    {
                        "driver": driver["P05"],
                        "server": org.units[server].pk,
                        "receiver": org.units[code].pk,
                        "quantity": staff * rng.randint(30, 90),
                    }
                )
    medtech = [code for code, _, category, *_ in UNITS if category == "medtech"]
    for code, _, category, setting, staff in UNITS:
        if category != "clinical":
            continue
        lines += [
            {
                "driver": driver["P04.4"],
                "server": org.units[server].pk,
                "receiver": org.units[code].pk,
                "quantity": staff * rng.randint(4, 40),
            }
            for server in medtech
        ]
        volume = (
            ("P04.1", staff * rng.randint(210, 320))
            if setting == "outpatient"
            else ("P04.3", staff * rng.randint(32, 45))
        )
        lines.append({"driver": driver[volume[0]], "receiver": org.units[code].pk, "quantity": volume[1]})
    _act(StatEntry, clerk, org, day, lines)


def allocate(org: Organisation, clerk: User, day: dt.date) -> None:
    """The statutory three-level allocation of the month."""
    rules = RuleSet.objects.order_by("pk").first()
    _act(AllocationRun, clerk, org, day, [], rule_set=rules.pk if rules else None)
