"""The first judge: replays what happened in Python, from the stories of the programs and the rows of the database.

Pure, and written without the product's own rules, so that a mistake in those does not excuse itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.faults.facts import Document, Facts, Move
from tests.faults.load import ISSUE, MARK, Story

BOOKED = ("posted", "reversed")
INVENTORY, PAYABLE = "1302", "2302"


@dataclass(frozen=True)
class Finding:
    """``rule`` names what is broken: lost, doubled, half, number, value, balance, journal, reversal, trail, key, job."""

    rule: str
    where: str


def check(facts: Facts, stories: Sequence[Story]) -> list[Finding]:
    """Everything wrong; nothing when every promise was kept."""
    return [
        *_told(facts, stories),
        *_whole(facts),
        *_numbers(facts),
        *_values(facts),
        *_journal(facts),
        *_trail(facts, stories),
        *_jobs(facts),
    ]


# -- what the programs were told ---------------------------------------------------------------------------------


def _told(facts: Facts, stories: Sequence[Story]) -> Iterator[Finding]:
    """Acknowledged means there, once, as acknowledged; not answered means there as sent, or not at all."""
    by_mark: dict[str, list[Document]] = defaultdict(list)
    for document in facts.documents:
        if document.note.startswith(f"{MARK} "):
            by_mark[document.note].append(document)
    for story in stories:
        found = by_mark.pop(story.mark, [])
        if len(found) > 1:
            yield Finding("doubled", f"{story.mark}: {len(found)} documents")
        elif found:
            yield from _as_told(facts, story, found[0])
        elif story.acts:
            yield Finding(
                "lost", f"{story.mark}: {story.acts[-1]} was acknowledged, the document is not there"
            )
    for mark in by_mark:
        yield Finding("doubled", f"{mark}: nobody asked for this document")


def _as_told(facts: Facts, story: Story, document: Document) -> Iterator[Finding]:
    if document.kind != story.kind or (story.pk is not None and document.pk != story.pk):
        yield Finding(
            "lost", f"{story.mark}: acknowledged as {story.kind}:{story.pk}, found {document.source}"
        )
    if document.state not in story.states:
        yield Finding("lost", f"{story.mark}: {document.state} instead of {sorted(story.states)}")
    if story.posted and (document.number, document.total) != (story.number, Decimal(story.total or 0)):
        yield Finding("lost", f"{story.mark}: acknowledged {story.number} {story.total}, found {document}")
    sent = [(line["item"], line.get("lot", ""), Decimal(line["quantity"])) for line in story.lines]
    kept = [(line.item, line.lot, line.quantity) for line in facts.lines.get(document.source, [])]
    if sent != kept:
        yield Finding("half", f"{document.source}: sent {sent}, kept {kept}")


# -- every document, told of or not ------------------------------------------------------------------------------


def _whole(facts: Facts) -> Iterator[Finding]:
    """A booked document has its number and one set of moves; any other has neither, nor any entry."""
    moves: dict[str, list[Move]] = defaultdict(list)
    for move in facts.moves:
        moves[move.source].append(move)
    reversed_ = Counter((kind, pk) for kind, pk, *_ in facts.reversals)
    for document in facts.documents:
        own = moves.pop(document.source, [])
        if document.state not in BOOKED:
            if own or document.number or facts.entries.get(document.source):
                yield Finding("half", f"{document.source} is {document.state} and has facts")
            continue
        if not document.number:
            yield Finding("number", f"{document.source} is {document.state} without a number")
        yield from _moved(facts, document, [m for m in own if m.reverses is None])
        yield from _mirrored(document, own)
        if reversed_[document.kind, document.pk] != (document.state == "reversed"):
            yield Finding("reversal", f"{document.source} is {document.state}")
    for source in moves:
        yield Finding("doubled", f"moves of {source}, which is no document")


def _moved(facts: Facts, document: Document, moves: Sequence[Move]) -> Iterator[Finding]:
    sign = -1 if document.kind == ISSUE else 1
    quantity: dict[int, Decimal] = defaultdict(Decimal)
    amount: dict[int, Decimal] = defaultdict(Decimal)
    for move in moves:
        quantity[move.position] += sign * move.quantity
        amount[move.position] += sign * move.amount
    lines = {line.position: line for line in facts.lines.get(document.source, [])}
    for position in {*lines, *quantity}:
        line = lines.get(position)
        if line is None or (line.quantity, line.amount) != (quantity[position], amount[position]):
            rule = "doubled" if line is None or quantity[position] > line.quantity else "half"
            yield Finding(
                rule,
                f"{document.source} line {position}: moved {quantity[position]} {amount[position]}, line {line}",
            )
    if sum(amount.values()) != document.total:
        yield Finding("half", f"{document.source}: total {document.total}, moved {sum(amount.values())}")


def _mirrored(document: Document, moves: Sequence[Move]) -> Iterator[Finding]:
    first = {m.pk: m for m in moves if m.reverses is None}
    mirrors = [m for m in moves if m.reverses is not None]
    wanted = Counter(first.keys()) if document.state == "reversed" else Counter()
    if Counter(m.reverses for m in mirrors) != wanted:
        yield Finding("reversal", f"{document.source}: {len(first)} moves, {len(mirrors)} mirrors")
    for mirror in mirrors:
        original = first.get(mirror.reverses or 0)
        if original is None or (-mirror.quantity, -mirror.amount) != (original.quantity, original.amount):
            yield Finding("reversal", f"move {mirror.pk} does not mirror {original}")


def _numbers(facts: Facts) -> Iterator[Finding]:
    """Numbers of a kind, campus and month run from 1 to the counter, each given once."""
    given: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for document in facts.documents:
        if document.number:
            given[document.kind, document.campus, document.month].append(int(document.number[-5:]))
    for kind, _, campus, month, number in facts.reversals:
        given[f"{kind}/reversal", campus, month].append(int(number[-5:]))
    for counter in {*given, *facts.counters}:
        last = facts.counters.get(counter, 0)
        if sorted(given[counter]) != list(range(1, last + 1)):
            off = Counter(given[counter])
            off.subtract(range(1, last + 1))
            wrong = {number: count for number, count in off.items() if count}
            yield Finding("number", f"{counter}: counter {last}, {wrong}")


# -- stock and journal, step by step -----------------------------------------------------------------------------


def _values(facts: Facts) -> Iterator[Finding]:
    """Replay every batch in the order of its moves: each issue takes its exact share, and what is left is the balance."""
    quantity: dict[tuple[int, str, int], int] = defaultdict(int)  # in ten-thousandths
    fen: dict[tuple[int, str, int], int] = defaultdict(int)
    for move in facts.moves:
        held, worth = quantity[move.holding], fen[move.holding]
        moved, amount = int(move.quantity * 10_000), int(move.amount * 100)
        if moved < 0 and move.reverses is None:
            share = worth if -moved == held else (2 * worth * -moved + held) // (2 * held) if held else -1
            if min(share, worth) != -amount:
                yield Finding("value", f"{move}: {share} fen of {worth} expected")
        quantity[move.holding] += moved
        fen[move.holding] += amount
        if quantity[move.holding] < 0 or fen[move.holding] < 0:
            yield Finding("value", f"{move}: below zero")
    for holding in {*quantity, *facts.balances}:
        balance = facts.balances.get(holding, (Decimal(0), Decimal(0)))
        if balance != (Decimal(quantity[holding]) / 10_000, Decimal(fen[holding]) / 100):
            yield Finding("balance", f"{holding}: {balance}, moves {quantity[holding]} {fen[holding]}")


def _journal(facts: Facts) -> Iterator[Finding]:
    """One balanced entry for a posting that has a value, and its mirror for a reversal."""
    for source, entries in facts.entries.items():
        for entry in entries:
            if sum(amount for *_, amount in entry.lines) != 0:
                yield Finding("journal", f"{source} {entry.kind}: does not balance")
    for document in facts.documents:
        entries = facts.entries.get(document.source, [])
        wanted = {"posted": ["post"], "reversed": ["post", "reverse"]}.get(document.state, [])
        if [entry.kind for entry in entries] != (wanted if document.total else []):
            yield Finding("journal", f"{document.source} is {document.state}: {[e.kind for e in entries]}")
            continue
        for entry in entries:
            way = (1 if document.kind == ISSUE else -1) * (1 if entry.kind == "post" else -1)
            stock = sum(amount for account, _, amount in entry.lines if account.startswith(INVENTORY))
            other = [line for line in entry.lines if not line[0].startswith(INVENTORY)]
            right = all(
                unit == document.org_unit if document.kind == ISSUE else account == PAYABLE
                for account, unit, _ in other
            )
            if stock != -way * document.total or not right:
                yield Finding("journal", f"{document.source} {entry.kind}: {entry.lines}")


# -- the trail, the keys, the jobs -------------------------------------------------------------------------------


def _trail(facts: Facts, stories: Sequence[Story]) -> Iterator[Finding]:
    """Each acknowledged act stands in the action log once, a posting with its number; each key keeps its answer."""
    logged = Counter[tuple[str, str]]()
    for (act, source, _), count in facts.acts.items():
        logged[act, source] += count
    for document in facts.documents:
        posts = logged[f"{document.kind}.post", document.source]
        numbered = facts.acts[f"{document.kind}.post", document.source, document.number or ""]
        if (posts, numbered) != ((1, 1) if document.state in BOOKED else (0, 0)):
            yield Finding(
                "trail", f"{document.source} is {document.state}: {posts} postings in the action log"
            )
    for story in stories:
        for act in story.acts:
            name = f"{story.kind}.{'edit' if act == 'create' else act}"
            if logged[name, f"{story.kind}:{story.pk}"] != 1:
                yield Finding("trail", f"{story.mark}: {act} is not in the action log once")
        for act, key in story.keys.items():
            pk, number = facts.answers.get(key, (0, None))
            if pk != story.pk or (act == "post" and number != story.number):
                yield Finding("key", f"{key}: kept answer {pk} {number}")


def _jobs(facts: Facts) -> Iterator[Finding]:
    for state in ("doing", "failed"):
        if facts.jobs.get(state):
            yield Finding("job", f"{facts.jobs[state]} jobs {state}")
    if facts.deliveries.get("waiting"):
        yield Finding("job", f"{facts.deliveries['waiting']} messages not delivered")
