"""调价单 (price adjustment): sale prices that hold from a day on. What goods cost the hospital stays as it is.

Posting fixes the prices and tells the HIS of them. When their day begins, the stock that is there is taken over at the new
price, store by store (:mod:`taking_over`); it books nothing, for sale prices are no value of the hospital's books.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics.catalogue import parameters, pricing
from hrp.logistics.catalogue.documents import taking_over
from hrp.logistics.catalogue.models import PriceEffect, SalePrice
from hrp.logistics.catalogue.rules.adjusting import difference, sale_price
from hrp.logistics.models import Item
from hrp.platform.base import clock, sql
from hrp.platform.base.fields import UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.org.parameters import value

LOCK_SQL = "SELECT id FROM logistics_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


class Reason(models.TextChoices):
    AGREEMENT = "agreement", "进价变动（零差率）"
    VOLUME = "volume", "集采中选价执行"
    ORDER = "order", "物价文件"
    FIRST = "first", "首次定价"
    CORRECTION = "correction", "更正"


class PriceAdjustment(Document):
    """Header of an adjustment; ``org_unit`` is the office that sets prices, ``total`` what stock is sold for more."""

    spec = DocumentSpec(
        kind="logistics.price_adjustment",
        title="调价单",
        prefix="JG",
        header_fields=("effective_on", "reason", "basis"),
        line_fields=("item", "new_price", "remark"),
    )

    effective_on = models.DateField("执行日期")
    reason = models.CharField("调价原因", max_length=10, choices=Reason.choices, default=Reason.AGREEMENT)
    basis = models.CharField("依据（文件 / 协议号）", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "调价单"
        db_table = "logistics_price_adjustment"

    def compute(self, lines: Sequence[Any]) -> None:
        """The price before, the price paid, and the price this allows where none was typed."""
        items = [line.item_id for line in lines]
        before = pricing.sale_prices(items, self.effective_on)
        paid = pricing.purchase_prices(items, self.effective_on)
        markup = value(parameters.MARKUP, self.effective_on)
        for line in lines:
            old, cost = before.get(line.item_id), paid.get(line.item_id)
            line.old_price = old.price if old is not None else None
            line.purchase_price = cost
            if line.new_price is None and cost is not None:
                line.new_price = sale_price(cost, markup)
        prices = {x.item_id: (x.old_price, x.new_price) for x in lines if x.new_price is not None}
        stock = pricing.morning_stock(list(prices), self.effective_on)
        self.total = sum((difference(quantity, *prices[item]) for _, item, quantity in stock), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = []
        if self.effective_on < self.business_date:
            problems.append(Problem("执行日期早于调价日期，已发生的收费不能改价", field="effective_on"))
        if self.reason in (Reason.ORDER, Reason.VOLUME) and not self.basis.strip():
            problems.append(Problem("请填写文件号或合同号", field="basis"))
        seen: set[int] = set()
        for place, line in enumerate(lines):
            item = items[line.item_id]
            if line.item_id in seen:
                problems.append(Problem(f"{item} 在本单中重复", field="item", line=place))
            seen.add(line.item_id)
            if item.status == Item.Status.RETIRED:
                problems.append(Problem(f"{item} 已淘汰，不再定价", field="item", line=place))
            problems += self._price(line, item, place)
        problems += self._decided_already(lines, items)
        if problems:
            raise Invalid(
                f"调价单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _price(self, line: Any, item: Item, place: int) -> list[Problem]:
        """A price that is there, differs from the one before and is not above what the markup allows."""
        if line.new_price is None:
            return [
                Problem(f"{item} 没有协议价和入库价，请填写销售价", field="new_price", line=place),
            ]
        if line.new_price == line.old_price:
            return [
                Problem(f"{item} 现行销售价已是 {_shown(line.new_price)} 元", field="new_price", line=place)
            ]
        control = value(parameters.ABOVE, self.effective_on)
        if line.purchase_price is None or control == "off":
            return []
        markup = value(parameters.MARKUP, self.effective_on)
        most = sale_price(line.purchase_price, markup)
        if line.new_price <= most or (control == "reason" and line.remark.strip()):
            return []
        rule = f"加成 {_shown(markup)}%" if markup else "零差率"
        said = f"{item} 进价 {_shown(line.purchase_price)} 元，按{rule}销售价不超过 {_shown(most)} 元"
        tail = "，超过须写明说明" if control == "reason" else ""
        field = "remark" if control == "reason" else "new_price"
        return [Problem(said + tail, field=field, line=place)]

    def _decided_already(self, lines: Sequence[Any], items: dict[int, Item]) -> list[Problem]:
        """Prices are decided in the order they take effect: none is put before one that stands."""
        last = pricing.sale_prices([line.item_id for line in lines], pricing.LATEST)
        return [
            Problem(
                f"{items[line.item_id]} 已有自 {last[line.item_id].since} 起的销售价 {_shown(last[line.item_id].price)} 元，"
                "执行日期须晚于它",
                field="effective_on", line=place,
            )
            for place, line in enumerate(lines)
            if line.item_id in last and last[line.item_id].since >= self.effective_on
        ]  # fmt: skip

    def apply(self, ctx: PostingContext) -> None:
        lines: list[Any] = list(self.lines.select_related("item").order_by("position"))
        sql.rows(LOCK_SQL, [sorted(line.item_id for line in lines)])
        self._require_unchanged(lines)
        SalePrice.objects.bulk_create(
            SalePrice(
                item_id=line.item_id, price=line.new_price, valid_from=self.effective_on, source=ctx.source
            )
            for line in lines
        )
        taking_over.tell_prices(self, lines)
        if self.effective_on <= max(ctx.on, clock.today()):
            self.total = taking_over.take_over(self, lines).difference

    def _require_unchanged(self, lines: Sequence[Any]) -> None:
        """What the approver saw as the price before is still the price before."""
        items = {line.item_id: line.item for line in lines}
        problems = self._decided_already(lines, items)
        now = pricing.sale_prices(list(items), self.effective_on)
        problems += [
            Problem(f"{line.item} 的现行销售价已变", field="item", line=line.position - 1)
            for line in lines
            if (now[line.item_id].price if line.item_id in now else None) != line.old_price
        ]
        if problems:
            raise Conflict(
                "制单之后已有别的调价单过账", problems=problems, code="priced_since",
                way_out="请退回修改，核对原价后重新提交。",
            )  # fmt: skip

    def mirror(self, ctx: PostingContext) -> None:
        """Taken back before its day begins: the price before goes on. Afterwards patients were charged by it."""
        items = list(self.lines.order_by("item_id").values_list("item_id", flat=True))
        sql.rows(LOCK_SQL, [items])
        if PriceEffect.objects.filter(source=ctx.source).exists() or ctx.on >= self.effective_on:
            raise Conflict(
                f"{self} 已自 {self.effective_on} 起执行，不能红冲", code="in_effect",
                way_out="已按新价收费；需要改回的，请另制调价单自次日起执行。",
            )  # fmt: skip
        later = pricing.sale_prices(items, pricing.LATEST)
        names = sorted({found.source for found in later.values() if found.source != ctx.source})
        if names:
            raise Conflict(
                f"其后已有 {len(names)} 张调价单，不能红冲 {self}",
                code="priced_since",
                way_out="请先红冲后面的调价单。",
            )
        found = SalePrice.objects.filter(source=ctx.source, reverses=None)
        SalePrice.objects.bulk_create(
            SalePrice(
                item_id=x.item_id, price=x.price, valid_from=x.valid_from, source=ctx.source, reverses=x
            )
            for x in found
        )
        taking_over.tell_withdrawn(self)


class PriceAdjustmentLine(DocumentLine):
    """One item; the price before and the price paid were read when the line was written, for the approver."""

    document = models.ForeignKey(PriceAdjustment, models.CASCADE, related_name="lines", verbose_name="调价单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    purchase_price = UnitPriceField("进价", null=True, blank=True)
    old_price = UnitPriceField("原销售价", null=True, blank=True)
    new_price = UnitPriceField("新销售价", null=True, blank=True)
    remark = models.CharField("说明", max_length=100, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "调价明细"
        db_table = "logistics_price_adjustment_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_price_adjustment_line_position"
            ),
            not_negative("new_price", name="logistics_price_adjustment_line_price"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"


def _shown(price: Decimal) -> str:
    return f"{price.normalize():f}"


def due(day: dt.date) -> list[PriceAdjustment]:
    """Posted adjustments whose day has begun and whose stock nobody has taken over."""
    rows = sql.rows(
        "SELECT d.id FROM logistics_price_adjustment d WHERE d.state = 'posted' AND d.effective_on <= %s"
        " AND NOT EXISTS (SELECT FROM logistics_price_effect e WHERE e.source = 'logistics.price_adjustment:' || d.id)"
        " ORDER BY d.effective_on, d.id",
        [day],
    )
    return [PriceAdjustment.objects.get(pk=pk) for (pk,) in rows]
