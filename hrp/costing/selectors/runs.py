"""Runs and their certificates."""

from __future__ import annotations

from django.db.models import QuerySet

from hrp.costing.documents.allocation_run import AllocationRun, Purpose
from hrp.costing.models import RunCertificate, RunDepartment
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents.models import State

VIEW = "costing.report.view"
EXPORT = "costing.report.export"


def reportable(actor: User) -> QuerySet[AllocationRun]:
    """Runs with a result, newest month first; a reversed run stays readable. None without the permission.

    Who holds the permission in some departments only sees those departments' rows of a report (:func:`rows_of`).
    """
    if not scope.has(actor, VIEW):
        return AllocationRun.objects.none()
    runs = AllocationRun.objects.filter(state__in=[State.POSTED, State.REVERSED])
    return runs.select_related("hospital", "rule_set", "posted_by", "maker").order_by(
        "-month", "state", "-pk"
    )


def latest(actor: User) -> AllocationRun | None:
    """The posted statutory run of the newest month, or any posted run when there is none."""
    posted = reportable(actor).filter(state=State.POSTED)
    return posted.filter(purpose=Purpose.STATUTORY).first() or posted.first()


def get(actor: User, pk: int) -> AllocationRun:
    """A run with a result. Raises Forbidden or NotFound."""
    scope.require(actor, VIEW)
    run = reportable(actor).filter(pk=pk).first()
    if run is None:
        raise NotFound("没有找到该分摊结果", way_out="请从成本报表重新选择核算月份。")
    return run


def rows_of(actor: User, permission: str = VIEW) -> frozenset[int] | None:
    """The departments whose rows the actor may read, and by ``permission`` take away; None for all of them."""
    seen, held = scope.units(actor, VIEW), scope.units(actor, permission)
    if seen is None or held is None:
        return held if seen is None else seen
    return seen & held


def certificate(run: AllocationRun) -> RunCertificate:
    return RunCertificate.objects.get(run_id=run.pk)


def certificate_for(actor: User, run: AllocationRun) -> RunCertificate | None:
    """The sums of the whole hospital, for who may read all of its rows; None for anybody else."""
    return certificate(run) if rows_of(actor) is None else None


def has_department(run: AllocationRun, unit_id: int) -> bool:
    return RunDepartment.objects.filter(run_id=run.pk, unit_id=unit_id).exclude(category="excluded").exists()
