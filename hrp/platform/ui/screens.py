"""Declarations of screens, and the registry modules fill with them in ``apps.py``.

A declaration is plain data plus a few callables. Nothing here reads the database or knows about HTTP. Wherever a
``Column`` or ``Field`` is expected, the bare name of a model field will do: title and kind are then taken from the
model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.db.models import Model, QuerySet

from hrp.platform.base.registry import Registry

Kind = Literal[
    "auto", "text", "code", "money", "quantity", "price", "percent", "integer", "date", "datetime", "month",
    "bool", "choice", "state", "register", "textarea", "file", "secret",
]  # fmt: skip
Choices = Sequence[tuple[str, str]]
Actor = (
    Any  # hrp.platform.access.models.User; kept loose so that declarations import nothing above their floor
)


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table.

    ``name`` is a field, or a path across foreign keys written with ``__``; ``value`` computes the cell instead.
    ``sort`` is the ORM ordering of the column (True: its own name). ``total`` puts its sum in the footer.
    ``tones`` colours a choice: value -> draft|wait|check|done|back|void. ``card`` is its place on the phone card.
    """

    name: str
    title: str = ""
    kind: Kind = "auto"
    sort: bool | str = False
    total: bool = False
    fixed: bool = False
    hidden: bool = False
    value: Callable[[Any], Any] | None = None
    link: Callable[[Any], str] | None = None
    tones: Mapping[str, str] | None = None
    card: Literal["", "title", "line", "meta", "amount", "tag"] = ""


@dataclass(frozen=True, eq=False)
class Filter:
    """One condition of the 查询 card.

    ``lookups`` are ORM look-ups joined by OR (default: the field's own). ``choices`` may be a callable taking the
    actor. ``register`` names the register a ``register`` filter looks up in. ``apply`` replaces the ORM look-ups.
    """

    name: str
    title: str = ""
    kind: Literal[
        "auto", "text", "choice", "bool", "date", "date_range", "month", "number_range", "register"
    ] = "auto"
    lookups: tuple[str, ...] = ()
    choices: Choices | Callable[[Actor], Choices] | None = None
    register: str = ""
    placeholder: str = ""
    default: Callable[[Actor], str] | str = ""
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None


@dataclass(frozen=True, eq=False)
class Tab:
    """A tab over a list: a named narrowing, counted. ``where`` are ORM keyword look-ups."""

    key: str
    title: str
    where: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Field:
    """An input of a register's or a document's form.

    ``lookup`` names the register or :class:`Lookup` a foreign key is chosen from (default: the register of its
    model). ``span`` is how many of the three columns it takes. ``default`` gives a new form its value.
    """

    name: str
    title: str = ""
    kind: Kind = "auto"
    required: bool | None = None
    readonly: bool = False
    span: Literal[1, 2, 3] = 1
    choices: Choices | Callable[[Actor], Choices] | None = None
    lookup: str = ""
    default: Callable[[Actor], Any] | None = None
    help: str = ""
    placeholder: str = ""
    section: str = ""
    immutable: bool = False  # may be given once, when the thing is created


@dataclass(frozen=True, eq=False)
class LineField:
    """A column of a document's entry grid.

    ``fills`` copies values of the chosen thing into other cells of the row: ``{"unit": "unit", "price": "price"}``
    (cell -> key of the look-up's answer). ``product`` names two cells whose product this read-only money cell shows
    while typing; the server computes it again. ``shows`` is a path displayed in a read-only cell
    (``"item__spec"``). ``depends`` sends the values of those cells or header fields along with a look-up. Enter passes
    a cell by that is ``aside``, seldom filled in; Tab still goes there. ``typing`` is a cell that only shows what the
    document's ``advise`` says while it is typed: saved and printed documents have no such column.
    """

    name: str
    title: str = ""
    kind: Kind = "auto"
    width: int = 0
    required: bool | None = None
    readonly: bool = False
    choices: Choices | Callable[[Actor], Choices] | None = None
    lookup: str = ""
    fills: Mapping[str, str] | None = None
    product: tuple[str, str] | None = None
    shows: str = ""
    depends: tuple[str, ...] = ()
    total: bool = False
    places: int | None = None
    aside: bool = False
    typing: bool = False


