"""Service contracts: the cards they cover, what was done for them, and who is told before they run out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hrp.assets.equipment.models import ContractVisit, CoveredCard, ServiceContract
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT = "assets.contract.edit"


@transaction.atomic
def cover(*, actor: User, contract: ServiceContract, asset: Asset, weight: Decimal = Decimal(1)) -> None:
    """Put a card under a contract with the weight it bears of the fee; weight 0 takes it out again."""
    scope.require_everywhere(actor, EDIT)
    row = ServiceContract.objects.select_for_update().get(pk=contract.pk)
    if not 0 <= weight <= 1_000_000:
        raise Invalid(
            "权重不对", problems=[Problem("应为正数，0 为取消", field="weight")], way_out="请改正权重。"
        )
    if not weight:
        CoveredCard.objects.filter(contract=row, asset=asset).delete()
    else:
        if asset.status not in HELD:
            raise Conflict(
                f"{asset} {asset.get_status_display()}，不能列入合同", code="not_held", way_out="请核对卡片。"
            )
        CoveredCard.objects.update_or_create(contract=row, asset=asset, defaults={"weight": weight})
    audit.record(
        actor=actor,
        act=EDIT,
        target=f"assets.contract:{row.pk}",
        summary=f"{row} 设备 {asset} 权重 {weight.normalize():f}",
    )


@transaction.atomic
def visited(
    *, actor: User, contract: ServiceContract, kind: str, on: dt.date, text: str, asset: Asset | None = None
) -> ContractVisit:  # fmt: skip
    """Write down what the vendor did."""
    scope.require_everywhere(actor, EDIT)
    problems = []
    if kind not in ContractVisit.Kind.values:
        problems.append(Problem("请选择事项", field="kind"))
    if not contract.valid_from <= on <= min(contract.valid_to, clock.today()):
        problems.append(Problem("日期应在合同期内，且不晚于今天", field="on"))
    if not text.strip():
        problems.append(Problem("请填写内容", field="text"))
    if asset is not None and not CoveredCard.objects.filter(contract=contract, asset=asset).exists():
        problems.append(Problem("该设备不在合同内", field="asset"))
    if problems:
        raise Invalid("履约记录没有填完整", problems=problems, way_out="请按标红处填写。")
    row = ContractVisit.objects.create(
        contract=contract, kind=kind, on=on, text=text.strip()[:300], asset=asset, actor=actor, at=clock.now()
    )
    audit.record(
        actor=actor, act=EDIT, target=f"assets.contract:{contract.pk}", summary=f"{contract} 履约：{row}"
    )
    return row
