"""Duties of major incidents: ask and remind whether or not anybody looks."""

from __future__ import annotations

from hrp.operations.incidents.services import watching
from hrp.platform.jobs.duties import duty


@duty(name="incidents.watch", title="催办进展通报与到场询问", every_seconds=20)
def watch() -> None:
    watching.scan()


@duty(name="incidents.reviews", title="催办复盘与改进措施", every_seconds=600)
def watch_reviews() -> None:
    watching.scan_reviews()
