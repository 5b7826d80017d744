"""What happens when something is scanned."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.handheld.services import receiving
from hrp.logistics.handheld.services.resolving import resolve
from hrp.logistics.handheld.views import pages
from hrp.logistics.handheld.views.answers import Sound, answer, given, key_of
from hrp.logistics.requesting.documents.serving import HAND_OVER, SIGN
from hrp.logistics.requesting.models import QuotaCard
from hrp.logistics.requesting.services import cards, delivering, picking
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of


@require_POST
def pick(request: HttpRequest, pk: int) -> HttpResponse:
    found, actor = pages.load_picking(request, pk), actor_of(request)

    def verb() -> dict[str, Any]:
        sent = given(request)
        code = resolve(str(sent.get("code", "")))
        typed = str(sent.get("quantity") or "").strip()
        done = picking.scan(
            found, actor=actor, item_ids=code.item_ids, lot=code.lot, code=code.raw, key=key_of(sent.get("uuid")),
            quantity=delivering.quantity_of(typed, field="quantity") if typed else None, package=code.quantity,
        )  # fmt: skip
        line = done.line
        return {
            "sound": Sound.DUPLICATE if done.again else Sound.OK,
            "title": str(line.item),
            "words": [
                _("批号 {lot}").format(lot=line.batch.lot or _("无")),
                _("已拣 {picked} / {wanted} {unit}").format(
                    picked=f"{done.picked.normalize():f}",
                    wanted=f"{line.quantity.normalize():f}",
                    unit=line.item.unit,
                ),
                *code.warnings,
            ],
            "html": render_to_string(
                "handheld/parts/pick_rows.html", {"rows": pages.pick_rows(found)}, request
            ),
        }

    return answer(verb)


@require_POST
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, receiving.EDIT)
    transfer = receiving.load(pk, actor)

    def verb() -> dict[str, Any]:
        row = receiving.match(transfer, resolve(str(given(request).get("code", ""))))
        wanted = f"{row.way.quantity.normalize():f}"
        return {
            "title": str(row.item),
            "words": [_("批号 {lot}").format(lot=row.batch.lot or _("无")), f"{wanted} {row.item.unit}"],
            "fill": {"name": f"quantity-{row.key}", "value": wanted},
        }

    return answer(verb)


@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """First the number of the issue, then the badge of the receiver (or the receiver's own button)."""
    actor = actor_of(request)
    if not (scope.has(actor, SIGN) or scope.has(actor, HAND_OVER)):
        scope.require(actor, SIGN)

    def verb() -> dict[str, Any]:
        sent = given(request)
        code, open_ = str(sent.get("code", "")).strip(), str(sent.get("open") or "")
        issue = (
            StockIssue.objects.select_related("store", "org_unit")
            .filter(pk=int(open_) if open_.isdigit() else 0)
            .first()
        )
        if issue is not None and sent.get("act") == "sign":
            return _signed(delivering.sign(issue, actor=actor), issue)
        if issue is None or StockIssue.objects.filter(number=code).exists():
            return _opened(request, _visible(actor, delivering.find(code)))
        return _signed(delivering.sign_by_badge(issue, actor=actor, badge=code), issue)

    return answer(verb)


def _visible(actor: Any, issue: StockIssue) -> StockIssue:
    """An issue of the person's own department, or of a store the person hands out from."""
    if scope.has(actor, SIGN, issue.org_unit_id) or scope.has(actor, HAND_OVER, issue.store.org_unit_id):
        return issue
    raise NotFound(_("没有找到这张出库单"), way_out=_("请扫描本科室出库单上的条码。"))


def _opened(request: HttpRequest, issue: StockIssue) -> dict[str, Any]:
    actor = actor_of(request)
    lines = list(issue.lines.select_related("item").order_by("position"))
    own = scope.has(actor, SIGN, issue.org_unit_id) and issue.posted_by_id != actor.pk
    by_badge = scope.has(actor, HAND_OVER, issue.store.org_unit_id)
    html = render_to_string(
        "handheld/parts/issue.html",
        {"issue": issue, "lines": lines, "own": own, "by_badge": by_badge},
        request,
    )
    ask = _("请扫描领用人工牌") if by_badge else _("核对后点“签收”")
    return {"title": f"{issue.org_unit} {issue.number}", "words": [ask], "html": html, "open": issue.pk}


def _signed(signature: Any, issue: StockIssue) -> dict[str, Any]:
    return {
        "title": _("{name} 已签收").format(name=signature.signer.display_name), "words": [str(issue.number)], "html": "",
        "open": 0,
    }  # fmt: skip


@require_POST
def card(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, cards.SCAN)

    def verb() -> dict[str, Any]:
        sent = given(request)
        done = cards.scan(str(sent.get("code", "")), actor=actor, key=key_of(sent.get("uuid")))
        found = done.card
        if not done.counted:
            words = [_("{item} 已登记，正在补货").format(item=found.item)]
            return {"sound": Sound.DUPLICATE, "title": found.code, "words": words}
        words = [str(found.item), f"{found.quantity.normalize():f} {found.item.unit}"]
        if found.kind == QuotaCard.Kind.STORE:
            words.append(_("计入 {store} 的采购补货建议").format(store=found.store))
        html = render_to_string(
            "handheld/parts/card_groups.html", {"groups": pages.card_groups(actor)}, request
        )
        return {"title": found.code, "words": words, "html": html}

    return answer(verb)
