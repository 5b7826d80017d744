"""What a report page was asked for: table, run and range, parsed once for page, export and print."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.models import Item7
from hrp.costing.selectors import runs, tables
from hrp.costing.selectors.drill import CellKey
from hrp.costing.selectors.ranges import RANGES, Range
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of


@dataclass(frozen=True)
class Asked:
    """``run`` is None when nothing was ever allocated."""

    actor: User
    definition: tables.Definition
    range: Range
    run: AllocationRun | None

    @property
    def query(self) -> str:
        return urlencode({"run": self.run.pk if self.run else "", "range": self.range.code})


def report(request: HttpRequest, number: str, permission: str = runs.VIEW) -> Asked:
    """Raises Forbidden without the permission, NotFound for an unknown table or run."""
    actor = actor_of(request)
    scope.require(actor, permission)
    definition = tables.DEFINITIONS.get(number)
    if definition is None:
        raise NotFound(_("没有这张报表"), way_out=_("请从左侧菜单选择报表。"))
    given = request.GET.get("run", "")
    run = runs.get(actor, int(given)) if given.isdigit() else runs.latest(actor)
    wanted = RANGES.get(request.GET.get("range", ""))
    default = next(r for r in definition.ranges if r.administration)
    return Asked(actor, definition, wanted if wanted in definition.ranges else default, run)


def cell(request: HttpRequest, run_id: int) -> tuple[User, AllocationRun, CellKey]:
    """A cell of a run. A department outside the actor's scope does not exist."""
    actor = actor_of(request)
    run = runs.get(actor, run_id)
    unit, item7 = request.GET.get("unit", ""), request.GET.get("item7", "")
    visible = runs.rows_of(actor)
    known = (
        unit.isdigit() and runs.has_department(run, int(unit)) and (visible is None or int(unit) in visible)
    )
    if not known or item7 not in ("", *Item7.values):
        raise NotFound(_("没有找到该科室的成本"), way_out=_("请从成本报表点开金额。"))
    return actor, run, CellKey(int(unit), item7, RANGES.get(request.GET.get("range", ""), RANGES["medical"]))


def cell_url(run_id: int, unit_id: int, item7: str, of: Range, anchor: str = "") -> str:
    query = urlencode([("unit", str(unit_id)), ("item7", item7), ("range", of.code)])
    return f"{reverse('costing.cell', kwargs={'run_id': run_id})}?{query}{anchor}"


def stay_in_menu(request: HttpRequest) -> None:
    """Pages behind a report have no entry of their own: the frame shows them under the report they explain."""
    request.menu_path = reverse("costing.report", kwargs={"number": "03"})  # type: ignore[attr-defined]
