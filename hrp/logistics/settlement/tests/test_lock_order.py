"""Stock first, estimates after: an invoice, a return and a reversal at one delivery wait for each other, never in a circle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.tests.world import Settling
from hrp.logistics.tests.waiting import free_while_waiting
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY

CLERKS, ROUNDS = 6, 4


def draft(business: Settling, receipt: Any, amount: str, number: int) -> Any:
    header = business.header(
        supplier=business.room.supplier.pk, invoice_number=f"{number:020d}", invoice_date=DAY, invoice_total=amount,
        fund=business.room.fund.pk, difference_reason="调价",
    )  # fmt: skip
    line = receipt.lines.get()
    lines = [{"receipt_line": line.pk, "quantity": str(line.quantity), "amount": amount}]
    return services.submit(
        services.save_draft(SupplierInvoice, actor=business.clerk, header=header, lines=lines),
        actor=business.clerk,
    )


def posting_an_invoice(business: Settling, receipt: Any) -> Callable[[], Any]:
    waiting = draft(business, receipt, "22", 1)
    return lambda: posting.post(waiting, actor=business.clerk)


def reversing_an_invoice(business: Settling, receipt: Any) -> Callable[[], Any]:
    posted = business.invoice(receipt, "22")
    return lambda: business.reverse(posted)


def reversing_the_receipt(business: Settling, receipt: Any) -> Callable[[], Any]:
    return lambda: business.reverse(receipt)


@pytest.mark.parametrize("prepared", [posting_an_invoice, reversing_an_invoice, reversing_the_receipt])
def test_who_waits_for_stock_holds_no_estimate(
    committed_db: Any,
    owner_connection: psycopg.Connection,
    prepared: Callable[[Settling, Any], Callable[[], Any]],
) -> None:
    business = Settling()
    act = prepared(business, business.receive(business.items[0], 10, "20"))
    free, whole = free_while_waiting(owner_connection, act, "logistics_receipt_line")
    assert (free, whole) == (1, 1)
    business.check()


def test_invoices_and_reversals_of_the_same_deliveries(committed_db: Any) -> None:
    """Each delivery is either invoiced or taken back, whoever comes first; nobody is thrown out of a circle."""
    business = Settling()
    receipts = [business.receive(business.items[n % 3], 10, "20") for n in range(CLERKS * ROUNDS)]
    invoices = [draft(business, receipt, "22", n) for n, receipt in enumerate(receipts)]

    def attempt(act: Callable[[], Any]) -> str:
        try:
            act()
        except Conflict as refused:
            return refused.code
        else:
            return "done"
        finally:
            connection.close()

    acts: list[Callable[[], Any]] = []
    for receipt, invoice in zip(receipts, invoices, strict=True):
        acts.append(lambda found=invoice: posting.post(found, actor=business.clerk))
        acts.append(lambda found=receipt: business.reverse(found))
    with ThreadPoolExecutor(CLERKS) as clerks:
        outcomes = list(clerks.map(attempt, acts))
    for invoiced, taken_back in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert (invoiced == "done") != (taken_back == "done"), outcomes
    business.check()
