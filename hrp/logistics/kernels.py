"""The kernels of materials that ``hrp verify`` runs published cases with."""

from __future__ import annotations

from hrp.logistics.rules import worked_cases, worked_valuations
from hrp.platform.base import verify

SOLVERS = {
    "consignment_use": worked_cases.solve_consignment_use,
    "estimated_receipt": worked_cases.solve_estimated_receipt,
    "expiry": worked_cases.solve_expiry,
    "gtin_check": worked_cases.solve_gtin_check,
    "insurance_code": worked_cases.solve_insurance_code,
    "material_ratios": worked_cases.solve_material_ratios,
    "period_close": worked_cases.solve_period_close,
    "registration_number": worked_cases.solve_registration_number,
    "reorder_point": worked_cases.solve_reorder_point,
    "replenish": worked_cases.solve_replenish,
    "stocktake": worked_cases.solve_stocktake,
    "turnover": worked_cases.solve_turnover,
    "udi": worked_cases.solve_udi,
    "valuation": worked_valuations.solve_valuation,
}


def register_all() -> None:
    for name, solve in SOLVERS.items():
        verify.register("logistics", name, solve)
