"""The duty room's clock: every second, whoever is being paged for."""

from __future__ import annotations

from hrp.operations.duty.services import calling
from hrp.platform.jobs.duties import duty


@duty(name="duty.paging", title="呼叫值班人员", every_seconds=1)
def page() -> None:
    """Looks at what is due, so that whatever was missed while no worker ran is done once on return."""
    calling.scan()
