"""Every door of the product, found in its URLconf: one per address, method and act that may be asked for there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

from hrp.operations.desk.views import acts as desk
from hrp.operations.duty.views import mine as duty
from hrp.operations.knowledge import views as knowledge
from hrp.platform.ui import screens
from hrp.platform.ui.papers import SHARED_ACTS
from hrp.platform.ui.reports import ReportScreen
from hrp.platform.ui.screens import DocumentScreen, RegisterScreen

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CLOSED = "-"  # the address exists on every screen; on this one nothing is declared behind it
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Addresses that say in their query which thing they are about, and what it is called there.
NAMED_IN_QUERY = {
    "logistics.theatre.sheet": "visit", "logistics.unit_labels": "unit", "logistics.pack_labels": "pack",
}  # fmt: skip
# Addresses that say in their body which thing they are about, and what it is called there.
NAMED_IN_BODY = {
    ("POST", "operations.gate.check_in"): "ticket", ("POST", "logistics.purchasing.replenishment.run"): "store",
    ("POST", "logistics.handheld.cards"): "unit", ("POST", "logistics.unit_scan.scan"): "source",
}  # fmt: skip
# Addresses that say by a word, not by an id, which thing they are about.
NAMED_IN_PATH = frozenset({"assets.scan", "assets.scan.code"})
_EDITING = ("new", "edit", "switch", "import", "import_template")


@dataclass(frozen=True)
class Door:
    """``name`` is what a row of the matrix calls it, ``family`` the same for all screens of its kind."""

    name: str
    family: str
    method: str
    route: str
    screen: str = ""
    code: str = ""
    guessed: bool = False  # of a function, which does not say which methods it takes

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.route)

    @property
    def page(self) -> str:
        """``detail`` of ``logistics.stock_issue.detail:save``."""
        return self.family.removeprefix("api:").partition(":")[0].rpartition(".")[2]

    @property
    def thing(self) -> str:
        """What kind of thing the address is about: a screen, or the first two words of its name."""
        return self.screen or ".".join(self.name.partition(":")[0].split(".")[:2])

    @property
    def of_one(self) -> bool:
        """Whether the door is about one thing that may lie somewhere else."""
        if (
            self.page == "print_many"
            or (self.method, self.name) in NAMED_IN_BODY
            or self.name in NAMED_IN_QUERY
            or self.name in NAMED_IN_PATH
        ):
            return True
        return bool({"pk", "run_id", "event"} & set(self.parameters)) and self.name != "costing.certificate"

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def is_of_materials(self) -> bool:
        return self.thing.startswith("logistics.") or self.name.startswith("api:logistics.")

    @property
    def is_of_assets(self) -> bool:
        return self.thing.startswith("assets.") or self.name.startswith("api:assets.")

    @property
    def is_of_papers(self) -> bool:
        """Whether the door is of a declared kind of document."""
        return self.family.removeprefix("api:").startswith("{document}")

    @property
    def is_of_operations(self) -> bool:
        return self.thing.startswith("operations.") or self.name.startswith("api:operations.")

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


@dataclass(frozen=True)
class Address:
    """One entry of the URLconf."""

    route: str
    name: str
    view: Any

    @property
    def screen(self) -> Any:
        return getattr(self.view, "view_initkwargs", {}).get("screen")

    @property
    def operations(self) -> list[Any]:
        """Of an address of the API: what ninja closed over when it made the view."""
        held = (cell.cell_contents for cell in getattr(self.view, "__closure__", None) or ())
        return next((one.operations for one in held if isinstance(one, PathView)), [])

    def methods(self) -> tuple[str, ...]:
        """The methods a class answers. A function does not say, so it counts with all of them."""
        view = getattr(self.view, "view_class", None)
        return METHODS if view is None else tuple(m for m in METHODS if hasattr(view, m.lower()))


def addresses(patterns: list[Any], route: str = "", space: str = "") -> Iterator[Address]:
    """Walk URL patterns."""
    for one in patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from addresses(one.url_patterns, here, inner)
        elif isinstance(one, URLPattern):
            yield Address(here, f"{space}{one.name or ''}", one.callback)


@cache
def doors() -> tuple[Door, ...]:
    """All doors of the product."""
    return tuple(doors_of(get_resolver().url_patterns))


def doors_of(patterns: list[Any]) -> list[Door]:
    """The doors of some URL patterns. A function view counts with every method: the matrix says which ones it takes."""
    found: list[Door] = []
    for address in addresses(patterns):
        if address.operations:
            found += [
                door
                for operation in address.operations
                for method in operation.methods
                for door in _of_operation(address, operation.operation_id, method)
            ]
        elif address.screen is not None:
            found += [door for method in address.methods() for door in _of_screen(address, method)]
        else:
            found += [door for method in address.methods() for door in _of_view(address, method)]
    return list(dict.fromkeys(found))


def _kind(screen: Any) -> str:
    if isinstance(screen, ReportScreen):
        return "{report}"
    return "{document}" if isinstance(screen, DocumentScreen) else "{register}"


def _of_operation(address: Address, operation: str, method: str) -> Iterator[Door]:
    key, _dot, act = operation.rpartition(".")
    screen = screens.registry[key]
    for code in SHARED_ACTS if act == "act" else ("",):
        tail = f":{code}" if code else ""
        yield Door(
            f"api:{operation}{tail}", f"api:{_kind(screen)}.{act}{tail}", method, address.route, key, code
        )


def _of_screen(address: Address, method: str) -> Iterator[Door]:
    screen = address.screen
    page = address.name.removeprefix(f"{screen.key}.")
    for code in _codes(screen, page, method):
        tail = f":{code}" if code else ""
        yield Door(
            f"{address.name}{tail}", f"{_kind(screen)}.{page}{tail}", method, address.route, screen.key, code
        )


def _codes(screen: Any, page: str, method: str) -> list[str]:
    """What may be asked for at an address of a screen, as it was declared."""
    if isinstance(screen, ReportScreen):
        return [""]
    if isinstance(screen, DocumentScreen):
        if page == "detail" and method == "POST":
            return ["save", *SHARED_ACTS, *_actions(screen, "detail")]
        if page == "bulk":
            return ["submit", "approve", "post", "print", *_actions(screen, "list")]
    elif page in _EDITING:
        return [""] if _offers(screen, page) else [CLOSED]
    declared = {
        "act": _actions(screen, "detail"),
        "page_act": _actions(screen, "page"),
        "bulk": _actions(screen, "list"),
        "panel": [panel.key for panel in screen.panels if panel.add is not None],
    }
    return declared[page] or [CLOSED] if page in declared else [""]


def _actions(screen: Any, place: str) -> list[str]:
    places = {"page": ("page",), "detail": ("detail", "both"), "list": ("list", "both")}[place]
    return [action.code for action in screen.actions if action.place in places]


def _offers(screen: RegisterScreen, page: str) -> bool:
    """Whether the register declares this way of changing it."""
    if not screen.editable or (page != "switch" and not screen.fields):
        return False
    if page == "switch":
        names = {field.name for field in screen.model._meta.get_fields()}
        return screen.disable is not None or "is_active" in names
    return screen.creatable if page == "new" else True


def _of_view(address: Address, method: str) -> Iterator[Door]:
    acts = [act.code for act in desk.ACTS]
    codes = {
        "lookup": [one.key for one in (*screens.lookups, *screens.registers())],
        "lookup.scan": [one.key for one in screens.registers() if one.scan is not None],
        "operations.ticket.act": acts,
        "operations.incident.act": acts,
        "POST operations.incident.review": ["write", "approve"],
        "operations.knowledge.act": list(knowledge.ACTS),
        "operations.duty.swap.act": list(duty.ACTS),
    }
    for code in codes.get(address.name) or codes.get(f"{method} {address.name}", [""]):
        name = f"{address.name}:{code}" if code else address.name
        screen = code if address.name in ("lookup", "lookup.scan") else ""
        yield Door(name, name, method, address.route, screen, code, not hasattr(address.view, "view_class"))
