"""Registers and facts of purchasing that stand beside its documents."""

from hrp.logistics.purchasing.models.concessions import Concession
from hrp.logistics.purchasing.models.stocking import (
    ReplenishmentLine,
    ReplenishmentRun,
    StockingRule,
)

__all__ = ["Concession", "ReplenishmentLine", "ReplenishmentRun", "StockingRule"]
