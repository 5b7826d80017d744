"""The knowledge panel of a ticket's page, and its two buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import knowing
from hrp.operations.knowledge import selectors as knowledge
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.ui.actors import actor_of

_SUGGESTED = 4


def panel(actor: User, ticket: Ticket) -> Mapping[str, Any] | None:
    """What was adopted, what else might help, and whether the ticket could teach something; None without right."""
    if not scope.has(actor, knowledge.VIEW):
        return None
    adopted = knowledge.adopted(ticket.number)
    known = {use.article_id for use in adopted}
    alive = lifecycle.gate(ticket.state, "NOTE") is None
    near = knowledge.suggest(actor, ticket.title, module=ticket.module, limit=_SUGGESTED) if alive else []
    may_adopt = (
        alive
        and bool(contracts.side_of(actor))
        and scope.has(actor, "operations.ticket.log", ticket.org_unit_id)
    )
    may_draft = ticket.state == "closed" and scope.has(actor, knowledge.EDIT)
    suggested = [hit for hit in near if hit.version.article_id not in known]
    if not (adopted or suggested or may_draft):
        return None
    return {
        "ticket": ticket,
        "adopted": adopted,
        "suggested": suggested,
        "may_adopt": may_adopt,
        "may_draft": may_draft,
    }


@require_POST
def adopt(request: HttpRequest, pk: int, article: int) -> HttpResponse:
    actor = actor_of(request)
    use = knowing.adopt(
        actor=actor, ticket=selectors.ticket(actor, pk), article=knowledge.article(actor, article)
    )
    messages.success(request, _("已采用 {number}").format(number=use.article.number))
    return redirect("operations.ticket.detail", pk=pk)


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    version = knowing.draft_article(actor=actor, ticket=selectors.ticket(actor, pk))
    messages.success(request, _("已由维护记录起草，请改成给用户看的文字"))
    return redirect("operations.knowledge.edit", pk=version.article_id)
