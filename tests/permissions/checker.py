"""Knocks at every door as everybody and compares the answer with the matrix. Faults are sentences, not exceptions."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import cached_property
from typing import Any
from unittest import mock
from zlib import crc32

from django.apps import apps
from django.db import connection, transaction
from django.http import HttpResponse
from django.template.backends.django import Template

from hrp.platform.documents import registry
from hrp.platform.ui import screens
from hrp.platform.ui.papers import SHARED_ACTS
from hrp.platform.ui.screens import DocumentScreen
from tests.permissions import materials, matrix
from tests.permissions.doors import NAMED_IN_BODY, Door
from tests.permissions.places import ANONYMOUS, HEAVY_FORMS, MISSING, SEEN, UNSEEN, canary
from tests.permissions.policy import ABSENT, LOGIN, NARROW, SCOPED, Expected, Policy
from tests.permissions.requests import Requests
from tests.permissions.world import Hospital

COLUMNS = (ANONYMOUS, *matrix.ROLES)
# of the doors that ask for no permission, and of those that open to nobody
FEW = (ANONYMOUS, "rq", "ky", "al", "au")
FEWER = (ANONYMOUS, "al", "sy")
# Of an act that two addresses offer by the same code: those of documents are tried as everybody at the API, which draws no
# page to say no.
ALIKE = (ANONYMOUS, "al", "mx")
# Who is also sent everywhere, by detours and to what does not exist: whoever holds most in the own department and
# nothing outside, the key at the API, and the only holders of their doors.
STRAYS = ("al", "ky")
SHORT = (
    "history",
    "attachment",
    "attach",
    "print",
    "print_many",
    "switch",
    "bulk",
    "act",
)  # pages that ask for little
SEEKERS = ("al", "sy", "sg", "au")


def _unwritten(template: Template, *_given: Any) -> str:
    return ""


# Only what the narrow columns see is looked through for leaks; the page of a refused form is that of its GET.
# What nobody reads need not be written out.
UNREAD = mock.patch.object(Template, "render", _unwritten)
# what changes when somebody does what they must not: rows by the department they lie in, or by whom they belong to
WATCHED = (
    "logistics.Store", "desk.Ticket", "documents.ApprovalRoute", "catalogue.OneOffPurchase", "budget.BudgetLine",
    "requesting.QuotaCard", "requesting.DepartmentQuota", "requesting.UseAuthority", "assets.Asset", "equipment.RepairOrder",
    "equipment.Task", "equipment.DeviceEvent", "stocktaking.StocktakePlan", "stocktaking.StocktakeTask",
)  # fmt: skip
PERSONAL = ("access.UserSession", "access.ApiKey")


def takes_no_more_than_an_id(door: Door) -> bool:
    """Whether a declared screen's door reads nothing but which thing it is about, and what to say of it."""
    if not door.screen or door.name.startswith("lookup"):
        return False
    return door.page in SHORT or (door.page == "detail" and door.method == "POST" and door.code != "save")


def _is_its_turn(door: Door) -> bool:
    """Of what every kind of paper shares, which the papers of materials answer for one by one, assets try some at each kind."""
    shared = SHARED_ACTS[1:]
    if door.code not in shared or door.page not in ("detail", "bulk"):
        return True
    return shared.index(door.code) % 3 == crc32(door.screen.encode()) % 3


