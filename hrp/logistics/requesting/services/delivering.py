"""配货出库: the document that gives a department what it was granted, and the department's signature for it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import (
    HAND_OVER,
    SIGN,
    Delivery,
    DeliverySignature,
    RequisitionClosing,
    granted_lines,
)
from hrp.logistics.requesting.services.granting import require_keeper
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.documents import registry
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund

FUND = "F1"


@transaction.atomic
def deliver(requisition: Requisition, *, actor: User, lines: Sequence[dict[str, Any]] = ()) -> Any:
    """A draft of everything granted and not yet served (or of ``lines``): 出库单, or 调拨单 into a store that keeps stock.

    The keeper may still take lines off before posting it; what it does not serve stays promised.
    """
    fresh = documents.lock(requisition)
    require_keeper(fresh, actor)
    if fresh.state != State.POSTED or RequisitionClosing.objects.filter(requisition=fresh).exists():
        raise Conflict(
            f"{fresh} 尚未核发或已结束，不能出库",
            code="not_granted",
            way_out="请先核发；已结束的请另行申领。",
        )
    waiting = [one for one in _made(fresh) if one.state not in (State.POSTED, State.REVERSED, State.VOID)]
    if waiting:
        raise Conflict(
            f"{fresh} 已有未过账的 {waiting[0]}", code="in_work", way_out="请先过账或作废它。",
        )  # fmt: skip
    rows = list(lines) or [
        {"item": one.item_id, "quantity": one.left} for one in granted_lines(fresh.pk) if one.left > 0
    ]
    if not rows:
        raise Conflict(f"{fresh} 已全部领完", code="complete", way_out="请刷新页面。")
    header: dict[str, Any] = {
        "campus": fresh.store.campus_id, "business_date": clock.today(), "store": fresh.store_id,
        "note": f"申领单 {fresh.display_number}",
    }  # fmt: skip
    model: Any = StockTransfer if fresh.is_transferred else StockIssue
    if fresh.is_transferred:
        header |= {"org_unit": fresh.store.org_unit_id, "to_store": fresh.to_store_id}
    else:
        fund = fresh.fund_id or Fund.objects.values_list("pk", flat=True).get(code=FUND)
        header |= {
            "org_unit": fresh.org_unit_id, "fund": fund, "project": fresh.project_id, "receiver": str(fresh.maker),
        }  # fmt: skip
    made = documents.submit(documents.save_draft(model, actor=actor, header=header, lines=rows), actor=actor)
    Delivery.objects.create(source=made.source, requisition=fresh)
    documents.log(fresh, "deliver", actor=actor, summary=f"配货 {fresh}：{made}")
    return made


def _made(requisition: Requisition) -> list[Any]:
    """The documents made to serve a request."""
    sources = requisition.deliveries.values_list("source", flat=True)
    return [found for found in map(registry.load, sources) if found is not None]


@transaction.atomic
def sign(issue: StockIssue, *, actor: User, note: str = "") -> DeliverySignature:
    """签收 by the receiver, signed in. Goods that go to a department's own store are received there (调拨收货单)."""
    scope.check_object(actor, SIGN, issue)
    return _sign(issue, signer=actor, by=actor, method=DeliverySignature.Method.LOGIN, note=note)


@transaction.atomic
def sign_by_badge(issue: StockIssue, *, actor: User, badge: str, note: str = "") -> DeliverySignature:
    """签收 at the hand-over: the receiver's badge is scanned at the keeper's device."""
    scope.require(actor, HAND_OVER, issue.store.org_unit_id)
    signer = User.objects.filter(username=badge.strip(), is_active=True).first()
    if signer is None:
        raise NotFound(f"没有工号为 {badge.strip()[:30]} 的在岗人员", way_out="请重新扫描工牌。")
    if not scope.has(signer, SIGN, issue.org_unit_id):
        raise Forbidden(
            f"{signer.display_name} 不能为{issue.org_unit}签收", way_out="请由领用科室的申领员或负责人签收。"
        )
    return _sign(issue, signer=signer, by=actor, method=DeliverySignature.Method.BADGE, note=note)


def _sign(issue: StockIssue, *, signer: User, by: User, method: str, note: str) -> DeliverySignature:
    fresh = documents.lock(issue)
    if fresh.state != State.POSTED or fresh.posted_by_id is None:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能签收", code="not_posted", way_out="请由库房先出库。"
        )
    if DeliverySignature.objects.filter(source=fresh.source).exists():
        raise Conflict(f"{fresh} 已签收", code="signed", way_out="请刷新页面。")
    if fresh.posted_by_id == signer.pk:
        raise Forbidden(
            f"{fresh} 由您出库，不能由您签收", way_out="请由领用科室的人员签收。", code="issuer_signs"
        )
    signature = DeliverySignature.objects.create(
        source=fresh.source, org_unit_id=fresh.org_unit_id, signer=signer, issued_by_id=fresh.posted_by_id,
        method=method, recorded_by=by, note=note.strip()[:200], at=clock.now(),
    )  # fmt: skip
    documents.log(
        fresh, "sign", actor=by, summary=f"{signer.display_name} 签收 {fresh}", data={"method": method}
    )
    return signature


def find(number: str) -> StockIssue:
    """The issue of a number, as printed on its form. Raises NotFound."""
    found = StockIssue.objects.select_related("store", "org_unit").filter(number=number.strip()).first()
    if found is None:
        raise NotFound(f"没有单号为 {number.strip()[:40]} 的出库单", way_out="请扫描出库单上的条码。")
    return found


def quantity_of(text: str, *, field: str) -> Decimal:
    """A quantity as typed or scanned. Raises Invalid."""
    try:
        found = Decimal(text.strip())
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise Invalid(f"数量“{text[:20]}”看不懂", problems=[Problem("请填写数量", field=field)])
    return found
