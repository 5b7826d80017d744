"""Effective-dated parameters: modules declare what may be set, a hospital says what holds from which day and why.

A rule of the field that differs by hospital or changes by decree is never a constant in code. It is declared with a
sensible default and where that comes from; a row of :class:`Parameter` from a day on takes its place.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.base.registry import Registry
from hrp.platform.base.stamps import Memo
from hrp.platform.org.models import Parameter

Kind = Literal["integer", "decimal", "bool", "choice", "integers", "text"]


@dataclass(frozen=True)
class Spec:
    """One parameter that may be set. ``default`` is what holds while no row says otherwise, ``source`` where it is from.

    ``verified`` says whether the default was checked against its source; ``unit`` is shown beside the value.
    """

    key: str
    title: str
    kind: Kind
    default: Any
    source: str
    verified: bool = False
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: Decimal | int | None = None
    most: Decimal | int | None = None
    help: str = ""


@dataclass(frozen=True)
class Held:
    """What holds on a day: the value, where it comes from, and whether somebody checked it."""

    value: Any
    source: str
    verified: bool
    since: dt.date | None = None


registry: Registry[Spec] = Registry("业务参数")
_rows: Memo[tuple[tuple[str, dt.date, str, str, bool], ...]] = Memo("parameters")


def declare(*specs: Spec) -> None:
    """Make parameters known, from ``apps.py``."""
    for spec in specs:
        registry.register(spec.key, spec)


def value(key: str, on: dt.date) -> Any:
    """The value of a declared parameter on a day. KeyError for one that is not declared."""
    return held(key, on).value


def held(key: str, on: dt.date) -> Held:
    """The value of a declared parameter on a day with its source."""
    spec = registry[key]
    rows = _rows.get("all", _load)
    found = next((row for row in rows if row[0] == key and row[1] <= on), None)
    if found is None:
        return Held(spec.default, spec.source, spec.verified)
    return Held(parse(spec, found[2]), found[3], found[4], found[1])


def _load() -> tuple[tuple[str, dt.date, str, str, bool], ...]:
    rows = Parameter.objects.order_by("key", "-valid_from").values_list(
        "key", "valid_from", "value", "source", "verified_by"
    )
    return tuple((key, day, text, source, bool(checker)) for key, day, text, source, checker in rows)


def parse(spec: Spec, text: str) -> Any:
    """The value a text stands for. Raises Invalid with what would be right."""
    try:
        found = _PARSERS[spec.kind](text.strip())
    except (ValueError, InvalidOperation, KeyError):
        raise _wrong(spec, f"“{text}”不是{_EXPECTED[spec.kind]}") from None
    if spec.choices and found not in {code for code, _ in spec.choices}:
        raise _wrong(spec, f"只能是 {'、'.join(code for code, _ in spec.choices)}")
    for one in found if isinstance(found, tuple) else (found,):
        if spec.least is not None and one < spec.least:
            raise _wrong(spec, f"不能小于 {spec.least}")
        if spec.most is not None and one > spec.most:
            raise _wrong(spec, f"不能大于 {spec.most}")
    return found


def shown(spec: Spec, found: Any) -> str:
    """A value as people read and type it."""
    if spec.kind == "bool":
        return "是" if found else "否"
    if spec.kind == "integers":
        return "、".join(map(str, found))
    if spec.kind == "choice":
        return dict(spec.choices).get(found, found)
    return f"{found:f}" if isinstance(found, Decimal) else str(found)


def _wrong(spec: Spec, why: str) -> Invalid:
    return Invalid(
        f"{spec.title} 的值不对：{why}", problems=[Problem(why, field="value")], way_out="请按提示填写。",
        code="bad_parameter",
    )  # fmt: skip


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


def _integers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("、", ",").replace("，", ",").split(",") if part.strip())


_PARSERS: dict[str, Any] = {
    "integer": int,
    "decimal": _decimal,
    "bool": {"是": True, "否": False, "true": True, "false": False}.__getitem__,
    "choice": str,
    "integers": _integers,
    "text": str,
}
_EXPECTED = {
    "integer": "整数", "decimal": "数字", "bool": "“是”或“否”", "choice": "可选的值", "integers": "用顿号隔开的整数",
    "text": "文字",
}  # fmt: skip
