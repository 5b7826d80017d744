"""What became of a requisition: documents made from it, what they served, who signed, what was closed.

The gate of issues and transfers consumes the promise before goods are taken, so that they are not kept from the very
document they were promised to. Every change of one requisition's promises holds the lock of its header.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.requesting.documents import budgeting
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.subledger import holding
from hrp.platform.base import clock, sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import PostingContext
from hrp.platform.org.models import OrgUnit

SIGN, HAND_OVER = "logistics.delivery.sign", "logistics.delivery.hand_over"

OPEN_SQL = """
SELECT l.position, coalesce(l.substitute_id, l.item_id), l.granted, coalesce(s.served, 0)
FROM logistics_requisition_line l
LEFT JOIN (SELECT line_position, sum(quantity) AS served FROM logistics_requisition_serving WHERE requisition_id = %s
           GROUP BY 1) s ON s.line_position = l.position
WHERE l.document_id = %s AND l.granted > 0 ORDER BY l.position
"""

HOLD_SQL = """
SELECT q.id FROM logistics_delivery d JOIN logistics_requisition q ON q.id = d.requisition_id WHERE d.source = %s FOR UPDATE OF q
"""

LINK_SQL = """
SELECT d.requisition_id, q.store_id, q.org_unit_id, q.state, c.id IS NOT NULL, q.project_id
FROM logistics_delivery d JOIN logistics_requisition q ON q.id = d.requisition_id
LEFT JOIN logistics_requisition_closing c ON c.requisition_id = q.id WHERE d.source = %s
"""


class Delivery(AppendOnlyModel):
    """A document (``source``) made to serve a requisition."""

    source = models.CharField("单据", max_length=100, unique=True)
    requisition = models.ForeignKey(
        Requisition, models.PROTECT, related_name="deliveries", verbose_name="申领单"
    )

    class Meta:
        verbose_name = "申领配送"
        db_table = "logistics_delivery"

    def __str__(self) -> str:
        return self.source


class RequisitionServing(AppendOnlyModel):
    """Quantity a posted document gave to one line of a requisition; negative where it was undone."""

    requisition = models.ForeignKey(
        Requisition, models.PROTECT, related_name="servings", verbose_name="申领单"
    )
    line_position = models.PositiveSmallIntegerField("申领行")
    source = models.CharField("单据", max_length=100, db_index=True)
    quantity = QuantityField("数量")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "申领发放"
        db_table = "logistics_requisition_serving"
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity"), name="logistics_requisition_serving_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"


class RequisitionClosing(AppendOnlyModel):
    """结束申领: what is not served will not be, and its promise is given up."""

    requisition = models.OneToOneField(
        Requisition, models.PROTECT, related_name="closing", verbose_name="申领单"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人")
    at = models.DateTimeField("时间")
    reason = models.CharField("原因", max_length=200)

    class Meta:
        verbose_name = "申领结束"
        db_table = "logistics_requisition_closing"

    def __str__(self) -> str:
        return self.reason


class DeliverySignature(AppendOnlyModel):
    """科室签收 of one issue. Who issued it does not sign for the department."""

    class Method(models.TextChoices):
        LOGIN = "login", "本人登录"
        BADGE = "badge", "扫工牌"

    source = models.CharField("单据", max_length=100, unique=True)
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="签收科室")
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="签收人"
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发放人"
    )
    method = models.CharField("方式", max_length=5, choices=Method.choices)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="记录人"
    )
    note = models.CharField("备注", max_length=200, blank=True)
    at = models.DateTimeField("签收时间")

    class Meta:
        verbose_name = "科室签收"
        db_table = "logistics_delivery_signature"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(signer=models.F("issued_by")), name="logistics_issuer_does_not_sign"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.signer}"


@dataclass(frozen=True)
class Open:
    """One granted line: what was granted, what was served, of the item the store gives."""

    position: int
    item_id: int
    granted: Decimal
    served: Decimal

    @property
    def left(self) -> Decimal:
        return self.granted - self.served


def granted_lines(requisition_id: int) -> list[Open]:
    return [Open(*row) for row in sql.rows(OPEN_SQL, [requisition_id, requisition_id])]


def request_of(document: Any, ctx: PostingContext) -> int | None:
    """The requisition a document being posted was made to serve. Asked before goods are taken, remembered after."""
    if not hasattr(document, "serves_request"):
        link = sql.row("SELECT requisition_id FROM logistics_delivery WHERE source = %s", [ctx.source])
        document.serves_request = None if link is None else link[0]
    found: int | None = document.serves_request
    return found


def hold(document: Any, ctx: PostingContext) -> None:
    """Lock the request a document serves."""
    if request_of(document, ctx) is not None:
        sql.row(HOLD_SQL, [ctx.source])


def serve(document: Any, ctx: PostingContext) -> None:
    """Before goods are taken: consume the promise the document was made for, line by line."""
    if request_of(document, ctx) is None:
        return
    link = sql.row(LINK_SQL, [ctx.source])
    assert link is not None  # noqa: S101 - a delivery and its requisition are never deleted
    requisition_id, store, unit, state, closed, project = link
    if state != State.POSTED or closed:
        raise Conflict("所属申领单已红冲或已结束，不能再出库", code="request_closed", way_out="请作废本单。")
    is_issue = hasattr(document, "fund_id")
    if document.store_id != store or (
        is_issue and (document.org_unit_id, document.project_id) != (unit, project)
    ):
        raise Conflict(
            "库房、领用科室或项目与申领单不一致",
            code="not_as_requested",
            way_out="请改回申领单的库房、科室与项目，或另制出库单。",
        )
    parts = _parts(document, granted_lines(requisition_id))
    holding.consume(parts, source=f"{Requisition.spec.kind}:{requisition_id}")
    _record(requisition_id, ctx.source, parts)


def _parts(document: Any, lines: list[Open]) -> dict[int, Decimal]:
    """How much of each line of the requisition the document serves. Raises Conflict for more than was granted."""
    left = {line.position: line for line in lines}
    parts: dict[int, Decimal] = defaultdict(Decimal)
    problems = []
    for row in document.lines.select_related("item").order_by("position"):
        wanted = row.quantity
        for line in list(left.values()):
            if line.item_id == row.item_id and wanted > 0 and line.left > 0:
                part = min(wanted, line.left)
                parts[line.position] += part
                left[line.position] = replace(line, served=line.served + part)
                wanted -= part
        if wanted > 0:
            problems.append(
                Problem(
                    f"{row.item} 比申领单未领数量多 {wanted.normalize():f} {row.item.unit}", field="quantity",
                    line=row.position - 1,
                )
            )  # fmt: skip
    if problems:
        raise Conflict(
            "出库数量超过申领核发", code="more_than_granted", problems=problems,
            way_out="请减少数量；确需多发的请科室补一张申领单。",
        )  # fmt: skip
    return dict(parts)


def unserve(document: Any, ctx: PostingContext) -> None:
    """When the document is reversed: what it had served is asked for again, and promised while the request is open."""
    link = sql.row(LINK_SQL, [ctx.source])
    if link is None:
        return
    requisition_id, store, _, state, closed, _ = link
    served = sql.rows(
        "SELECT line_position, sum(quantity) FROM logistics_requisition_serving WHERE source = %s GROUP BY 1",
        [ctx.source],
    )
    _record(requisition_id, ctx.source, {position: -quantity for position, quantity in served})
    if state == State.POSTED and not closed:
        items = {line.position: line.item_id for line in granted_lines(requisition_id)}
        wants = [subledger.Want(position, items[position], quantity) for position, quantity in served]
        holding.restore(wants, store_id=store, source=f"{Requisition.spec.kind}:{requisition_id}")
        budgeting.hold_again(document, ctx)


def _record(requisition_id: int, source: str, parts: Mapping[int, Decimal]) -> None:
    RequisitionServing.objects.bulk_create(
        RequisitionServing(
            requisition_id=requisition_id,
            line_position=position,
            source=source,
            quantity=quantity,
            at=clock.now(),
        )
        for position, quantity in sorted(parts.items())
        if quantity
    )


def promises_of(source: str) -> list[str]:
    """The requisition a document was made to serve, as the source of its promises."""
    found = Delivery.objects.filter(source=source).values_list("requisition_id", flat=True)
    return [f"{Requisition.spec.kind}:{pk}" for pk in found]


def register() -> None:
    gates.know_promises("requisition", promises_of)
    for moment in (gates.Moment.ISSUE, gates.Moment.TRANSFER):
        gates.register(gates.Gate("requisition", moment, prepare=serve, mirror=unserve, hold=hold))
