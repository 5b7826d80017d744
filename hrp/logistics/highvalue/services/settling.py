"""After a settlement: its invoice is registered in the settlement room and matched there; here every piece it is for is marked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count

from hrp.logistics import gates
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement, UseSettlementLine
from hrp.logistics.highvalue.pieces import events
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import PostingContext

PREFIX = f"{UseSettlement.spec.kind}:"


def settled(sources: Sequence[str]) -> dict[str, gates.Settled]:
    """Pieces, amount and number of posted settlements, by source."""
    rows = UseSettlement.objects.filter(pk__in=_ids(sources), state=State.POSTED).annotate(
        pieces=Count("lines")
    )
    return {
        f"{PREFIX}{row.pk}": gates.Settled(Decimal(row.pieces), row.total, row.number or "") for row in rows
    }


def _ids(sources: Sequence[str]) -> list[int]:
    return [int(one.removeprefix(PREFIX)) for one in sources if one.startswith(PREFIX)]


def invoiced(invoice: Any, ctx: PostingContext) -> None:
    """Every piece of the settlements an invoice is for is invoiced."""
    sources = invoice.lines.exclude(payable=None).values_list("payable__source", flat=True)
    lines = UseSettlementLine.objects.filter(document__in=_ids(list(sources))).order_by("unit_id")
    steps = [events.Step(line.unit_id, rules.State.INVOICED, None) for line in lines]
    events.record("invoice", steps, source=ctx.source, actor=ctx.actor, note=f"发票 {invoice.invoice_number}")


def taken_back(_invoice: Any, ctx: PostingContext) -> None:
    """The invoice was reversed: its pieces wait for one again."""
    events.undo(source=ctx.source, actor=ctx.actor)


def register_all() -> None:
    """Called once, from ``apps.py``."""
    gates.know_settled("highvalue", settled)
    gates.register(gates.Gate("units", gates.Moment.INVOICE, apply=invoiced, mirror=taken_back))
