"""The tables of acquisition that are no documents."""

from hrp.assets.acquisition.models.budgets import AcquisitionBudget
from hrp.assets.acquisition.models.large import LargeClass, LargeLicence
from hrp.assets.acquisition.models.limits import MethodRule, StepRule

__all__ = ["AcquisitionBudget", "LargeClass", "LargeLicence", "MethodRule", "StepRule"]
