"""How values look on a page: money, quantities, dates. Pure."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hrp.platform.base import clock

NOTHING = "—"


def money(value: Decimal | int | None) -> str:
    """Two decimals, thousands separated, minus sign in front; nothing is a dash."""
    return NOTHING if value is None else f"{Decimal(value):,.2f}"


def quantity(value: Decimal | int | None) -> str:
    """Up to four decimals, without trailing zeros."""
    if value is None:
        return NOTHING
    text = f"{Decimal(value):,.4f}"
    return text.rstrip("0").rstrip(".")


def price(value: Decimal | None) -> str:
    """At least two and at most six decimals."""
    if value is None:
        return NOTHING
    whole, _, part = f"{Decimal(value):,.6f}".partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def percent(value: Decimal | None) -> str:
    """A ratio as a percentage: Decimal("0.074") -> "7.40%"."""
    if value is None:
        return NOTHING
    return f"{(Decimal(value) * 100).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}%"


def date(value: dt.date | None) -> str:
    """9999-12-31 is how a register says "without end"."""
    return NOTHING if value is None or value == dt.date.max else value.strftime("%Y-%m-%d")


def datetime_text(value: dt.datetime | None) -> str:
    return NOTHING if value is None else clock.local(value).strftime("%Y-%m-%d %H:%M")


def when(value: dt.datetime | None) -> str:
    if value is None:
        return NOTHING
    here, today = clock.local(value), clock.today()
    if here.date() == today:
        return here.strftime("%H:%M")
    if here.date() == today - dt.timedelta(days=1):
        return here.strftime("昨天 %H:%M")
    return here.strftime("%m-%d %H:%M" if here.year == today.year else "%Y-%m-%d")


def entry(value: Any) -> str:
    """What stands in an input for this value: no separators, no dash."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dt.datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return "" if value == dt.date.max else value.strftime("%Y-%m-%d")
    return str(value)
