"""Each clause of the contract is a query over uneditable facts: the registry that modules fill with those queries.

A clause without a registered proof is answered 证据不足 with what is missing, never 符合. ``data/clauses.json`` names the
38 checks (AC-01 ... AC-38) and the clauses they prove; the acceptance module runs them all for a span of days.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from hrp.operations.contracts.models import Contract
from hrp.platform.base import clock
from hrp.platform.base.registry import Registry


class Verdict(StrEnum):
    """What a check says about a span of days."""

    MET = "符合"
    NOT_MET = "不符合"
    NOT_APPLICABLE = "不适用"
    UNPROVEN = "证据不足"


@dataclass(frozen=True)
class Check:
    """One line of the clause matrix. ``needs`` says in Chinese which facts prove it."""

    code: str
    clause: str
    title: str
    needs: str


@dataclass(frozen=True)
class Span:
    """The days judged, both included, of one contract; ``as_of`` is the instant up to which facts count."""

    contract: Contract
    first_day: dt.date
    last_day: dt.date
    as_of: dt.datetime

    @property
    def begins(self) -> dt.datetime:
        """The first instant of the span in the hospital's time."""
        return clock.start_of_day(self.first_day)

    @property
    def ends(self) -> dt.datetime:
        """The first instant after the span, but not after ``as_of``."""
        return min(clock.start_of_day(self.last_day + dt.timedelta(days=1)), self.as_of)


@dataclass(frozen=True)
class Evidence:
    """Something to look at: a page of the product, and the hash of what it shows when it has one."""

    title: str
    url: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Finding:
    """The answer to one check. ``figure`` prints n/N, never a bare percentage; ``exceptions`` name each failure."""

    verdict: Verdict
    figure: str = ""
    exceptions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


Proof = Callable[[Span], Finding]

proofs: Registry[Proof] = Registry("条款证明")


def register(code: str, proof: Proof) -> Proof:
    """Called in a module's ``apps.py``. Raises KeyError for a check the clause matrix does not have."""
    if code not in checks():
        raise KeyError(code)
    return proofs.register(code, proof)


@cache
def checks() -> dict[str, Check]:
    """The clause matrix by code, in its order."""
    text = files("hrp.operations.contracts").joinpath("data/clauses.json").read_text(encoding="utf-8")
    return {row["code"]: Check(**row) for row in json.loads(text)["checks"]}


def prove(code: str, span: Span) -> Finding:
    """Run one check. A check nobody can prove yet is 证据不足 with what it needs."""
    proof = proofs.get(code)
    if proof is None:
        return Finding(Verdict.UNPROVEN, missing=(checks()[code].needs,))
    return proof(span)
