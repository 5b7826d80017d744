"""The audit room's duties."""

from __future__ import annotations

import datetime as dt

from hrp.platform.audit import anchor, sealing
from hrp.platform.jobs.duties import duty


@duty(name="audit.seal", title="封存审计链并写库外锚点", every_seconds=30)
def seal() -> None:
    """Twice a minute, so that no committed row stays open for longer than a minute."""
    sealing.seal()
    anchor.extend()


@duty(name="audit.mail_head", title="邮寄审计链头", daily_at=dt.time(18, 0))
def mail_head() -> None:
    """Once a day, where an address is configured."""
    anchor.mail_head()
