"""After goods went back: the supplier says that it has them."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.purchasing.documents.supplier_return import ReturnConfirmation, SupplierReturn
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import services
from hrp.platform.documents.models import State


@transaction.atomic
def confirm(*, actor: User, document: SupplierReturn, paper: str = "") -> ReturnConfirmation:
    """供应商确认, with the paper it gave."""
    fresh = services.lock(document)
    scope.check_object(actor, "logistics.supplier_return.edit", fresh)
    if fresh.state != State.POSTED:
        raise Conflict(f"{fresh} 尚未过账，不能确认", code="not_posted", way_out="请先过账退货单。")
    found, created = ReturnConfirmation.objects.get_or_create(
        document=fresh, defaults={"paper": paper[:60], "at": clock.now(), "actor": actor}
    )
    if not created:
        raise Conflict(f"{fresh} 供应商已确认过", code="confirmed", way_out="请刷新页面查看。")
    audit.record(
        actor=actor, act="logistics.supplier_return.confirm", target=fresh.source,
        summary=f"供应商确认 {fresh} {paper}".strip()[:300],
    )  # fmt: skip
    return found
