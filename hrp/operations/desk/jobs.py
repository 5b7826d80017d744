"""The desk's duty: missed targets are written down whether or not anybody touches the ticket."""

from __future__ import annotations

from hrp.operations.desk.services import breaches
from hrp.platform.access.services.machines import system_actor
from hrp.platform.jobs.duties import duty


@duty(name="desk.breaches", title="检查工单时限", every_seconds=2)
def find_breaches() -> None:
    """Every two seconds, so that a breach is on record within five seconds of its due instant."""
    breaches.scan(actor=system_actor("desk", title="服务台时钟"))
