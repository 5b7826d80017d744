"""The matrix read: its rows, who holds what, and what is to be expected of one column at one door in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache

from hrp.platform.access.permissions import registry as declared
from tests.permissions import assets, materials, matrix, newer_materials
from tests.permissions.doors import Door
from tests.permissions.places import ANONYMOUS, MISSING, UNSEEN

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Row:
    """One line of DOORS and one door named in it."""

    needs: tuple[str, ...]
    methods: frozenset[str]
    door: str


def _rows(table: str) -> list[Row]:
    rows = []
    for line in table.strip().splitlines():
        words = line.split()
        places = [place for place, word in enumerate(words) if word in METHODS]
        if places:
            needs, methods = tuple(words[: places[0]]), frozenset(words[places[0] : places[-1] + 1])
            rows += [Row(needs, methods, door) for door in words[places[-1] + 1 :]]
    return rows


def _holdings(table: str) -> list[tuple[str, dict[str, str]]]:
    columns, *lines = (line.split() for line in table.strip().splitlines())
    return [
        (pattern, dict(zip(columns, line[-len(columns) :], strict=True)))
        for line in lines
        for pattern in line[: -len(columns)]
    ]


TABLES = (matrix, newer_materials, materials, assets)
ROWS = [row for table in TABLES for row in _rows(table.DOORS)]
HOLDINGS = [held for table in TABLES for held in _holdings(table.HOLDS)]
SCOPED = frozenset(name for table in TABLES for name in table.BY_DEPARTMENT.split())
CALLED = {**matrix.CALLED, **materials.CALLED, **newer_materials.CALLED, **assets.CALLED}


@cache
def reach(column: str, code: str) -> str:
    """Where a column holds a permission: ``a`` everywhere, ``o`` in its own department, "" nowhere."""
    if column in ("al", "mx"):
        if code.partition(".")[0] in ("system", "security", "audit"):
            return ""
        return "a" if column == "mx" and code.endswith(".view") else "o"
    for pattern, marks in HOLDINGS:
        if fnmatchcase(code, pattern):
            return marks.get(column, ".").strip(".")
    return ""


def held_by(column: str) -> list[str]:
    """The declared permissions of a column."""
    return sorted(one.code for one in declared if reach(column, one.code))


@cache
def works_with(column: str) -> frozenset[str]:
    """What a column may do more with than look, export and print."""
    held = (code.rpartition(".") for code in held_by(column))
    return frozenset(noun for noun, _dot, act in held if act not in ("view", "export", "print"))


def code_of(screen: str, act: str) -> str:
    """The permission an act of a screen goes by; of several that will do all, with a bar between."""
    act = CALLED.get(act, act)
    return CALLED.get(f"{screen}.{act}") or f"{CALLED.get(screen, screen)}.{act}"


# -- what is to be expected ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """``narrow``: the answer may only speak of the own department."""

    words: str
    statuses: frozenset[int]
    is_allowed: bool = False
    narrow: bool = False


DONE = frozenset({200, 201, 204, 302})
NOT_NOW = frozenset({400, 409, 422})  # allowed, but not now or not with what was sent
LOGIN = Expected("the way to /login", frozenset({302}))
UNKNOWN = Expected("401", frozenset({401}))
FORBIDDEN = Expected("403", frozenset({403}))
ABSENT = Expected("404", frozenset({404}))
REFUSED = Expected("403 or 404", frozenset({403, 404}))  # of what is the whole hospital's alone
NEVER = Expected("a refusal", frozenset({403, 404, 405, 409, 422}))
UNASKED = ("open", "signed", "own", "nobody", "nothing", "token", "seal", "key")  # no permission of a person
ALONE = (ANONYMOUS, "ky", "al", "mx")  # like nobody else
NARROW = frozenset({"rq", "re", "hd", "ky", "tn", "cu", "al"})  # who never reaches past the own department


class Policy:
    """The rows of the matrix, asked about one column at one door in one place."""

    def __init__(self, rows: Iterable[Row] = ROWS) -> None:
        self.rows = list(rows)
        self.used: set[Row] = set()
        self._exact = {(row.door, m): row for row in self.rows for m in row.methods if "*" not in row.door}
        self._patterns = [row for row in self.rows if "*" in row.door]
        self._found: dict[Door, Row | None] = {}

    def row(self, door: Door) -> Row | None:
        """The row of a door: by its own name before that of its family, word for word before a pattern."""
        if door not in self._found:
            self._found[door] = self._find(door)
        return self._found[door]

    def _find(self, door: Door) -> Row | None:
        for name in (door.name, door.family):
            found = self._exact.get((name, door.method)) or next(
                (r for r in self._patterns if door.method in r.methods and fnmatchcase(name, r.door)), None
            )
            if found is not None:
                self.used.add(found)
                return found if found.needs[0] != "as" else self._same(door, found)
        return None

    def _same(self, door: Door, row: Row) -> Row | None:
        """What another address asks for of the same act."""
        return self.row(replace(door, name=f"{row.needs[1]}:{door.code}"))

    def is_alike(self, door: Door) -> bool:
        """Whether the door says no more than that it asks for the same as another."""
        return any(row.needs[0] == "as" and fnmatchcase(door.name, row.door) for row in self.rows)

    def asks(self, door: Door) -> bool:
        """Whether a permission is needed at all."""
        row = self.row(door)
        return row is not None and row.needs[0] not in UNASKED

    def expected(self, column: str, door: Door, place: str) -> Expected:
        row = self.row(door)
        assert row is not None, f"no row for {door}"
        first = row.needs[0]
        if first == "open":
            return Expected("an answer", DONE | NOT_NOW | {503}, is_allowed=True)
        if first == "token":
            return NEVER if place == MISSING else Expected("an answer", DONE | NOT_NOW, is_allowed=True)
        if first == "nothing":
            return ABSENT
        if first == "seal":
            return FORBIDDEN
        if first == "key":
            return self._asked(column, door, place, row) if column == "ky" else UNKNOWN
        if column == ANONYMOUS or (column == "ky" and not door.is_api):
            return UNKNOWN if door.is_api else LOGIN
        if first == "nobody":
            return NEVER
        if first in ("signed", "own"):
            own = {404} if first == "own" else set()
            return Expected("an answer", DONE | NOT_NOW | own, is_allowed=True, narrow=column in NARROW)
        return self._asked(column, door, place, row)

    def _asked(self, column: str, door: Door, place: str, row: Row) -> Expected:
        reached: list[str] = []
        for need in row.needs:
            if need.startswith("~@"):
                if f"@{matrix.ROLES[column][2]}" not in need[1:].split("|"):
                    return NEVER
                continue
            if need[0] == "~" or need == "key":
                continue
            if need[0] in "=≠^":
                if (column in need[1:].split("|")) is (need[0] == "≠"):
                    return ABSENT if need[0] == "^" else FORBIDDEN
                continue
            if need.startswith("@"):
                if f"@{matrix.ROLES[column][2]}" not in need.split("|"):
                    return FORBIDDEN
                continue
            here = self.reach(column, door, need)
            if not here:
                return FORBIDDEN
            if here == "o" and need.endswith("!"):
                return REFUSED if door.parameters else FORBIDDEN
            if place == MISSING or (here == "o" and place in UNSEEN and self.is_scoped(door)):
                return ABSENT
            reached.append(here)
        if door.method == "GET":
            narrow = "o" in reached and door.name not in materials.OF_ALL
            return Expected("200", DONE, is_allowed=True, narrow=narrow)
        return Expected("no refusal", DONE | NOT_NOW, is_allowed=True, narrow=reached[:1] == ["o"])

    def reach(self, column: str, door: Door, need: str) -> str:
        """Where the column holds what is needed: the widest of the alternatives."""
        found = [reach(column, code) for code in self.codes(door, need)]
        return max(["", *found], key=("", "o", "a").index)

    @staticmethod
    def codes(door: Door, need: str) -> list[str]:
        """The permissions any of which will do."""
        need = need.removeprefix("~").removesuffix("!")
        if "?" in need:
            first, second = (code_of(door.screen, act) for act in need.split("?"))
            need = first if first in declared else second
        found = []
        for one in need.split("|"):
            named = one if "." in one else code_of(door.screen, door.code if one == ":act" else one)
            for code in named.split("|"):
                found += [p.code for p in declared if fnmatchcase(p.code, code)] if "*" in code else [code]
        return found

    def asked(self, door: Door) -> frozenset[str]:
        """Every permission that is asked for at a door."""
        row = self.row(door)
        needs = row.needs if row is not None and row.needs[0] not in UNASKED else ()
        return frozenset(
            c for need in needs if need.lstrip("~")[0] not in "@=≠^" for c in self.codes(door, need)
        )

    def is_at_work(self, column: str, door: Door) -> bool:
        """Whether the column may do more with what the door is about than look, export and print."""
        return not {code.rpartition(".")[0] for code in self.asked(door)}.isdisjoint(works_with(column))

    def standing(self, column: str, door: Door) -> tuple[object, ...]:
        """All that tells a column from others at a door: what it holds of the same nouns, its party, whether it is named."""
        if column in ALONE:
            return (column,)
        held = tuple(reach(column, code) for code in self._telling(door))
        if not any(held):
            return ()
        row = self.row(door)
        named = row is not None and any(column in n[1:].split("|") for n in row.needs if n[0] in "=≠^")
        return (held, matrix.ROLES[column][2], column in NARROW, named)

    def _telling(self, door: Door) -> list[str]:
        """The permissions that tell people apart at a door: those of its nouns; of assets, which most people of the house see
        and few do anything with, only those it asks for."""
        asked = self.asked(door)
        if door.is_of_assets:
            return sorted(asked)
        nouns = {code.rpartition(".")[0] for code in asked}
        return [one.code for one in declared if one.code.rpartition(".")[0] in nouns]

    def may_look(self, column: str, door: Door) -> bool:
        """Whether the column holds the first thing the door asks for."""
        row = self.row(door)
        if row is None or column == ANONYMOUS:
            return False
        return row.needs[0][0] not in "~=" and bool(self.reach(column, door, row.needs[0]))

    def lacks_asked_row_by_row(self, column: str, door: Door) -> bool:
        """Whether the door lets the column in but must not do what was asked with any row."""
        row = self.row(door)
        return row is not None and any(
            n[0] == "~" and n[1] != "@" and not self.reach(column, door, n) for n in row.needs
        )

    @staticmethod
    def is_scoped(door: Door) -> bool:
        family = door.family.removeprefix("api:").partition(".")[0]
        return not SCOPED.isdisjoint({family, door.thing, door.name})


def unruled(doors: Iterable[Door], policy: Policy) -> list[str]:
    """Doors the matrix says nothing of. A function view needs a row for at least one method."""
    doors = list(doors)
    known = {door.name for door in doors if policy.row(door) is not None}
    return sorted(
        f"{door} ({door.route}) has no row"
        for door in doors
        if policy.row(door) is None and not (door.guessed and door.name in known)
    )


def stale(doors: Iterable[Door], policy: Policy) -> list[str]:
    """Rows that no door answers to any more."""
    for door in doors:
        policy.row(door)
    return [
        f"{' '.join(row.needs)} {row.door} names no door" for row in policy.rows if row not in policy.used
    ]
