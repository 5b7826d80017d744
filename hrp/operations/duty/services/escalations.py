"""Writing down that somebody was told of a target at risk: once for each mark, whoever looks how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from hrp.operations.duty.models import Escalation
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

LATE_AFTER = dt.timedelta(seconds=60)


def told(source: str) -> set[tuple[str, int]]:
    """The (clock, percent) marks of a source that have been told."""
    return set(Escalation.objects.filter(source=source).values_list("key", "percent"))


def tell(
    *,
    source: str,
    key: str,
    percent: int,
    planned_at: dt.datetime,
    roles: Sequence[str],
    people: Sequence[User],
    title: str,
    body: str,
    url: str,
) -> Escalation | None:
    """Tell ``people`` in the caller's transaction, unless this mark has been told. ``late`` is marked, not hidden.

    The caller holds the lock of the source, so that two scans cannot both find the mark untold.
    """
    if Escalation.objects.filter(source=source, key=key, percent=percent).exists():
        return None
    now = clock.now()
    late = now - planned_at > LATE_AFTER
    row = Escalation.objects.create(
        source=source,
        key=key,
        percent=percent,
        planned_at=planned_at,
        at=now,
        late=late,
        roles=list(roles),
        people=[person.display_name for person in people],
    )
    if people:
        notify.notify(
            recipients=people,
            kind="operations.at_risk",
            title=f"{title}{'（迟发现）' if late else ''}",
            body=body,
            url=url,
            dedupe_key=f"at_risk:{source}:{key}:{percent}",
        )
    return row
