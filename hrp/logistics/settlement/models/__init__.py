"""Tables of settlement: what is owed, what invoices said, and closed months. Amounts in yuan."""

from hrp.logistics.settlement.models.closing import MaterialClose, PeriodBalance, StoreOpening
from hrp.logistics.settlement.models.facts import Consumed, Estimate, Payable
from hrp.logistics.settlement.models.invoices import EInvoice

__all__ = ["Consumed", "EInvoice", "Estimate", "MaterialClose", "Payable", "PeriodBalance", "StoreOpening"]
