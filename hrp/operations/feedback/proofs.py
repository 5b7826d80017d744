"""What feedback proves: AC-17, and the systems enquiries name for AC-01."""

from __future__ import annotations

from collections.abc import Iterator

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.contracts.scoping import Marked
from hrp.operations.feedback import selectors
from hrp.operations.feedback.rules import KINDS
from hrp.platform.base import clock

PROVED = ("suggestion", "consult", "question")


def prove_answers(span: Span) -> Finding:
    """AC-17: every suggestion, consultation and question asked in the span is answered.

    One whose response of level C is not due yet, and that is not answered, is not judged.
    """
    asked = selectors.asked_between(span.begins, span.ends).filter(kind__in=PROVED)
    answered = set(selectors.answered_ids(asked, span.as_of))
    rows = [one for one in asked if one.pk in answered or one.respond_by < span.as_of]
    waiting = asked.count() - len(rows)
    if not rows:
        figure = f"期内没有到期的建议与咨询（{waiting} 条未到期）" if waiting else "期内没有建议与咨询"
        return Finding(Verdict.NOT_APPLICABLE, figure=figure)
    open_ = [one for one in rows if one.pk not in answered]
    in_time = sum(one.responded_at is not None and one.responded_at <= one.respond_by for one in rows)
    counted = [
        f"{KINDS[kind]} {sum(one.pk in answered for one in same)}/{len(same)}"
        for kind in PROVED
        if (same := [one for one in rows if one.kind == kind])
    ]
    return Finding(
        Verdict.NOT_MET if open_ else Verdict.MET,
        figure=f"已答复：{'，'.join(counted)}；按 C 级时限首次回应 {in_time}/{len(rows)}",
        exceptions=tuple(
            f"{one.number} {one.get_kind_display()}「{one.title}」{clock.local(one.asked_at):%Y-%m-%d} 提出，未答复"
            for one in open_
        ),
        evidence=tuple(Evidence(f"{one.number} {one.title}", selectors.url_of(one)) for one in rows),
    )


def marked(span: Span) -> Iterator[Marked]:
    """Enquiries of the span, with the systems of the version in force when each was asked."""
    for one in selectors.asked_between(span.begins, span.ends):
        version = contracts.version_in_force(one.asked_at)
        covered = contracts.terms_of(version).modules if version else ()
        yield Marked(one.number, one.module, one.in_scope, covered)
