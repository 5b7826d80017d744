"""Our own labels as GS1 element strings: fixed lengths first, then lot, then serial, so that separators are few."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hrp.logistics.rules import gs1
from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class Label:
    """What a label of ours carries; ``gtin`` with its check digit, dates to the day."""

    gtin: str
    prod_date: dt.date | None = None
    expiry: dt.date | None = None
    lot: str = ""
    serial: str = ""

    @property
    def elements(self) -> list[tuple[str, str]]:
        """In the order (01)(11)(17)(10)(21)."""
        dates = [("11", self.prod_date), ("17", self.expiry)]
        texts = [("10", self.lot), ("21", self.serial)]
        return [
            ("01", self.gtin),
            *((ai, day.strftime("%y%m%d")) for ai, day in dates if day is not None),
            *((ai, text) for ai, text in texts if text),
        ]


def element_string(label: Label, *, reference_year: int) -> str:
    """What the symbol encodes, FNC1 as GS; refuses with the parser's own code what would not read back the same.

    ``reference_year`` guards the century: a date more than 49 years back or 50 ahead has no two-digit form.
    """
    text = "".join(
        ai + value + (gs1.GS if ai == "10" and label.serial else "") for ai, value in label.elements
    )
    read = gs1.read(text, text, reference_year=reference_year)
    same = (read.gtin, read.prod_date, read.expiry, read.lot, read.serial) == (
        label.gtin, label.prod_date, label.expiry, label.lot, label.serial,
    )  # fmt: skip
    if read.errors or not same:
        issue = read.errors[0] if read.errors else None
        raise Invalid(
            issue.words if issue else "标签上的日期超出两位年份能表示的范围",
            code=issue.code if issue else "date",
            way_out="请更正该批次的登记后重新打印标签。",
        )
    return text


def printed(label: Label) -> str:
    """The line under the symbol, with brackets."""
    return "".join(f"({ai}){value}" for ai, value in label.elements)
