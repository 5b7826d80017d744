"""A refusal says what is wrong, where, and what to do about it, in Chinese.

Every expected "no" of the product is a :class:`Refusal`. Doors (HTML, API, command line) render it; nothing
half done is left behind because refusals are raised inside the transaction of the verb that refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where: a header field, a line cell or a spreadsheet cell."""

    message: str
    field: str = ""
    line: int | None = None  # 0-based position of the document line; None for the header
    way_out: str = ""


class Refusal(Exception):
    """Base of all refusals. ``code`` is stable and machine-readable; ``reason`` and ``way_out`` are for people."""

    code = "refused"
    status = 422

    def __init__(
        self,
        reason: str,
        *,
        way_out: str = "",
        code: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.way_out = way_out
        self.problems = tuple(problems)
        if code is not None:
            self.code = code

    def as_dict(self) -> dict[str, object]:
        return {
            "error": self.code,
            "reason": self.reason,
            "way_out": self.way_out,
            "problems": [
                {"message": p.message, "field": p.field, "line": p.line, "way_out": p.way_out}
                for p in self.problems
            ],
        }


class Invalid(Refusal):
    """The input itself is wrong (422)."""

    code = "invalid"


class Forbidden(Refusal):
    """The actor lacks a permission (403)."""

    code = "forbidden"
    status = 403


class NotFound(Refusal):
    """The object does not exist, or lies outside the actor's scope: the two look the same (404)."""

    code = "not_found"
    status = 404


class Conflict(Refusal):
    """The state of the world does not allow the act: already posted, closed period, no stock (409)."""

    code = "conflict"
    status = 409
