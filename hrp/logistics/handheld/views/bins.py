"""上架: goods are scanned, then the bin they are put into."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.bins import selectors
from hrp.logistics.bins.models import Bin
from hrp.logistics.bins.rules import scanned
from hrp.logistics.bins.services import placing
from hrp.logistics.handheld.services.resolving import resolve
from hrp.logistics.handheld.views.answers import Sound, answer, given, key_of
from hrp.logistics.models import Batch, Store
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

MOST = 60


def _stores(actor: Any) -> list[Store]:
    rows = Store.objects.filter(is_active=True, bins__isnull=False).distinct().order_by("code")
    return list(scope.filter(actor, placing.PUT, rows, "org_unit_id"))


def _store(actor: Any, pk: int) -> Store:
    scope.require(actor, placing.PUT)
    found = next((one for one in _stores(actor) if one.pk == pk), None)
    if found is None:
        raise NotFound(_("没有找到这个库房的货位。"), way_out=_("请返回列表刷新。"))
    return found


@require_GET
def stores(request: HttpRequest) -> HttpResponse:
    """Stores with bins; of a single one its page."""
    actor = actor_of(request)
    scope.require(actor, placing.PUT)
    found = _stores(actor)
    if len(found) == 1:
        return redirect(reverse("logistics.handheld.putaway.one", args=[found[0].pk]))
    return render(request, "handheld/putaway.html", {"page_title": _("上架"), "stores": found})


@require_GET
def putaway(request: HttpRequest, pk: int) -> HttpResponse:
    store = _store(actor_of(request), pk)
    context = {"page_title": _("上架"), "store": store, **_waiting(store)}
    return render(request, "handheld/putaway_one.html", context)


def _waiting(store: Store) -> dict[str, Any]:
    rows = selectors.unplaced(store.pk)
    homes = selectors.homes_of(store.pk, [row.item_id for row in rows[:MOST]])
    return {"rows": [(row, homes.get(row.item_id)) for row in rows[:MOST]], "count": len(rows)}


@require_POST
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    """A bin after goods: they are put there. Goods: where they belong. A bin alone: what lies in it."""
    actor = actor_of(request)
    store = _store(actor, pk)

    def verb() -> dict[str, Any]:
        sent = given(request)
        code, open_ = str(sent.get("code", "")), str(sent.get("open") or "")
        batch = Batch.objects.select_related("item").filter(pk=int(open_) if open_.isdigit() else 0).first()
        found = selectors.find(store.pk, code)
        if found is None and scanned(code) is not None:
            raise NotFound(
                _("{store} 没有货位 {code}").format(store=store, code=code.strip()[:24]),
                way_out=_("请核对货位标签。"),
            )
        if found is None:
            return _goods(store, code)
        if batch is None:
            return _contents(found)
        move = sent.get("act") == "move"
        done = placing.put(batch, found, actor=actor, key=key_of(sent.get("uuid")), move=move)
        html = render_to_string("handheld/parts/putaway_rows.html", _waiting(store), request)
        lot = batch.lot or _("无")
        return {
            "sound": Sound.DUPLICATE if done.again else Sound.OK, "title": f"{found.code}", "open": 0, "html": html,
            "words": [str(batch.item), _("批号 {lot}").format(lot=lot), _("已在此货位") if done.again else _("已上架")],
        }  # fmt: skip

    return answer(verb)


def _goods(store: Store, code: str) -> dict[str, Any]:
    read = resolve(code)
    batch = placing.batch_here(store, read.item_ids, read.lot)
    lies = selectors.whereabouts(store.pk, [batch.pk])[batch.pk]
    words = [_("批号 {lot}").format(lot=batch.lot or _("无"))]
    if lies.bins and not lies.is_home:
        words.append(_("现在 {bins}，扫另一货位即再放一处").format(bins=lies.words))
    else:
        there = selectors.suggested(store.pk, read.item.pk)
        words.append(_("建议 {bin}，请扫货位").format(bin=there.code) if there else _("请扫货位"))
    return {"title": str(read.item), "words": [*words, *read.warnings], "open": batch.pk}


def _contents(found: Bin) -> dict[str, Any]:
    there = selectors.lying_in(found)
    words = [f"{row.item} {row.batch.lot or _('无批号')}" for row in there[:5]]
    return {"title": found.code, "words": words or [_("空货位；先扫物资，再扫货位")], "open": 0}
