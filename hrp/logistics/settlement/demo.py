"""A year of settlement in the demo hospital: stores opened, budgets, invoices after estimates, payments, months closed."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal

from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.documents.stock_receipt import StockReceiptLine
from hrp.logistics.models import Item, MaterialClass, Store, Supplier
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.services import closing, openings, payments
from hrp.logistics.settlement.subledger import payables
from hrp.platform.access.models import User
from hrp.platform.base import clock, sql
from hrp.platform.documents import posting, services
from hrp.platform.ledger.models import Fund, Period
from hrp.platform.org.models import OrgUnit

# department, class, yuan a month, control
BUDGETS = (
    ("0114", "05", 6000, "soft"), ("0101", "05", 6000, "soft"), ("0102", "05", 6000, "soft"), ("0201", "04", 8000, "hard"),
    ("0402", "07", 1200, "soft"), ("0405", "07", 900, "off"),
)  # fmt: skip
OPENED = (
    ("真空采血管", "L2409", "3000"),
    ("血细胞分析稀释液", "L2410", "12"),
    ("肝功能检测试剂盒", "L2408", "6"),
)

WAITING_SQL = """
SELECT e.supplier_id, l.document_id, l.id, sum(e.quantity), sum(e.amount)
FROM logistics_estimate e JOIN logistics_receipt_line l ON l.id = e.receipt_line_id JOIN logistics_receipt d ON d.id = l.document_id
WHERE d.business_date < %s GROUP BY 1, 2, 3 HAVING sum(e.quantity) > 0 ORDER BY 2, 3
"""


def begin(*, accountant: User, first: dt.date, prices: dict[str, Decimal]) -> None:
    """Budgets of the year, the cold store's opening, both stores 启用."""
    units = {unit.code: unit for unit in OrgUnit.objects.all()}
    classes = {one.code: one for one in MaterialClass.objects.all()}
    ends = first.replace(year=first.year + 1) - dt.timedelta(days=1)
    lines = [
        BudgetLine(
            org_unit=units[unit], material_class=classes[group], amount=Decimal(amount) * 12, control=control,
            valid_from=begin, valid_to=end,
        )
        for unit, group, amount, control in BUDGETS
        if unit in units and group in classes
        for begin, end in ((first, ends), (ends + dt.timedelta(days=1), ends.replace(year=ends.year + 1)))
    ]  # fmt: skip
    main = Store.objects.get(code="CK01")
    lines.append(
        BudgetLine(
            org_unit=main.org_unit, amount=Decimal(3_600_000), basis=BudgetLine.Basis.PURCHASE, control="soft", note="中心库房年度采购",
            valid_from=first, valid_to=ends,
        )
    )  # fmt: skip
    BudgetLine.objects.bulk_create(lines)
    Item.objects.filter(name="硒鼓").update(cost_method=Item.CostMethod.MONTH_AVERAGE)
    cold = Store.objects.select_related("campus").get(code="CK02")
    supplier = Supplier.objects.order_by("code")[2]
    rows = []
    for name, lot, quantity in OPENED:
        item = Item.objects.filter(name=name).order_by("code").first()
        if item is not None:
            rows.append(
                {"item": item.pk, "supplier": supplier.pk, "lot": lot, "expiry": first + dt.timedelta(days=500),
                 "quantity": quantity, "price": prices.get(item.code, Decimal(1))}
            )  # fmt: skip
    with clock.pinned(clock.at(first, 8, 10)):
        draft = services.save_draft(
            OpeningStock,
            actor=accountant,
            header={"campus": cold.campus_id, "org_unit": cold.org_unit_id, "business_date": first, "store": cold.pk, "fund": _fund()},
            lines=rows,
        )  # fmt: skip
        posting.post(services.submit(draft, actor=accountant), actor=accountant)
        for store in Store.objects.filter(code__in=("CK01", "CK02")).order_by("code"):
            openings.enable(actor=accountant, store=store)


def month(*, accountant: User, payer: User, rng: random.Random, first: dt.date, final: dt.date) -> None:
    """Invoices for what earlier months received at an estimate, and a payment of what is due."""
    day = min(first + dt.timedelta(days=11), final)
    by_receipt: dict[tuple[int, int], list[tuple[int, Decimal, Decimal]]] = {}
    for supplier, receipt, line, quantity, amount in sql.rows(WAITING_SQL, [first]):
        by_receipt.setdefault((supplier, receipt), []).append((line, quantity, amount))
    with clock.pinned(min(clock.at(day, 10, 20), clock.now())):
        for (supplier, receipt), lines in list(by_receipt.items())[:3]:
            _invoice(accountant, rng, day, supplier, receipt, lines)
    paid_on = min(first + dt.timedelta(days=21), final)
    with clock.pinned(min(clock.at(paid_on, 15, 5), clock.now())):
        _pay(accountant, payer, rng, paid_on)


def _invoice(
    accountant: User,
    rng: random.Random,
    day: dt.date,
    supplier: int,
    receipt: int,
    lines: list[tuple[int, Decimal, Decimal]],
) -> None:
    """Every third invoice asks a little more or less than was estimated."""
    factor = rng.choice((Decimal(1), Decimal(1), Decimal("1.02"), Decimal("0.985")))
    document = StockReceiptLine.objects.select_related("document").filter(document=receipt)[0].document
    asked = [(amount * factor).quantize(Decimal("0.01"), ROUND_HALF_UP) for _, _, amount in lines]
    rows = [
        {"receipt_line": line, "quantity": quantity, "amount": amount}
        for (line, quantity, _), amount in zip(lines, asked, strict=True)
    ]
    draft = services.save_draft(
        SupplierInvoice,
        actor=accountant,
        header={
            "campus": document.campus_id, "org_unit": accountant.unit_id, "business_date": day, "supplier": supplier,
            "invoice_number": f"26{rng.randrange(10**17, 10**18)}", "invoice_date": day - dt.timedelta(days=2),
            "invoice_total": sum(asked, Decimal(0)), "fund": document.fund_id,
            "difference_reason": "" if factor == 1 else "供应商按新中标价开票",
        },
        lines=rows,
    )  # fmt: skip
    posting.post(services.submit(draft, actor=accountant), actor=accountant)


def _pay(accountant: User, payer: User, rng: random.Random, day: dt.date) -> None:
    """The supplier with the oldest item that is due is paid all that is due."""
    found = sql.row(
        "SELECT p.supplier_id FROM logistics_payable p WHERE p.settles_id IS NULL AND p.amount > 0 AND p.due <= %s"
        " AND NOT EXISTS (SELECT FROM logistics_payable s WHERE s.settles_id = p.id) ORDER BY p.due, p.id LIMIT 1",
        [day],
    )
    if found is None:
        return
    due = [item for item in payables.open_items(found[0]) if item.due is not None and item.due <= day]
    draft = services.save_draft(
        PaymentRequest,
        actor=accountant,
        header={
            "campus": accountant.unit.campus_id if accountant.unit else None, "org_unit": accountant.unit_id,
            "business_date": day, "supplier": found[0], "fund": _fund(),
        },
        lines=[{"payable": item.id, "amount": item.open} for item in due],
    )  # fmt: skip
    request = services.submit(draft, actor=accountant)
    payments.pay(
        actor=payer, request=request, paid_on=day, bank_reference=f"{day:%Y%m%d}{rng.randrange(10**7, 10**8)}"
    )


def close(*, accountant: User, period: Period) -> None:
    """月结 of a month, in the accountant's name."""
    closing.close(actor=accountant, period=period)


def _fund() -> int:
    return Fund.objects.get(code="F1").pk