@dataclass(frozen=True, eq=False)
class Advice:
    """What an entry grid is told about one of its rows while it is typed, each by cell.

    ``fill`` are values for cells nobody typed into, ``shown`` texts of cells the grid only shows, ``why`` explains a cell
    when it is pointed at, ``wrong`` says at a cell what will be refused.
    """

    fill: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Panel:
    """A table under a register or document: ``rows(obj, actor)`` shown through ``columns``.

    ``fields`` and ``add(actor=, obj=, values=)`` make it a panel that rows can be added to (effective-dated facts:
    a new row from a date, never an edit of the old one); ``permission`` guards the adding, ``closed`` ends it.
    """

    key: str
    title: str
    rows: Callable[[Any, Actor], Iterable[Any]]
    columns: tuple[Column | str, ...]
    model: type[Model] | None = None
    fields: tuple[Field | str, ...] = ()
    add: Callable[..., Any] | None = None
    add_title: str = "新增"
    permission: str = ""
    empty: str = "暂无记录"
    closed: Callable[[Any], bool] | None = None


class Notice(str):
    """What an action answers when it must not vanish by itself, e.g. a one-time password to be written down."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Action:
    """A button that calls one service: ``run(actor=, obj=, values=)``; on a list ``obj`` is each ticked row.

    It may return a message, a :class:`Notice`, or an address to go to (beginning with ``/``). ``shown`` decides per
    object. ``values`` hold foreign keys as ids, dates and numbers as texts, files as uploads. ``direct`` leads somewhere
    and changes nothing: nobody is asked first.
    """

    code: str
    title: str
    run: Callable[..., str | None]
    permission: str = ""
    icon: str = ""
    style: Literal["", "primary", "danger"] = ""
    fields: tuple[Field | str, ...] = ()
    model: type[Model] | None = None  # whose fields ``fields`` name, when not the register's own
    confirm: str = ""
    shown: Callable[[Any], bool] | None = None
    place: Literal["detail", "list", "both", "page"] = "detail"
    direct: bool = False


@dataclass(frozen=True, eq=False)
class Output:
    """A button on a document or register that gives a file or a page: ``url(obj)``."""

    title: str
    url: Callable[[Any], str]
    icon: str = "printer"
    permission: str = ""


@dataclass(frozen=True, eq=False)
class Lookup:
    """A source of choices that is not a whole register, e.g. the lots of one item in one warehouse.

    ``queryset(actor, params)`` gets the values named in ``depends``. ``label`` is what the cell shows after
    choosing; ``fill`` gives the values other cells may take. ``code`` is what the list shows before the name, where it is
    not the first of ``exact``; ``find(rows, text)`` looks for what no path of the rows leads to. ``within(actor)`` is all
    the asker may know of, whether or not it can still be chosen: a line names nothing else, and no box shows it. Without,
    that is anything.
    """

    key: str
    title: str
    queryset: Callable[[Actor, Mapping[str, str]], QuerySet[Any]]
    search: tuple[str, ...]
    exact: tuple[str, ...] = ("code",)
    code: Callable[[Any], str] | None = None
    find: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    label: Callable[[Any], str] = str
    hint: Callable[[Any], str] | None = None
    fill: Callable[[Any], Mapping[str, Any]] | None = None
    permissions: tuple[str, ...] = ()
    within: Callable[[Actor], QuerySet[Any]] | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What a register made of a scan: the row ``pk`` it found, and what else of the line the code said.

    ``fill`` are values of other cells (a number in ``quantity`` is how many the code stands for); ``once`` marks a code
    that exists once (a serial), so that the same one is not taken twice. Without a row, ``error`` says why, and
    ``dialog`` is the address of a form that can help.
    """

    pk: int | None = None
    fill: Mapping[str, str] | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    dialog: str = ""
    once: bool = False


