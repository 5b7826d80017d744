"""特批: letting in what a rule speaks against, by another than who wants it in."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.purchasing.models import Concession
from hrp.logistics.purchasing.selectors import waiting
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem

DECIDE = "logistics.concession.decide"


@transaction.atomic
def concede(*, actor: User, receipt: StockReceipt, position: int, kind: str, reason: str) -> Concession:
    """Let one line of an unposted receipt in."""
    scope.check_object(actor, DECIDE, receipt)
    if not reason.strip():
        raise Invalid("特批必须写明原因", problems=[Problem("请填写原因", field="reason")])
    if receipt.maker_id == actor.pk:
        raise Forbidden("入库单由您编制，不能自己特批。", way_out="请由另一位有特批权限的人员办理。")
    found = next(
        (
            one.objection
            for one in waiting.objections_of(receipt)
            if one.objection.line.position == position and one.objection.kind == kind
        ),
        None,
    )
    if found is None or found.conceded:
        raise Conflict("这一行不需要特批", code="nothing_to_concede", way_out="可能已有人特批，请刷新页面。")
    line, life = found.line, kind == Concession.Kind.LIFE
    concession = Concession.objects.create(
        kind=kind, item_id=line.item_id, supplier_id=receipt.supplier_id, lot=line.lot if life else "",
        expiry=line.expiry if life else None, price=None if life else line.price, source=receipt.source,
        reason=reason.strip()[:300], asked_by_id=receipt.maker_id, decided_by=actor, decided_at=clock.now(),
    )  # fmt: skip
    audit.record(
        actor=actor, act="logistics.concession.decide", target=receipt.source,
        summary=f"特批 {receipt} 第 {position} 行：{found.words}；{reason.strip()}"[:300],
    )  # fmt: skip
    return concession
