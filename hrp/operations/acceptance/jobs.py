"""Making a report takes seconds: it runs in the background and says how far it is."""

from __future__ import annotations

import datetime as dt

from hrp.operations.acceptance.services import reports
from hrp.operations.contracts.models import Contract
from hrp.platform.access.models import User
from hrp.platform.jobs import running
from hrp.platform.jobs.tasks import task


@task(name="acceptance.make_report", title="生成服务报告")
def make_report(*, by: int, contract: int, kind: str, first: str) -> None:
    """Make and archive the report; a refusal is shown in the job list."""
    reports.make_report(
        actor=User.objects.get(pk=by),
        contract=Contract.objects.get(pk=contract),
        kind=kind,
        first=dt.date.fromisoformat(first),
        progress=running.progress,
    )