@dataclass(frozen=True, eq=False)
class RegisterScreen:
    """The pages of one register.

    ``key`` is ``module.noun``: permission codes are ``<key>.view``, ``<key>.edit``, ``<key>.export`` and
    ``<key>.import``. ``save(actor=, pk=, values=)`` is the module's service and returns the object; without one,
    ``editable`` registers are saved by the generic service. ``scope_field`` is the path to the org unit by which
    rows are narrowed ("" : the register is the whole hospital's); ``narrow(rows, unit_ids)`` does it where no path
    will. ``disable(actor=, obj=, reason=)`` is 停用.
    ``closed`` says of a row that it no longer changes: it is not offered for editing.
    ``find(rows, text)`` searches in the register's own way instead of by ``search``; ``scan(actor=, raw=, place=)``
    reads what a scanner sent into the grid of the document type ``place`` and answers a :class:`Reading`.
    """

    key: str
    model: type[Model]
    title: str
    icon: str
    url: str
    columns: tuple[Column | str, ...]
    menu: tuple[str, str] | None = None
    order: int = 100
    filters: tuple[Filter, ...] = ()
    tabs: tuple[Tab, ...] = ()
    fields: tuple[Field | str, ...] = ()
    panels: tuple[Panel, ...] = ()
    actions: tuple[Action, ...] = ()
    outputs: tuple[Output, ...] = ()
    editable: bool = True
    creatable: bool = True
    save: Callable[..., Any] | None = None
    disable: Callable[..., Any] | None = None
    enable: Callable[..., Any] | None = None
    active: Callable[[Any], bool] | None = None
    closed: Callable[[Any], bool] | None = None
    scope_field: str = ""
    narrow: Callable[[QuerySet[Any], frozenset[int]], QuerySet[Any]] | None = None
    queryset: Callable[[Actor], QuerySet[Any]] | None = None
    ordering: tuple[str, ...] = ("code",)
    search: tuple[str, ...] = ("code__istartswith", "name__icontains")
    exact: tuple[str, ...] = ("code",)
    label: Callable[[Any], str] = str
    hint: Callable[[Any], str] | None = None
    fill: Callable[[Any], Mapping[str, Any]] | None = None
    find: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    scan: Callable[..., Reading] | None = None
    sheet: Any = (
        None  # hrp.platform.exchange.sheets.SheetSpec, or a callable taking the actor and returning one
    )
    permission: str = ""  # prefix of the permission codes when it is not ``key``
    # acts whose permission has another name: {"edit": "system.unit.edit"}; of several names any will do
    codes: Mapping[str, str | tuple[str, ...]] | None = None
    history: bool = True
    lookup_open: bool = False  # anybody signed in may choose from it

    @property
    def base(self) -> str:
        """The address of the list, with slashes at both ends; pages of one row follow it."""
        return f"/{self.url.strip('/')}/"

    @property
    def scope_path(self) -> str:
        """The look-up path of the unit's id."""
        return (
            self.scope_field
            if not self.scope_field or self.scope_field.endswith("_id")
            else f"{self.scope_field}_id"
        )

    def codes_of(self, act: str) -> tuple[str, ...]:
        """The permissions any of which allows the act."""
        named = (self.codes or {}).get(act) or f"{self.permission or self.key}.{act}"
        return (named,) if isinstance(named, str) else named

    def code(self, act: str) -> str:
        return self.codes_of(act)[0]


