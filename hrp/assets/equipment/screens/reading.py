"""Values of forms as services want them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.platform.base.refusals import Invalid, Problem


def text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def day(values: Mapping[str, Any], name: str) -> dt.date:
    """A date that must be there."""
    found = optional_day(values, name)
    if found is None:
        raise _wrong("请填写日期", name, "写成 2026-11-23。")
    return found


def optional_day(values: Mapping[str, Any], name: str) -> dt.date | None:
    given = values.get(name)
    if isinstance(given, dt.date) or not given:
        return given or None
    try:
        return dt.date.fromisoformat(str(given).strip().replace("/", "-"))
    except ValueError:
        raise _wrong("日期看不懂", name, "写成 2026-11-23。") from None


def number(values: Mapping[str, Any], name: str, *, default: Decimal | None = None) -> Decimal:
    """A number; the default where none was given."""
    given = text(values, name)
    if not given and default is not None:
        return default
    try:
        found = Decimal(given)
    except InvalidOperation:
        raise _wrong("应为数字", name, "请填写数字。") from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 10:
        raise _wrong("数字太大", name, "请核对数字。")
    return found


def whole(values: Mapping[str, Any], name: str) -> int:
    found = number(values, name)
    if found != int(found):
        raise _wrong("应为整数", name, "请填写整数。")
    return int(found)


def _wrong(message: str, field: str, way_out: str) -> Invalid:
    return Invalid(message, problems=[Problem(message, field=field)], way_out=way_out)
