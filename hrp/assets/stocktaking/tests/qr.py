"""Reads the QR codes the system prints: enough of ISO 18004 for one block of alphanumeric text, written by itself so that
what the encoder says is judged by something else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from pypdf import PdfReader

Grid = list[list[bool]]
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MASKS = (
    lambda y, x: (y + x) % 2 == 0, lambda y, x: y % 2 == 0, lambda y, x: x % 3 == 0, lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0, lambda y, x: y * x % 2 + y * x % 3 == 0, lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)  # fmt: skip


def printed(content: bytes) -> list[str]:
    """What the code on each page of a PDF of labels says."""
    streams = [page.get_contents() for page in PdfReader(io.BytesIO(content)).pages]
    return [text(_modules(stream.get_data().decode("latin-1"))) for stream in streams if stream is not None]


def _modules(drawn: str, quiet: int = 2) -> Grid:
    """The squares of a code drawn as level strokes through the middle of its rows (``x y.5 m x y.5 l``)."""
    strokes = [
        (int(row), int(start), int(end))
        for start, row, end in re.findall(r"(?<![\d.])(\d+) (\d+)\.5 m (\d+) \2\.5 l", drawn)
    ]
    size = max(end for _, _, end in strokes) - quiet
    grid = [[False] * size for _ in range(size)]
    for row, start, end in strokes:
        for column in range(start, end):
            grid[row - quiet][column - quiet] = True
    return grid


def _function(size: int, y: int, x: int) -> bool:
    """Whether a module is a pattern of versions 2 to 6 and no data."""
    finder = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
    alignment = abs(y - (size - 7)) <= 2 and abs(x - (size - 7)) <= 2
    return finder or alignment or y == 6 or x == 6


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Data modules two columns at a time, from the right, up and down."""
    upwards, x = True, size - 1
    while x > 0:
        if x == 6:
            x -= 1
        for step in range(size):
            y = size - 1 - step if upwards else step
            for column in (x, x - 1):
                if not _function(size, y, column):
                    yield y, column
        upwards, x = not upwards, x - 2


def text(grid: Grid) -> str:
    """What a code says."""
    size = len(grid)
    level_and_mask = (
        sum(grid[8][column] << (4 - place) for place, column in enumerate((0, 1, 2, 3, 4))) ^ 0b10101
    )
    mask = MASKS[level_and_mask & 7]
    bits = "".join(str(int(grid[y][x] ^ mask(y, x))) for y, x in _path(size))
    assert bits[:4] == "0010", "not alphanumeric"
    count, at, said = int(bits[4:13], 2), 13, ""
    while len(said) < count:
        if count - len(said) == 1:
            return said + LETTERS[int(bits[at : at + 6], 2)]
        pair = int(bits[at : at + 11], 2)
        said, at = said + LETTERS[pair // 45] + LETTERS[pair % 45], at + 11
    return said