@dataclass(frozen=True, eq=False)
class DocumentScreen:
    """The pages of one document type; ``kind`` is that of its ``DocumentSpec``, and so are its permission codes.

    Its address is the document type's own (``/logistics/stock-issues``), which journal entries point back to.

    ``fields`` are those of the header in order, ``lines`` the columns of the entry grid. ``scan`` names the line
    field the scan box fills. ``amount`` and ``quantity`` name the line cells summed in the dock. ``prefill(actor,
    params)`` gives a new document its header and lines, e.g. from the order it is received against.
    ``advise(actor, header, lines)`` answers an :class:`Advice` for every line as it is typed; both come as texts.
    ``copies`` are the parts of a carbon form (三联), printed at its foot.
    """

    kind: str
    icon: str
    fields: tuple[Field | str, ...]
    lines: tuple[LineField | str, ...] = ()
    columns: tuple[Column | str, ...] = ("number", "business_date", "org_unit", "total", "state", "maker")
    menu: tuple[str, str] | None = None
    order: int = 100
    filters: tuple[Filter, ...] = ()
    panels: tuple[Panel, ...] = ()
    actions: tuple[Action, ...] = ()
    outputs: tuple[Output, ...] = ()
    lines_title: str = ""
    scan: str = ""
    merge: bool = True  # a repeated scan adds one to the row instead of adding a row
    amount: str = "amount"
    amount_title: str = "合计金额"
    quantity: str = "quantity"
    defaults: Callable[[Actor], Mapping[str, Any]] | None = None
    prefill: Callable[[Actor, Mapping[str, str]], Mapping[str, Any]] | None = None
    queryset: Callable[[Actor], QuerySet[Any]] | None = None
    form: str = "form"  # the typst template of exchange that prints it
    paper: Literal["a4", "slip"] = "a4"  # slip: 241 x 140 mm continuous forms in three parts
    signatures: tuple[str, ...] = ("制单", "审核", "经手")
    # a PDF of the module's own instead of the generic form; told what marks it as a reprint
    printed: Callable[[Any, str], bytes] | None = None
    # other columns and lines on paper than in the grid: (columns, rows) of hrp.platform.exchange.forms
    paper_lines: Callable[[Any], tuple[Sequence[Any], Sequence[Mapping[str, Any]]]] | None = None
    sheet: Any = None
    creatable: bool = True
    advise: Callable[[Actor, Mapping[str, str], Sequence[Mapping[str, str]]], Sequence[Advice]] | None = None
    copies: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.kind

    @property
    def base(self) -> str:
        """The address of the list, with slashes at both ends; pages of one document follow it."""
        from hrp.platform.documents.registry import types

        return f"/{types[self.kind].path}/"

    @property
    def title(self) -> str:
        from hrp.platform.documents.registry import types

        return types[self.kind].spec.title

    def code(self, act: str) -> str:
        return f"{self.kind}.{act}"

    def codes_of(self, act: str) -> tuple[str, ...]:
        return (self.code(act),)


Screen = RegisterScreen | DocumentScreen


registry: Registry[Screen] = Registry("界面")
lookups: Registry[Lookup] = Registry("参照")


def register(screen: Screen) -> Screen:
    """Put a screen into the product: its addresses, its menu entry, its look-up and its API come with it."""
    from hrp.platform.ui import menu

    registry.register(screen.key, screen)
    if screen.menu is not None:
        system, group = screen.menu
        menu.add(
            system,
            group,
            menu.Item(
                title=_title(screen),
                icon=screen.icon,
                url_name=f"{screen.key}.list",
                any_of=screen.codes_of("view"),
                order=screen.order,
            ),
        )
    return screen


def extend(
    key: str, *, panels: Sequence[Panel] = (), actions: Sequence[Action] = (), **changes: Any
) -> Screen:
    """Add to a screen that a room below has registered: panels and actions beside its own, other parts in their place.

    Called in ``apps.py``, before addresses are made; the menu entry stays as it was.
    """
    screen = registry[key]
    wider = replace(screen, panels=(*screen.panels, *panels), actions=(*screen.actions, *actions), **changes)
    return registry.replace(key, wider)


def register_lookup(lookup: Lookup) -> Lookup:
    return lookups.register(lookup.key, lookup)


def registers() -> list[RegisterScreen]:
    return [screen for screen in registry if isinstance(screen, RegisterScreen)]


def documents() -> list[DocumentScreen]:
    return [screen for screen in registry if isinstance(screen, DocumentScreen)]


def register_of(model: type[Model]) -> RegisterScreen | None:
    """The register whose rows are of ``model``, or None."""
    return next((screen for screen in registers() if screen.model is model), None)


def _title(screen: Screen) -> str | Callable[[], str]:
    return screen.title if isinstance(screen, RegisterScreen) else lambda: screen.title
