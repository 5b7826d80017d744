"""Choosing things: every register and every declared look-up answers the same questions, in the asker's scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.base.refusals import Forbidden, NotFound
from hrp.platform.ui import reach, screens
from hrp.platform.ui.screens import Field, LineField, Lookup, RegisterScreen

MOST = 20
MOST_CODES = 200

Params = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """One thing that may be chosen. ``label`` is what the box shows afterwards, ``fill`` what other cells take."""

    id: int
    code: str
    name: str
    label: str
    hint: str
    fill: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "code": self.code, "name": self.name, "label": self.label, "hint": self.hint,
            "fill": {key: _plain(value) for key, value in self.fill.items()},
        }  # fmt: skip


def _plain(value: Any) -> str:
    from hrp.platform.ui.formats import entry

    return entry(value)


class Source:
    """A register or a look-up, asked in one way."""

    def __init__(self, declared: RegisterScreen | Lookup) -> None:
        self.declared = declared
        self.key = declared.key
        self.title = declared.title
        # the usual code and name are looked for only where the register has them
        self.search_paths = self._known(declared.search)
        self.exact_paths = self._known(declared.exact)

    def _known(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(self.declared, Lookup):
            return paths
        names = {field.name for field in self.declared.model._meta.get_fields()}
        return tuple(path for path in paths if path.split("__")[0] in names)

    def rows(self, actor: Any, params: Params) -> QuerySet[Any]:
        """What the actor may choose."""
        declared = self.declared
        if isinstance(declared, Lookup):
            return declared.queryset(actor, params)
        found = self.within(actor).order_by(*declared.ordering)
        names = {field.name for field in declared.model._meta.get_fields()}
        return found.filter(is_active=True) if "is_active" in names else found

    def within(self, actor: Any) -> QuerySet[Any]:
        """What the actor may know of, chosen or not: of a register what lies in reach, of a look-up what it says."""
        if isinstance(self.declared, Lookup):
            return self.declared.within(actor) if self.declared.within else self.model._default_manager.all()
        return reach.within(self.declared, actor, _users_of(self.key))

    def choice(self, obj: Any, shows: Iterable[str] = ()) -> Choice:
        """``shows`` are paths below the thing that entry grids display beside it; only declared ones are answered."""
        declared = self.declared
        if isinstance(declared, Lookup) and declared.code is not None:
            code = declared.code(obj)
        else:
            code = str(getattr(obj, self.exact_paths[0].split("__")[0], "") if self.exact_paths else obj.pk)
        fill = dict(declared.fill(obj)) if declared.fill else {}
        allowed = _shown_paths(self.key)
        fill.update({f"shows.{path}": _follow(obj, path) for path in shows if path in allowed})
        name = str(getattr(obj, "name", None) or getattr(obj, "display_name", None) or obj)
        hint = declared.hint(obj) if declared.hint else ""
        return Choice(obj.pk, code, name, declared.label(obj), hint, fill)

    def search_rows(self, actor: Any, text: str, params: Params | None = None) -> QuerySet[Any]:
        """Rows that ``text`` names: a search path matches, or an exact one equals; of several words each must."""
        rows = self.rows(actor, params or {})
        if not text:
            return rows
        if self.declared.find is not None:
            return self.declared.find(rows, text)
        if not self.search_paths and not self.exact_paths:
            return rows.none()
        every = Q()
        for word in text.split():
            every &= self._named(word)
        return rows.filter(self._named(text) | every)

    def _named(self, text: str) -> Q:
        condition = Q()
        for path in self.search_paths:
            condition |= Q(**{path: text})
        for path in self.exact_paths:
            condition |= Q(**{f"{path}__iexact": text})
        return condition

    def search(self, actor: Any, text: str, params: Params, shows: Iterable[str] = ()) -> list[Choice]:
        return [self.choice(obj, shows) for obj in self.search_rows(actor, text, params)[:MOST]]

    def scan(self, actor: Any, raw: str, place: str, shows: Iterable[str]) -> dict[str, Any] | None:
        """What a scan says, as the scan box takes it; None when this source reads none or the scan is no code."""
        declared = self.declared
        if not isinstance(declared, RegisterScreen) or declared.scan is None:
            return None
        reading = declared.scan(actor=actor, raw=raw, place=place)
        row = self.rows(actor, {}).filter(pk=reading.pk).first() if reading.pk is not None else None
        return {
            "hit": self.choice(row, shows).as_dict() if row is not None else None,
            "fill": dict(reading.fill or {}), "warnings": list(reading.warnings), "error": reading.error,
            "dialog": reading.dialog, "once": reading.once,
        }  # fmt: skip

    @property
    def scans(self) -> bool:
        return isinstance(self.declared, RegisterScreen) and self.declared.scan is not None

    def by_codes(self, actor: Any, codes: Iterable[str], params: Params) -> dict[str, Any]:
        """Objects by their upper-case exact codes; codes that name nothing, or several things, are absent."""
        wanted = {code.strip().upper() for code in codes if code.strip()}
        if not wanted:
            return {}
        rows = self.rows(actor, params)
        found: dict[str, Any] = {}
        for path in self.exact_paths:
            missing = wanted - found.keys()
            if not missing:
                break
            as_typed = {code for code in codes if code.strip().upper() in missing}
            given = as_typed | missing | {code.lower() for code in missing}
            for obj in rows.filter(**{f"{path}__in": [code.strip() for code in given]})[: MOST_CODES * 2]:
                value: Any = obj
                for step in path.split("__"):
                    value = getattr(value, step)
                found.setdefault(str(value).upper(), obj)
        return found

    def exact(self, actor: Any, text: str, params: Params) -> Any | None:
        return self.by_codes(actor, [text], params).get(text.strip().upper())

    def only(self, actor: Any) -> Any | None:
        """The one thing there is to choose, if there is but one."""
        found = list(self.rows(actor, {})[:2])
        return found[0] if len(found) == 1 else None

    def labels(self, ids: Iterable[int]) -> dict[int, str]:
        """What the boxes of already chosen things show, whether or not they may still be chosen."""
        wanted = {pk for pk in ids if pk}
        if not wanted:
            return {}
        model = self.model
        return {obj.pk: self.declared.label(obj) for obj in model._default_manager.filter(pk__in=wanted)}

    def label_for(self, actor: Any, pk: int) -> str:
        """What the box of an id shows that came with a request; nothing of what the actor may not know of."""
        found = self.within(actor).filter(pk=pk).first()
        return self.declared.label(found) if found is not None else ""

    def codes(self, ids: Iterable[int]) -> dict[int, str]:
        wanted = {pk for pk in ids if pk}
        if not wanted or not self.exact_paths:
            return {}
        return dict(self.model._default_manager.filter(pk__in=wanted).values_list("pk", self.exact_paths[0]))

    @property
    def model(self) -> type[Model]:
        if isinstance(self.declared, RegisterScreen):
            return self.declared.model
        return self.declared.queryset(None, {}).model


def source(key: str) -> Source:
    """The register or look-up named ``key``. Raises NotFound."""
    declared = screens.lookups.get(key) or screens.registry.get(key)
    if not isinstance(declared, (Lookup, RegisterScreen)):
        raise NotFound(_("没有名为“{key}”的参照。").format(key=key), way_out=_("请刷新页面后重试。"))
    return Source(declared)


def source_for(field: Field | LineField, model: type[Model]) -> Source | None:
    """Where values of a foreign key are chosen from: the field's own look-up, or the register of its model."""
    if field.lookup:
        return source(field.lookup)
    register = screens.register_of(model)
    return Source(register) if register else None


