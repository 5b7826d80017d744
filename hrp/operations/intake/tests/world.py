"""The desk's world with the people and doors of intake."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import MONDAY, World
from hrp.operations.intake.apps import PERMISSIONS
from hrp.operations.intake.models import Contact
from hrp.operations.intake.services import setup
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock

NUMBER = "0571-8888 6612"


def make() -> World:
    world = desk.make()
    people.allow(world.engineer, *PERMISSIONS)
    people.allow(world.head, "operations.call.view", "operations.mail.view", "operations.mail.handle")
    Contact.objects.create(
        name="王药师",
        number=NUMBER,
        email="wang@hospital.example",
        org_unit=world.store,
        module="物流管理系统",
    )
    return world


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def second(seconds: float) -> dt.datetime:
    return MONDAY + dt.timedelta(seconds=seconds)


class Pbx:
    """A telephone system posting over HTTP with its key; ``slow`` seconds its clock lies behind ours."""

    def __init__(self, world: World, *, slow: float = 0) -> None:
        with clock.pinned(MONDAY - dt.timedelta(days=1)):
            self.token = setup.issue_cti_key(actor=world.engineer)
        self.slow = dt.timedelta(seconds=slow)

    def post(self, body: Any, *, token: str | None = None) -> HttpResponse:
        return Client().post(
            reverse("operations.cti.events"),
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token if token is None else token}"},
        )  # type: ignore[return-value]

    def say(
        self, call_id: str, event: str, seconds: float, caller: str = NUMBER, **more: Any
    ) -> dict[str, Any]:
        """Tell of an event ``seconds`` after MONDAY, at that very moment."""
        with clock.pinned(second(seconds)):
            at = (second(seconds) - self.slow).isoformat()
            answer = self.post({"call_id": call_id, "event": event, "at": at, "caller": caller, **more})
        assert answer.status_code in (200, 201), answer.content.decode()
        told: dict[str, Any] = json.loads(answer.content)
        return told
