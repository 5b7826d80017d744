"""How a published worked example is put to the kernels and its answer written down (``hrp verify``)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hrp.costing.rules import three_level as exact
from hrp.costing.rules import three_level_fen as fen
from hrp.costing.rules.step_down import Pool, StepDown, reciprocal, serves_upward, step_down
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.refusals import Invalid

PLACES = Decimal("1E-12")
CATEGORIES: Mapping[str, exact.Category] = {
    "clinical": "clinical", "medtech": "medtech", "aux": "auxiliary", "auxiliary": "auxiliary", "admin": "admin",
}  # fmt: skip


def solve_largest_remainder(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"alloc": largest_remainder(whole(given["amount"], "amount"), given["drivers"])}


def solve_step_down(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """``final`` per centre, ``total`` and ``held``; ``reciprocal`` too when unrounded pools serve one another."""
    pools = [Pool(code, statistics) for code, statistics in given["pools"]]
    rounding = given.get("rounding", "none")
    result = step_down(
        given["direct"],
        pools,
        rounding=rounding,
        credit_pools=given.get("credit_pools", "allocate"),
        multiplier_places=int(given.get("multiplier_places", 6)),
    )
    answer = {
        "final": _numbers(result.final),
        "held": _numbers(result.held),
        "total": _number(result.total),
    }
    if rounding == "none" and serves_upward(pools):
        both: StepDown = reciprocal(given["direct"], pools)
        answer["reciprocal"] = _numbers(both.final)
    return answer


def solve_three_level(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rows in item order: ``L1``, ``L2``, ``L3`` received, ``full`` of the clinical departments, and totals."""
    result = exact.three_level(
        [
            exact.Department(d["code"], CATEGORIES[d["category"]], d["direct"], d.get("staff", {}))
            for d in given["depts"]
        ],
        items=given["items"],
        staff_kinds=given["staff_kinds"],
        drivers={2: given["level2_drivers"], 3: given["level3_drivers"]},
        personnel_resplit=given.get("personnel_resplit", True),
    )
    levels = {
        f"L{level}": {code: [_number(value) for value in row] for code, row in rows.items()}
        for level, rows in result.received.items()
    }
    return {
        **levels,
        "full": {code: [_number(value) for value in row] for code, row in result.full.items()},
        "full_total": {code: _number(sum(row, Fraction(0))) for code, row in result.full.items()},
        "hospital_total": _number(result.total),
    }


def solve_three_level_fen(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """``direct_fen`` is {dept: {item: fen}} of one fund, or {dept: {item: {fund: fen}}}; sources name their level."""
    levels = {int(name.lstrip("L")): sources for name, sources in given["drivers"].items()}
    categories: dict[str, fen.Category] = {
        code: fen.SENDS[level] for level, sources in levels.items() if level for code in sources
    }
    categories.update((code, CATEGORIES[name]) for code, name in given.get("categories", {}).items())
    codes = set(given["direct_fen"]) | {r for sources in levels.values() for w in sources.values() for r in w}
    result = fen.allocate(
        [fen.Department(code, categories.get(code, "clinical")) for code in sorted(codes | set(categories))],
        _fen_cells(given["direct_fen"]),
        [
            fen.Step(level, source, weights, driver=f"L{level}")
            for level, sources in levels.items()
            for source, weights in sources.items()
        ],
        credit_pools=given.get("credit_pools", "allocate"),
    )
    final = {
        code: dict.fromkeys(given["items"], 0)
        for code in sorted(codes)
        if categories.get(code, "clinical") == "clinical"
    }
    for (code, item, _), amount in result.final.items():
        if code in final:
            final[code][item] += amount
    return {
        "final_fen": final,
        "held_fen": sum(result.held.values()),
        "hospital_total_fen": result.certificate.total_fen,
        "trace_rows": len(result.postings),
        "conserves": result.certificate.holds,
        "input_sha256": result.certificate.input_hash,
    }


def whole(value: Any, name: str) -> int:
    """An integer written as 5, 5.0 or "5"; anything else is refused (``not_whole``)."""
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise Invalid(f"{name} = {value} 不是整数", code="not_whole", way_out="金额请以分为单位给出整数。")
    return int(number)


def _fen_cells(direct: Mapping[str, Any]) -> dict[fen.Cell, int]:
    cells: dict[fen.Cell, int] = {}
    for code, by_item in direct.items():
        for item, value in by_item.items():
            for fund, amount in (value if isinstance(value, Mapping) else {"F1": value}).items():
                cells[code, item, fund] = whole(amount, f"{code}/{item}/{fund}")
    return cells


def _number(value: Fraction) -> int | Decimal:
    if value.denominator == 1:
        return value.numerator
    return (Decimal(value.numerator) / value.denominator).quantize(PLACES).normalize()


def _numbers(values: Mapping[str, Fraction]) -> dict[str, int | Decimal]:
    return {code: _number(value) for code, value in values.items()}
