"""How a published worked example is put to the kernels of fixed assets and its answer written down (``hrp verify``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from hrp.assets.rules import benefit, output_units, recognition, reliability, sharing
from hrp.assets.rules.conventions import BY_NAME
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import ZERO, Plan, begin, remaining_value, revise
from hrp.platform.base.money import CENT
from hrp.platform.base.refusals import Invalid

ANY_MONTH = Month.of(2000, 1)  # for examples that count months without saying which
# 政府会计准则第4号 art. 17(4), as the published example cites it; a hospital's own threshold is a setting
CITED_THRESHOLDS = {"art17.4": Decimal(1000)}


def number(value: Any) -> Decimal:
    return Decimal(str(value))


def solve_schedule(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A funding line from its booking month to its end, to its disposal, or as of a month."""
    cost = number(given["cost"])
    if given.get("kind") and not recognition.is_depreciated(given["kind"]):
        return {"monthly": ZERO, "total": ZERO, "nbv": cost}
    convention = BY_NAME.get(given.get("convention", "government"))
    if convention is None:
        raise Invalid(f"没有惯例“{given['convention']}”", code="unknown_convention")
    life, used = int(given.get("months", given.get("life", 0))), int(given.get("used", 0))
    booked = Month.read(given["booked"])
    plan = begin(
        cost,
        life - used,
        convention.first(booked),
        residual=number(given.get("residual", 0)) if convention.residual else ZERO,
    )
    answer: dict[str, Any] = {
        "months": plan.months, "monthly": plan.monthly, "first": str(plan.first), "last": str(plan.last),
        "tail": plan.tail, "total": plan.base,
        "nonzero_lines": sum(1 for k in range(plan.months) if plan.charge(plan.first + k)),
    }  # fmt: skip
    until = _until(given, convention)
    if until is not None:
        reached = plan.through(until)
        elapsed = max(0, min(until - plan.first + 1, plan.months))
        answer |= {
            "elapsed": elapsed,
            "accumulated": reached.quantize(CENT),
            "nbv": (cost - reached).quantize(CENT),
            "this_month": plan.charge(until).quantize(CENT),
        }
        if "disposed" in given:
            answer |= {"total": answer["accumulated"], "last": str(until) if elapsed else ""}
    return answer


def _until(given: Mapping[str, Any], convention: Any) -> Month | None:
    """The last month asked about: as of one, the one before the books were opened, the last before disposal."""
    if "as_of" in given:
        return Month.read(given["as_of"])
    if "opening" in given:
        return Month.read(given["opening"]) + -1
    if "disposed" in given:
        last: Month = convention.last(Month.read(given["disposed"]))
        return last
    return None


