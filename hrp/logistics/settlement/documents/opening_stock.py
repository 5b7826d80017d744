"""期初单 (opening stock): what a store holds when it begins. Dr 1302, Cr 累计盈余 (3001); none after the store is 启用."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import subledger
from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.rules.valuation import line_amount
from hrp.logistics.settlement.models import StoreOpening
from hrp.logistics.subledger.writing import Lot
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund

ACCUMULATED_SURPLUS = "3001"


@dataclass(frozen=True)
class OpeningFacts:
    """Amount per inventory account, in yuan."""

    by_account: dict[str, Decimal]


class OpeningStock(Document):
    """Header of an opening; ``org_unit`` keeps the store."""

    spec = DocumentSpec(
        kind="logistics.opening_stock",
        title="期初单",
        prefix="QC",
        header_fields=("store", "fund"),
        line_fields=(
            "item",
            "supplier",
            "lot",
            "produced",
            "expiry",
            "sterile_expiry",
            "quantity",
            "price",
            "amount",
        ),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "期初单"
        db_table = "logistics_opening"

    def compute(self, lines: Sequence[Any]) -> None:
        for line in lines:
            if line.amount is None and line.quantity is not None and line.price is not None:
                line.amount = line_amount(line.quantity, line.price)
            if line.expiry is None:
                line.expiry = NO_EXPIRY
        self.total = sum((line.amount for line in lines if line.amount is not None), Decimal(0))

    def validate(self, lines: Sequence[Any]) -> None:
        items = Item.objects.in_bulk({line.item_id for line in lines})
        problems = []
        for place, line in enumerate(lines):
            item = items[line.item_id]
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if item.lot_required and not line.lot:
                problems.append(Problem(f"{item} 管理批号，请填写批号", field="lot", line=place))
            if item.expiry_required and line.expiry == NO_EXPIRY:
                problems.append(Problem(f"{item} 管理效期，请填写有效期", field="expiry", line=place))
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}没有期初", field="store"))
        if StoreOpening.objects.filter(store=self.store_id).exists():
            problems.append(Problem(f"{self.store} 已启用，不能再录期初", field="store"))
        if problems:
            raise Invalid(
                f"期初单有 {len(problems)} 处需要修改",
                problems=problems,
                way_out="请按标红处修改；启用后的差异请走盘点。",
            )

    def apply(self, ctx: PostingContext) -> OpeningFacts:
        self._require_before_use()
        lines: list[Any] = list(
            self.lines.order_by("position").values_list(
                "position", "quantity", "amount", "item__material_class__inventory_account__code",
                "item_id", "lot", "expiry", "supplier_id", "produced", "sterile_expiry",
            )
        )  # fmt: skip
        lots = [
            Lot(item, lot, expiry, who, made, sterile) for *_, item, lot, expiry, who, made, sterile in lines
        ]
        batches = subledger.batch_ids(lots)
        moves = [
            subledger.Move(position, lot.item_id, batches[lot.key], quantity, amount)
            for (position, quantity, amount, *_), lot in zip(lines, lots, strict=True)
        ]
        subledger.write(moves, store_id=self.store_id, kind="opening", ctx=ctx)
        by_account: dict[str, Decimal] = defaultdict(Decimal)
        for _, _, amount, account, *_ in lines:
            by_account[account] += amount
        return OpeningFacts(dict(by_account))

    def _require_before_use(self) -> None:
        if StoreOpening.objects.filter(store=self.store_id).exists():
            raise Conflict(
                f"{self.store} 已启用，期初不能再变",
                code="store_in_use",
                way_out="请用盘点或成本调整更正启用后的差异。",
            )

    def entries(self, facts: OpeningFacts) -> list[EntryDraft]:
        fund = self.fund.code
        debits = [LineDraft(account=a, amount=v, fund=fund) for a, v in sorted(facts.by_account.items()) if v]
        if not debits:
            return []
        credit = LineDraft(
            ACCUMULATED_SURPLUS, amount=-sum((d.amount for d in debits), Decimal(0)), fund=fund
        )
        return [EntryDraft(self.business_date, f"期初 {self.store}", (*debits, credit))]

    def mirror(self, ctx: PostingContext) -> None:
        self._require_before_use()
        subledger.mirror(kind="opening_reversal", ctx=ctx)


class OpeningStockLine(DocumentLine):
    """One batch held at the beginning."""

    document = models.ForeignKey(OpeningStock, models.CASCADE, related_name="lines", verbose_name="期初单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    lot = models.CharField("批号", max_length=40, blank=True)
    produced = models.DateField("生产日期", null=True, blank=True)
    expiry = models.DateField("有效期至", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    quantity = QuantityField("数量")
    price = UnitPriceField("单价")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "期初明细"
        db_table = "logistics_opening_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_opening_line_position"),
            not_negative("quantity", name="logistics_opening_line_quantity"),
            not_negative("price", name="logistics_opening_line_price"),
            not_negative("amount", name="logistics_opening_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
