"""The kernels of fixed assets that ``hrp verify`` runs published cases with."""

from __future__ import annotations

from hrp.assets.rules import worked_cases
from hrp.platform.base import verify

SOLVERS = {
    "break_even": worked_cases.solve_break_even,
    "by_funding": worked_cases.solve_by_funding,
    "machine_benefit": worked_cases.solve_machine_benefit,
    "net_book_value": worked_cases.solve_net_book_value,
    "reliability": worked_cases.solve_reliability,
    "remaining_monthly": worked_cases.solve_remaining_monthly,
    "revision": worked_cases.solve_revision,
    "schedule": worked_cases.solve_schedule,
    "small_intangible": worked_cases.solve_small_intangible,
    "split_by_ratio": worked_cases.solve_split_by_ratio,
    "takeover": worked_cases.solve_takeover,
    "transfer_month": worked_cases.solve_transfer_month,
    "units_of_production": worked_cases.solve_units_of_production,
}


def register_all() -> None:
    for name, solve in SOLVERS.items():
        verify.register("assets", name, solve)
