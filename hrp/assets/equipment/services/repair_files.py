"""What a repair cost and how the fault looked: rows beside an order, added and never changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.assets.equipment.models import RepairCost, RepairOrder, RepairPhoto
from hrp.assets.equipment.services.repairs import REPORT, WORK, source_of
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Conflict, Invalid, Problem

PHOTOS = frozenset({"png", "jpg"})
MAX_BYTES = 10 * 1024 * 1024
MOST = 9


@transaction.atomic
def charge(
    *, actor: User, order: RepairOrder, kind: str, name: str, quantity: Decimal, amount: Decimal, reference: str = ""
) -> RepairCost:  # fmt: skip
    """Write down a part, a vendor's fee or hours of work; until the order is closed, invoices also later."""
    scope.require(actor, WORK, order.org_unit_id)
    row = RepairOrder.objects.select_for_update().get(pk=order.pk)
    problems = []
    if kind not in RepairCost.Kind.values:
        problems.append(Problem("请选择类别", field="kind"))
    if not name.strip():
        problems.append(Problem("请填写名称", field="name"))
    if kind == RepairCost.Kind.LABOUR and quantity <= 0 and amount >= 0:
        problems.append(Problem("请填写工时", field="quantity"))
    if kind == RepairCost.Kind.PART and not reference.strip():
        problems.append(Problem("请填写配件的出库单号", field="reference"))
    if problems:
        raise Invalid("费用没有填完整", problems=problems, way_out="请按标红处填写。")
    if row.state == "cancelled":
        raise Conflict(f"{row} 已撤销，不能登记费用", code="cancelled", way_out="请核对维修单。")
    cost = RepairCost.objects.create(
        order=row, kind=kind, name=name.strip()[:100], quantity=quantity, amount=amount, reference=reference.strip()[:60],
        actor=actor, at=clock.now(),
    )  # fmt: skip
    audit.record(
        actor=actor, act="assets.repair.charge", target=source_of(row), unit_id=row.org_unit_id,
        summary=f"{row} {cost.get_kind_display()} {cost.name} {amount:,.2f} 元",
    )  # fmt: skip
    return cost


def add_photo(*, actor: User, order: RepairOrder, upload: Any) -> RepairPhoto:
    """Keep a picture of the fault; one that is no picture is refused with what would be."""
    if not scope.has(actor, REPORT, order.org_unit_id):
        scope.require(actor, WORK, order.org_unit_id)
    if RepairPhoto.objects.filter(order=order).count() >= MOST:
        raise Conflict(f"每张维修单最多 {MOST} 张照片", code="too_many_photos", way_out="请在说明中描述。")
    stored = files.store_upload(
        upload, name=str(upload.name or ""), allowed=PHOTOS, max_bytes=MAX_BYTES, folder="repairs"
    )
    try:
        with transaction.atomic():
            return RepairPhoto.objects.create(
                order=order, name=stored.name, path=stored.path, mime=stored.mime, sha256=stored.sha256, size=stored.size,
                actor=actor, at=clock.now(),
            )  # fmt: skip
    except BaseException:
        files.remove(stored.path)
        raise
