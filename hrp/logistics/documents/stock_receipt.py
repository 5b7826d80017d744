"""入库单 (stock receipt): goods enter a store at the amount invoiced, or estimated at the price ordered.

Posting adds moves and balances and books Dr inventory by material class (政府会计制度 1302), Cr by where they come from:
应付账款 (2302) with an invoice, 应付账款-暂估 (2302.02) without one (单到回冲), 捐赠收入 (4603) for gifts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import gates, subledger
from hrp.logistics.models import Item, Store, Supplier
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.rules.valuation import line_amount
from hrp.logistics.subledger.writing import Lot
from hrp.platform.base.fields import MoneyField, QuantityField, UnitPriceField, not_negative
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund

PAYABLE, ESTIMATED_PAYABLE, DONATION_INCOME = "2302", "2302.02", "4603"


class Origin(models.TextChoices):
    PURCHASE = "purchase", "采购"
    DONATION = "donation", "捐赠"


@dataclass(frozen=True)
class ReceiptFacts:
    """Amount received per inventory account, in yuan."""

    by_account: dict[str, Decimal]


class StockReceipt(Document):
    """Header of a receipt; ``org_unit`` is the department that keeps the store."""

    spec = DocumentSpec(
        kind="logistics.stock_receipt",
        title="入库单",
        prefix="RK",
        header_fields=("store", "origin", "supplier", "delivery_note", "invoice_number", "fund"),
        line_fields=(
            "item",
            "lot",
            "produced",
            "expiry",
            "sterile_expiry",
            "quantity",
            "price",
            "amount",
            "order_line",
        ),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="入库仓库")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    origin = models.CharField("来源", max_length=10, choices=Origin.choices, default=Origin.PURCHASE)
    delivery_note = models.CharField("送货单号", max_length=40, blank=True)
    invoice_number = models.CharField("发票号码", max_length=40, blank=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "入库单"
        db_table = "logistics_receipt"

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
            if not item.is_active:
                problems.append(
                    Problem(f"{item} {item.get_status_display()}，不能入库", field="item", line=place)
                )
            if line.quantity <= 0:
                problems.append(Problem("数量必须大于零", field="quantity", line=place))
            if item.lot_required and not line.lot:
                problems.append(Problem(f"{item} 管理批号，请填写批号", field="lot", line=place))
            if item.expiry_required and line.expiry == NO_EXPIRY:
                problems.append(Problem(f"{item} 管理效期，请填写有效期", field="expiry", line=place))
            elif line.expiry < self.business_date:
                problems.append(Problem(f"已于 {line.expiry} 过期，不能入库", field="expiry", line=place))
            if line.produced is not None and not line.produced <= min(line.expiry, self.business_date):
                problems.append(
                    Problem(f"生产日期 {line.produced} 晚于入库日或有效期", field="produced", line=place)
                )
        if self.store.org_unit_id != self.org_unit_id:
            problems.append(Problem(f"{self.store} 由{self.store.org_unit}管理", field="org_unit"))
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT):
            problems.append(Problem(f"{self.store.get_kind_display()}不能采购入库", field="store"))
        problems += gates.problems(gates.Moment.RECEIPT, self, lines, self.business_date)
        if problems:
            raise Invalid(
                f"入库单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> ReceiptFacts:
        lines: list[Any] = list(
            StockReceiptLine.objects.filter(document_id=self.pk)
            .order_by("position")
            .values_list(
                "position", "quantity", "amount", "item__material_class__inventory_account__code",
                "item_id", "lot", "expiry", "produced", "sterile_expiry",
            )
        )  # fmt: skip
        lots = [
            Lot(item, lot, expiry, self.supplier_id, produced, sterile)
            for *_, item, lot, expiry, produced, sterile in lines
        ]
        batches = subledger.batch_ids(lots)
        moves = [
            subledger.Move(position, lot.item_id, batches[lot.key], quantity, amount)
            for (position, quantity, amount, *_), lot in zip(lines, lots, strict=True)
        ]
        subledger.write(moves, store_id=self.store_id, kind="receipt", ctx=ctx)
        by_account: dict[str, Decimal] = defaultdict(Decimal)
        for _, _, amount, account, *_ in lines:
            by_account[account] += amount
        gates.applied(gates.Moment.RECEIPT, self, ctx)
        return ReceiptFacts(dict(by_account))

    @property
    def credit_account(self) -> str:
        """Where the goods come from; a purchase without invoice is estimated until the invoice is here (暂估)."""
        if self.origin == Origin.DONATION:
            return DONATION_INCOME
        return PAYABLE if self.invoice_number else ESTIMATED_PAYABLE

    def entries(self, facts: ReceiptFacts) -> list[EntryDraft]:
        fund = self.fund.code
        debits = [LineDraft(account=a, amount=v, fund=fund) for a, v in sorted(facts.by_account.items()) if v]
        if not debits:
            return []
        credit = LineDraft(
            account=self.credit_account,
            amount=-sum((d.amount for d in debits), Decimal(0)),
            fund=fund,
            memo=self.supplier.name,
        )
        return [EntryDraft(self.business_date, f"入库 {self.supplier.name}", (*debits, credit))]

    def mirror(self, ctx: PostingContext) -> None:
        subledger.lock_moved(ctx.source)
        gates.mirrored(gates.Moment.RECEIPT, self, ctx)
        subledger.mirror(kind="receipt_reversal", ctx=ctx)


class StockReceiptLine(DocumentLine):
    """One batch received. ``amount`` is the truth; ``price`` is what was typed or scanned."""

    document = models.ForeignKey(StockReceipt, models.CASCADE, related_name="lines", verbose_name="入库单")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    produced = models.DateField("生产日期", null=True, blank=True)
    expiry = models.DateField("有效期至", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    quantity = QuantityField("数量")
    price = UnitPriceField("含税单价")
    amount = MoneyField("金额", null=True, blank=True)
    order_line = models.BigIntegerField("订单行", null=True, blank=True, db_index=True, editable=False)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "入库明细"
        db_table = "logistics_receipt_line"
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="logistics_receipt_line_position"),
            not_negative("quantity", name="logistics_receipt_line_quantity"),
            not_negative("price", name="logistics_receipt_line_price"),
            not_negative("amount", name="logistics_receipt_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.item}"
