"""One raw value of a cell into the value its column promises, or a sentence saying what is wrong with it. Pure."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.utils.translation import gettext as _

from hrp.platform.exchange.sheets.specs import SheetColumn

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_COMPACT_MONTH = re.compile(r"(\d{4})(\d{2})")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}")
_TRUE = frozenset({"是", "有", "对", "√", "✓", "y", "yes", "true", "1", "t"})
_FALSE = frozenset({"否", "无", "错", "×", "✗", "x", "n", "no", "false", "0", "f"})
_EDGES = " \t\r\n\u3000\xa0\ufeff\u200b\u200c\u200d"
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_LARGEST = Decimal(10) ** 14  # numeric(18,4) still holds it


class Wrong(NamedTuple):
    """Why a cell is refused, and what to do."""

    message: str
    way_out: str = ""


def shown(raw: object) -> str:
    """A raw value as the person sees it in the sheet."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        if not math.isfinite(raw):
            return str(raw)
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else f"{raw:.15g}"
    if isinstance(raw, dt.datetime):
        return raw.date().isoformat() if raw.time() == dt.time() else raw.isoformat(" ", "seconds")
    return "" if raw is None else str(raw)


def blank(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip(_EDGES))


def convert(raw: object, column: SheetColumn, *, epoch_1904: bool = False) -> object | Wrong:
    """The value of a cell that is not blank. Lookups stay texts here; they are resolved for the whole column."""
    if isinstance(raw, str) and _FORBIDDEN.search(raw):
        return Wrong(_("含有看不见的控制字符"), _("请清除单元格后重新手工录入。"))
    if isinstance(raw, float) and not math.isfinite(raw):
        return Wrong(_("不是有效的数"), _("请填写普通数字。"))
    match column.kind:
        case "integer" | "decimal" | "money":
            return _number(raw, column)
        case "date":
            return _date(raw, epoch_1904)
        case "month":
            return _month(raw, epoch_1904)
        case "bool":
            return _bool(raw)
        case "choice":
            return _choice(raw, column)
        case _:
            return _text(raw, column)


def _text(raw: object, column: SheetColumn) -> str | Wrong:
    if (
        column.kind in ("code", "lookup")
        and isinstance(raw, float)
        and (not raw.is_integer() or abs(raw) >= 1e15)
    ):
        return Wrong(
            _("编码被 Excel 存成了数字，后面的位数可能已经丢失"), _("请把该列设为“文本”格式后重新填写编码。")
        )
    text = shown(raw).strip(_EDGES)
    if text[:1] == "'" and text[1:2] in tuple("=+-@"):
        text = text[1:]  # the guard our own exports put before such texts
    if column.kind in ("code", "lookup"):
        text = unicodedata.normalize("NFKC", text)
    if column.kind == "code" and any(character.isspace() for character in text):
        return Wrong(_("编码中间有空格或换行"), _("请去掉空格。"))
    if len(text) > column.max_length:
        return Wrong(
            _("有 {length} 个字，超过 {limit} 个").format(length=len(text), limit=column.max_length),
            _("请缩短内容。"),
        )
    return text


def _plain(raw: str) -> str:
    return unicodedata.normalize("NFKC", raw.strip(_EDGES)).strip(_EDGES)


def _number(raw: object, column: SheetColumn) -> int | Decimal | Wrong:
    if isinstance(raw, (bool, dt.date, dt.time, dt.timedelta)):
        return Wrong(_("应填数字"), _("该单元格的格式是日期或逻辑值，请改为“常规”后重新填写。"))
    if isinstance(raw, (int, float)):
        value = Decimal(format(raw, ".15g"))
    else:
        text = (
            _plain(str(raw)).removeprefix("¥").removeprefix("￥").removesuffix("元").replace("−", "-").strip()
        )
        if text.startswith("(") and text.endswith(")"):
            text = "-" + text[1:-1]
        text = text.replace(" ", "")
        if not (_NUMBER.fullmatch(text) or _SCIENTIFIC.fullmatch(text)) or len(text) > 40:
            return Wrong(_("应填数字"), _("请只填写数字，例如 1234.50，不要带单位。"))
        try:
            value = Decimal(text.replace(",", ""))
        except InvalidOperation:
            return Wrong(_("应填数字"), _("请填写普通数字。"))
    if abs(value) >= _LARGEST:
        return Wrong(_("数字过大"), _("请核对是否多录了位数。"))
    places = column.decimals
    exact = value.normalize()
    if max(0, -int(exact.as_tuple().exponent)) > places:
        if column.kind == "integer" or places == 0:
            return Wrong(_("应填整数"), _("请去掉小数部分。"))
        return Wrong(
            _("小数超过 {places} 位").format(places=places),
            _("请四舍五入到 {places} 位小数。").format(places=places),
        )
    if column.minimum is not None and value < column.minimum:
        return Wrong(_("不能小于 {minimum}").format(minimum=column.minimum), _("请核对后改正。"))
    if column.kind == "integer":
        return int(value)
    return value.quantize(Decimal(1).scaleb(-places))


