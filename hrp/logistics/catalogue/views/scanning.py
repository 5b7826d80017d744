"""Binding an unknown identifier from the scan box, and the self-test of a scanner."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.logistics.catalogue.models import PackageLevel
from hrp.logistics.catalogue.services import identifiers, scanning
from hrp.logistics.models import Item
from hrp.logistics.rules import udi
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, Problem, Refusal
from hrp.platform.exchange.codes import qr_svg
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

VIEW = "logistics.item.view"
BEFORE, AFTER = "0106901234567892" + "10TEST-A1", "1728013121S0001"
"""The parts of the test label around its separator; both lie well inside what any scanner reads."""


@require_http_methods(["GET", "POST"])
def bind(request: HttpRequest) -> HttpResponse:
    """The form that binds a scanned identifier, as a dialog; what is saved makes the same scan known."""
    actor = actor_of(request)
    scope.require(actor, identifiers.BIND)
    given = request.POST if request.method == "POST" else request.GET
    found = scanning.resolve(given.get("raw", ""))
    if request.method == "GET":
        return render(
            request, "catalogue/bind.html", {"found": found, "raw": found.raw, "levels": PackageLevel.choices}
        )
    try:
        pk = given.get("item", "")
        item = Item.objects.filter(pk=int(pk)).first() if pk.isdigit() and len(pk) < 18 else None
        if item is None:
            raise Invalid(_("没有选择物资"), problems=[Problem(_("请从列表选择"), field="item")])
        if not found.di:
            raise Invalid(_("没有读到产品标识"), way_out=_("请重新扫描。"))
        identifiers.bind(
            actor=actor, item=item, di=found.di, level=given.get("level", ""), quantity=_number(given.get("quantity", "")),
            agency=found.agency or "GS1",
        )  # fmt: skip
    except Refusal as refusal:
        return errors.refused(request, refusal)
    return HttpResponse(status=204)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Invalid(_("包装含量应填数字"), problems=[Problem(_("应填数字"), field="quantity")]) from None


@require_GET
def self_test(request: HttpRequest) -> HttpResponse:
    """扫码枪自检: a label with a separator in it, and a box that shows what arrived."""
    scope.require(actor_of(request), VIEW)
    label = qr_svg(f"{BEFORE}\x1d{AFTER}", title=_("自检标签"))
    return render(request, "catalogue/self_test.html", {"page_title": _("扫码枪自检"), "label": label})


@require_POST
def self_test_read(request: HttpRequest) -> JsonResponse:
    """What the parser reads of a scan, and whether the separator of the test label arrived."""
    scope.require(actor_of(request), VIEW)
    raw = request.POST.get("raw", "")[: scanning.LONGEST]
    heard = udi.heard_separator(raw, before=BEFORE, after=AFTER)
    read = scanning.read(raw)
    rows = [
        (_("发码机构"), read.agency.value if read.agency else ""), (_("产品标识 DI"), read.di), (_("批号"), read.lot),
        (_("序列号"), read.serial), (_("生产日期"), read.prod_date), (_("有效期"), read.expiry),
    ]  # fmt: skip
    return JsonResponse(
        {
            "verdict": _verdict(raw, heard), "good": bool(heard) and read.readable,
            "rows": [[title, str(value)] for title, value in rows if value],
            "errors": [issue.words for issue in read.errors], "warnings": [issue.words for issue in read.warnings],
        }
    )  # fmt: skip


def _verdict(raw: str, heard: str | None) -> str:
    if heard is None:
        has = "\x1d" in raw
        return _("不是自检标签；这次扫描{has} GS 分隔符。").format(has=_("含有") if has else _("不含"))
    if heard == "\x1d":
        return _("GS（0x1D）分隔符正常到达。")
    if not heard:
        return _(
            "分隔符丢失：扫码枪没有送出 GS，批号会吞进后面的日期。请按扫码枪手册打开“发送 GS / FNC1”，或设置为送出 F8、Ctrl+]。"
        )
    return _("分隔符被换成了“{heard}”。请把它加入业务参数“扫码枪代替 GS 分隔符送出的字符”。").format(
        heard=heard[:10]
    )