def solve_revision(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A change of cost, life or both after ``elapsed`` months."""
    residual, elapsed = number(given.get("residual", 0)), int(given["elapsed"])
    before = begin(number(given["cost"]), int(given["months"]), ANY_MONTH, residual=residual)
    cost = number(given.get("new_cost", given["cost"]))
    accumulated = before.through(ANY_MONTH + (elapsed - 1))
    revised = revise(
        accumulated, cost=cost, life=int(given.get("new_months", given["months"])), elapsed=elapsed,
        effective=ANY_MONTH + elapsed, residual=residual,
    )  # fmt: skip
    answer = {
        "before": before.monthly, "after": revised.plan.monthly, "tail": revised.plan.tail,
        "accumulated": accumulated, "remaining": revised.plan.base, "remaining_months": revised.plan.months,
    }  # fmt: skip
    return answer | _by_month(revised.plan, cost, after="_after", begins=elapsed)


def solve_takeover(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A card whose depreciation so far came from other books; ``months`` are those still to go."""
    cost = number(given["cost"])
    plan = begin(
        cost, int(given["months"]), ANY_MONTH, residual=number(given.get("residual", 0)),
        accumulated=number(given["opening"]),
    )  # fmt: skip
    return {"monthly": plan.monthly, "tail": plan.tail} | _by_month(plan, cost)


def _by_month(plan: Plan, cost: Decimal, *, after: str = "", begins: int = 0) -> dict[str, Decimal]:
    answer = {}
    for k in range(1, plan.months + 1):
        reached = plan.accumulated(plan.first + (k - 1))
        answer[f"acc{after}_{begins + k}"] = reached
        answer[f"nbv{after}_{begins + k}"] = cost - reached
    return answer


def solve_remaining_monthly(given: Mapping[str, Any]) -> Mapping[str, Any]:
    plan = Plan(ANY_MONTH, int(given["remaining_months"]), number(given["remaining_value"]))
    return {"correct": plan.monthly, "tail": plan.tail}


def solve_net_book_value(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"value": remaining_value(number(given["cost"]), int(given["months"]), int(given["left"]))}


def solve_by_funding(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each source's line by itself; the card's month is the sum of its lines, never computed anew."""
    sources = {name: number(cost) for name, cost in given["sources"].items()}
    whole = sum(sources.values(), ZERO)
    if "cost" in given and whole != number(given["cost"]):
        raise Invalid(
            f"资金来源合计 {whole:,.2f} 元与原值 {number(given['cost']):,.2f} 元不等",
            code="funding_not_whole",
        )
    plans = {name: begin(cost, int(given["months"]), ANY_MONTH) for name, cost in sources.items()}
    return {
        "monthly": {name: plan.monthly for name, plan in plans.items()},
        "tail": {name: plan.tail for name, plan in plans.items()},
        "total_monthly": sum((plan.monthly for plan in plans.values()), ZERO),
        "total_tail": sum((plan.tail for plan in plans.values()), ZERO),
        "total": sum((plan.base for plan in plans.values()), ZERO),
    }


def solve_split_by_ratio(given: Mapping[str, Any]) -> Mapping[str, Any]:
    weights = {code: number(ratio) for code, ratio in given["ratios"].items()}
    return {"parts": sharing.by_weight(number(given["amount"]), weights)}


def solve_units_of_production(given: Mapping[str, Any]) -> Mapping[str, Any]:
    cost, total = number(given["cost"]), number(given["total_units"])
    amounts: list[Decimal] = []
    for units in given["usage"]:
        amounts.append(output_units.charge(cost, total, number(units), sum(amounts, ZERO)))
    return {"amounts": amounts, "total": sum(amounts, ZERO)}


def solve_transfer_month(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """From A to B; without days each is taken to have had the asset for some of the month."""
    days = {code: int(count) for code, count in given.get("days", {"A": 1, "B": 1}).items()}
    policy = sharing.TransferPolicy(given["policy"])
    return sharing.month_of_transfer(
        number(given["amount"]), days, policy=policy, holder_at_end=list(days)[-1]
    )


def solve_small_intangible(given: Mapping[str, Any]) -> Mapping[str, Any]:
    rule = given["rule"]
    if rule not in CITED_THRESHOLDS:
        raise Invalid(f"没有收录规则“{rule}”", code="unknown_rule")
    return asdict(
        recognition.recognise(
            number(given["cost"]), threshold=CITED_THRESHOLDS[rule], bulk=bool(given.get("bulk", False))
        )
    )


def solve_reliability(given: Mapping[str, Any]) -> Mapping[str, Any]:
    repairs = [number(hours) for hours in given["repair_hours"]]
    return asdict(
        reliability.measure(
            number(given["calendar_hours"]), repairs, number(given.get("planned_pm_hours", 0))
        )
    )


def solve_machine_benefit(given: Mapping[str, Any]) -> Mapping[str, Any]:
    direct = {name: number(amount) for name, amount in given["direct"].items()}
    return asdict(
        benefit.benefit(
            number(given["revenue"]), direct, indirect=number(given.get("indirect", 0)),
            investment=number(given.get("investment", 0)),
        )
    )  # fmt: skip


def solve_break_even(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "break_even": benefit.break_even(
            number(given["fixed"]), number(given["price"]), number(given["variable"])
        )
    }
