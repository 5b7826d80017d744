"""The product holds to its matrix: every address, method and act, as everybody, in every place that matters."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hrp.config import roles
from hrp.platform.access import permissions
from hrp.platform.access.models import RolePermission
from hrp.platform.ui import screens
from tests.permissions import matrix, policy
from tests.permissions.checker import COLUMNS, Checker, text_of
from tests.permissions.doors import Door, doors
from tests.permissions.places import PLACES, canary
from tests.permissions.policy import Policy
from tests.permissions.world import Hospital

LEAST_KNOCKS = 2000
READ = policy.Expected("an answer to read", policy.DONE, is_allowed=True, narrow=True)


def found(name: str, method: str = "GET") -> Door:
    return next(door for door in doors() if (door.name, door.method) == (name, method))


def test_every_door_has_a_row_and_every_row_a_door() -> None:
    asked = Policy()
    assert policy.unruled(doors(), asked) == []
    assert policy.stale(doors(), asked) == []


def test_the_columns_are_the_roles_the_product_ships(hospital: Hospital) -> None:
    shipped = {column: code for column, (code, _where, _side) in matrix.ROLES.items() if code} | matrix.SILENT
    assert sorted(shipped.values()) == sorted(spec.code for spec in roles.ROLES)
    for column, code in shipped.items():
        held = RolePermission.objects.filter(role__code=code).values_list("code", flat=True)
        assert sorted(held) == policy.held_by(column), f"{column} ({code})"


def test_every_permission_is_in_the_matrix_and_nothing_else() -> None:
    codes = [one.code for one in permissions.registry]
    patterns = [pattern for pattern, _marks in policy.HOLDINGS]
    assert [code for code in codes if not any(fnmatchcase(code, pattern) for pattern in patterns)] == []
    assert [p for p in patterns if not any(fnmatchcase(code, p) for code in codes)] == []


def test_one_of_everything_lies_in_every_place(hospital: Hospital) -> None:
    """A new kind of document, or a register narrowed by department, is built in ``world.py``."""
    kinds = {screen.key for screen in screens.documents()}
    kinds |= {kind for kind in policy.SCOPED if "{" not in kind}
    known = {**hospital.names, **hospital.objects}
    assert {kind for kind in kinds if set(known.get(kind, ())) != set(PLACES)} == set()


def test_no_act_is_declared_without_its_permission() -> None:
    acts = [
        (screen.key, action.code, action.permission)
        for screen in screens.registry
        for action in screen.actions
    ]
    adds = [(s.key, p.key, p.permission) for s in screens.registry for p in s.panels if p.add is not None]
    assert [one for one in (*acts, *adds) if not one[2]] == []


def test_everybody_gets_what_the_matrix_says(hospital: Hospital) -> None:
    """At every door but those of operations, materials and assets: they have files, and so may have processes, of their own."""
    checker = Checker(hospital)
    elsewhere = ("is_of_operations", "is_of_materials", "is_of_assets")
    assert checker.faults(d for d in doors() if not any(getattr(d, own) for own in elsewhere)) == []
    assert checker.knocks > LEAST_KNOCKS


def test_a_method_without_a_row_is_refused(hospital: Hospital) -> None:
    """Functions take any method unless they say no; who may use the address at all must hear 405."""
    checker = Checker(hospital, wary=True)
    ruled = {door.name: door for door in doors() if door.guessed and checker.policy.row(door) is not None}
    tried = 0
    for door in doors():
        if not door.guessed or checker.policy.row(door) is not None:
            continue
        known = ruled[door.name]
        columns = [c for c in COLUMNS if checker.policy.expected(c, known, "own").is_allowed]
        response, _changed = checker.answer(columns[-1] if columns else "al", door, "own", policy.NEVER)
        assert response.status_code in ({405} if columns else {404, 405}), f"{door} as {columns[-1:]}"
        tried += 1
    assert tried > 50


def test_canaries_sing(hospital: Hospital) -> None:
    """The proof that a leak would be seen: who may see everything gets the words, the amount and the addresses."""
    checker, tried, silent = Checker(hospital), 0, []
    for door in doors():
        if door.method != "GET" or door.page not in ("list", "export") or not checker.policy.is_scoped(door):
            continue
        everything, _changed = checker.answer("fi", door, "own", READ)
        if everything.status_code == 200:
            silent += [] if checker.leaks(door, everything) else [str(door)]
            tried += 1
    assert silent == [], "show no canary even to who may see it"
    assert tried > 100
    word = canary("own")
    lists = ("logistics.stock_issue.list", "logistics.stock_issue.export", "operations.ticket.list", "search")
    for name in lists:
        own, _changed = checker.answer("al", found(name), "own", READ)
        assert word in text_of(own), name


def test_an_order_by_a_password_orders_nothing(hospital: Hospital) -> None:
    checker = Checker(hospital)
    door = found("api:logistics.stock_issue.list")
    plain, _changed = checker.answer("al", door, "own", policy.NEVER)
    for name in ("sort", "ordering", "order_by", "maker__password__startswith", "maker__username"):
        asked, _changed = checker.answer("al", door, "own", policy.NEVER, query={name: "-maker__password"})
        assert asked.content == plain.content, name
