"""Searching Chinese without help of the database's dictionaries: bigrams and pinyin initials as lexemes. Pure.

A run of Chinese characters is cut into overlapping pairs (出库报错 gives 出库, 库报, 报错) and its last character alone; in all
but the longest texts (weight D) also into the initials of its pinyin (``_ck``). Latin words and numbers stay whole.
Positions count on through a text, so that pairs in a row can be asked for as a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_GAP = 3  # positions between two runs, so that no phrase reaches across
_LAST_POSITION = 16383  # the highest PostgreSQL keeps
_LAST_IN_LEXEME = 255


@dataclass(frozen=True)
class Part:
    """A piece of text; ``hit`` when it answers the query."""

    text: str
    hit: bool = False


def fold(text: str) -> str:
    """The text as it is compared: half width, lower case, of the same length."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text.translate(_FULL_WIDTH))


def runs(text: str) -> list[str]:
    """The runs of Chinese characters, and of Latin letters and digits, in order."""
    return _RUN.findall(fold(text))


def _is_chinese(run: str) -> bool:
    return run[0] >= "\u3400"


@lru_cache(maxsize=8192)
def initials(run: str) -> str:
    """The pinyin initial of each character, one letter each ("?" where there is none)."""
    from pypinyin import Style, lazy_pinyin  # heavy: when an article is indexed, not at every start

    letters = lazy_pinyin(run, style=Style.FIRST_LETTER, errors=lambda characters: "?" * len(characters))
    return "".join(letters).lower()


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def lexemes(texts: Iterable[tuple[str, str]]) -> str:
    """The tsvector literal of (weight, text) pairs; weights are A, the heaviest, to D."""
    found: dict[str, list[str]] = {}
    at = 1
    for weight, text in texts:
        for run in runs(text):
            spelt = [*_pairs(run), run[-1]] if _is_chinese(run) else [run]
            letters = initials(run) if _is_chinese(run) and weight != "D" else ""
            sounds = [f"_{pair}" for pair in _pairs(letters)] + ([f"_{letters[-1]}"] if letters else [])
            for one, sound in zip(spelt, sounds or [""] * len(spelt), strict=True):
                place = f"{min(at, _LAST_POSITION)}{weight}"
                for lexeme in (one, sound):
                    if lexeme and "?" not in lexeme:
                        found.setdefault(lexeme, []).append(place)
                at += 1
            at += _GAP
    return " ".join(f"'{one}':{','.join(places[:_LAST_IN_LEXEME])}" for one, places in sorted(found.items()))


def every_word(text: str) -> str:
    """The tsquery of articles that hold all the words, Chinese ones as phrases; "" when there is nothing to ask."""
    return " & ".join(_phrase(run) for run in runs(text))


def any_word(text: str) -> str:
    """The tsquery of articles that hold any pair or word: for whole sentences, whose matches are then weighed."""
    return " | ".join(f"'{one}'" for one in dict.fromkeys(_asked(text)))


def _phrase(run: str) -> str:
    if _is_chinese(run):
        return "(" + " <-> ".join(f"'{pair}'" for pair in _pairs(run)) + ")" if len(run) > 1 else f"'{run}':*"
    if not run.isalpha():
        return f"'{run}':*"
    sounds = " <-> ".join(f"'_{pair}'" for pair in _pairs(run)) or f"'_{run}':*"
    return f"('{run}':* | ({sounds}))"


def _asked(text: str) -> Iterator[str]:
    for run in runs(text):
        yield from (_pairs(run) or [run]) if _is_chinese(run) else [run]


def coverage(asked: str, text: str) -> float:
    """Which share of the pairs and words of ``asked`` occurs in ``text``."""
    wanted = list(dict.fromkeys(_asked(asked)))
    held = fold(text)
    return sum(one in held for one in wanted) / len(wanted) if wanted else 0.0


def highlight(text: str, asked: str) -> list[Part]:
    """The text in parts, those that answer ``asked`` marked."""
    marks = _marks(text, asked)
    parts: list[Part] = []
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marks[place] != marks[start]:
            parts.append(Part(text[start:place], marks[start]))
            start = place
    return parts


def snippet(text: str, asked: str, *, width: int = 90) -> list[Part]:
    """About ``width`` characters around the first hit, on one line."""
    flat = " ".join(text.split())
    marks = _marks(flat, asked)
    first = marks.index(True) if True in marks else 0
    start = max(0, min(first - width // 4, len(flat) - width))
    shown = highlight(flat[start : start + width], asked)
    before = [Part("…")] if start else []
    after = [Part("…")] if start + width < len(flat) else []
    return [*before, *shown, *after]


def _marks(text: str, asked: str) -> Sequence[bool]:
    held = fold(text)
    marks = [False] * len(text)
    for wanted in dict.fromkeys(_asked(asked)):
        at = held.find(wanted)
        while at >= 0:
            marks[at : at + len(wanted)] = [True] * len(wanted)
            at = held.find(wanted, at + 1)
    spelt = [run for run in runs(asked) if run.isascii() and run.isalpha() and len(run) > 1]
    for run in _RUN.finditer(held) if spelt else ():
        letters = initials(run[0]) if _is_chinese(run[0]) else ""
        for wanted in spelt:
            at = letters.find(wanted)
            if at >= 0:
                marks[run.start() + at : run.start() + at + len(wanted)] = [True] * len(wanted)
    return marks
