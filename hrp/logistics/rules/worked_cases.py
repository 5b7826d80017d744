"""How a published worked example is put to the kernels of materials and its answer written down (``hrp verify``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from hrp.logistics.rules import (
    codes,
    consignment,
    expiry,
    gs1,
    invoice_difference,
    period_totals,
    ratios,
    replenishment,
    stocktake,
    udi,
)
from hrp.logistics.rules.valuation import ZERO, Balance, line_amount
from hrp.platform.base.refusals import Invalid

PUBLISHED_IN = 2026  # the year the cases were written, for the century of labels that name none


def solve_udi(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What could be read, the first warning, and the first error as a refusal."""
    scan = udi.parse(
        given["scan"],
        separators=given.get("separators", ()),
        reference_year=int(given.get("ref_year", PUBLISHED_IN)),
        require_di=given.get("require_gtin", True),
    )
    if scan.errors:
        raise Invalid(
            scan.errors[0].words, code=scan.errors[0].code, way_out="请重新扫描，或按标签文字手工录入。"
        )
    names = ("agency", "di", "gtin", "lot", "serial", "prod_date", "expiry", "best_before", "other")
    answer = {name: value for name in names if (value := getattr(scan, name))}
    if scan.warnings:
        answer["warning"] = scan.warnings[0].code
    return answer


def solve_gtin_check(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"check": gs1.check_digit(given["body13"])}


def solve_insurance_code(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return asdict(codes.insurance_code(given["code"]))


def solve_registration_number(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return asdict(codes.registration(given["cert"]))


def solve_expiry(given: Mapping[str, Any]) -> Mapping[str, Any]:
    mode = expiry.ExpiryMode(given.get("mode", expiry.ExpiryMode.LAST_USABLE_DAY))
    last = expiry.last_usable_day(dt.date.fromisoformat(given["expiry"]), mode=mode)
    today = dt.date.fromisoformat(given["today"])
    return {"allowed": expiry.allowed(given["movements"], usable_until=last, on=today)}


def solve_estimated_receipt(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Estimate and invoice are [quantity, price]; what was issued before the invoice is consumed."""
    received, estimate_price = numbers(given["estimate"])
    invoiced, invoice_price = numbers(given["invoice"])
    issued = number(given["issued_before_invoice"])
    estimate = line_amount(received, estimate_price)
    held = Balance(received, estimate)
    if issued:
        held, _ = held.take(issued)
    found = invoice_difference.split_difference(
        estimated=invoice_difference.open_estimate(received, estimate, invoiced),
        invoiced=line_amount(invoiced, invoice_price),
        on_hand=held.quantity,
        consumed={"issued": issued},
        on_hand_amount=held.amount,
    )
    return {
        "estimate_amount": estimate,
        "reverse": found.reverse,
        "actual": found.actual,
        "on_hand_adjust": found.on_hand,
        "expense_adjust": found.expense,
        "on_hand": held.amount + found.on_hand,
        "payable": estimate + found.reverse + found.actual,
    }


def solve_consignment_use(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Every unit used is received and issued at once, so the own stock it passes through ends as it began."""
    price = number(given["price"])
    settled = consignment.settle(given["consigned"], given["used"], dict.fromkeys(given["used"], price))
    own = Balance()
    received = issued = ZERO
    for use in settled.uses:
        own = own.add(Decimal(1), use.amount)
        received += use.amount
        own, amount = own.take(Decimal(1))
        issued += amount
    return {
        "own_stock_qty_after": own.quantity,
        "consigned_left": settled.left,
        "receipt_amount": received,
        "issue_amount": issued,
        "payable": settled.payable,
        "net_inventory": own.amount,
    }


def solve_period_close(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Moves are [kind, quantity, amount], signed."""
    moves = [
        period_totals.PeriodMove(number(quantity), number(amount)) for _, quantity, amount in given["moves"]
    ]
    totals = period_totals.close(Balance(*numbers(given["open"])), moves)
    return {
        "close_qty": totals.closing.quantity,
        "close_amount": totals.closing.amount,
        "total_in_qty": totals.came.quantity,
        "total_in_amount": totals.came.amount,
        "total_out_qty": totals.went.quantity,
        "total_out_amount": totals.went.amount,
    }


def solve_stocktake(given: Mapping[str, Any]) -> Mapping[str, Any]:
    book = number(given["book_at_freeze"])
    moved = number(given.get("moved_before_count", "0"))
    difference = stocktake.difference(
        book_at_freeze=book, counted=number(given["counted"]), moved_before_count=moved
    )
    held = Balance(book + moved, line_amount(book + moved, number(given["avg"])))
    return {"diff": difference, "amount": stocktake.value(difference, held)}


def solve_reorder_point(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found = replenishment.reorder_point(
        daily=number(given["daily"]),
        lead_days=number(given["lead"]),
        sigma=number(given["sigma"]),
        z=number(given["z"]),
    )
    return {"safety": found.safety, "rop": found.point}


def solve_replenish(given: Mapping[str, Any]) -> Mapping[str, Any]:
    at_hand = replenishment.available(
        on_hand=number(given["on_hand"]),
        on_order=number(given["on_order"]),
        reserved=number(given["reserved"]),
    )
    least, most, pack = numbers([given["min"], given["max"], given["pack"]])
    return {"suggest": replenishment.up_to_max(at_hand, least=least, most=most, pack=pack)}


def solve_turnover(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found = ratios.turnover(
        issue_cost=number(given["issue_cost"]),
        opening=number(given["open"]),
        closing=number(given["close"]),
        days=int(given["days"]),
    )
    return {"turnover": found.times, "days_on_hand": found.days}


def solve_material_ratios(given: Mapping[str, Any]) -> Mapping[str, Any]:
    medical = number(given["medical_income"])
    return {
        "hao_zhan_bi": ratios.material_income_share(
            material_income=number(given["material_income"]), medical_income=medical
        ),
        "per100": ratios.materials_per_hundred(
            material_cost=number(given["material_cost"]),
            medical_income=medical,
            drug_income=number(given["drug_income"]),
        ),
    }


def number(value: Any) -> Decimal:
    """A number written as text, whole number or decimal."""
    return Decimal(str(value))


def numbers(values: Sequence[Any]) -> list[Decimal]:
    return [number(value) for value in values]
