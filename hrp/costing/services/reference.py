"""What a hospital starts with: cost items, drivers, the mapping of the chart of accounts, a first set of rules."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from hrp.costing.measures import MEASURES
from hrp.costing.models import AccountItemMap, AllocationRule, CostItem, Driver, Item7, RuleSet
from hrp.costing.models.drivers import Grain
from hrp.costing.models.items import Behaviour
from hrp.platform.audit import services as audit
from hrp.platform.ledger import chart
from hrp.platform.ledger.models import Account

if TYPE_CHECKING:
    from hrp.platform.access.models import User

BEGINNING = dt.date(2000, 1, 1)

# code, name, one of the seven, behaviour, capital, hospital_only
ITEMS = (
    ("01", "人员经费", Item7.PERSONNEL, Behaviour.FIXED, False, False),
    ("02", "卫生材料费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("02.01", "血费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("02.02", "氧气费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("02.03", "放射材料费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("02.04", "化验材料费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("02.05", "其他卫生材料费", Item7.MATERIALS, Behaviour.VARIABLE, False, False),
    ("03", "药品费", Item7.DRUGS, Behaviour.VARIABLE, False, False),
    ("04", "固定资产折旧费", Item7.DEPRECIATION, Behaviour.FIXED, True, False),
    ("05", "无形资产摊销费", Item7.AMORTISATION, Behaviour.FIXED, True, False),
    ("06", "提取医疗风险基金", Item7.RISK_FUND, Behaviour.VARIABLE, False, False),
    ("07", "其他运行费用", Item7.OTHER, Behaviour.FIXED, False, False),
    ("07.90", "资产处置等其他费用", Item7.OTHER, Behaviour.FIXED, False, True),
)

OTHER_EXPENSES = ("5201", "5301", "5401", "5501", "5901")

# level, driver: the usual drivers of a level; a hospital names its own per department
RULES = ((1, "P01"), (2, "P05"), (3, "P04.4"))


@transaction.atomic
def install(*, actor: User) -> None:
    """Create the reference data that is not there yet; what the hospital changed stays as it is."""
    CostItem.objects.bulk_create(
        [
            CostItem(
                code=code, name=name, item7=item7, behaviour=behaviour, capital=capital, hospital_only=hospital_only,
                variable_share=1 if behaviour == Behaviour.VARIABLE else 0,
            )
            for code, name, item7, behaviour, capital, hospital_only in ITEMS
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    for measure in MEASURES:
        chart.install_measure(code=measure.account, name=measure.title, measure=measure.unit)
    accounts = Account.objects.in_bulk([m.account for m in MEASURES], field_name="code")
    Driver.objects.bulk_create(
        [
            Driver(
                code=m.code, name=m.title, account=accounts[m.account],
                grain=Grain.PAIR if m.pair else Grain.DEPARTMENT,
            )
            for m in MEASURES
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    mapped = _map_accounts()
    created = _first_rules()
    audit.record(
        actor=actor, act="costing.reference.install", target="costing.reference:1", summary="建立成本核算基础资料",
        data={"mapped_accounts": mapped, "rule_set": created},
    )  # fmt: skip


def _map_accounts() -> int:
    """``5001.02.03`` and ``5101.02.03`` feed item 02.03; expense accounts outside the seven feed 07.90."""
    items = CostItem.objects.in_bulk(field_name="code")
    known = set(AccountItemMap.objects.values_list("account_id", flat=True))
    rows = []
    for account in Account.objects.filter(element=Account.Element.EXPENSE).exclude(pk__in=known):
        head, _, tail = account.code.partition(".")
        item = items.get("07.90" if head in OTHER_EXPENSES else tail)
        if item is not None:
            rows.append(AccountItemMap(account=account, item=item, valid_from=BEGINNING))
    AccountItemMap.objects.bulk_create(rows)
    return len(rows)


def _first_rules() -> bool:
    if RuleSet.objects.exists():
        return False
    rule_set = RuleSet.objects.create(version=1, title="初始规则", valid_from=BEGINNING)
    drivers = Driver.objects.in_bulk(field_name="code")
    AllocationRule.objects.bulk_create(
        AllocationRule(rule_set=rule_set, level=level, driver=drivers[driver]) for level, driver in RULES
    )
    return True
