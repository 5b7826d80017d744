"""Were the product weakened, the matrix would say so: each hole planted here must be reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path

from hrp.platform.access import api_auth, scope
from hrp.platform.access.models import ApiKey, User
from hrp.platform.documents import states
from hrp.platform.ui import reach
from hrp.platform.ui.middleware import SignInMiddleware
from hrp.platform.ui.views.documents import DocumentView
from tests.permissions import policy
from tests.permissions.checker import Checker
from tests.permissions.doors import doors, doors_of
from tests.permissions.policy import Policy, Row
from tests.permissions.world import Hospital

Faults = Callable[..., list[str]]


@pytest.fixture
def faults(hospital: Hospital) -> Faults:
    """Faults of some doors, by the beginning of their names, as some columns."""

    def of(*names: str, columns: tuple[str, ...]) -> list[str]:
        some = [door for door in doors() if door.name.startswith(names)]
        assert some, names
        return Checker(hospital, wary=True).faults(some, columns)

    return of


LISTS = ("logistics.stock_issue.list", "logistics.stock_issue.export", "api:logistics.stock_issue.list")
SUBMITS = tuple(f"{at}:submit" for at in (
    "logistics.stock_issue.detail", "logistics.stock_issue.bulk", "api:logistics.stock_issue.act"
))  # fmt: skip
SAVES = (
    "logistics.stock_issue.detail:save", "logistics.stock_issue.new", "api:logistics.stock_issue.create",
    "api:logistics.stock_issue.update", "logistics.store.edit",
)  # fmt: skip


def test_an_object_let_through(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(scope, "check_object", lambda actor, code, obj, field="": scope.require(actor, code))
    said = faults(
        "logistics.stock_issue.detail", "api:logistics.stock_issue.get", "api:logistics.stock_issue.act",
        columns=("al",),
    )  # fmt: skip
    for place in ("sibling", "campus", "departed"):
        assert f"GET logistics.stock_issue.detail as al at {place}: 404 expected, 200 came" in said
        assert f"GET api:logistics.stock_issue.get as al at {place}: 404 expected, 200 came" in said
    assert any("act:void as al at sibling" in one and "404 expected" in one for one in said)


def test_a_list_left_wide(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(scope, "filter", lambda actor, code, rows, field="": rows)
    said = faults(*LISTS, "logistics.store.detail", "operations.wall", columns=("al",))
    for door in LISTS:
        assert any(one.startswith(f"GET {door} as al at own: leaks ") for one in said), door
    assert any("operations.wall as al" in one and "leaks" in one for one in said)
    assert "GET logistics.store.detail as al at departed: 404 expected, 200 came" in said


def test_a_permission_nobody_asks_for(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(scope, "require", lambda actor, code, unit_id=None: None)
    said = faults(*LISTS, "costing.report", "system.user.list", columns=("au",))
    assert "GET logistics.stock_issue.list as au at own: 403 expected, 200 came" in said
    assert "GET costing.report as au at own: 403 expected, 200 came" in said
    assert "GET system.user.list as au at own: 403 expected, 200 came" in said


def test_a_door_without_sign_in(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(SignInMiddleware, "process_view", lambda *_args: None)
    said = faults("home", "operations.contract", columns=("",))
    assert any(one.startswith("GET home as anonymous at own: the way to /login expected") for one in said)


def test_a_key_as_powerful_as_its_owner(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    def owner_of(token: str) -> User:
        return ApiKey.objects.select_related("user").get(prefix=token[:10]).user

    monkeypatch.setattr(api_auth, "user_of", owner_of)
    said = faults("api:", columns=("ky",))
    assert "GET api:logistics.stock_receipt.list as ky at own: 403 expected, 200 came" in said
    assert any("stock_issue.act:submit as ky" in one for one in said)


def test_a_document_pushed_into_another_department(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(scope, "check_written", lambda *_args, **_more: None)
    said = faults(*SAVES, columns=("al",))
    moved = "as al with a sibling's unit in the body: changed what lies in another department"
    for door in SAVES:
        assert any(one.endswith(f"{door} {moved}") for one in said), door


def test_a_lookup_that_offers_everything(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setattr(reach, "units_of_any", lambda actor, codes: None)
    said = faults("lookup:logistics.store", "logistics.stock_issue.list", columns=("rq", "al"))
    assert any(one.startswith("GET lookup:logistics.store as rq at own: leaks") for one in said)
    assert any("list as al at own asked for a sibling: leaks" in one for one in said), (
        "a filter named the store"
    )


def test_one_view_that_forgets(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    def load(self: Any, request: HttpRequest, pk: int, act: str = "view") -> Any:
        return self.model.objects.get(pk=pk)

    monkeypatch.setattr(DocumentView, "load", load)
    said = faults("logistics.stock_issue.history", "logistics.stock_issue.attachment", columns=("hd", "au"))
    assert "GET logistics.stock_issue.history as hd at sibling: 404 expected, 200 came" in said
    assert "GET logistics.stock_issue.attachment as au at own: 403 expected, 200 came" in said


def test_an_act_that_asks_no_permission(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    monkeypatch.setitem(states.PERMISSION_OF, "submit", "view")
    said = faults(*SUBMITS, columns=("hd", "ky"))
    assert "POST api:logistics.stock_issue.act:submit as ky at own: 403 expected, 200 came" in said
    assert "POST logistics.stock_issue.detail:submit as hd at own: 403 expected, 302 came" in said
    assert "POST logistics.stock_issue.bulk:submit as hd at own: did what the column may not do" in said


def test_an_address_the_matrix_does_not_know() -> None:
    def hole(request: HttpRequest) -> HttpResponse:
        return HttpResponse("everything")

    known = get_resolver().url_patterns
    found = policy.unruled(doors_of([*known, path("hole/<int:pk>", hole, name="hole")]), Policy())
    assert found == [
        f"{method} hole (hole/<int:pk>) has no row" for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
    ]


def test_a_row_nothing_answers_to() -> None:
    gone = Row(("view",), frozenset({"GET"}), "logistics.gone.list")
    assert policy.stale(doors(), Policy([*policy.ROWS, gone])) == ["view logistics.gone.list names no door"]
