"""The tables of 资产变更 beside its documents."""

from hrp.assets.changes.models.handovers import Handover

__all__ = ["Handover"]
