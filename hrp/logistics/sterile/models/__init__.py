"""The tables of sterile supply and reagents, by noun."""

from hrp.logistics.sterile.models.packs import (
    EmergencyRelease,
    ForeignSet,
    Load,
    LoadResult,
    Machine,
    Pack,
    PackContent,
    PackingMaterial,
    PackStep,
    PackType,
)
from hrp.logistics.sterile.models.reagents import (
    BackFlush,
    HazardEntry,
    LisCount,
    ReagentLog,
    ReagentNorm,
    ReagentVial,
)

__all__ = [
    "BackFlush", "EmergencyRelease", "ForeignSet", "HazardEntry", "LisCount", "Load", "LoadResult", "Machine", "Pack",
    "PackContent", "PackStep", "PackType", "PackingMaterial", "ReagentLog", "ReagentNorm", "ReagentVial",
]  # fmt: skip
