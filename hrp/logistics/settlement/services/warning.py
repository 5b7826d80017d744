"""What the nightly check-up finds wrong in materials is told to those who close the month, while there is time."""

from __future__ import annotations

from hrp.logistics.settlement.services.closing import CLOSE
from hrp.platform.access.selectors import holders_of
from hrp.platform.base import clock, health
from hrp.platform.jobs.models import HealthRun
from hrp.platform.notify import services as notify

KIND = "logistics.invariants"
MOST = 10  # of the broken ones, in one message


def tell(run: HealthRun, wrong: list[health.Outcome]) -> None:
    """One message a night and person; a check-up somebody asked for is read by who asked."""
    ours = [o for o in wrong if o.module == "logistics"]
    if run.cause != "nightly" or not ours:
        return
    night = clock.local(run.at).date()
    notify.notify(
        recipients=holders_of(CLOSE), kind=KIND, title=f"{night} 物资数据核对：{len(ours)} 项不符",
        body="\n".join(o.words() for o in ours[:MOST]), url="/logistics/month-close", dedupe_key=f"{KIND}:{night}",
    )  # fmt: skip
