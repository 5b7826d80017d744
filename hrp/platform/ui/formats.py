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
    return NOTHING if value is None else value.strftime("%Y-%m-%d")


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
        return value.strftime("%Y-%m-%d")
    return str(value)


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "兆")


def _section(number: int) -> str:
    words, zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if zero and words else "") + _DIGITS[digit] + _UNITS[place]
            zero = False
        else:
            zero = True
    return words


def in_words(value: Decimal) -> str:
    """人民币大写 of an amount in yuan: ``Decimal("1010.10")`` -> 壹仟零壹拾元壹角整."""
    cents = int(abs(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP).scaleb(2))
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    words, gap = "", False
    for group in _GROUPS:
        part = yuan % 10000
        if part:
            words = _section(part) + group + ("零" if gap and words else "") + words
            gap = part < 1000
        else:
            gap = bool(words)
        yuan //= 10000
        if not yuan:
            break
    words = f"{words}元" if words else ""
    tail = (f"{_DIGITS[jiao]}角" if jiao else "零" if fen and words else "") + (
        f"{_DIGITS[fen]}分" if fen else ""
    )
    sign = "负" if value < 0 and cents else ""
    return sign + (words + tail + ("" if fen else "整") if tail else f"{words or '零元'}整")
