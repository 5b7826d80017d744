"""The demo hospital's stocktakes: one of the laboratory that is over, and one of intensive care that goes on."""

from __future__ import annotations

import datetime as dt
import uuid

from hrp.assets.rules.labels import written
from hrp.assets.stocktaking.models import StocktakePlan
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services import concluding, finding, planning
from hrp.assets.stocktaking.services.finding import Entry
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit


def today(users: dict[str, User], units: dict[str, OrgUnit], at: dt.datetime) -> None:
    """Planned and done by the asset office; the head of finance approves."""
    office, begun = users["huangwei"], at - dt.timedelta(days=20)
    done = _plan(office, units, "检验科年中盘点", "0201", begun)
    with clock.pinned(begun + dt.timedelta(hours=3)):
        task = done.tasks.get()
        lines = list(task.lines.select_related("asset").order_by("pk"))
        entries = [
            Entry(uuid.uuid5(uuid.NAMESPACE_OID, f"demo {line.pk}"), kind, clock.now(), written(line.asset.token), photo=PICTURE)
            for line, kind in zip(lines, (Kind.OK, Kind.UNLABELLED), strict=False)
        ]  # fmt: skip
        finding.record(task, entries, actor=office)
        concluding.confirm(task, actor=office)
        concluding.reconcile(done, actor=office)
    with clock.pinned(begun + dt.timedelta(days=2)):
        concluding.approve(done, actor=users["chenlixin"], opinion="同意，标签已补贴")
    _plan(office, units, "重症医学科设备盘点", "0117", at)


def _plan(office: User, units: dict[str, OrgUnit], name: str, unit: str, at: dt.datetime) -> StocktakePlan:
    with clock.pinned(at):
        return planning.begin(
            actor=office, office=units["0402"], name=name, method=StocktakePlan.Method.UNIT, of_unit=units[unit],
            due_on=clock.today() + dt.timedelta(days=10),
        )  # fmt: skip


# a grey square of 8 x 8 pixels: what a photograph of the demo shows is nobody's business
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000008000000080800000000e164e1570000000e49444154789c63d800050c9431"
    "0030a22c019fe1df320000000049454e44ae426082"
)
