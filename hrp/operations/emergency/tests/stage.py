"""Both parties of the desk's hospital with the permissions of plans and drills, and plans to work with."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World
from hrp.operations.emergency.apps import PERMISSIONS
from hrp.operations.emergency.models import Drill, PlanVersion
from hrp.operations.emergency.rules import Contact, Content, Role, Step
from hrp.operations.emergency.screens import PERMISSIONS as DRILLS
from hrp.operations.emergency.services import drills, plans
from hrp.platform.access.tests import people
from hrp.platform.base import clock

JANUARY = clock.at(dt.date(2026, 1, 12), 9)
CONTENT = Content(
    trigger="数据库连接全部失败。",
    roles=(Role("指挥", "张工"),),
    steps=(Step("查看主库", "张工", "5 分钟"), Step("切换备库", "张工", "30 分钟")),
    contacts=(Contact("张工", "杏林软件", "138"),),
    rollback="24 小时内不回切。",
    specifics="主库在三楼机房。夜间由总值班开门。",
)


def make() -> World:
    world = desk.make()
    for user in (world.engineer, world.head):
        people.allow(user, *PERMISSIONS, *DRILLS)
    return world


def draft(
    world: World, scenario: str = "db_down", *, at: dt.datetime = JANUARY, **changes: str
) -> PlanVersion:
    with clock.pinned(at):
        return plans.draft(
            actor=world.engineer,
            contract=world.contract,
            scenario=scenario,
            content=replace(CONTENT, **changes),
        )


def in_force(
    world: World, scenario: str = "db_down", *, at: dt.datetime = JANUARY, **changes: str
) -> PlanVersion:
    """Drafted at ``at``, signed by the supplier at once and by the hospital an hour later."""
    version = draft(world, scenario, at=at, **changes)
    with clock.pinned(at):
        plans.sign(actor=world.engineer, version=version)
    with clock.pinned(at + dt.timedelta(hours=1)):
        return plans.sign(actor=world.head, version=version)


def held_drill(world: World, *, began: dt.datetime, scenario: str = "db_down") -> Drill:
    """A drill complete but for the signatures."""
    with clock.pinned(began):
        drill = drills.plan_drill(
            actor=world.engineer, scenario=scenario, planned_on=clock.local(began).date(), place="机房",
            situation="主库断电", goal="30 分钟恢复",
        )  # fmt: skip
        for side, name in (("supplier", "张工"), ("hospital", "李主管")):
            drills.add_participant(actor=world.engineer, drill=drill, side=side, name=name, duty="参加")
        drills.add_event(actor=world.engineer, drill=drill, text="断电")
    with clock.pinned(began + dt.timedelta(hours=2)):
        return drills.conclude(
            actor=world.head, drill=drill, began_at=began, ended_at=began + dt.timedelta(hours=1), result="passed",
            summary="达到目标",
        )  # fmt: skip
