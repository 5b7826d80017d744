"""MA codes (IDcode) of medical devices: ``MA.156.M0.<registrant 6>.<package 1><item 6><check 1>`` and tagged data.

Tags of the 中关村工信二维码技术研究院: L lot, S serial, M made, V valid until, E expiry, D sterilisation lot. The
algorithm of the check character is not published, so it is kept and not judged.
"""

from __future__ import annotations

import datetime as dt
import re

from hrp.logistics.rules.label_dates import label_date
from hrp.logistics.rules.scan import Agency, Issue, Scan

PRODUCT = re.compile(r"MA\.\d{3}\.([A-Z0-9]{2})\.[A-Z0-9]{6}\.[A-Z0-9]{8}", re.ASCII)
MEDICAL = "M0"
TITLES = {"L": "批号", "S": "序列号", "M": "生产日期", "V": "有效期", "E": "失效期", "D": "灭菌批号"}
DATES = ("M", "V", "E")


def read(raw: str, text: str, *, reference_year: int) -> Scan:
    """Take an MA code apart. Errors: ``format``, ``unknown_tag``, ``duplicate_ai``, ``date``; warning ``not_medical``."""
    product = PRODUCT.match(text)
    rest = text[product.end() :] if product else ""
    if product is None or (rest and not rest.startswith(".")):
        words = "不是医疗器械 MA 码：应为 MA.156.M0.注册人代码6位.产品编码8位"
        return Scan(raw, Agency.MA, errors=(Issue("format", words),))
    values: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    errors: list[Issue] = []
    for segment in rest.split(".")[1:]:
        tag, value = segment[:1], segment[1:]
        issue = _wrong(tag, value, values)
        if issue is None and tag in DATES:
            try:
                dates[tag] = label_date(value, reference_year=reference_year)
            except ValueError:
                issue = Issue("date", f"{TITLES[tag]}“{value}”不是存在的日期", tag)
        if issue:
            errors.append(issue)
            break
        values[tag] = value
    warnings: tuple[Issue, ...] = ()
    if product[1] != MEDICAL:
        warnings = (Issue("not_medical", f"行业代码 {product[1]} 不是医疗器械的 {MEDICAL}"),)
    return Scan(
        raw,
        Agency.MA,
        di=product[0],
        lot=values.get("L", ""),
        serial=values.get("S", ""),
        prod_date=dates.get("M"),
        expiry=dates.get("E", dates.get("V")),
        other={tag: value for tag, value in values.items() if tag in ("D", "V")},
        warnings=warnings,
        errors=tuple(errors),
    )


def _wrong(tag: str, value: str, values: dict[str, str]) -> Issue | None:
    if tag not in TITLES or not value:
        return Issue("unknown_tag", f"MA 码中的“.{tag}{value}”无法识别", tag)
    if values.get(tag, value) != value:
        return Issue("duplicate_ai", f"{TITLES[tag]}出现两次且不同：“{values[tag]}”与“{value}”", tag)
    return None
