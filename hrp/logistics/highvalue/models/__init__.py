"""The tables of high-value goods, by noun."""

from hrp.logistics.highvalue.models.charges import HisCharge, UseCharge
from hrp.logistics.highvalue.models.consignment import ConsignMove
from hrp.logistics.highvalue.models.quotas import UseQuota
from hrp.logistics.highvalue.models.recalls import (
    AdverseEvent,
    FreezeBatch,
    Recall,
    RecallDisposal,
    RecallPlace,
)
from hrp.logistics.highvalue.models.units import TraceUnit, UnitEvent, UnitScan
from hrp.logistics.highvalue.models.uses import EmergencyUse, PatientUse, UseCancel

__all__ = [
    "AdverseEvent", "ConsignMove", "EmergencyUse", "FreezeBatch", "HisCharge", "PatientUse", "Recall", "RecallDisposal",
    "RecallPlace", "TraceUnit", "UnitEvent", "UnitScan", "UseCancel", "UseCharge", "UseQuota",
]  # fmt: skip
