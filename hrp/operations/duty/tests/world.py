"""A supplier's team on duty in three layers, for tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import MONDAY, World
from hrp.operations.duty.services import rota
from hrp.platform.access.models import Role, RolePermission, User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

DUTY = ("operations.duty.view", "operations.duty.work", "operations.duty.check", "operations.ticket.work")
LAYERS = ("一线", "二线", "主管")
BEFORE = MONDAY - dt.timedelta(days=10)


@dataclass
class Team:
    """``boss`` lays the rota; two people take turns in each layer, the first of each in the week of MONDAY."""

    desk: World
    boss: User
    layers: dict[str, tuple[User, User]] = field(default_factory=dict)

    @property
    def first(self) -> User:
        return self.layers["一线"][0]

    @property
    def second(self) -> User:
        return self.layers["二线"][0]

    @property
    def lead(self) -> User:
        return self.layers["主管"][0]

    def everybody(self) -> list[User]:
        return [user for pair in self.layers.values() for user in pair]


def make(*, rota_laid: bool = True) -> Team:
    """The people of the desk's world and six more; shifts from a week before MONDAY on, recorded before they begin."""
    world = desk.make()
    boss = people.person(*DUTY, "operations.duty.edit", name="韩主管")
    team = Team(world, boss)
    contracts.add_member(actor=world.clerk, user=boss, side=Side.SUPPLIER, titles=["客户经理"])
    with clock.pinned(BEFORE):
        for layer in LAYERS:
            pair = (people.person(*DUTY, name=f"{layer}甲"), people.person(*DUTY, name=f"{layer}乙"))
            for place, user in enumerate(pair):
                contracts.add_member(actor=world.clerk, user=user, side=Side.SUPPLIER, titles=[])
                rota.save_person(actor=boss, user=user, travel_minutes=40 + place)
                notify.save_contact(
                    pk=None, values={"user": user.pk, "kind": "mobile", "address": f"138{user.pk:08d}"}
                )
            team.layers[layer] = pair
        if rota_laid:
            lay(team)
    return team


def lay(team: Team, *, weeks: int = 10) -> None:
    """Weekly turns in all layers, from the Monday of the week of MONDAY on."""
    first = MONDAY.date()
    for layer, pair in team.layers.items():
        rota.generate(
            actor=team.boss,
            layer=layer,
            people=pair,
            first_day=first,
            last_day=first + dt.timedelta(days=7 * weeks - 1),
        )


def engineers() -> Role:
    """The role the demo desk gives to the people of its rota."""
    role = Role.objects.create(code="service_engineer", title="运维工程师")
    RolePermission.objects.bulk_create(RolePermission(role=role, code=code) for code in DUTY)
    return role
