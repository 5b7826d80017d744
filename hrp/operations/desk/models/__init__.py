"""Tables of the desk."""

from hrp.operations.desk.models.escalations import Escalation, PendingNotice, Watch, WatchGap
from hrp.operations.desk.models.rulings import OUTCOMES, Ruling, RulingSignature
from hrp.operations.desk.models.tickets import (
    CAUSES,
    CHANNELS,
    LINES,
    Breach,
    Clock,
    ContactEvidence,
    MaintenanceRecord,
    NumberSeries,
    RecordArchive,
    Ticket,
    TicketEvent,
)

__all__ = [
    "CAUSES",
    "CHANNELS",
    "LINES",
    "OUTCOMES",
    "Breach",
    "Clock",
    "ContactEvidence",
    "Escalation",
    "MaintenanceRecord",
    "NumberSeries",
    "PendingNotice",
    "RecordArchive",
    "Ruling",
    "RulingSignature",
    "Ticket",
    "TicketEvent",
    "Watch",
    "WatchGap",
]
