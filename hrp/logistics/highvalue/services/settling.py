"""After a settlement: the supplier's invoice, written onto every piece it is for."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.pieces import events
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services
from hrp.platform.documents.models import State


@transaction.atomic
def invoice(*, actor: User, document: UseSettlement, number: str) -> int:
    """Register the invoice of a posted settlement; how many pieces it is for. After that it is not reversed any more."""
    scope.check_object(actor, document.spec.permission("post"), document)
    row = services.lock(document)
    if row.state != State.POSTED:
        raise Conflict(f"{row} {row.get_state_display()}，不能登记发票", way_out="过账后再登记发票。")
    if not number.strip():
        raise Invalid(
            "请填写发票号码", problems=[Problem("请填写", field="number")], way_out="请填写发票号码。"
        )
    lines = list(row.lines.order_by("position"))
    steps = [events.Step(line.unit_id, rules.State.INVOICED, None, line.position) for line in lines]
    events.record(
        "invoice", steps, source=f"{row.source}#invoice", actor=actor, note=f"发票 {number.strip()[:40]}"
    )
    audit.record(
        actor=actor,
        act="logistics.use_settlement.invoice",
        target=row.source,
        summary=f"{row} 登记发票 {number.strip()[:40]}",
    )
    return len(steps)
