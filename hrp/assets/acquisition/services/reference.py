"""Rules a hospital starts with: samples with their source, not yet checked against the papers in force at its place."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from hrp.assets.acquisition.models import LargeClass, MethodRule, StepRule
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit

DATA = Path(__file__).resolve().parents[1] / "data" / "rules.json"
EDIT = "assets.acquisition_rule.edit"


@transaction.atomic
def install(*, actor: User) -> int:
    """Create what is not there yet; what a hospital changed stays as it is. Answers how many rows there are."""
    scope.require(actor, EDIT)
    data = json.loads(DATA.read_text(encoding="utf-8"))
    StepRule.objects.bulk_create((_step(row) for row in data["steps"]), ignore_conflicts=True)
    MethodRule.objects.bulk_create((_method(row) for row in data["methods"]), ignore_conflicts=True)
    LargeClass.objects.bulk_create((_large(row) for row in data["large"]), ignore_conflicts=True)
    audit.record(
        actor=actor,
        act=EDIT,
        target="assets.acquisition_rule:0",
        summary="载入申购权限、采购限额与大型设备目录样例",
    )
    return StepRule.objects.count() + MethodRule.objects.count() + LargeClass.objects.count()


def _step(row: list[Any]) -> StepRule:
    step, basis, low, large, since, source = row
    return StepRule(
        step=step, basis=basis, amount_from=Decimal(str(low)), large_only=large, valid_from=dt.date.fromisoformat(since), source=source
    )  # fmt: skip


def _method(row: list[Any]) -> MethodRule:
    region, method, low, high, bids, since, source = row
    return MethodRule(
        region=region, method=method, amount_from=Decimal(str(low)), amount_to=None if high is None else Decimal(str(high)),
        least_bids=bids, valid_from=dt.date.fromisoformat(since), source=source,
    )  # fmt: skip


def _large(row: list[Any]) -> LargeClass:
    code, name, category, price, since, source = row
    return LargeClass(
        code=code, name=name, category=category, price_from=None if price is None else Decimal(str(price)),
        valid_from=dt.date.fromisoformat(since), source=source,
    )  # fmt: skip
