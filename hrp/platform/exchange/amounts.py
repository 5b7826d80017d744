"""Amounts as accountants write them: 人民币大写 and thousands separators. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
RMB_LIMIT = Decimal(10) ** 16


def rmb_upper(amount: Decimal) -> str:
    """``1234.50`` -> ``壹仟贰佰叁拾肆元伍角整``.

    《支付结算办法》附件一《正确填写票据和结算凭证的基本规定》: 整 after 元 or 角, none after 分; consecutive zeros are
    read once; a zero in 角 before 分 is read (壹元零伍分); 负 before a negative amount. Rounded to 分, half up.
    Raises ValueError for NaN, infinity and amounts of 10^16 yuan or more.
    """
    if not amount.is_finite():
        raise ValueError("金额不是有限的数")
    if abs(amount) >= RMB_LIMIT:
        raise ValueError("金额须小于 10^16 元")
    cents = int(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP).scaleb(2))
    sign = "负" if cents < 0 else ""
    yuan, rest = divmod(abs(cents), 100)
    jiao, fen = divmod(rest, 10)
    if not yuan and not rest:
        return "零元整"
    text = _integer(yuan) + "元" if yuan else ""
    if jiao:
        # The rule allows both with and without 零 here; with it, no digit can be slipped in between.
        text += ("零" if yuan and yuan % 10 == 0 else "") + _DIGITS[jiao] + "角"
    elif fen and yuan:
        text += "零"
    text += _DIGITS[fen] + "分" if fen else "整"
    return sign + text


def _integer(number: int) -> str:
    groups = []
    while number:
        number, group = divmod(number, 10000)
        groups.append(group)
    text, pending = "", False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if not group:
            pending = bool(text)
            continue
        if text and (pending or group < 1000):
            text += "零"
        text += _group(group) + _GROUPS[index]
        pending = False
    return _one_yi(text) if text.count("亿") > 1 else text


def _one_yi(text: str) -> str:
    """壹万亿贰亿 is said 壹万贰亿: 亿 belongs to both groups and is spoken once."""
    first, rest = text.split("万亿", 1)
    return f"{first}万{rest}"


def _group(number: int) -> str:
    text, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + _DIGITS[digit] + _PLACES[place]
            zero = False
        else:
            zero = True
    return text


def thousands(amount: Decimal | int, places: int = 2) -> str:
    """``-1234.5`` -> ``-1,234.50``, rounded half up; minus zero is shown as zero."""
    value = Decimal(amount).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return format(abs(value) if value == 0 else value, ",f")
