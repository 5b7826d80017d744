"""Spreadsheets: declared columns in; template, checked rows, error workbook and export out. No ORM, no HTTP."""

from hrp.platform.exchange.sheets.annotated import annotate
from hrp.platform.exchange.sheets.exporting import OutColumn, write, write_csv
from hrp.platform.exchange.sheets.preview import CellProblem, Preview, Row, SheetPreview, read
from hrp.platform.exchange.sheets.specs import Limits, SheetColumn, SheetSpec, WorkbookSpec
from hrp.platform.exchange.sheets.template import template

__all__ = [
    "CellProblem",
    "Limits",
    "OutColumn",
    "Preview",
    "Row",
    "SheetColumn",
    "SheetPreview",
    "SheetSpec",
    "WorkbookSpec",
    "annotate",
    "read",
    "template",
    "write",
    "write_csv",
]
