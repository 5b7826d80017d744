"""Receipts and issues keep every promise of a document, and the stock behind them is exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item, MaterialClass, StockBalance, StockMove, Store, Supplier
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY, DocumentContract, World
from hrp.platform.ledger.models import Account, Entry, Fund


class Stockroom:
    """A store, a supplier and two items in the smallest hospital."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = Store.objects.create(
            code="S1", name="中心库房", campus=world.campus, org_unit=world.unit
        )
        self.supplier = Supplier.objects.create(code="G1", name="测试供应商")
        self.fund = Fund.objects.get(code="F1")
        goods = MaterialClass.objects.create(
            code="05", name="其他卫生材料",
            inventory_account=Account.objects.get(code="1302.05"),
            expense_account=Account.objects.get(code="5001.02.05"),
            admin_expense_account=Account.objects.get(code="5101.02.05"),
        )  # fmt: skip
        self.syringe = Item.objects.create(
            code="HC01", name="注射器", spec="5ml", unit="支", kind="consumable", material_class=goods
        )
        self.gauze = Item.objects.create(
            code="HC02", name="纱布", unit="包", kind="consumable", material_class=goods, lot_required=False,
            expiry_required=False,
        )  # fmt: skip

    def receipt_header(self) -> dict[str, Any]:
        return {
            "campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY,
            "store": self.store.pk, "supplier": self.supplier.pk, "fund": self.fund.pk,
        }  # fmt: skip

    def receive(self, maker: Any, *lines: dict[str, Any]) -> StockReceipt:
        draft = services.save_draft(StockReceipt, actor=maker, header=self.receipt_header(), lines=lines)
        return posting.post(services.submit(draft, actor=maker), actor=maker)


class TestStockReceipt(DocumentContract):
    model = StockReceipt
    max_post_queries = 30  # papers, prices, orders, budget, cards and payables have their say

    def prepare(self) -> None:
        self.room = Stockroom(self.world)

    def header(self) -> dict[str, Any]:
        return self.room.receipt_header()

    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "item": self.room.syringe.pk,
                "lot": "B1",
                "expiry": "2028-01-31",
                "quantity": "100",
                "price": "0.62",
            },
            {"item": self.room.gauze.pk, "quantity": "3", "price": "0.333333"},
        ]

    def test_goods_enter_at_the_invoiced_amount(self) -> None:
        document = self.posted()
        assert document.total == Decimal("63.00")
        assert StockBalance.objects.get(item=self.room.syringe).amount == Decimal("62.00")
        lines = Entry.objects.get(source=document.source).lines.order_by("position")
        assert [(x.account.code, x.amount) for x in lines] == [
            ("1302.05", Decimal("63.00")),
            ("2302.02", Decimal("-63.00")),
        ]

    @pytest.mark.parametrize(
        ("more", "account"),
        [({"invoice_number": "26312000000012345678"}, "2302"), ({"origin": "donation"}, "4603")],
    )
    def test_where_goods_come_from_decides_the_credit(self, more: dict[str, str], account: str) -> None:
        draft = services.save_draft(
            StockReceipt, actor=self.maker, header={**self.header(), **more}, lines=self.lines()
        )
        document = posting.post(services.submit(draft, actor=self.maker), actor=self.maker)
        credited = Entry.objects.get(source=document.source).lines.get(amount__lt=0)
        assert (credited.account.code, credited.amount) == (account, Decimal("-63.00"))

    def test_a_missing_lot_is_named_by_line(self) -> None:
        with pytest.raises(Invalid) as refused:
            services.save_draft(
                StockReceipt, actor=self.maker, header=self.header(),
                lines=[{"item": self.room.syringe.pk, "expiry": "2028-01-31", "quantity": "1", "price": "1"}],
            )  # fmt: skip
        assert [(p.field, p.line) for p in refused.value.problems] == [("lot", 0)]

    def test_a_receipt_already_used_cannot_be_reversed(self) -> None:
        document = self.posted()
        issue = services.save_draft(
            StockIssue, actor=self.issuer(), lines=[{"item": self.room.syringe.pk, "quantity": "1"}],
            header={**self.common_header(), "store": self.room.store.pk, "fund": self.room.fund.pk},
        )  # fmt: skip
        issue = posting.post(services.submit(issue, actor=self.issuer()), actor=self.issuer())
        with pytest.raises(Conflict) as refused:
            posting.reverse(document, actor=self.maker, reason="退货", on=DAY)
        assert refused.value.code == "stock_gone"
        posting.reverse(issue, actor=self.issuer(), reason="先撤出库", on=DAY)
        posting.reverse(document, actor=self.maker, reason="退货", on=DAY)
        assert not StockBalance.objects.exclude(quantity=0, amount=0).exists()

    def issuer(self) -> Any:
        if not hasattr(self, "_issuer"):
            acts = ("edit", "submit", "post", "reverse")
            self._issuer = self.world.user("issuer", "库管", *(StockIssue.spec.permission(a) for a in acts))
        return self._issuer


class TestStockIssue(DocumentContract):
    model = StockIssue

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        keeper = self.world.user(
            "keeper", "库管", *(StockReceipt.spec.permission(a) for a in ("edit", "submit", "post"))
        )
        self.room.receive(
            keeper,
            {"item": self.room.syringe.pk, "lot": "B1", "expiry": "2028-01-31", "quantity": "300", "amount": "100.00", "price": "0.33"},
            {"item": self.room.syringe.pk, "lot": "B0", "expiry": "2027-01-31", "quantity": "10", "price": "1.00"},
            {"item": self.room.syringe.pk, "lot": "BX", "expiry": "2026-11-15", "quantity": "50", "price": "1.00"},
        )  # fmt: skip

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "store": self.room.store.pk, "fund": self.room.fund.pk}

    def lines(self) -> list[dict[str, Any]]:
        return [{"item": self.room.syringe.pk, "quantity": "65"}]

    def test_batches_leave_first_expired_first_at_their_own_cost(self) -> None:
        document = self.posted()
        moves = StockMove.objects.filter(source=document.source).order_by("batch__expiry")
        assert [(m.batch.lot, m.quantity, m.amount) for m in moves] == [
            ("BX", Decimal(-50), Decimal("-50.00")),
            ("B0", Decimal(-10), Decimal("-10.00")),
            ("B1", Decimal(-5), Decimal("-1.67")),
        ]
        assert document.total == Decimal("61.67")
        cost = Entry.objects.get(source=document.source).lines.get(account__code="5001.02.05")
        assert (cost.amount, cost.org_unit_id) == (Decimal("61.67"), self.world.unit.pk)

    def test_a_shortage_names_the_line_and_leaves_nothing(self) -> None:
        draft = services.save_draft(
            StockIssue, actor=self.maker, header=self.header(),
            lines=[{"item": self.room.syringe.pk, "quantity": "361"}],
        )  # fmt: skip
        document = services.submit(draft, actor=self.maker)
        with pytest.raises(Conflict) as refused:
            posting.post(document, actor=self.maker)
        assert refused.value.code == "no_stock"
        assert "可用 360 支" in refused.value.problems[0].message
        assert not StockMove.objects.filter(source=document.source).exists()