def _follow(obj: Any, path: str) -> Any:
    for step in path.split("__"):
        obj = getattr(obj, step, None)
    return obj


@cache
def _shown_paths(key: str) -> frozenset[str]:
    """The paths that some entry grid shows of things chosen through this look-up."""
    paths: set[str] = set()
    for screen in screens.documents():
        for line in screen.lines:
            head, _dot, rest = ("", "", "") if isinstance(line, str) else line.shows.partition("__")
            if rest and any(_chooses(other, head, key, screen) for other in screen.lines):
                paths.add(rest)
    return frozenset(paths)


def _chooses(given: LineField | str, name: str, key: str, screen: screens.DocumentScreen) -> bool:
    own = given if isinstance(given, str) else given.name
    return own == name and _names(given, key, None, screen)


@cache
def _users_of(key: str) -> frozenset[str]:
    """Permission codes that let a person use the look-up: viewing it, editing what is chosen from it, filtering by it."""
    codes: set[str] = set()
    declared = screens.lookups.get(key)
    if declared is not None:
        codes |= set(declared.permissions)
    register = screens.registry.get(key)
    if isinstance(register, RegisterScreen):
        codes |= set(register.codes_of("view"))
    for screen in screens.registry:
        inputs: list[Any] = (
            [*screen.fields] if isinstance(screen, screens.DocumentScreen) or screen.editable else []
        )
        if isinstance(screen, screens.DocumentScreen):
            inputs += screen.lines
        for panel in screen.panels:
            if (
                panel.fields
                and panel.permission
                and any(_names(field, key, panel.model) for field in panel.fields)
            ):
                codes.add(panel.permission)
        for action in screen.actions:
            if action.permission and any(_names(field, key, None) for field in action.fields):
                codes.add(action.permission)
        model = screen.model if isinstance(screen, RegisterScreen) else None
        if any(_names(given, key, model, screen) for given in inputs):
            codes |= set(screen.codes_of("edit"))
        if any(f.register == key for f in screen.filters):
            codes |= set(screen.codes_of("view"))
    return frozenset(codes)


def _names(given: Any, key: str, model: type[Model] | None, screen: Any = None) -> bool:
    from hrp.platform.ui.columns import field_at

    name, lookup = (given, "") if isinstance(given, str) else (given.name, given.lookup)
    if lookup:
        return bool(lookup == key)
    if not isinstance(given, str) and given.choices is not None:
        return False  # it brings its choices along
    models = [model] if model is not None else []
    if isinstance(screen, screens.DocumentScreen):
        from hrp.platform.documents.registry import types

        found = types[screen.kind]
        models = [found.model, *([found.line_model] if found.line_model else [])]
    for owner in models:
        field = field_at(owner, name)
        related = getattr(field, "related_model", None)
        register = screens.register_of(related) if isinstance(related, type) else None
        if register is not None and register.key == key:
            return True
    return False


def require(actor: Any, key: str) -> None:
    """Raise Forbidden unless something the person may do needs this look-up."""
    register = screens.registry.get(key)
    if isinstance(register, RegisterScreen) and register.lookup_open:
        return
    if not any(scope.has(actor, code) for code in _users_of(key)):
        raise Forbidden(
            _("您没有选用“{title}”的权限。").format(title=source(key).title),
            way_out=_("如工作需要，请联系安全管理员。"),
        )
