"""The registers of requesting, by noun."""

from hrp.logistics.requesting.models.cards import CardScan, QuotaCard
from hrp.logistics.requesting.models.durables import DurableInUse, DurableUse
from hrp.logistics.requesting.models.limits import DepartmentQuota, UseAuthority

__all__ = ["CardScan", "DepartmentQuota", "DurableInUse", "DurableUse", "QuotaCard", "UseAuthority"]
