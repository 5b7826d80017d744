"""The desk's duties: targets at risk are told and missed ones written down, whether or not anybody touches the ticket."""

from __future__ import annotations

from hrp.operations.desk.services import at_risk, breaches
from hrp.platform.access.services.machines import system_actor
from hrp.platform.jobs.duties import duty


@duty(name="desk.breaches", title="检查工单时限", every_seconds=2)
def find_breaches() -> None:
    """Every two seconds, so that a breach is on record within five seconds of its due instant."""
    breaches.scan(actor=system_actor("desk", title="服务台时钟"))


@duty(name="desk.at_risk", title="提醒临近超时", every_seconds=2)
def warn_of_risk() -> None:
    """Found by looking at running clocks, so that a mark passed while no worker ran is told late and says so."""
    at_risk.scan()
