"""Values of forms as services want them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.platform.base.refusals import Invalid, Problem


def day(values: Mapping[str, Any], name: str) -> dt.date:
    given = values.get(name)
    if isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(str(given or "").strip())
    except ValueError:
        raise Invalid(
            "日期看不懂", problems=[Problem("请填写日期", field=name)], way_out="写成 2026-11-23。"
        ) from None


def money(values: Mapping[str, Any], name: str) -> Decimal:
    try:
        found = Decimal(str(values.get(name) or "").strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= 10**12 or found != round(found, 2):
        raise Invalid("金额不对", problems=[Problem("请填写金额，到分", field=name)], way_out="请核对金额。")
    return found
