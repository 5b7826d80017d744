"""Orders of the demo hospital: asked for, delivered, inspected by somebody else, received; some of it late, some refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from hrp.logistics.models import Item, StockBalance, Store, Supplier
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn
from hrp.logistics.purchasing.models import StockingRule
from hrp.logistics.purchasing.services import ordering, receiving, replenishing
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services

# months before today, supplier, (item code, quantity, price), days late, what went wrong
ORDERS = (
    (10, "GYS001", (("HC00103", 4000, "0.62"), ("HC00203", 400, "9.80")), 0, ""),
    (7, "GYS002", (("HC00702", 120, "68.50"), ("HC01001", 60, "126.00")), 3, ""),
    (4, "GYS003", (("HC01801", 3000, "0.85"), ("HC01901", 6, "1850.00")), 0, "broken"),
    (2, "GYS004", (("HC01401", 6, "3680.00"), ("HC01501", 40, "186.00")), 0, ""),
    (1, "GYS006", (("HC00901", 800, "1.15"), ("HC02701", 100, "18.60")), 5, ""),
)
RULES = (
    ("HC00103", "min_max", "GYS001"), ("HC00402", "reorder_point", "GYS006"), ("HC00602", "forecast", "GYS006"),
    ("HC00901", "min_max", "GYS006"), ("HC02901", "periodic", "GYS007"), ("HC02701", "two_bin", "GYS006"),
)  # fmt: skip


class Desk:
    """Who buys, who inspects, who keeps, and where."""

    def __init__(self, users: Mapping[str, User], store: Store) -> None:
        self.buyer, self.inspector, self.second = users["gaojie"], users["xuning"], users["hanbing"]
        self.keeper = users["wangmin"]
        self.store = store

    def post(self, document: Any, actor: User) -> Any:
        return posting.post(services.submit(document, actor=actor), actor=actor)

    def order(
        self, day: dt.date, supplier: str, lines: Sequence[tuple[str, int, str]], due: dt.date
    ) -> PurchaseOrder:
        items = {item.code: item.pk for item in Item.objects.filter(code__in=[code for code, *_ in lines])}
        header = {
            "campus": self.store.campus_id, "org_unit": self.store.org_unit_id, "business_date": day,
            "supplier": Supplier.objects.get(code=supplier).pk, "store": self.store.pk, "due_on": due,
            "contact": "高洁 8407",
        }  # fmt: skip
        rows = [
            {"item": items[code], "quantity": quantity, "price": price} for code, quantity, price in lines
        ]
        draft = services.save_draft(PurchaseOrder, actor=self.buyer, header=header, lines=rows)
        return self.post(draft, self.buyer)

    def arrive(self, order: PurchaseOrder, day: dt.date, wrong: str) -> Any:
        """Inspected, signed by two where two must, and received; of broken goods one tenth is kept back."""
        rows, failing = receiving.expected(order, None), {}
        for place, row in enumerate(rows):
            if Item.objects.get(pk=row["item"]).lot_required:
                row |= {
                    "lot": f"P{day:%y%m}{place + 1:02d}", "produced": day - dt.timedelta(days=40),
                    "expiry": day + dt.timedelta(days=1000), "sterile_expiry": None,
                }  # fmt: skip
            if wrong and place == 0:
                broken = (row["quantity"] / 10).quantize(Decimal(1))
                row |= {
                    "accepted": row["quantity"] - broken,
                    "reason": "外包装受潮",
                    "disposal": "quarantine",
                }
                failing[0] = {"package": "纸箱底部受潮变形"}
        header = receiving.header_of(
            self.store, supplier=order.supplier_id, note_number=f"SH{order.number}", invoice_number=f"26{order.pk:010d}",
            )  # fmt: skip
        document, receipts = receiving.inspect(
            actor=self.inspector, header=header, rows=receiving.judged_rows(rows, failing), finish=True
        )
        if not receipts:
            receiving.put_signature(actor=self.second, inspection=document)
            document = posting.post(document, actor=self.inspector)
            receipts = receiving.draft_receipts(actor=self.inspector, inspection=document)
        return [self.post(receipt, self.keeper) for receipt in receipts]


def seed(*, users: Mapping[str, User], store: Store, month: dt.date, today: dt.date, final: dt.date) -> None:
    """What of the orders happens in a month; the last month leaves work on the desks."""
    desk = Desk(users, store)
    months = (today.year - month.year) * 12 + today.month - month.month
    for ago, supplier, lines, late, wrong in ORDERS:
        if ago != months:
            continue
        first = month + dt.timedelta(days=2)
        due = first + dt.timedelta(days=8)
        with clock.pinned(clock.at(first, 9, 20)):
            order = desk.order(first, supplier, lines, due)
            ordering.send(actor=desk.buyer, order=order, way="电话")
        with clock.pinned(clock.at(first + dt.timedelta(days=1), 10)):
            ordering.confirm(actor=desk.buyer, order=order, promised_on=due)
        day = min(due + dt.timedelta(days=late - (0 if late else 1)), final)
        with clock.pinned(clock.at(day, 14, 30)):
            receipts = desk.arrive(order, day, wrong)
        if wrong:
            with clock.pinned(clock.at(min(day + dt.timedelta(days=3), final), 10)):
                _send_back(desk, receipts[-1])
                ordering.close(actor=desk.buyer, order=order, reason="破损部分退货后不再补发，按实收结算")
    if months == 0:
        _today(desk, today)


def _send_back(desk: Desk, receipt: Any) -> None:
    line = receipt.lines.get()
    header = {
        "campus": receipt.campus_id, "org_unit": receipt.org_unit_id, "business_date": clock.today(), "receipt": receipt.pk,
        "store": receipt.store_id, "reason": "外包装受潮，供应商同意退货", "handler": "送货员 周",
    }  # fmt: skip
    row = {"receipt_position": line.position, "item": line.item_id, "quantity": line.quantity}
    draft = services.save_draft(SupplierReturn, actor=desk.buyer, header=header, lines=[row])
    posting.post(services.submit(draft, actor=desk.buyer), actor=desk.keeper)


def _today(desk: Desk, today: dt.date) -> None:
    """Orders under way: one late, one to be confirmed, one not sent; rules with a run; a plan being written."""
    begun = today.replace(day=1)
    at = min(clock.at(today, 9, 10), clock.now())
    there = dict(
        StockBalance.objects.filter(store=desk.store).values_list("item__code").annotate(Sum("quantity"))
    )
    for code, method, supplier in RULES:
        limits = int(there.get(code, 0)) if method == "min_max" else 0
        StockingRule.objects.create(
            item=Item.objects.get(code=code), store=desk.store, method=method, least=limits and limits + 100,
            most=limits and limits + 1500, supplier=Supplier.objects.get(code=supplier), safety=50, pack=50,
        )  # fmt: skip
    with clock.pinned(min(clock.at(begun, 9), at)):
        late = desk.order(
            begun, "GYS005", (("HC02301", 300, "11.50"),), min(begun + dt.timedelta(days=6), today)
        )
        ordering.send(actor=desk.buyer, order=late, way="邮件")
        ordering.confirm(actor=desk.buyer, order=late)
    with clock.pinned(at):
        fresh = desk.order(
            today,
            "GYS001",
            (("HC00105", 600, "0.62"), ("HC00204", 200, "9.80")),
            today + dt.timedelta(days=7),
        )
        ordering.send(actor=desk.buyer, order=fresh, way="电话")
        desk.order(today, "GYS002", (("HC00701", 40, "68.50"),), today + dt.timedelta(days=10))
        _short_life(desk, today)
        bins = StockingRule.objects.get(store=desk.store, method="two_bin")
        replenishing.scan_cards(actor=desk.buyer, rule=bins, cards=2)
        run = replenishing.calculate(actor=desk.buyer, store=desk.store)
        wanted = {line.pk: line.quantity for line in run.lines.filter(quantity__gt=0)[:3]}
        if wanted:
            replenishing.plan(actor=desk.buyer, run=run, chosen=wanted)


def _short_life(desk: Desk, today: dt.date) -> None:
    """Goods with too little life left, that wait for somebody to let them in."""
    order = desk.order(today, "GYS003", (("HC02201", 5, "980.00"),), today)
    ordering.send(actor=desk.buyer, order=order, way="电话")
    rows = [
        row
        | {
            "lot": "K2601",
            "produced": today - dt.timedelta(days=300),
            "expiry": today + dt.timedelta(days=240),
        }
        for row in receiving.expected(order, None)
    ]
    header = receiving.header_of(
        desk.store, supplier=order.supplier_id, note_number="SH-K2601", temperature_arrival="4.6"
    )
    receiving.inspect(actor=desk.inspector, header=header, rows=receiving.judged_rows(rows, {}), finish=True)
