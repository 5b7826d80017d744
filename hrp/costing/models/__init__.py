"""Registers of costing and the subledger of allocation runs."""

from hrp.costing.models.drivers import Driver
from hrp.costing.models.facts import (
    AllocationPosting,
    CollectedCost,
    DepartmentFullCost,
    DriverValue,
    RunCertificate,
    RunDepartment,
)
from hrp.costing.models.items import AccountItemMap, CostItem, Item7
from hrp.costing.models.rulesets import AllocationRule, RuleFallback, RuleSet

__all__ = [
    "AccountItemMap",
    "AllocationPosting",
    "AllocationRule",
    "CollectedCost",
    "CostItem",
    "DepartmentFullCost",
    "Driver",
    "DriverValue",
    "Item7",
    "RuleFallback",
    "RuleSet",
    "RunCertificate",
    "RunDepartment",
]
