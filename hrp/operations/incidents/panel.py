"""The panel that leads from a ticket's page to its command and its review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.operations.desk.models import Ticket
from hrp.operations.desk.panels import Panel
from hrp.operations.incidents import selectors
from hrp.platform.access.models import User


def _data(actor: User, ticket: Ticket) -> Mapping[str, Any] | None:
    evidence = selectors.evidence(ticket)
    if not selectors.is_emergency(ticket):
        return {"evidence": evidence} if evidence else None
    return {
        "now": selectors.situation(ticket),
        "evidence": evidence,
        "due": selectors.review_due(ticket),
        "written": selectors.written_review(ticket),
    }


PANEL = Panel("incidents/parts/panel.html", _data)
