"""采购订单 (purchase order): what a supplier is asked to deliver, at which price, where and by when.

An order moves nothing and books nothing. How far it has come is derived (:mod:`selectors.progress`) from its events and
from what was received of its lines. Once sent it is not changed: a change is a new version that takes its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from hrp.logistics import gates
from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.purchasing import budgeting
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlanLine
from hrp.logistics.purchasing.positions import RECEIVED_SQL
from hrp.logistics.rules.valuation import line_amount
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext

ZERO = Decimal(0)


class PurchaseOrder(Document):
    """Header of an order; ``org_unit`` is the department that buys, ``replaces`` the version before."""

    spec = DocumentSpec(
        kind="logistics.purchase_order",
        title="采购订单",
        prefix="CD",
        header_fields=("supplier", "store", "due_on", "contact", "replaces"),
        line_fields=("item", "quantity", "price", "plan_line", "root", "remark"),
    )

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="收货库房")
    due_on = models.DateField("交货日期")
    contact = models.CharField("收货联系", max_length=100, blank=True)
    revision = models.PositiveSmallIntegerField("订单版次", default=1)
    replaces = models.ForeignKey(
        "self", models.PROTECT, related_name="versions", null=True, blank=True, editable=False, verbose_name="更替"
    )  # fmt: skip

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "采购订单"
        db_table = "logistics_order"
        indexes = [models.Index(fields=["supplier", "due_on"], name="logistics_order_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["replaces"], condition=models.Q(state="posted"), name="logistics_order_replaced_once"
            )
        ]

    def compute(self, lines: Sequence[Any]) -> None:
        self._keep_links(lines)
        for line in lines:
            if line.quantity is not None and line.price is not None:
                line.amount = line_amount(line.quantity, line.price)
        self.total = sum((line.amount for line in lines if line.amount is not None), ZERO)
        if self.replaces is not None:
            self.revision = self.replaces.revision + 1

    def _keep_links(self, lines: Sequence[Any]) -> None:
        """Which line of a plan or of the version before a line stands for is not typed, so it outlives an edit."""
        if self._state.adding:
            return
        before: dict[int, list[tuple[int | None, int | None]]] = defaultdict(list)
        stored = PurchaseOrderLine.objects.filter(document_id=self.pk).order_by("position")
        for item, plan_line, root in stored.values_list("item_id", "plan_line_id", "root_id"):
            before[item].append((plan_line, root))
        for line in lines:
            if line.plan_line_id is None and line.root_id is None and before[line.item_id]:
                line.plan_line_id, line.root_id = before[line.item_id].pop(0)

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            item = items[line.item_id]
            if not item.is_active:
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能采购", field="item", line=place)
                )
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
        if not self.supplier.is_active:
            problems.append(Problem("供应商已停用，不能订货", field="supplier"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT, Store.Kind.QUARANTINE):
            problems.append(Problem(f"{self.store.get_kind_display()}不能作为收货库房", field="store"))
        if self.due_on < self.business_date:
            problems.append(Problem("交货日期早于订货日期", field="due_on"))
        problems += self._version(lines)
        problems += gates.problems(gates.Moment.ORDER, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"采购订单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _version(self, lines: Sequence[Any]) -> list[Problem]:
        """A new version keeps supplier and store, and asks for no less than was received already."""
        before = self.replaces
        if before is None:
            return []
        problems = []
        if (before.supplier_id, before.store_id) != (self.supplier_id, self.store_id):
            problems.append(Problem("变更订单不能更换供应商或收货库房，请关闭原订单后另订", field="supplier"))
        roots = {x.root_id or x.pk: x for x in before.lines.select_related("item")}
        got = received(list(roots))
        kept: set[int] = set()
        for place, line in enumerate(lines):
            if line.root_id is None:
                continue
            if line.root_id not in roots or roots[line.root_id].item_id != line.item_id:
                problems.append(Problem("这一行不属于原订单", field="item", line=place))
            elif line.root_id in kept:
                problems.append(Problem("原订单的一行出现了两次", field="item", line=place))
            elif line.quantity < got.get(line.root_id, ZERO):
                there = got[line.root_id]
                said = f"已收 {there.normalize():f}，变更后的数量不能更少"
                problems.append(Problem(said, field="quantity", line=place))
            kept.add(line.root_id)
        problems += [
            Problem(f"{roots[root].item} 已收 {quantity.normalize():f}，不能从订单中删去")
            for root, quantity in got.items()
            if quantity and root not in kept
        ]
        return problems

    def apply(self, ctx: PostingContext) -> None:
        """A version takes the place of the one before, which must still be open and unchanged since."""
        if self.replaces_id is not None:
            require_open(self.replaces_id)
            problems = self._version(list(self.lines.order_by("position")))
            if problems:
                raise Conflict(
                    "原订单在变更期间又有收货", problems=problems, code="received_since",
                    way_out="请按已收数量修改变更订单。",
                )  # fmt: skip
        gates.applied(gates.Moment.ORDER, self, ctx)
        budgeting.order(self, ctx)

    def mirror(self, ctx: PostingContext) -> None:
        sql.row("SELECT id FROM logistics_order WHERE id = %s FOR UPDATE", [self.pk])
        if OrderEvent.objects.filter(order_id=self.pk, kind=OrderEvent.Kind.SENT).exists():
            raise Conflict(
                f"{self} 已发送供应商，不能红冲",
                code="sent",
                way_out="不再需要的请关闭订单并写明原因；要改的请变更。",
            )
        if self.versions.filter(state=State.POSTED).exists() or any(received(roots_of(self.pk)).values()):
            raise Conflict(f"{self} 已有变更或收货，不能红冲", code="received", way_out="请改为关闭订单。")
        gates.mirrored(gates.Moment.ORDER, self, ctx)
        budgeting.unorder(self, ctx)


class PurchaseOrderLine(DocumentLine):
    """One item ordered. ``root`` is the line of the first version; receipts of any version count for it."""

    document = models.ForeignKey(PurchaseOrder, models.CASCADE, related_name="lines", verbose_name="采购订单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("订货数量")
    price = UnitPriceField("含税单价")
    amount = MoneyField("金额", null=True, blank=True)
    plan_line = models.ForeignKey(
        PurchasePlanLine, models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name="计划行",
    )  # fmt: skip
    root = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        verbose_name="原订单行",
    )
    remark = models.CharField("说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "订单明细"
        db_table = "logistics_order_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_order_line_position"),
            not_negative("quantity", name="logistics_order_line_quantity"),
            not_negative("price", name="logistics_order_line_price"),
        ]

    def __str__(self) -> str:
        return f"{self.document.display_number} 第 {self.position} 行"


class OrderEvent(AppendOnlyModel):
    """What happened to an order between the hospital and the supplier."""

    class Kind(models.TextChoices):
        SENT = "sent", "发送"
        CONFIRMED = "confirmed", "供应商确认"
        CLOSED = "closed", "关闭"
        CHASED = "chased", "催货"

    order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="events", verbose_name="采购订单")
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办")
    way = models.CharField("方式", max_length=20, blank=True)
    promised_on = models.DateField("承诺到货日", null=True)
    text = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "订单事项"
        db_table = "logistics_order_event"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=models.Q(kind__in=["sent", "confirmed", "closed"]),
                name="logistics_order_event_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="closed") | ~models.Q(text=""), name="logistics_order_closed_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.get_kind_display()}"


def roots_of(order_id: int) -> list[int]:
    """The first-version lines of an order."""
    return [
        root for (root,) in sql.rows(
            "SELECT coalesce(root_id, id) FROM logistics_order_line WHERE document_id = %s", [order_id]
        )
    ]  # fmt: skip


def received(roots: Sequence[int]) -> dict[int, Decimal]:
    """What was received of first-version lines by posted receipts."""
    rows = sql.rows(
        f"{RECEIVED_SQL} WHERE coalesce(x.root_id, x.id) = ANY(%s) GROUP BY 1",
        [sorted(roots)],
    )
    return dict(rows)


def require_open(order_id: int, *, act: str = "变更") -> None:
    """Lock an order and refuse one that is not in force, replaced or closed."""
    found = sql.row("SELECT state, number FROM logistics_order WHERE id = %s FOR UPDATE", [order_id])
    if found is None or found[0] != State.POSTED:
        raise Conflict("订单尚未生效或已红冲", code="order_not_open", way_out="请先审核并过账订单。")
    number = found[1]
    if OrderEvent.objects.filter(order_id=order_id, kind=OrderEvent.Kind.CLOSED).exists():
        raise Conflict(
            f"订单 {number} 已关闭，不能{act}", code="order_not_open", way_out="需要时请另制订单。"
        )
    later = PurchaseOrder.objects.filter(replaces_id=order_id, state=State.POSTED).first()
    if later is not None:
        raise Conflict(
            f"订单 {number} 已变更为 {later.number}，不能{act}", code="order_not_open",
            way_out=f"请在 {later.number} 上办理。",
        )  # fmt: skip
