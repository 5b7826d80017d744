"""An emergency under way at the desk's hospital, with plans in force, a gate and travel times."""

from __future__ import annotations

import datetime as dt

from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import handling
from hrp.operations.desk.tests.world import World, later
from hrp.operations.emergency.tests import stage as emergency
from hrp.operations.incidents.models import Gate, TravelTime
from hrp.operations.incidents.screens import PERMISSIONS
from hrp.operations.incidents.services import onsite
from hrp.platform.access.tests import people
from hrp.platform.base import clock


def make() -> World:
    world = emergency.make()
    for user in (world.engineer, world.head):
        people.allow(user, *PERMISSIONS)
    emergency.in_force(world)
    return world


def started(world: World, level: str = "1") -> Ticket:
    """Called at 10:00, answered at once, the emergency service started at 10:20."""
    ticket = world.call(level)
    with clock.pinned(later(20)):
        return handling.start_emergency(
            actor=world.engineer,
            ticket=ticket,
            commander="张工",
            staff="赵工",
            plan="EP-HRP-01 v1",
            bridge="内线 8000",
        )


def remote_failed(world: World) -> Ticket:
    """Declared at 10:30."""
    ticket = started(world)
    with clock.pinned(later(30)):
        return handling.declare_remote_failed(actor=world.head, ticket=ticket, reason="控制器故障")


def gate(world: World, name: str = "机房门禁") -> Gate:
    return onsite.set_up_gate(
        actor=world.head, gate=Gate(campus=world.store.campus, name=name, place="三楼机房")
    )


def lives(world: World, minutes: int = 45) -> TravelTime:
    return TravelTime.objects.create(
        user=world.engineer, starts_from="驻地", minutes=minutes, verified_on=dt.date(2026, 11, 1)
    )
