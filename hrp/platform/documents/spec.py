"""What a document type declares about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrp.platform.access.models import User
    from hrp.platform.ledger.selectors import OpenPeriod

ACTS: dict[str, str] = {
    "view": "查看",
    "edit": "编制",
    "submit": "提交",
    "approve": "审核",
    "post": "过账",
    "reverse": "红冲",
    "void": "作废",
    "print": "打印",
    "export": "导出",
}


@dataclass(frozen=True)
class DocumentSpec:
    """``kind`` is ``"<app label>.<noun>"`` and never changes; ``prefix`` starts the number.

    ``amount_by`` names the header field that approval routes compare with their amount bounds.
    """

    kind: str
    title: str
    prefix: str
    amount_by: str = "total"
    header_fields: tuple[str, ...] = ()
    line_fields: tuple[str, ...] = ()
    lines_required: bool = True

    @property
    def module(self) -> str:
        return self.kind.split(".", 1)[0]

    @property
    def noun(self) -> str:
        return self.kind.split(".", 1)[1]

    def permission(self, act: str) -> str:
        return f"{self.kind}.{act}"


@dataclass(frozen=True)
class PostingContext:
    """What ``apply`` and ``mirror`` may know: who, when, in which locked open period, under which source."""

    actor: User
    source: str
    period: OpenPeriod
    on: Any  # datetime.date: the business date booked


@dataclass(frozen=True)
class Act:
    """An act offered to a user on a document page."""

    code: str
    title: str
    style: str = "default"  # primary | default | danger
    needs_reason: bool = False


@dataclass(frozen=True)
class Facts:
    """What ``apply`` wrote, handed to ``entries``: plain data. Modules subclass it."""

    extra: dict[str, Any] = field(default_factory=dict)
