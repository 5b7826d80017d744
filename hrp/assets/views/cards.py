"""资产卡片 as a whole: what it is worth, how it is depreciated, whose it was, what happened to it; the card on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hrp.assets import papers
from hrp.assets.models import Asset
from hrp.assets.rules.labels import written
from hrp.assets.screens.registers import PANELS
from hrp.assets.selectors import whole_card
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.exchange.codes import qr_svg
from hrp.platform.ui import panels, screens
from hrp.platform.ui.actors import actor_of

VIEW = "assets.asset.view"


def _card(request: HttpRequest, pk: int) -> Asset:
    actor = actor_of(request)
    scope.require(actor, VIEW)
    rows = scope.filter(actor, VIEW, Asset.objects.all(), "org_unit")
    found = (
        rows.select_related("asset_class", "org_unit", "campus", "location", "keeper", "parent")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound("没有找到这张资产卡片", way_out="请检查编号，或从列表打开。")
    return found


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The card, then what the rooms above know of it: repairs, care, certificates, loans."""
    asset, actor = _card(request, pk), actor_of(request)
    screen = screens.registry["assets.asset"]
    request.menu_path = screen.base  # type: ignore[attr-defined]  # the card stands in the menu where its register does
    context = {
        "page_title": str(asset),
        "screen": screen,
        "asset": asset,
        "qr": qr_svg(written(asset.token)),
        "whole": whole_card.read(asset),
        "panels": panels.bind([one for one in screen.panels if one not in PANELS], asset, actor),
        "panel_url": f"{screen.base}{asset.pk}",
        "outputs": [
            one for one in panels.outputs(screen.outputs, asset, actor) if one["url"] != request.path
        ],
    }
    return render(request, "assets/card.html", context)


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """固定资产卡片."""
    return _pdf(papers.card(_card(request, pk), actor=actor_of(request)), f"card-{pk}")


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
