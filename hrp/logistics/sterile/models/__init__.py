"""The tables of sterile supply and reagents, by noun."""

from hrp.logistics.sterile.models.cold import ColdPlace, ColdReading
from hrp.logistics.sterile.models.packs import (
    EmergencyRelease,
    ForeignPhoto,
    ForeignSet,
    Load,
    LoadResult,
    Machine,
    Pack,
    PackContent,
    PackingMaterial,
    PackStep,
    PackSupply,
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
    "BackFlush", "ColdPlace", "ColdReading", "EmergencyRelease", "ForeignPhoto", "ForeignSet", "HazardEntry", "LisCount",
    "Load", "LoadResult", "Machine", "Pack", "PackContent", "PackStep", "PackSupply", "PackType", "PackingMaterial",
    "ReagentLog", "ReagentNorm", "ReagentVial",
]  # fmt: skip
