"""The tables of stocktaking, by noun."""

from hrp.assets.stocktaking.models.labels import LabelPrint
from hrp.assets.stocktaking.models.pending import PendingLoss
from hrp.assets.stocktaking.models.plans import (
    Finding,
    FoundCard,
    Outcome,
    PlanLine,
    Result,
    StocktakePlan,
    StocktakeTask,
)

__all__ = [
    "Finding", "FoundCard", "LabelPrint", "Outcome", "PendingLoss", "PlanLine", "Result", "StocktakePlan", "StocktakeTask",
]  # fmt: skip