def _serial(raw: float, epoch_1904: bool) -> dt.date | Wrong:
    """Excel's day number. 60 in the 1900 system is 29 February 1900, a day that never was."""
    if not raw.is_integer():
        return Wrong(_("日期里带有时间"), _("请只填写日期，例如 2026-01-31。"))
    days = int(raw) + (1462 if epoch_1904 else 0)
    if days < 1 or days == 60 or days > 2958465:
        return Wrong(_("不是有效的日期"), _("请写成 2026-01-31 这样的日期。"))
    return dt.date(1899, 12, 31 if days < 60 else 30) + dt.timedelta(days=days)


def _plausible(day: dt.date) -> dt.date | Wrong:
    if not 1900 <= day.year <= 2200:
        return Wrong(_("日期的年份不在 1900—2200 之间"), _("请核对年份。"))
    return day


def _date(raw: object, epoch_1904: bool) -> dt.date | Wrong:
    if isinstance(raw, dt.datetime):
        if raw.time() != dt.time():
            return Wrong(_("日期里带有时间"), _("请只填写日期，例如 2026-01-31。"))
        return _plausible(raw.date())
    if isinstance(raw, dt.date):
        return _plausible(raw)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        # 20260131 typed as a number is meant as a date; as a serial it would lie beyond the year 9999.
        if float(raw).is_integer() and 19000101 <= raw <= 22001231:
            raw = str(int(raw))
        else:
            day = _serial(float(raw), epoch_1904)
            return day if isinstance(day, Wrong) else _plausible(day)
    text = _plain(str(raw))
    found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if not found:
        return Wrong(_("不是有效的日期"), _("请写成 2026-01-31、2026/1/31 或 2026年1月31日。"))
    try:
        return _plausible(dt.date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return Wrong(_("日历上没有这一天"), _("请核对月份和日期。"))


def _month(raw: object, epoch_1904: bool) -> dt.date | Wrong:
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 190001 <= raw <= 220012:
        raw = shown(float(raw))
    if isinstance(raw, str) and (
        found := _MONTH.fullmatch(text := _plain(raw)) or _COMPACT_MONTH.fullmatch(text)
    ):
        if not 1 <= int(found[2]) <= 12:
            return Wrong(_("月份不在 1—12 之间"), _("请写成 2026-01。"))
        return (
            _plausible(dt.date(int(found[1]), int(found[2]), 1))
            if int(found[1])
            else Wrong(_("不是有效的月份"))
        )
    day = _date(raw, epoch_1904)
    if isinstance(day, Wrong):
        return Wrong(_("不是有效的月份"), _("请写成 2026-01 或 2026年1月。"))
    return day.replace(day=1)


def _bool(raw: object) -> bool | Wrong:
    if isinstance(raw, bool):
        return raw
    text = _plain(shown(raw)).casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return Wrong(_("应填“是”或“否”"), _("请从下拉列表中选择。"))


def _choice(raw: object, column: SheetColumn) -> str | Wrong:
    text = _plain(shown(raw)).casefold()
    for value, title in column.choices:
        if text in (_plain(title).casefold(), value.casefold()):
            return value
    names = "、".join(title for _value, title in column.choices[:12])
    return Wrong(_("不在可选范围内"), _("只能填：{names}。").format(names=names))
