"""What a sheet should look like, declared once: the template, the reader and the error workbook follow from it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "code", "date", "month", "integer", "decimal", "money", "choice", "lookup", "bool"]

# All distinct texts of the column at once, so that 50,000 rows cost one query; what is not in the answer is unknown.
# The answer's values must be JSON scalars (an id, a code): they are kept between preview and commit.
Lookup = Callable[[frozenset[str]], Mapping[str, object]]

NUMBERS = frozenset({"integer", "decimal", "money"})


@dataclass(frozen=True)
class SheetColumn:
    """One column. ``choices`` are (stored value, shown title); either may be typed in the sheet."""

    key: str
    title: str
    kind: Kind = "text"
    required: bool = False
    max_length: int = 200
    places: int | None = None  # decimals accepted; money 2 and decimal 4 unless told
    choices: Sequence[tuple[str, str]] = ()
    lookup: Lookup | None = None
    help: str = ""
    example: str = ""
    aliases: Sequence[str] = ()
    minimum: int | None = None

    def __post_init__(self) -> None:
        if self.kind == "choice" and not self.choices:
            raise ValueError(f"{self.key}: choice 列须声明 choices")
        if self.kind == "lookup" and self.lookup is None:
            raise ValueError(f"{self.key}: lookup 列须声明 lookup")

    @property
    def decimals(self) -> int:
        return self.places if self.places is not None else {"money": 2, "decimal": 4}.get(self.kind, 0)


@dataclass(frozen=True)
class SheetSpec:
    """One sheet. ``unique`` names groups of keys that may occur only once in the file."""

    name: str
    title: str
    columns: Sequence[SheetColumn]
    unique: Sequence[tuple[str, ...]] = ()
    max_rows: int = 50_000
    notes: str = ""

    def __post_init__(self) -> None:
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError(f"{self.name}: 列 key 重复")
        for group in self.unique:
            if missing := set(group) - set(keys):
                raise ValueError(f"{self.name}: unique 引用了不存在的列 {sorted(missing)}")

    def column(self, key: str) -> SheetColumn:
        return next(column for column in self.columns if column.key == key)


@dataclass(frozen=True)
class WorkbookSpec:
    """Several sheets in one file; a sheet is found by its title (or name), a single sheet by its place."""

    name: str
    title: str
    sheets: Sequence[SheetSpec]
    optional: frozenset[str] = field(default_factory=frozenset)  # names of sheets that may be absent

    def sheet(self, name: str) -> SheetSpec:
        return next(sheet for sheet in self.sheets if sheet.name == name)


@dataclass(frozen=True)
class Limits:
    """How much of a stranger's file is opened at all."""

    file_bytes: int = 20 * 1024 * 1024
    unpacked_bytes: int = 160 * 1024 * 1024
    ratio: int = 200  # unpacked : packed, judged only above 8 MB unpacked
    entries: int = 500
    columns: int = 256
    cells: int = 2_500_000  # rows x columns of the used rectangle of one sheet
    merge_cells: int = 10_000  # cells covered by one merge
    problems: int = 500


def workbook(spec: SheetSpec | WorkbookSpec) -> WorkbookSpec:
    if isinstance(spec, WorkbookSpec):
        return spec
    return WorkbookSpec(name=spec.name, title=spec.title, sheets=(spec,))


def folded(title: str) -> str:
    """A title as it is compared: widths, spaces, case, the 必填 star and trailing unit brackets' width do not matter."""
    text = unicodedata.normalize("NFKC", title)
    text = "".join(text.split()).casefold()
    return text.removesuffix("(必填)").strip("*")


def letter(index: int) -> str:
    """0 -> A, 26 -> AA: the column letter Excel shows."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name
