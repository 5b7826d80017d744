"""What a hospital starts with: life tables, classes with their accounts, sources of funding. Seeds, never constants.

Rows carry where they are from and that nobody has checked them against the original yet (``verified``).
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from hrp.assets.models import AssetClass, FundingSource, LifeRule
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.ledger import chart
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models.units import valid_on
from hrp.platform.org.rules.pinyin import pinyin_key

DATA = Path(__file__).resolve().parents[1] / "data"
EDIT = "assets.asset_class.edit"
SOURCES = (
    ("01", "财政基本拨款", "F1"), ("02", "财政项目拨款", "F2"), ("03", "科教经费", "F4"), ("04", "自有资金", "F1"),
    ("05", "捐赠", "F1"), ("06", "无偿调入", "F1"), ("07", "非同级财政拨款", "F3"), ("08", "专项债券", "F2"),
)  # fmt: skip


@transaction.atomic
def install(*, actor: User) -> None:
    """Create what is not there yet; what a hospital changed stays as it is."""
    scope.require(actor, EDIT)
    chart.install()
    LifeRule.objects.bulk_create(_lives(), ignore_conflicts=True)
    AssetClass.objects.bulk_create(_classes(), ignore_conflicts=True)
    funds = {fund.code: fund for fund in Fund.objects.all()}
    FundingSource.objects.bulk_create(
        (FundingSource(code=code, name=name, fund=funds[fund]) for code, name, fund in SOURCES),
        ignore_conflicts=True,
    )
    audit.record(actor=actor, act=EDIT, target="assets.reference:1", summary="建立固定资产基础资料")


def usual_months(asset_class: AssetClass, on: dt.date) -> int | None:
    """The life a new card of a class proposes on a day, in months; None where no table says."""
    rule = LifeRule.objects.filter(valid_on(on), code=asset_class.life_code).first()
    return rule.usual * 12 if rule else None


def _lives() -> list[LifeRule]:
    tables = json.loads((DATA / "lives.json").read_text(encoding="utf-8"))["tables"]
    return [
        LifeRule(
            code=code, name=name, least=least, usual=usual, valid_from=dt.date.fromisoformat(table["valid_from"]),
            source=table["source"], verified=table["verified"],
        )
        for table in tables
        for code, name, least, usual in table["rows"]
    ]  # fmt: skip


def _classes() -> list[AssetClass]:
    accounts = {account.code: account for account in Account.objects.all()}
    rows = json.loads((DATA / "classes.json").read_text(encoding="utf-8"))["rows"]
    return [_class(row, accounts) for row in rows]


def _class(row: list[str], accounts: dict[str, Account]) -> AssetClass:
    code, name, group, method, life, asset, depreciation, words = row
    flags = set(words.split(","))
    item = "05" if "soft" in flags else "04"
    costs: dict[str, Any] = (
        {}
        if method == "none"
        else {
            "depreciation_account": accounts[depreciation],
            "expense_account": accounts[f"5001.{item}"],
            "admin_expense_account": accounts[f"5101.{item}"],
        }
    )
    return AssetClass(
        code=code, name=name, pinyin=pinyin_key(name), group=group, method=method, life_code=life, threshold=Decimal(1000),
        bulk="bulk" in flags, asset_account=accounts[asset], is_medical="med" in flags, needs_metrology="cal" in flags,
        needs_maintenance="pm" in flags, life_support="life" in flags, **costs,
    )  # fmt: skip
