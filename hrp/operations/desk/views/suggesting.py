"""What the form of a report suggests while it is typed: the level, and tickets that tell of the same fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import selectors
from hrp.operations.desk.rules import similar as rules
from hrp.operations.desk.rules import wizard
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.ui.actors import actor_of


def told(given: Mapping[str, str]) -> dict[str, Any]:
    """The wizard's answers and what it proposed, as kept with the contact; empty until all three are answered."""
    answers = wizard.read(given)
    if answers is None:
        return {}
    terms = contracts.terms_of(contracts.require_version(clock.now()))
    return {"answers": answers.as_fact(), "proposed": wizard.propose(answers, terms.ranked()).code}


@require_GET
def level(request: HttpRequest) -> HttpResponse:
    """The level the three facts amount to, with the contract's words. Anybody may ask: it tells only the contract."""
    answers = wizard.read(request.GET)
    version = contracts.version_in_force(clock.now())
    proposed = None
    if answers is not None and version is not None:
        proposed = wizard.propose(answers, contracts.terms_of(version).ranked())
    context = {"proposed": proposed, "hotline": version.contract.hotline if version else ""}
    return render(request, "desk/parts/proposed_level.html", context)


@require_GET
def similar(request: HttpRequest) -> HttpResponse:
    """Open tickets of the last hour that may tell of the same fault."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    title = request.GET.get("title", "").strip()[:100]
    found = []
    if len(title) >= 2:
        found = selectors.similar(
            actor,
            module=request.GET.get("module", "")[:50],
            title=title,
            error_hash=request.GET.get("error_hash", "")[:16],
            since=clock.now() - rules.WINDOW,
        )
    return render(request, "desk/parts/similar.html", {"tickets": found})
