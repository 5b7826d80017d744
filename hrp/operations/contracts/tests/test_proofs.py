"""The clause matrix: complete, and never more certain than its facts."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.contracts import proofs
from hrp.operations.contracts.models import Contract
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.platform.base import clock
from hrp.platform.base.registry import Registry

SPAN = Span(Contract(number="X"), dt.date(2026, 1, 1), dt.date(2026, 3, 31), clock.at(dt.date(2026, 2, 1)))


def test_the_matrix_has_all_38_checks_each_with_its_clause_and_what_proves_it() -> None:
    assert list(proofs.checks()) == [f"AC-{n:02d}" for n in range(1, 39)]
    assert all(check.clause and check.title and check.needs for check in proofs.checks().values())


def test_a_check_nobody_proves_is_never_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "proofs", Registry("条款证明"))
    found = proofs.prove("AC-10", SPAN)
    assert (found.verdict, found.missing) == (Verdict.UNPROVEN, ("独立探针的可用性采样",))


def test_an_unknown_check_cannot_be_registered() -> None:
    with pytest.raises(KeyError):
        proofs.register("AC-99", lambda span: Finding(Verdict.MET))


def test_a_span_ends_with_what_is_known() -> None:
    assert SPAN.begins == clock.at(dt.date(2026, 1, 1), 0)
    assert SPAN.ends == SPAN.as_of
