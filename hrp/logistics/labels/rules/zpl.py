"""A label in the language of label printers (ZPL II): a plain text, sent to the printer as it is.

Chinese needs a font in the printer; which, the hospital says. Text is hexadecimal where it could be a command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GS = "\x1d"


@dataclass(frozen=True)
class Label:
    """One label: two lines of a title, facts, the ``code`` that is scanned and ``human``, the code as people read it."""

    title: str
    code: str
    human: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    corner: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether its bars fit beside the QR code: short, and nothing in it that no eye sees."""
        return len(self.code) <= BARS and all(32 < ord(one) < 127 for one in self.code)


BARS = 20  # characters of Code 128 on 60 mm at 203 dpi


@dataclass(frozen=True)
class Printer:
    """Size of the label in millimetres, dots per millimetre (203 dpi: 8), and the font with Chinese."""

    width: int = 60
    height: int = 40
    dots: int = 8
    font: str = "E:SIMSUN.TTF"

    def at(self, millimetres: float) -> int:
        return round(millimetres * self.dots)


def escaped(text: str) -> str:
    """For ``^FH``: what ZPL would take for a command, and what cannot be printed, as ``_XX`` of its UTF-8 bytes."""
    return "".join(
        "".join(f"_{byte:02X}" for byte in one.encode())
        if one in "^~_\\" or ord(one) < 32 or ord(one) == 127
        else one
        for one in text
    )


def width_of(text: str) -> int:
    """In half characters: a Chinese one takes two."""
    return sum(2 if ord(one) > 255 else 1 for one in text)


def cut(text: str, most: int) -> str:
    """As much of a text as fits, with an ellipsis where something is left out."""
    if width_of(text) <= most:
        return text
    kept, used = "", 1
    for one in text:
        used += width_of(one)
        if used > most:
            break
        kept += one
    return f"{kept}…"


def one(label: Label, printer: Printer = Printer()) -> str:
    """The label as one ``^XA … ^XZ``."""
    at, gap = printer.at, 2.0
    qr = printer.height * 0.42
    side, letters = gap + qr + 1.5, (printer.width - gap * 2 - qr - 1.5) / 1.35
    parts = ["^XA", "^CI28", f"^PW{at(printer.width)}", f"^LL{at(printer.height)}"]
    if label.corner:
        parts.append(
            _text(printer, printer.width - gap - width_of(label.corner) * 1.25, 1.2, 2.4, label.corner)
        )
    parts.append(
        f"^FO{at(gap)},{at(4.4)}^BQN,2,{_magnification(label.code, at(qr))}^FH_^FDMA,{escaped(label.code)}^FS"
    )
    top = 5.0
    for line in _two_lines(label.title, int(letters)):
        parts.append(_text(printer, side, top, 3.0, line))
        top += 3.5
    for name, value in label.fields:
        parts.append(_text(printer, side, top, 2.5, cut(f"{name} {value}", int(letters * 1.2))))
        top += 2.9
    if label.is_plain:
        bars = label.code.replace(">", ">0")
        parts.append(
            f"^BY2^FO{at(gap * 2)},{at(printer.height - 10.5)}^BCN,{at(6)},N,N,N^FH_^FD>:{escaped(bars)}^FS"
        )
    most = int((printer.width - gap * 2) / 1.25)
    lines = _two_lines(label.human or label.code.replace(GS, ""), most)
    if label.is_plain:
        lines = [cut("".join(lines), most)]
    for up, line in enumerate(reversed(lines)):
        parts.append(_text(printer, gap, printer.height - 3.6 - up * 2.9, 2.5, line))
    return "\n".join([*parts, "^XZ"])


def many(labels: Sequence[tuple[Label, int]], printer: Printer = Printer()) -> str:
    """Labels with their copies, as one text for one job."""
    texts = []
    for label, copies in labels:
        text = one(label, printer)
        texts.append(text.replace("^XZ", f"^PQ{copies}\n^XZ") if copies > 1 else text)
    return "\n".join(texts) + "\n" if texts else ""


def _text(printer: Printer, x: float, y: float, size: float, text: str) -> str:
    dots = printer.at(size)
    return f"^FO{printer.at(max(x, 0))},{printer.at(y)}^A@N,{dots},{dots},{printer.font}^FH_^FD{escaped(text)}^FS"


def _two_lines(text: str, most: int) -> list[str]:
    if width_of(text) <= most:
        return [text]
    first, used = "", 0
    for one_ in text:
        used += width_of(one_)
        if used > most:
            break
        first += one_
    return [first, cut(text[len(first) :].strip(), most)]


# modules of a QR code by the bytes it holds at level M, smallest version first
_MODULES = (
    (14, 21),
    (26, 25),
    (42, 29),
    (62, 33),
    (84, 37),
    (106, 41),
    (122, 45),
    (152, 49),
    (180, 53),
    (213, 57),
)


def _magnification(code: str, dots: int) -> int:
    """The largest module that keeps the symbol with its quiet zone within so many dots."""
    size = len(code.encode())
    modules = next((side for most, side in _MODULES if size <= most), _MODULES[-1][1])
    return max(1, min(10, dots // (modules + 4)))
