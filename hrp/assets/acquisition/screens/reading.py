"""Values of forms as services want them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.platform.base.refusals import Invalid, Problem


def text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def day(values: Mapping[str, Any], name: str) -> dt.date | None:
    """A date, None where none was given."""
    given = values.get(name)
    if isinstance(given, dt.date) or not given:
        return given or None
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise Invalid(
            "日期看不懂", problems=[Problem("写成 2026-11-23", field=name)], way_out="写成 2026-11-23。"
        ) from None


def number(values: Mapping[str, Any], name: str) -> Decimal:
    """A number, 0 where none was given."""
    try:
        found = Decimal(text(values, name) or "0")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= Decimal(10) ** 14:
        raise Invalid("应为数字", problems=[Problem("应为数字", field=name)], way_out="请填写数字。")
    return found


def whole(values: Mapping[str, Any], name: str) -> int:
    found = number(values, name)
    if found != int(found) or not 0 <= found < 10000:
        raise Invalid(
            "应为整数", problems=[Problem("应为 0 到 9999 的整数", field=name)], way_out="请填写整数。"
        )
    return int(found)


def key(params: Mapping[str, str], name: str) -> int | None:
    """A key in an address."""
    given = params.get(name, "")
    return int(given) if given.isdigit() and len(given) < 18 else None
