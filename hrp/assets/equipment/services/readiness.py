"""急救生命支持: looked at every day, lent from the pool and brought back."""

from __future__ import annotations

from django.db import transaction

from hrp.assets.equipment.models import PoolLoan, ReadinessCheck, RepairOrder
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.services import cards, repairs, tags
from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.org.models import OrgUnit

CHECK = "assets.readiness.check"
LEND = "assets.readiness.lend"
READY = (
    Status.IN_STORE,
    Status.IN_USE,
    Status.IDLE,
)  # what may be lent; 外借 without a loan of ours is let outside


@transaction.atomic
def check(*, actor: User, asset: Asset, usable: bool, note: str = "") -> ReadinessCheck:
    """Say that a machine is ready, or what is the matter; what is not ready is reported for repair."""
    scope.require(actor, CHECK, asset.org_unit_id)
    card = cards.held(asset.pk)
    if not card.life_support:
        raise Conflict(f"{card} 不是急救生命支持设备", code="not_life_support", way_out="请先在卡片上标明。")
    if not usable and not note.strip():
        raise Invalid("请写明哪里不好", problems=[Problem("请填写", field="note")], way_out="请填写情况。")
    row = ReadinessCheck.objects.create(
        asset=card, org_unit_id=card.org_unit_id, on=clock.today(), usable=usable, note=note.strip()[:200], actor=actor,
        at=clock.now(),
    )  # fmt: skip
    if not usable and not RepairOrder.objects.filter(asset=card, state__in=flow.OPEN).exists():
        repairs.open_by_finding(
            actor=actor, asset=card, fault=f"完好检查：{row.note}", origin=f"assets.readiness:{row.pk}"
        )
    return row


@transaction.atomic
def lend(*, actor: User, asset: Asset, unit: OrgUnit, reason: str = "") -> PoolLoan:
    """Lend a standby machine to a department. Refuses what is lent already, stopped or in repair."""
    scope.require(actor, LEND, asset.org_unit_id)
    card = cards.held(asset.pk)
    out = PoolLoan.objects.filter(asset=card, back_at=None).select_related("org_unit").first()
    if out is not None:
        raise Conflict(f"{card} 已借给 {out.org_unit}", code="lent", way_out="请先办理归还。")
    if card.status not in READY:
        raise Conflict(
            f"{card} 现为“{card.get_status_display()}”，不能借出",
            code="not_ready",
            way_out="请另选一台备用机。",
        )
    if unit.pk == card.org_unit_id:
        raise Invalid(
            "借用科室就是所属科室", problems=[Problem("请选择其他科室", field="org_unit")], way_out="请改选。"
        )
    loan = PoolLoan.objects.create(
        asset=card,
        org_unit=unit,
        reason=reason.strip()[:100],
        status_before=card.status,
        out_at=clock.now(),
        out_by=actor,
    )
    cards.become(card, "lent", actor=actor, source=f"assets.loan:{loan.pk}", text=f"借给 {unit}")
    _log(actor, loan, "借出")
    return loan


@transaction.atomic
def take_back(*, actor: User, loan: PoolLoan) -> PoolLoan:
    """The machine is back."""
    card = Asset.objects.select_for_update(of=("self",)).get(pk=loan.asset_id)
    scope.require(actor, LEND, card.org_unit_id)
    row = PoolLoan.objects.select_for_update().get(pk=loan.pk)
    if row.back_at is not None:
        raise Conflict(f"{card} 已归还", way_out="请刷新页面。")
    row.back_at, row.back_by = clock.now(), actor
    row.save(update_fields=["back_at", "back_by"])
    if card.status == "lent":
        cards.become(
            card, row.status_before, actor=actor, source=f"assets.loan:{row.pk}", text=f"{row.org_unit} 归还"
        )
    elif card.status in ("repair", "stopped"):
        cards.note(
            card, kind="status", actor=actor, source=f"assets.loan:{row.pk}", text=f"{row.org_unit} 归还"
        )
        forget_loan(card, row.status_before)
    _log(actor, row, "归还")
    return row


def forget_loan(card: Asset, status: str) -> None:
    """What broke while it was lent does not become 外借 again when it is repaired, but what it was before."""
    RepairOrder.objects.filter(asset=card, state__in=flow.OPEN, status_before="lent").update(
        status_before=status
    )
    tags.StopTag.objects.filter(asset=card, state="hung", status_before="lent").update(status_before=status)


def _log(actor: User, loan: PoolLoan, words: str) -> None:
    audit.record(
        actor=actor, act="assets.readiness.lend", target=f"assets.loan:{loan.pk}", summary=f"{words} {loan}",
        unit_id=loan.org_unit_id,
    )  # fmt: skip
