"""What is sent to a door: its address in a place of the hospital, and a body that would do if it were allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils.http import urlencode

from hrp.platform.access.services.sessions import SEEN as SEEN_AT
from hrp.platform.access.services.sessions import STARTED
from hrp.platform.ui import reach, screens
from hrp.platform.ui.screens import RegisterScreen
from tests.permissions.doors import CLOSED, NAMED_IN_BODY, NAMED_IN_PATH, NAMED_IN_QUERY, Door
from tests.permissions.places import ANONYMOUS, MISSING, canary
from tests.permissions.world import NOW, Hospital

ABSENT_ID = 987654321
NO_TOKEN = "00000000-0000-4000-8000-000000000000"


class Thin(Client):
    """Django's test client without the copies of template contexts it keeps for assertions: a third of a page's time."""

    def request(self, **request: Any) -> HttpResponse:
        return self.handler(self._base_environ(**request))


class Requests:
    """Builds and sends the requests of one hospital, as anybody in it."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.clients = {column: self._client(column) for column in (ANONYMOUS, *hospital.people)}
        self._any: dict[tuple[str, str], int] = {}

    def _client(self, column: str) -> Thin:
        client = Thin(raise_request_exception=False, headers={"Accept": "application/json"})
        if column == "ky":
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.hospital.token}"
        elif column:
            client.force_login(self.hospital.people[column], "hrp.platform.access.backends.PasswordBackend")
            session = client.session
            session[STARTED] = session[SEEN_AT] = NOW.timestamp()
            session.save()
        return client

    def send(
        self,
        column: str,
        door: Door,
        place: str,
        *,
        path: str = "",
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Knock once. ``path``, ``query`` and ``body`` replace or add to what the door usually gets."""
        client = self.clients[column]
        asked = urlencode({**(query or {}), **self.query(door, place)}, doseq=True)
        address = f"{path or self.path(door, place)}{'?' + asked if asked else ''}"
        if door.method == "GET":
            return client.get(address)
        sent = {**self.body(door, place), **(body or {})}
        if door.is_api or door.name == "preferences":
            return client.generic(door.method, address, json.dumps(sent, default=str), "application/json")
        if door.method == "POST":
            return client.post(address, sent)
        return client.generic(
            door.method, address, urlencode(sent, doseq=True), "application/x-www-form-urlencoded"
        )

    # -- the address -------------------------------------------------------------------------------------------

    def path(self, door: Door, place: str) -> str:
        path = f"/{door.route}"
        for name in door.parameters:
            start = path.index("<")
            path = path[:start] + str(self._value(door, name, place)) + path[path.index(">", start) + 1 :]
        return path

    def _value(self, door: Door, name: str, place: str) -> int | str:
        match name:
            case "pk" | "session_id" | "key_id":
                return self.id_of(door, place)
            case "token" if door.name in NAMED_IN_PATH:
                return self.hospital.names[door.name].get(place, NO_TOKEN)
            case "token" | "code" if door.name in self.hospital.secrets:
                return self.hospital.secrets[door.name] if place != MISSING else "nothing"
            case "ticket" | "article" | "event":
                known = self.hospital.objects[door.name if name == "event" else f"operations.{name}"]
                return known.get(place, ABSENT_ID if place == MISSING else known["own"])
            case "position":
                return 1
            case "scenario":
                return "db_down"
            case "name":
                return "pdf"
            case "file":
                return self.hospital.objects[f"{door.thing}:file"].get(place, ABSENT_ID)
            case "run_id":
                return self.hospital.objects["costing.run"]["own"] if place != MISSING else ABSENT_ID
            case "number":
                return "03"
        return door.code if door.code not in ("", "-") else "nothing"

    def id_of(self, door: Door, place: str) -> int:
        """The thing a door is about, in a place; of a register of the whole hospital the first that will do."""
        if place == MISSING:
            return ABSENT_ID
        name = door.name.partition(":")[0]
        known = self.hospital.objects.get(name) or self.hospital.objects.get(door.thing)
        if known is not None:
            return known[place]
        if (door.thing, door.code) not in self._any:
            self._any[door.thing, door.code] = self._first(door)
        return self._any[door.thing, door.code]

    def _first(self, door: Door) -> int:
        screen = screens.registry.get(door.thing)
        if not isinstance(screen, RegisterScreen):
            return ABSENT_ID
        rows = reach.all_of(screen, self.hospital.builder)
        action = next((a for a in screen.actions if a.code == door.code), None)
        fit = (row for row in rows.order_by("pk") if action is None or not action.shown or action.shown(row))
        found = next(fit, None)
        assert found is not None, f"world.py has no {door.thing} that would do for {door}"
        return found.pk

    def _named(self, door: Door, place: str) -> int | str:
        """What a request calls the thing of a place, where its address does not say."""
        known = self.hospital.names.get(door.name) or self.hospital.objects.get(door.name) or {}
        return known.get(place, ABSENT_ID)

    def query(self, door: Door, place: str) -> dict[str, Any]:
        if door.name in NAMED_IN_QUERY:
            return {NAMED_IN_QUERY[door.name]: self._named(door, place)}
        match door.page, door.name:
            case "print_many", _:
                return {"id": self.id_of(door, place)}
            case _, "search":
                return {"q": "QX"}
            case _, "logistics.trace":
                return {"q": "HVLOT"}
            case _, "scan":
                return {"code": "CF2026"}
            case _, "costing.cell":
                return {"unit": self.hospital.objects["costing.cell"].get(place, ABSENT_ID)}
        return {}

    # -- the body ----------------------------------------------------------------------------------------------

    def body(self, door: Door, place: str) -> dict[str, Any]:
        """A whole document where one is saved, the act with a reason elsewhere."""
        if door.thing in self.hospital.forms:
            forms = self.hospital.forms[door.thing]
            header, lines = forms.get(place) or forms["own"]
            if door.is_api:
                return {"reason": "矩阵"} if door.code else {"header": header, "lines": lines}
            if door.page in ("new", "advise") or door.code == "save":
                typed = {
                    f"lines-{n}-{name}": value
                    for n, line in enumerate(lines)
                    for name, value in line.items()
                    if value is not None
                }
                return {**header, **typed, "act": "save", "version": "1", "sent": "1"}
            return {"act": door.code, "reason": "矩阵", "row": self.id_of(door, place)}
        if door.name == "operations.ticket.new":
            unit = self.hospital.units["own"]
            return {
                "channel": "web", "org_unit": f"{unit.code} {unit.name}", "module": "物流管理系统", "title": canary("own"),
                "level": "C", "reporter_name": "矩阵",
            }  # fmt: skip
        if (door.method, door.name) in NAMED_IN_BODY:
            return {NAMED_IN_BODY[door.method, door.name]: self._named(door, place)}
        if door.name == "logistics.unit_scan.drop":
            return {"source": self.hospital.names["logistics.unit_scan.scan"].get(place, "")}
        if door.name == "operations.training.join":
            return {"act": "sign", "k": self.hospital.secrets[door.name]}
        if door.page == "review":
            return {"act": door.code}
        screen = screens.registry.get(door.thing)
        if isinstance(screen, RegisterScreen) and door.page in ("edit", "new") and door.code != CLOSED:
            return self._row(screen, door, place)
        return {
            "reason": "矩阵",
            "text": "矩阵",
            "conclusion": "矩阵",
            "master": self.hospital.secrets["master"],
        }

    def _row(self, screen: RegisterScreen, door: Door, place: str) -> dict[str, Any]:
        """The form of a register as its row would have filled it; a new one under a code of its own."""
        row = screen.model._default_manager.filter(pk=self.id_of(replace(door, code=""), place)).first()
        fields = [f for f in screen.model._meta.concrete_fields if not f.primary_key]
        values = {f.name: getattr(row, f.attname, None) for f in fields}
        if door.page == "new" and "code" in values:
            values["code"] = f"{values['code']}-new"
        return {
            name: "1" if value is True else value
            for name, value in values.items()
            if value is not None and value is not False
        }
