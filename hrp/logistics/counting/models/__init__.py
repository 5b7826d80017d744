"""The tables of counting, by noun."""

from hrp.logistics.counting.models.pending import PendingLoss
from hrp.logistics.counting.models.tasks import Count, CountLine, CountResult, CountTask

__all__ = ["Count", "CountLine", "CountResult", "CountTask", "PendingLoss"]
