"""New workbooks, always with the options that keep what people typed from becoming a formula or a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import xlsxwriter


def new_book(stream: BinaryIO, **options: Any) -> xlsxwriter.Workbook:
    """An empty workbook that is written to ``stream`` when it is closed."""
    import xlsxwriter  # a sixth of a second, at the first workbook instead of at every start

    return xlsxwriter.Workbook(stream, {"strings_to_formulas": False, "strings_to_urls": False, **options})
