"""The tables of materials, by noun. Quantities are in the item's base unit, amounts in yuan."""

from hrp.logistics.models.holds import Freeze, Reservation
from hrp.logistics.models.items import Item, MaterialClass
from hrp.logistics.models.ledger import Batch, Layer, LayerUse, StockBalance, StockMove, Valuation
from hrp.logistics.models.partners import Supplier
from hrp.logistics.models.projects import Project
from hrp.logistics.models.stores import Store

__all__ = [
    "Batch", "Freeze", "Item", "Layer", "LayerUse", "MaterialClass", "Project", "Reservation", "StockBalance", "StockMove", "Store",
    "Supplier", "Valuation",
]  # fmt: skip
