"""The contract as both parties read it, and the button with which each signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.contracts import selectors, services
from hrp.operations.contracts.models import ContractVersion, Side
from hrp.operations.contracts.rules import Level, Terms, elapsed
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of


@dataclass(frozen=True)
class LevelRow:
    """A level with its targets in words."""

    level: Level
    channels: list[str]
    response: str
    emergency: str
    onsite: str


@require_GET
def contract(request: HttpRequest) -> HttpResponse:
    """The current contract, in its latest version or the one asked for by number."""
    actor = actor_of(request)
    scope.require(actor, "operations.contract.view")
    wanted = request.GET.get("version", "")
    version = selectors.version_shown(int(wanted) if wanted.isdecimal() and len(wanted) < 6 else None)
    context: dict[str, Any] = {"page_title": _("运维合同"), "version": version}
    if version is not None:
        context |= _context(actor, version)
    return render(request, "contracts/contract.html", context)


def _context(actor: User, version: ContractVersion) -> dict[str, Any]:
    terms = selectors.terms_of(version)
    side = selectors.side_of(actor)
    titles = [title for level in terms.ranked() for title in level.notify] + list(terms.notify_on_breach)
    signed = {
        Side.HOSPITAL.value: version.hospital_signed_at,
        Side.SUPPLIER.value: version.supplier_signed_at,
    }
    return {
        "contract": version.contract,
        "versions": selectors.versions(version.contract),
        "terms": terms,
        "levels": [_level(terms, level) for level in terms.ranked()],
        "years": selectors.years(version.contract),
        "members": selectors.members(),
        "unfilled": selectors.unfilled(titles),
        "interpretations": selectors.interpretations(version),
        "may_sign": side in signed and signed[side] is None and scope.has(actor, "operations.contract.sign"),
        "side_title": Side(side).label if side else "",
    }


def _level(terms: Terms, level: Level) -> LevelRow:
    return LevelRow(
        level,
        [terms.channels[code] for code in terms.channels if code in level.channels],
        elapsed(level.response_s),
        elapsed(level.emergency_start_s) if level.emergency_start_s else "—",
        elapsed(level.onsite_s),
    )


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a version for one's side."""
    actor = actor_of(request)
    version = ContractVersion.objects.filter(pk=pk).first()
    if version is None:
        raise NotFound(_("没有找到该合同版本"), way_out=_("请返回运维合同页面刷新。"))
    signed = services.sign_version(actor=actor, version=version)
    messages.success(request, _("已签署{version}").format(version=signed))
    return redirect(f"{reverse('operations.contract')}?version={signed.number}")
