"""The code of a bin, taken together and apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

PART = re.compile(r"[0-9A-Z]+")
FOLDED = str.maketrans("０１２３４５６７８９－", "0123456789-")


@dataclass(frozen=True)
class Address:
    """Zone, rack, level and place of a bin; ``problems`` by part where one cannot be scanned back."""

    zone: str
    rack: str
    level: str
    place: str

    @property
    def code(self) -> str:
        return "-".join((self.zone, self.rack, self.level, self.place))

    @property
    def problems(self) -> dict[str, str]:
        parts = {"zone": self.zone, "rack": self.rack, "level": self.level, "place": self.place}
        return {name: "只能用数字和大写字母" for name, part in parts.items() if not PART.fullmatch(part)}


def address(zone: str, rack: str, level: str, place: str) -> Address:
    """Parts as they were typed: case and width do not matter, numbers of one digit get a leading nought."""
    return Address(*(_part(text) for text in (zone, rack, level, place)))


def _part(text: str) -> str:
    plain = text.strip().translate(FOLDED).upper()
    return plain.zfill(2) if plain.isascii() and plain.isdigit() else plain


def scanned(text: str) -> str | None:
    """The code of a bin if the scan may be one: four parts. ``HW*`` is what our labels put before it."""
    plain = text.strip().translate(FOLDED).upper().removeprefix("HW*")
    parts = plain.split("-")
    return address(*parts).code if len(parts) == 4 and all(PART.fullmatch(part) for part in parts) else None


def natural(code: str) -> tuple[tuple[int, str], ...]:
    """Order of codes as people read them: A-2 before A-10."""
    return tuple((int(part), "") if part.isdigit() else (10**9, part) for part in code.split("-"))
