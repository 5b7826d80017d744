"""What the desk proves: AC-13, and the systems its tickets name for AC-01."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.contracts.scoping import Marked
from hrp.operations.desk.models import RecordArchive, Ticket

MOST_EVIDENCE = 100

_CLOSED = """
SELECT t.number, r.number, a.id IS NOT NULL,
       a.body_sha256 = encode(sha256(convert_to(a.body, 'UTF8')), 'hex')
           AND a.pdf_sha256 = encode(sha256(a.pdf), 'hex')
FROM operations_ticket t
JOIN operations_contract_version v ON v.id = t.contract_version_id
LEFT JOIN operations_maintenance_record r ON r.ticket_id = t.id AND r.cycle = t.cycle
LEFT JOIN operations_record_archive a ON a.record_id = r.id
WHERE v.contract_id = %s AND t.state = 'closed' AND t.closed_at >= %s AND t.closed_at < %s
ORDER BY t.number
"""

_GAPS = """
SELECT s.key || '-' || lpad(n::text, 5, '0')
FROM operations_number_series s CROSS JOIN generate_series(1, s.last) n
WHERE s.key = ANY(%s) AND NOT EXISTS (
    SELECT 1 FROM operations_maintenance_record r WHERE r.number = s.key || '-' || lpad(n::text, 5, '0'))
ORDER BY 1
"""


def prove_records(span: Span) -> Finding:
    """AC-13: tickets closed in the span without an archived record, archives whose hashes fail, and number gaps."""
    closed = _rows(_CLOSED, [span.contract.pk, span.begins, span.ends])
    missing_numbers = [number for (number,) in _rows(_GAPS, [_series(span)])]
    if not closed and not missing_numbers:
        return Finding(Verdict.NOT_APPLICABLE, figure="期内没有关闭的工单")
    bare = [number for number, _record, archived, _intact in closed if not archived]
    broken = [record for _number, record, archived, intact in closed if archived and not intact]
    exceptions = [
        *(f"{number} 已关闭，没有归档的维护记录" for number in bare),
        *(f"{record} 归档内容与散列不符" for record in broken),
        *(f"{number} 断号" for number in missing_numbers),
    ]
    archived = len(closed) - len(bare)
    return Finding(
        Verdict.NOT_MET if exceptions else Verdict.MET,
        figure=f"有归档记录 {archived}/{len(closed)}，散列相符 {archived - len(broken)}/{archived}，断号 {len(missing_numbers)}",
        exceptions=tuple(exceptions),
        evidence=tuple(_archives(span)),
    )


def _series(span: Span) -> list[str]:
    """The series of record numbers of the contract's years, those of gaps between years included."""
    years = range(span.contract.starts_on.year, span.contract.ends_on.year + 1)
    return [f"{prefix}{year}" for year in years for prefix in ("WX", "WXK")]


def _archives(span: Span) -> Iterator[Evidence]:
    """The archives behind the figure, newest last; a long list says how many it leaves out."""
    found = (
        RecordArchive.objects.filter(
            record__ticket__contract_version__contract=span.contract,
            record__ticket__state="closed",
            record__ticket__closed_at__gte=span.begins,
            record__ticket__closed_at__lt=span.ends,
        )
        .order_by("record__number")
        .values_list("record__number", "record_id", "body_sha256")
    )
    for number, pk, sha256 in found[:MOST_EVIDENCE]:
        yield Evidence(f"维护记录 {number}", reverse("operations.record.detail", args=[pk]), sha256)
    more = found.count() - MOST_EVIDENCE
    if more > 0:
        yield Evidence(f"另有 {more} 份，见维护记录", reverse("operations.record.list"))


def marked(span: Span) -> Iterator[Marked]:
    """Tickets first reported in the span, with the systems of the version each is bound to."""
    found = (
        Ticket.objects.filter(
            contract_version__contract=span.contract,
            first_contact_at__gte=span.begins,
            first_contact_at__lt=span.ends,
        )
        .select_related("contract_version")
        .order_by("number")
    )
    for ticket in found:
        covered = contracts.terms_of(ticket.contract_version).modules
        yield Marked(ticket.number, ticket.module, ticket.in_scope, covered)


def _rows(statement: str, given: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
