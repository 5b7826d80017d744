"""Facts of a machine's benefit: entered by hand or imported, corrected by further rows."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.assets.equipment.models import MachineCost, MachineRevenue
from hrp.assets.services.filling import fill, refuse
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Problem

EDIT = "assets.benefit.edit"


def earned(*, actor: User, pk: int | None, values: dict[str, Any]) -> MachineRevenue:
    """Income and volume of a month."""
    row = MachineRevenue(actor=actor, at=clock.now())
    return _keep(actor, pk, row, values, "单机收入")


def spent(*, actor: User, pk: int | None, values: dict[str, Any]) -> MachineCost:
    """A cost of a month that neither depreciation, repairs nor contracts know."""
    row = MachineCost(actor=actor, at=clock.now())
    return _keep(actor, pk, row, values, "单机成本")


@transaction.atomic
def _keep(actor: User, pk: int | None, row: Any, values: dict[str, Any], title: str) -> Any:
    scope.require(actor, EDIT)
    if pk is not None:
        raise Conflict(
            f"{title}登记后不能修改", code="append_only", way_out="写错的请另记一笔相反的金额，再记正确的。"
        )
    wrong = fill(row, values)
    if row.month is not None and not wrong:
        row.month = row.month.replace(day=1)
        if row.month > clock.today():
            wrong.append(Problem("月份不能晚于本月", field="month"))
    refuse(title, row, wrong)
    row.save()
    scope.check_written(actor, EDIT, row, "asset__org_unit_id")
    audit.record(
        actor=actor, act=EDIT, target=f"assets.asset:{row.asset_id}", summary=f"登记{title} {row}",
        unit_id=row.asset.org_unit_id,
    )  # fmt: skip
    return row
