"""科室申领单 (requisition): a department asks a store for what it needs.

Its department approves it, the store says how much of each line it grants, of which item (a substitute with a note), and
posts it: that promises the stock. Issues or transfers made from it consume the promise; what is left stays promised until
it is served or closed, and so does the money of the budget. It moves no value, so it books nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.budget import services as budget
from hrp.logistics.documents.stock_issue import project_problems
from hrp.logistics.models import Item, Project, Store
from hrp.logistics.requesting.documents import budgeting, limits
from hrp.logistics.rules.valuation import line_amount
from hrp.logistics.subledger import holding
from hrp.logistics.subledger.shortages import shortage
from hrp.platform.access import scope
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField, QuantityField, not_negative
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.models import Fund

PRICES_SQL = """
SELECT item_id, sum(amount) / sum(quantity) FROM (
    SELECT b.item_id, b.quantity, b.amount FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id
    WHERE b.store_id = %s AND b.item_id = ANY(%s) AND i.cost_method = 'batch'
    UNION ALL
    SELECT item_id, quantity, amount FROM logistics_valuation WHERE store_id = %s AND item_id = ANY(%s)
) h GROUP BY item_id HAVING sum(quantity) > 0
"""

GRANT_SQL = """
UPDATE logistics_requisition_line SET granted = quantity WHERE document_id = %s AND granted IS NULL
"""

SERVED_SQL = """
SELECT count(*) FROM (SELECT line_position FROM logistics_requisition_serving WHERE requisition_id = %s
    GROUP BY 1 HAVING sum(quantity) <> 0) s
"""


class Requisition(Document):
    """Header of a request; ``org_unit`` is the department that asks, ``to_store`` its own store when it keeps one."""

    spec = DocumentSpec(
        kind="logistics.requisition",
        title="申领单",
        prefix="SL",
        header_fields=("store", "to_store", "project", "fund", "urgent", "purpose"),
        line_fields=("item", "quantity", "reason"),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="发放库房")
    to_store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="领入科室库"
    )
    project = models.ForeignKey(
        Project, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="科教项目"
    )
    fund = models.ForeignKey(
        Fund, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="经费性质"
    )
    urgent = models.BooleanField("加急", default=False)
    purpose = models.CharField("用途", max_length=100, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "申领单"
        db_table = "logistics_requisition"

    def compute(self, lines: Sequence[Any]) -> None:
        """What it will cost, by the prices of the store today: for the approver, nothing is booked by it."""
        if self.project is not None:
            self.fund = self.project.fund
        items = sorted({line.item_id for line in lines if line.item_id})
        prices = dict(sql.rows(PRICES_SQL, [self.store_id, items, self.store_id, items]))
        for line in lines:
            price = prices.get(line.item_id)
            line.amount = line_amount(line.quantity, price) if price is not None and line.quantity else None
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = self._stores() + project_problems(self.project, self.business_date)
        for place, line in enumerate(lines):
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if not items[line.item_id].is_active:
                item = items[line.item_id]
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能申领", field="item", line=place)
                )
        asked = [
            limits.Asked(place, items[line.item_id], line.quantity, line.reason)
            for place, line in enumerate(lines)
        ]
        problems += limits.problems(
            asked, org_unit_id=self.org_unit_id, on=self.business_date, but=self.pk or 0
        )
        problems += gates.problems(gates.Moment.REQUEST, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"申领单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _stores(self) -> list[Problem]:
        problems = []
        if self.store.kind not in (Store.Kind.CENTRAL, Store.Kind.SECOND):
            problems.append(Problem(f"{self.store.get_kind_display()}不发放申领", field="store"))
        if not self.store.is_active:
            problems.append(Problem(f"{self.store} 已停用", field="store"))
        own = self.to_store
        if self.project is not None and self.is_transferred:
            problems.append(Problem("调入科室库的仍是库存，项目在科室库出库时再选", field="project"))
        if own is not None and own.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{own} 由{own.org_unit}管理，不是本科室的库", field="to_store"))
        if own is not None and own.pk == self.store_id:
            problems.append(Problem("发放库房与领入科室库是同一个", field="to_store"))
        return problems

    @property
    def is_transferred(self) -> bool:
        """Whether what is given stays inventory in the department's own store (调拨) instead of becoming its cost."""
        return self.to_store is not None and self.to_store.on_issue == Store.OnIssue.TRANSFER

    def apply(self, ctx: PostingContext) -> None:
        """Promise what is granted; all of it or nothing."""
        self._require_keeper(ctx)
        sql.run(GRANT_SQL, [self.pk])
        lines: list[Any] = list(self.lines.select_related("item", "substitute").order_by("position"))
        given = [line for line in lines if line.granted > 0]
        if not given:
            raise Conflict(
                f"{self} 没有核发任何数量",
                code="nothing_granted",
                way_out="请核发数量，或驳回申领单并说明原因。",
            )
        asked = [limits.Asked(x.position - 1, x.given_item, x.granted, x.reason) for x in given]
        over = limits.problems(asked, org_unit_id=self.org_unit_id, on=ctx.on, but=self.pk, lock=True)
        if over:
            raise Conflict(
                f"{self} 有 {len(over)} 行超出定额或使用权限", code="over_quota", problems=over,
                way_out="请减少核发数量，或驳回由科室说明原因。",
            )  # fmt: skip
        wants = [subledger.Want(x.position, x.given_item.pk, x.granted) for x in given]
        short = holding.reserve(wants, store_id=self.store_id, source=ctx.source, on=ctx.on)
        if short:
            raise shortage(short, store=str(self.store), verb="配货")
        budgeting.hold(self, ctx)

    def _require_keeper(self, ctx: PostingContext) -> None:
        """Only who gives out of the store can say what it gives."""
        if not scope.has(ctx.actor, self.spec.permission("post"), self.store.org_unit_id):
            raise Forbidden(f"{self.store} 由其他科室管理，您不能核发。", way_out="请由该库房的库管员核发。")

    def mirror(self, ctx: PostingContext) -> None:
        if sql.rows(SERVED_SQL, [self.pk])[0][0]:
            raise Conflict(
                f"{self} 已有出库，不能红冲",
                code="served",
                way_out="未领的部分请“结束申领”，或先红冲出库单。",
            )
        holding.release(source=ctx.source)
        budget.release(source=ctx.source, on=ctx.on, actor=ctx.actor)


class RequisitionLine(DocumentLine):
    """One item asked for; ``granted`` and ``substitute`` are the store's word, written before it posts."""

    document = models.ForeignKey(Requisition, models.CASCADE, related_name="lines", verbose_name="申领单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("申领数量")
    reason = models.CharField("说明", max_length=100, blank=True)
    amount = MoneyField("估计金额", null=True, blank=True)
    granted = QuantityField("核发数量", null=True, blank=True)
    substitute = models.ForeignKey(
        Item, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="代用品"
    )
    grant_note = models.CharField("核发说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "申领明细"
        db_table = "logistics_requisition_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_requisition_line_position"
            ),
            not_negative("quantity", name="logistics_requisition_line_quantity"),
            models.CheckConstraint(
                condition=models.Q(granted=None)
                | models.Q(granted__gte=0, granted__lte=models.F("quantity")),
                name="logistics_requisition_line_granted",
            ),
            models.CheckConstraint(
                condition=models.Q(substitute=None)
                | (~models.Q(substitute=models.F("item")) & ~models.Q(grant_note="")),
                name="logistics_requisition_line_substitute",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"

    @property
    def given_item(self) -> Item:
        """What the store gives: the substitute where it named one."""
        return self.substitute or self.item
