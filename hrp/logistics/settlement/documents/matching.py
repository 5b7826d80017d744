"""三单匹配 of an invoice's lines: with the receipt always, with the order where the receipt line names one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import Origin, StockReceiptLine
from hrp.logistics.rules import matching
from hrp.logistics.settlement import parameters
from hrp.platform.base.refusals import Problem
from hrp.platform.documents.models import State

Found = Mapping[int, StockReceiptLine]


def line_problems(invoice: Any, lines: Sequence[Any], found: Found) -> list[Problem]:
    """What is wrong with the lines by themselves."""
    problems = []
    red = invoice.red_of_id is not None
    goods = [line for line in lines if line.receipt_line_id]
    if not goods and (not lines or any(line.payable_id is None for line in lines)):
        problems.append(Problem("没有对应入库明细的运费、折扣无处分摊；至少要有一行对应入库明细"))
    for place, line in enumerate(lines):
        if line.payable_id is not None:
            continue
        if line.receipt_line_id is None:
            if line.quantity:
                problems.append(Problem("运费、折扣行不填数量", field="quantity", line=place))
            if red:
                problems.append(
                    Problem(
                        "红字发票的折让请写在对应的入库明细行，数量填 0", field="receipt_line", line=place
                    )
                )
            continue
        receipt = found[line.receipt_line_id].document
        if receipt.state != State.POSTED:
            problems.append(Problem(f"{receipt} 未过账或已红冲", field="receipt_line", line=place))
        elif receipt.supplier_id != invoice.supplier_id:
            problems.append(
                Problem(f"{receipt} 的供应商是 {receipt.supplier}", field="receipt_line", line=place)
            )
        elif receipt.origin != Origin.PURCHASE or receipt.invoice_number:
            problems.append(
                Problem(f"{receipt} 不是暂估入库，不需要再开票", field="receipt_line", line=place)
            )
        elif receipt.campus_id != invoice.campus_id:
            problems.append(Problem(f"{receipt} 属于{receipt.campus}", field="receipt_line", line=place))
        if red and (line.quantity > 0 or line.amount > 0):
            problems.append(Problem("红字发票的数量与金额不能为正", field="amount", line=place))
        if not red and (line.quantity <= 0 or line.amount < 0):
            problems.append(Problem("数量必须大于零，金额不能为负", field="quantity", line=place))
    seen = [line.receipt_line_id for line in goods]
    problems += [
        Problem("这条入库明细在本发票中重复", field="receipt_line", line=place)
        for place, line in enumerate(lines)
        if line.receipt_line_id and seen.count(line.receipt_line_id) > 1
    ]
    return problems


def differences(lines: Sequence[Any], found: Found, on: dt.date) -> list[Problem]:
    """What does not agree with order or receipt beyond the tolerance; a reason explains it away."""
    goods = [
        (place, line, found[line.receipt_line_id]) for place, line in enumerate(lines) if line.receipt_line_id
    ]
    orders = gates.ordered([r.order_line for _, _, r in goods if r.order_line is not None])
    trios = []
    for _, line, receipt in goods:
        order = orders.get(receipt.order_line) if receipt.order_line is not None else None
        price = order.price if order else (receipt.amount or 0) / receipt.quantity
        trios.append(
            matching.Trio(
                ordered=order.quantity if order else receipt.quantity, price=price, received=receipt.quantity,
                invoiced=line.quantity, invoice_amount=line.amount,
            )
        )  # fmt: skip
    tolerance = parameters.line_tolerance(on)
    percent = max((r.item.over_receive_percent for _, _, r in goods), default=parameters.ZERO)
    return [
        Problem(finding.words, field="amount" if finding.line is not None else "difference_reason",
                line=None if finding.line is None else goods[finding.line][0])
        for finding in matching.match(trios, over_percent=percent, line_tolerance=tolerance)
    ]  # fmt: skip
