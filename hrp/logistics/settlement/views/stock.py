"""收发存汇总表 and 收发存明细账, for any span of days."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.models import Item, MaterialClass
from hrp.logistics.settlement.selectors import stock_ledger
from hrp.logistics.settlement.views import asked
from hrp.platform.access import scope
from hrp.platform.documents.registry import split, url_for
from hrp.platform.exchange.sheets import OutColumn
from hrp.platform.ui.actors import actor_of

VIEW, EXPORT = "logistics.stock.view", "logistics.stock.export"
SHOWN = 500
COLUMNS = (
    ("opening_quantity", "期初数量", "decimal"), ("opening_amount", "期初金额", "money"), ("in_quantity", "收入数量", "decimal"),
    ("in_amount", "收入金额", "money"), ("out_quantity", "发出数量", "decimal"), ("out_amount", "发出金额", "money"),
    ("closing_quantity", "期末数量", "decimal"), ("closing_amount", "期末金额", "money"),
)  # fmt: skip


@require_GET
def summary(request: HttpRequest) -> HttpResponse:
    """收发存汇总表 on the screen, or as a workbook with ``xlsx``."""
    actor = actor_of(request)
    exporting = "xlsx" in request.GET
    permission = EXPORT if exporting else VIEW
    scope.require(actor, permission)
    wanted = asked.wanted(request, actor, permission)
    by = request.GET.get("by", "item")
    by = by if by in stock_ledger.GROUPS else "item"
    rows = stock_ledger.summary(asked.book(), wanted, by=by)
    title = stock_ledger.GROUPS[by][0]
    if exporting:
        kinds: Any = [
            OutColumn("code", "编码", "code"),
            OutColumn("name", title, width=34),
            OutColumn("unit", "单位", width=8),
        ]
        kinds += [OutColumn(key, name, kind, total=True) for key, name, kind in COLUMNS]  # type: ignore[arg-type]
        caption = f"{wanted.first} 至 {wanted.last}　按{title}"
        return asked.workbook(
            rows, kinds, f"收发存汇总表 {wanted.first} 至 {wanted.last}", caption, actor=actor
        )
    context = {
        "page_title": _("收发存汇总表"),
        "wanted": wanted,
        "by": by,
        "groups": [(key, group[0]) for key, group in stock_ledger.GROUPS.items()],
        "title": title,
        "rows": rows[:SHOWN],
        "hidden": max(len(rows) - SHOWN, 0),
        "total": stock_ledger.total(rows),
        "counts": by in ("item", "batch"),
        "stores": asked.stores_of(actor, VIEW),
        "classes": MaterialClass.objects.all(),
        "store": asked.key(request.GET, "store"),
        "query": _query(request),
        "span": urlencode(
            {"from": str(wanted.first), "to": str(wanted.last), "store": request.GET.get("store", "")}
        ),
        "may_export": scope.has(actor, EXPORT),
    }
    return render(request, "settlement/summary.html", context)


@require_GET
def ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """收发存明细账 of one item."""
    actor = actor_of(request)
    exporting = "xlsx" in request.GET
    permission = EXPORT if exporting else VIEW
    scope.require(actor, permission)
    item = get_object_or_404(Item, pk=pk)
    wanted = asked.wanted(request, actor, permission, item_id=pk)
    start, moved = stock_ledger.ledger(asked.book(), wanted)
    if exporting:
        return _exported(item, wanted, moved, actor)
    context = {
        "page_title": f"{_('收发存明细账')} {item}",
        "item": item,
        "wanted": wanted,
        "start": start,
        "rows": [(row, _named(row.source), url_for(row.source)) for row in moved[-2000:]],
        "stores": asked.stores_of(actor, VIEW),
        "store": asked.key(request.GET, "store"),
        "query": _query(request),
        "may_export": scope.has(actor, EXPORT),
    }
    return render(request, "settlement/ledger.html", context)


def _exported(item: Item, wanted: Any, moved: list[stock_ledger.Moved], actor: Any) -> HttpResponse:
    rows = (
        {"date": m.date, "source": _named(m.source), "store": m.store, "iq": m.in_quantity, "ia": m.in_amount,
         "oq": m.out_quantity, "oa": m.out_amount, "q": m.quantity, "a": m.amount}
        for m in moved
    )  # fmt: skip
    columns = (
        OutColumn("date", "日期", "date"), OutColumn("source", "单据"), OutColumn("store", "库房"),
        OutColumn("iq", "收入数量", "decimal"), OutColumn("ia", "收入金额", "money"), OutColumn("oq", "发出数量", "decimal"),
        OutColumn("oa", "发出金额", "money"), OutColumn("q", "结存数量", "decimal"), OutColumn("a", "结存金额", "money"),
    )  # fmt: skip
    caption = f"{item}　单位：{item.unit}　{wanted.first} 至 {wanted.last}"
    return asked.workbook(rows, columns, f"收发存明细账 {item.code}", caption, actor=actor)


def _query(request: HttpRequest) -> str:
    """What was asked for, without the export."""
    given = request.GET.copy()
    given.pop("xlsx", None)
    return given.urlencode()


def _named(source: str) -> str:
    found, pk = split(source)
    return f"{found.spec.title} #{pk}" if found else source