class Checker:
    """Knocks, and says what was not as the matrix has it."""

    def __init__(self, hospital: Hospital, policy: Policy | None = None, *, wary: bool = False) -> None:
        """A ``wary`` one takes back even what should have been refused."""
        self.hospital = hospital
        self.wary = wary
        self.policy = policy or Policy()
        self.requests = Requests(hospital)
        self.knocks = 0
        self._untouched = self._state()

    def faults(self, doors: Iterable[Door], columns: Iterable[str] = ()) -> list[str]:
        """Every door as every column (or some), in every place that makes a difference, straight and by detours."""
        doors = [door for door in doors if self.policy.row(door) is not None]
        first = {(door.route, door.method, door.screen): door for door in reversed(doors)}
        return [
            fault
            for door in doors
            for column in (columns or self.by_turns(door))
            if column in self.columns(door)
            # whoever may not even look is told so before the act is looked at: one act of an address will do
            if door == first[door.route, door.method, door.screen] or self.policy.may_look(column, door)
            for fault in (
                *(f for place in self.places(column, door) for f in self.knock(column, door, place)),
                *self.detours(column, door),
            )
        ]

    def columns(self, door: Door) -> tuple[str, ...]:
        row = self.policy.row(door)
        needs = row.needs if row is not None else ()
        if not self.policy.asks(door):
            return FEWER if needs[:1] == ("nobody",) else FEW
        if door.is_of_assets and not _is_its_turn(door):
            return ()
        if self.policy.is_alike(door) or (door.page in ("detail", "bulk") and door.code in SHARED_ACTS[1:]):
            return ALIKE
        return tuple(
            column
            for column in COLUMNS
            if (column != "mx" or set(needs) - {"view"})
            and (column not in matrix.AT_WORK or self.policy.is_at_work(column, door))
        )

    def by_turns(self, door: Door) -> tuple[str, ...]:
        """Of those who hold the same of what a door is about one knocks, and another one at the next door."""
        if not self.policy.asks(door):
            return self.columns(door)
        alike: dict[Any, list[str]] = {}
        for column in self.columns(door):
            alike.setdefault(self.policy.standing(column, door), []).append(column)
        turn = crc32(str(door).encode())
        return tuple(columns[turn % len(columns)] for columns in alike.values())

    def places(self, column: str, door: Door) -> tuple[str, ...]:
        """One's own place tells whether the permission is asked for; the others tell whether the department is."""
        row = self.policy.row(door)
        if row is not None and row.needs[0] == "token":
            return ("own", MISSING)
        if not door.of_one or column == ANONYMOUS or not self.policy.expected(column, door, "own").is_allowed:
            return ("own",)
        nowhere = (MISSING,) if column in SEEKERS else ()
        if not self.policy.is_scoped(door):
            return ("own", *nowhere)
        if column not in NARROW:
            return ("sibling",)
        if door.code in SHARED_ACTS[1:] or column not in STRAYS:
            return ("own", "sibling")
        if takes_no_more_than_an_id(door):
            return ("own", "sibling", *nowhere)
        looks = door.method == "GET" and door.page in ("detail", "get")
        if door.is_of_assets:  # of the same machinery: another place at every door
            turn = crc32(str(door).encode())
            below = (SEEN[1 + turn % 2],) if looks else ()
            return ("own", *below, UNSEEN[turn % len(UNSEEN)], *nowhere)
        return (*(SEEN if looks else ("own",)), *UNSEEN, *nowhere)

    # -- one knock ---------------------------------------------------------------------------------------------

    def knock(self, column: str, door: Door, place: str, how: str = "", **more: Any) -> list[str]:
        """Send one request and judge the answer. ``more`` makes it a detour, ``how`` says which."""
        expected = self.policy.expected(column, door, place)
        response, changed = self.answer(column, door, place, expected, **more)
        found = [*self._judge(door, expected, response), *self._trespasses(column, door, expected, changed)]
        who = column or "anonymous"
        return [f"{door} as {who} at {place}{' ' + how if how else ''}: {words}" for words in found]

    def answer(
        self, column: str, door: Door, place: str, expected: Expected, **more: Any
    ) -> tuple[HttpResponse, set[str]]:
        """The answer to one request and whose rows it changed; all of that is taken back."""
        self.knocks += 1
        if not expected.is_allowed and not self.wary:
            with UNREAD:
                return self.requests.send(column, door, place, **more), set()
        is_read = expected.narrow and (door.method == "GET" or bool(more))
        with transaction.atomic(), nullcontext() if is_read else UNREAD:
            response = self.requests.send(column, door, place, **more)
            changed: set[str] = set()
            if door.method != "GET" and (response.status_code < 400 or "body" in more):
                changed = {whose for whose, state in self._state().items() if state != self._untouched[whose]}
            transaction.set_rollback(True)
        return response, changed

    def _judge(self, door: Door, expected: Expected, response: HttpResponse) -> Iterator[str]:
        status, goes = response.status_code, response.get("Location", "")
        if status not in expected.statuses:
            yield f"{expected.words} expected, {status} came"
        if expected is LOGIN and not goes.startswith("/login"):
            yield f"was sent to {goes or 'nowhere'}"
        if expected.narrow:
            leaked = self.leaks(door, response)
            if leaked:
                yield f"leaks {', '.join(leaked)}"

    def _trespasses(self, column: str, door: Door, expected: Expected, changed: set[str]) -> Iterator[str]:
        """What was changed although the answer was polite."""
        if "personal" in changed:
            yield "changed what belongs to somebody else"
        if "unseen" in changed and (expected.narrow or column == "mx"):
            yield "changed what lies in another department"
        if changed & {"seen", "unseen"} and self.policy.lacks_asked_row_by_row(column, door):
            yield "did what the column may not do"

    # -- detours -----------------------------------------------------------------------------------------------

    def detours(self, column: str, door: Door) -> list[str]:
        """The same door asked for something else than its address says: by body, by query, by borrowed names."""
        if (
            column not in STRAYS
            or not self._can_stray(door)
            or not self.policy.expected(column, door, "own").is_allowed
        ):
            return []
        found = self.knock(column, door, "own", "asked for a sibling", query=self._named("sibling", door))
        if door.of_one and (door.method, door.name) not in NAMED_IN_BODY:
            borrowed = self._named("own", door)
            found += self.knock(column, door, "sibling", "called one's own", query=borrowed, body=borrowed)
        if door.method != "GET":
            found += self._smuggled(column, door)
        if door.page == "new" and door.method == "GET" and door.thing in self.hospital.forms:
            there = self.hospital.objects[door.thing]["sibling"]
            response, _changed = self.answer(column, door, "own", ABSENT, query={"copy": there})
            if response.status_code != 404:
                found.append(
                    f"{door} as {column} copies a sibling's: 404 expected, {response.status_code} came"
                )
        return found

    def _can_stray(self, door: Door) -> bool:
        """Whether the door is about things of departments at all; of the acts of one address, one stands for all."""
        if not self.policy.asks(door) or door.code in SHARED_ACTS[1:] or takes_no_more_than_an_id(door):
            return False
        return self.policy.is_scoped(door) or (door.method == "GET" and not door.of_one)

    def _smuggled(self, column: str, door: Door) -> list[str]:
        """A body that names another department: whatever the answer, nothing of theirs may change or show."""
        expected = Expected("no trespass", frozenset(range(200, 500)), is_allowed=True, narrow=True)
        named = self._named("sibling", door)
        said = []
        for what, names in (
            ("unit", ("org_unit", "campus", "unit", "bearer")),
            ("things", ("id", "pk", "row", "document", "store", "asset")),
        ):
            body = {name: named[name] for name in names}
            if door.is_api:
                body = {**body, "header": {**self.requests.body(door, "own").get("header", {}), **body}}
            response, changed = self.answer(column, door, "own", expected, body=body)
            found = [
                *self._judge(door, expected, response),
                *self._trespasses(column, door, expected, changed),
            ]
            said += [f"{door} as {column} with a sibling's {what} in the body: {words}" for words in found]
        return said

    def _named(self, place: str, door: Door) -> dict[str, Any]:
        """What a request could name to mean a place, and an order that would betray a password."""
        unit = self.hospital.units[place]
        there = self.hospital.objects.get(door.thing, {}).get(place, unit.pk)
        store = self.hospital.stores["own" if door.thing in materials.OF_OTHER_STORES else place]
        asset = self.hospital.objects["assets.asset"][place]
        return {
            "id": there, "pk": there, "row": there, "document": there, "unit": unit.pk, "org_unit": unit.pk,
            "campus": unit.campus_id, "store": store.pk, "bearer": unit.pk, "asset": asset, **self.hospital.common,
            "sort": "maker__password", "ordering": "maker__password", "maker__password__startswith": "a",
        }  # fmt: skip

    # -- what was left behind ----------------------------------------------------------------------------------

    @cached_property
    def _question(self) -> tuple[str, list[Any]]:
        """One statement that sums up the rows of the own department, of the others, and of one other person."""
        models = [*(one.model for one in registry.types), *(apps.get_model(name) for name in WATCHED)]
        groups = {"seen": SEEN, "unseen": UNSEEN}
        parts, values = [], []
        for whose, places in groups.items():
            for model in models:
                parts.append(
                    f"SELECT '{whose}', t::text FROM \"{model._meta.db_table}\" t WHERE org_unit_id = ANY(%s)"
                )
                values.append([self.hospital.units[place].pk for place in places])
        for name in PERSONAL:
            model = apps.get_model(name)
            parts.append(f"SELECT 'personal', t::text FROM \"{model._meta.db_table}\" t WHERE user_id = %s")
            values.append(self.hospital.builder.pk)
        # people are told things; what they were told stays as it is
        parts.append("SELECT 'personal', t::text FROM notify_message t WHERE id = %s")
        values.append(self.hospital.objects["work.message"]["own"])
        rows = " UNION ALL ".join(parts)
        return (
            f"SELECT whose, md5(string_agg(row, '|' ORDER BY row)) FROM ({rows}) r (whose, row) GROUP BY 1",
            values,
        )

    def _state(self) -> dict[str, str]:
        with connection.cursor() as cursor:
            cursor.execute(*self._question)
            return dict(cursor.fetchall())

    # -- canaries ----------------------------------------------------------------------------------------------

    @cached_property
    def _foreign(self) -> re.Pattern[str]:
        """Words, the heavy amount and addresses of what lies outside the own department."""
        addresses = [
            rf"{base}(?:{'|'.join(str(self.hospital.objects[kind][place]) for place in UNSEEN)})\b"
            for kind, base in (*_bases().items(), ("ledger.entry", "记-"))
        ]
        return re.compile("|".join([*(canary(place) for place in UNSEEN), *HEAVY_FORMS, *addresses]))

    def leaks(self, door: Door, response: HttpResponse) -> list[str]:
        """What an answer says of other departments; an API's list also by the bare ids of its items."""
        text = text_of(response)
        found = set(self._foreign.findall(text))
        if door.is_api and door.page == "list" and response.status_code == 200:
            known = self.hospital.objects.get(door.thing, {})
            foreign = {known[place] for place in UNSEEN if place in known}
            found |= {f"id {item['id']}" for item in json.loads(text)["items"] if item["id"] in foreign}
        return sorted(found)


def _bases() -> dict[str, str]:
    """Where the pages of one thing begin, by kind."""
    narrowed = (s for s in screens.registry if s.key in SCOPED or isinstance(s, DocumentScreen))
    return {
        **{screen.key: screen.base for screen in narrowed},
        "operations.ticket": "/operations/tickets/",
        "operations.record": "/operations/records/",
    }


def text_of(response: HttpResponse) -> str:
    """All there is to read in an answer; a workbook unpacked."""
    content = b"".join(response) if response.streaming else response.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace") + response.get("Location", "")
