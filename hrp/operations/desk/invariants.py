"""What must always be true of the desk; each query returns the rows that break it."""

from __future__ import annotations

from itertools import islice

from django.db.models.functions import Mod

from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services.projection import differing
from hrp.platform.base import clock
from hrp.platform.base.health import Invariant, Rows, register
from hrp.platform.base.refusals import Refusal

RECOMPUTED_A_DAY = 10_000

_CHAIN_SQL = """
SELECT t.number, e.seq,
       CASE WHEN e.hash <> operations_event_hash(e) THEN '内容与散列不符' ELSE '与前一事件不相接' END AS wrong
FROM (SELECT e.*, lag(e.hash, 1, repeat('0', 64)) OVER w AS before, lag(e.seq, 1, 0) OVER w AS seq_before
      FROM operations_ticket_event e WINDOW w AS (PARTITION BY e.ticket_id ORDER BY e.seq)) chained
JOIN operations_ticket_event e ON e.id = chained.id
JOIN operations_ticket t ON t.id = e.ticket_id
WHERE e.hash <> operations_event_hash(e) OR e.prev_hash <> chained.before OR e.seq <> chained.seq_before + 1
UNION ALL
SELECT t.number, t.last_seq, '链首与最后事件不符'
FROM operations_ticket t
LEFT JOIN operations_ticket_event e ON e.ticket_id = t.id AND e.seq = t.last_seq
WHERE e.hash IS DISTINCT FROM t.head_hash
"""

_GAPS_SQL = """
WITH given (key, number) AS (
    SELECT split_part(number, '-', 1), split_part(number, '-', 2)::int FROM operations_ticket
    UNION ALL
    SELECT split_part(number, '-', 1), split_part(number, '-', 2)::int FROM operations_maintenance_record
), counted AS (SELECT key, count(*) AS found, max(number) AS highest FROM given GROUP BY key)
SELECT coalesce(s.key, c.key) AS series, s.last, c.found, c.highest
FROM operations_number_series s FULL JOIN counted c ON c.key = s.key
WHERE s.last IS DISTINCT FROM c.found OR s.last IS DISTINCT FROM c.highest
"""

_CLOSED_SQL = """
SELECT t.number
FROM operations_ticket t
WHERE t.state = 'closed' AND NOT EXISTS (
    SELECT 1 FROM operations_maintenance_record r JOIN operations_record_archive a ON a.record_id = r.id
    WHERE r.ticket_id = t.id AND r.cycle = t.cycle)
"""

_ARCHIVE_SQL = """
SELECT r.number
FROM operations_record_archive a JOIN operations_maintenance_record r ON r.id = a.record_id
WHERE a.body_sha256 <> encode(sha256(convert_to(a.body, 'UTF8')), 'hex')
   OR a.pdf_sha256 <> encode(sha256(a.pdf), 'hex')
"""

_RULING_SQL = """
SELECT t.number, r.id AS ruling, '裁定与事件链不符' AS wrong
FROM operations_ruling r
JOIN operations_breach b ON b.id = r.breach_id
JOIN operations_ticket t ON t.id = b.ticket_id
JOIN operations_ticket_event e ON e.id = r.event_id
WHERE e.ticket_id <> b.ticket_id OR e.type <> 'RULING_PROPOSED' OR e.side <> r.side OR e.recorded_at <> r.proposed_at
   OR (e.payload->>'clock', e.payload->>'outcome', e.payload->>'reason', coalesce(e.payload->>'evidence', ''))
      IS DISTINCT FROM (b.clock_key, r.outcome, r.reason, r.evidence)
UNION ALL
SELECT t.number, s.ruling_id, '签署与事件链不符'
FROM operations_ruling_signature s
JOIN operations_ticket_event e ON e.id = s.event_id
JOIN operations_ticket t ON t.id = e.ticket_id
WHERE e.type NOT IN ('RULING_PROPOSED', 'RULING_SIGNED') OR e.side <> s.side OR e.actor_id <> s.signer_id
   OR e.recorded_at <> s.signed_at
   OR (e.type = 'RULING_SIGNED' AND (e.payload->>'ruling')::bigint IS DISTINCT FROM s.ruling_id)
   OR (e.type = 'RULING_PROPOSED' AND e.id <> (SELECT event_id FROM operations_ruling WHERE id = s.ruling_id))
UNION ALL
SELECT t.number, NULL, '事件链中的裁定没有登记'
FROM operations_ticket_event e JOIN operations_ticket t ON t.id = e.ticket_id
WHERE (e.type = 'RULING_PROPOSED' AND NOT EXISTS (SELECT 1 FROM operations_ruling WHERE event_id = e.id))
   OR (e.type = 'RULING_SIGNED' AND NOT EXISTS (SELECT 1 FROM operations_ruling_signature WHERE event_id = e.id))
"""

_BREACH_SQL = """
SELECT t.number, c.key FROM operations_clock c JOIN operations_ticket t ON t.id = c.ticket_id
WHERE c.verdict = 'breached' AND NOT EXISTS (
    SELECT 1 FROM operations_breach b WHERE b.ticket_id = c.ticket_id AND b.clock_key = c.key)
"""


def _clocks_differ() -> Rows:
    """Recompute clocks from their events: all of them in a small hospital, else a part each day, in turn.

    The part is chosen by ticket and day, so that every ticket is recomputed once in ``ceil(tickets / 10,000)`` days.
    """
    parts = max(1, -(-Ticket.objects.count() // RECOMPUTED_A_DAY))
    part = clock.today().toordinal() % parts
    chosen = Ticket.objects.annotate(part=Mod("pk", parts)).filter(part=part).order_by("pk")
    wrong: Rows = []
    rows = chosen.only("number", "judged_at", "contract_version_id").iterator(chunk_size=1000)
    while some := list(islice(rows, 1000)):
        try:
            found = differing(some)
        except Refusal as refusal:
            wrong.append({"number": f"{some[0].number} … {some[-1].number}", "wrong": refusal.reason})
            continue
        wrong += [{"number": number, "wrong": "、".join(keys)} for number, keys in found.items()]
    return wrong


def register_all() -> None:
    for invariant in (
        Invariant("desk.chain", "operations", "工单事件链完整", sql=_CHAIN_SQL),
        Invariant("desk.numbers", "operations", "工单号与维护记录号无断号", sql=_GAPS_SQL),
        Invariant("desk.closed_with_record", "operations", "已关闭工单均有归档的维护记录", sql=_CLOSED_SQL),
        Invariant("desk.archive", "operations", "维护记录归档散列相符", sql=_ARCHIVE_SQL),
        Invariant("desk.breaches", "operations", "超时均已留痕", sql=_BREACH_SQL),
        Invariant("desk.rulings", "operations", "裁定与签署均在事件链中", sql=_RULING_SQL),
        Invariant("desk.clocks", "operations", "时钟重算一致", check=_clocks_differ),
    ):
        register(invariant)
