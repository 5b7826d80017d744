"""Limits a hospital starts with: samples with their source, not yet checked against the decrees of its place."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from hrp.assets.disposal.models import DisposalRule
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit

DATA = Path(__file__).resolve().parents[1] / "data" / "rules.json"
EDIT = "assets.disposal_rule.edit"


@transaction.atomic
def install(*, actor: User) -> int:
    """Create what is not there yet; what a hospital changed stays as it is. Answers how many rows there are."""
    scope.require(actor, EDIT)
    rows = json.loads(DATA.read_text(encoding="utf-8"))["rows"]
    DisposalRule.objects.bulk_create((_rule(row) for row in rows), ignore_conflicts=True)
    audit.record(actor=actor, act=EDIT, target="assets.disposal_rule:0", summary="载入处置审批权限样例")
    return DisposalRule.objects.count()


def _rule(row: list[Any]) -> DisposalRule:
    level, region, kind, basis, low, high, approver, rank, since, source = row
    return DisposalRule(
        level=level, region=region, kind=kind, basis=basis, amount_from=Decimal(str(low)),
        amount_to=None if high is None else Decimal(str(high)), approver=approver, rank=rank,
        valid_from=dt.date.fromisoformat(str(since)), source=source,
    )  # fmt: skip
