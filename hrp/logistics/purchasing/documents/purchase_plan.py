"""采购计划 (purchase plan): what stores need, balanced with what is there and on its way, and approved before it is ordered.

A plan moves nothing, but it reserves the money. Once posted it is turned into orders, one for each supplier; what is not
ordered any more is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics.budget import services as budget
from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.purchasing import budgeting
from hrp.logistics.purchasing.models import ReplenishmentLine
from hrp.logistics.purchasing.positions import open_plans, positions
from hrp.logistics.rules.units import packs_up
from hrp.logistics.rules.valuation import line_amount
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext

ZERO = Decimal(0)


class Origin(models.TextChoices):
    REQUISITION = "requisition", "科室申领"
    MIN_MAX = "min_max", "库存定额"
    QUOTA = "quota", "定数包"
    MANUAL = "manual", "手工"
    EMERGENCY = "emergency", "应急"


BALANCED = frozenset({Origin.REQUISITION, Origin.MIN_MAX})
"""Sources whose demand is first met from stock; the others say what shall be bought."""


class PurchasePlan(Document):
    """Header of a plan; ``org_unit`` is the department that buys."""

    spec = DocumentSpec(
        kind="logistics.purchase_plan",
        title="采购计划",
        prefix="JH",
        header_fields=("store", "origin", "needed_on", "reason"),
        line_fields=("item", "wanted", "quantity", "supplier", "price", "suggestion", "remark"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="需求库房")
    origin = models.CharField("来源", max_length=20, choices=Origin.choices, default=Origin.MANUAL)
    needed_on = models.DateField("需求日期")
    reason = models.CharField("申请理由", max_length=300, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "采购计划"
        db_table = "logistics_plan"

    def compute(self, lines: Sequence[Any]) -> None:
        """Balance with stock what is left blank: wanted less available, in whole packs."""
        there = positions(self.store_id, [line.item_id for line in lines]) if self.store_id else {}
        packs = dict(Item.objects.filter(pk__in=[line.item_id for line in lines]).values_list("pk", "pack"))
        suggested = self._suggested()
        for line in lines:
            if line.suggestion_id is None:
                line.suggestion_id = suggested.get(line.item_id)
            position = there.get(line.item_id)
            if position is not None:
                line.on_hand, line.on_order, line.reserved = (
                    position.on_hand - position.held, position.on_order, position.reserved
                )  # fmt: skip
            if line.wanted is None:
                line.wanted = line.quantity
            if line.quantity is None and line.wanted is not None:
                meets = max(position.available, ZERO) if position and self.origin in BALANCED else ZERO
                line.quantity = packs_up(line.wanted - meets, Decimal(packs.get(line.item_id, 1)))
            if line.price is not None and line.quantity is not None:
                line.amount = line_amount(line.quantity, line.price)
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)

    def _suggested(self) -> dict[int, int]:
        """Which suggestion a line came from is not typed, so it outlives an edit."""
        if self._state.adding:
            return {}
        stored = PurchasePlanLine.objects.filter(document_id=self.pk, suggestion__isnull=False)
        return dict(stored.values_list("item_id", "suggestion_id"))

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        suppliers = Supplier.objects.in_bulk({line.supplier_id for line in lines} - {None})
        seen: dict[int, int] = {}
        problems = []
        for place, line in enumerate(lines):
            item = items[line.item_id]
            if not item.is_active:
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能采购", field="item", line=place)
                )
            if line.item_id in seen:
                said = f"{item} 与第 {seen[line.item_id] + 1} 行重复，请合并"
                problems.append(Problem(said, field="item", line=place))
            seen.setdefault(line.item_id, place)
            problems += _quantities(line, item, place)
            if line.supplier_id is not None and not suppliers[line.supplier_id].is_active:
                problems.append(Problem("供应商已停用", field="supplier", line=place))
        if self.origin == Origin.EMERGENCY and not self.reason.strip():
            problems.append(Problem("应急采购请写明理由", field="reason"))
        problems += self._duplicates(lines, items)
        if problems:
            raise Invalid(
                f"采购计划有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _duplicates(self, lines: Sequence[Any], items: dict[int, Item]) -> list[Problem]:
        """An item of a store stands in one open plan at a time; an emergency does not wait for that."""
        if self.origin == Origin.EMERGENCY:
            return []
        found = open_plans(self.store_id, [line.item_id for line in lines], but=self.pk)
        return [
            Problem(
                f"{items[line.item_id]} 已在 {found[line.item_id]} 中且尚未下单，不能重复计划",
                field="item",
                line=place,
            )
            for place, line in enumerate(lines)
            if line.item_id in found
        ]

    def apply(self, ctx: PostingContext) -> None:
        """Nothing moves; two plans of one store are posted one after the other, so that none is duplicated."""
        sql.row("SELECT id FROM logistics_store WHERE id = %s FOR NO KEY UPDATE", [self.store_id])
        lines = list(self.lines.order_by("position"))
        problems = self._duplicates(lines, Item.objects.in_bulk({line.item_id for line in lines}))
        if problems:
            raise Conflict(
                "有物资已在别的采购计划中", problems=problems, code="planned_already",
                way_out="请删去这些行，或先处理那张计划；急用请改为应急采购并写明理由。",
            )  # fmt: skip
        budgeting.plan(self, ctx)

    def mirror(self, ctx: PostingContext) -> None:
        orders = sql.rows(
            "SELECT DISTINCT coalesce(o.number, '草稿#' || o.id) FROM logistics_order o"
            " JOIN logistics_order_line l ON l.document_id = o.id JOIN logistics_plan_line p ON p.id = l.plan_line_id"
            " WHERE p.document_id = %s AND o.state NOT IN ('void', 'reversed')",
            [self.pk],
        )
        if orders:
            raise Conflict(
                f"{self} 已生成订单 {'、'.join(number for (number,) in orders)}，不能红冲", code="ordered",
                way_out="请先作废或红冲这些订单。",
            )  # fmt: skip
        budget.release(source=ctx.source, on=ctx.on, actor=ctx.actor)


def _quantities(line: Any, item: Item, place: int) -> list[Problem]:
    if line.quantity is None:
        return [Problem("请填写需求数量或采购数量", field="quantity", line=place)]
    if line.quantity < 0 or (line.wanted is not None and line.wanted < 0):
        return [Problem("数量不能为负", field="quantity", line=place)]
    if line.quantity == 0:
        there = f"在库 {line.on_hand.normalize():f}、在途 {line.on_order.normalize():f} {item.unit}"
        return [Problem(f"{item} {there}，已够用，请删去本行或直接填采购数量", field="quantity", line=place)]
    return []


class PurchasePlanLine(DocumentLine):
    """One item wanted. What is there was read when the line was written, so that an approver sees what its maker saw."""

    document = models.ForeignKey(PurchasePlan, models.CASCADE, related_name="lines", verbose_name="采购计划")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    wanted = QuantityField("需求数量", null=True, blank=True)
    quantity = QuantityField("采购数量", null=True, blank=True)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="供应商"
    )
    price = UnitPriceField("预计单价", null=True, blank=True)
    amount = MoneyField("预计金额", null=True, blank=True)
    on_hand = QuantityField("在库", default=0)
    on_order = QuantityField("在途", default=0)
    reserved = QuantityField("占用", default=0)
    suggestion = models.ForeignKey(
        ReplenishmentLine, models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name="补货建议",
    )  # fmt: skip
    remark = models.CharField("说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "采购计划明细"
        db_table = "logistics_plan_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_plan_line_position"),
            not_negative("quantity", name="logistics_plan_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


class PlanClosing(AppendOnlyModel):
    """结束计划: what stands in no order will not be ordered; it is not planned, nor its money reserved, any more."""

    plan = models.OneToOneField(PurchasePlan, models.PROTECT, related_name="closing", verbose_name="采购计划")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人")
    at = models.DateTimeField("时间")
    reason = models.CharField("原因", max_length=200)

    class Meta:
        verbose_name = "采购计划结束"
        db_table = "logistics_plan_closing"
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="logistics_plan_closed_why")
        ]

    def __str__(self) -> str:
        return self.reason
