"""The tables of equipment, by noun. Amounts in yuan, durations in hours."""

from hrp.assets.equipment.models.benefit import Forecast, MachineCost, MachineRevenue
from hrp.assets.equipment.models.care import (
    CarePlan,
    Postponement,
    RiskScore,
    Task,
    TaskResult,
    Template,
    TemplateItem,
)
from hrp.assets.equipment.models.contracts import ContractVisit, CoveredCard, ServiceContract
from hrp.assets.equipment.models.metrology import Certificate, Instrument
from hrp.assets.equipment.models.readiness import PoolLoan, ReadinessCheck
from hrp.assets.equipment.models.repairs import RepairCost, RepairEvent, RepairOrder, RepairPhoto
from hrp.assets.equipment.models.safety import AffectedCard, DeviceEvent, SafetyNotice
from hrp.assets.equipment.models.tags import StopTag

__all__ = [
    "AffectedCard", "CarePlan", "Certificate", "ContractVisit", "CoveredCard", "DeviceEvent", "Forecast", "Instrument",
    "MachineCost", "MachineRevenue", "PoolLoan", "Postponement", "ReadinessCheck", "RepairCost", "RepairEvent", "RepairOrder",
    "RepairPhoto", "RiskScore", "SafetyNotice", "ServiceContract", "StopTag", "Task", "TaskResult", "Template", "TemplateItem",
]  # fmt: skip
