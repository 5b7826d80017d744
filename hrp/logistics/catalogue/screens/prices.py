"""调价单 and 销售价格: what is charged from which day, and the stock it meets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from hrp.logistics.catalogue import pricing
from hrp.logistics.catalogue.documents import taking_over
from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment
from hrp.logistics.catalogue.models import PriceEffect, PriceTakeOver, SalePrice
from hrp.logistics.catalogue.services import pricing as services
from hrp.logistics.screens.documents import DATES, MAKER, NUMBER
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.exchange.models import PartnerMessage
from hrp.platform.ui.screens import (
    Action,
    Column,
    DocumentScreen,
    Field,
    Filter,
    LineField,
    Output,
    Panel,
    RegisterScreen,
)

PERMISSIONS = {
    "logistics.sale_price.view": "查看销售价格",
    "logistics.sale_price.export": "导出销售价格",
    "logistics.price_adjustment.tell": "向 HIS 重发调价",
}
VIEW = "logistics.price_adjustment.view"
MESSAGES = {taking_over.CHANGED: "新价", taking_over.WITHDRAWN: "撤回", taking_over.TAKEN_OVER: "库存交接"}


def _defaults(actor: Any) -> dict[str, Any]:
    """From tomorrow on, by the office of who makes it."""
    found: dict[str, Any] = {"effective_on": clock.today() + dt.timedelta(days=1)}
    if actor.unit is not None:
        found |= {"campus": actor.unit.campus_id, "org_unit": actor.unit_id}
    return found


def _take_over_rows(document: PriceAdjustment, actor: Any) -> list[PriceTakeOver]:
    """Of the stores the reader may look into."""
    return [row for row in _taken_over(document) if scope.has(actor, VIEW, row.store.org_unit_id)]


def _taken_over(document: PriceAdjustment) -> list[PriceTakeOver]:
    """As written down when the day began; before it, as it would be now."""
    effect = PriceEffect.objects.filter(source=document.source).first()
    if effect is not None:
        return list(effect.lines.select_related("store", "item").order_by("store__code", "item__code"))
    if document.state in (State.REVERSED, State.VOID):
        return []
    lines = [line for line in document.lines.order_by("position") if line.new_price is not None]
    return taking_over.preview(document, lines)


def _taken(document: PriceAdjustment) -> str:
    """Where an adjustment stands, in a word."""
    if document.state != State.POSTED:
        return ""
    return "已执行" if PriceEffect.objects.filter(source=document.source).exists() else "待执行"


def _tell(*, actor: Any, obj: PriceAdjustment, values: Mapping[str, Any]) -> str:
    return services.tell(obj, actor=actor)


ADJUSTMENTS = DocumentScreen(
    kind="logistics.price_adjustment",
    icon="tag",
    menu=("logistics", "采购"),
    order=75,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", title="制单日期", sort=True), Column("effective_on", sort=True, card="meta"),
        Column("reason", card="line"), Column("basis"), Column("taken", title="执行", kind="text", value=_taken),
        Column("total", title="库存差额", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("effective_on", kind="date_range"), Filter("reason", kind="choice"), MAKER),
    fields=(
        Field("effective_on", help="自当日零时起按新价收费"), Field("reason"), Field("business_date", title="制单日期"),
        Field("basis", span=2), Field("org_unit", title="定价部门"), Field("campus"), Field("note", span=2),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=150),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("charge_item", title="收费编码", shows="item__charge_item", readonly=True, width=110),
        LineField("purchase_price", readonly=True, width=104), LineField("old_price", readonly=True, width=104),
        LineField("new_price", width=110), LineField("remark", width=160),
    ),
    lines_title="调价明细（新销售价空着时按零差率取进价）",
    scan="item",
    defaults=_defaults,
    amount_title="库存差额",
    panels=(
        Panel(
            key="take_over", title="库存交接清单", rows=_take_over_rows, model=PriceTakeOver,
            columns=(
                Column("store"), Column("item__code", title="物资编码"), Column("item"), Column("quantity"), Column("item__unit", title="单位"),
                Column("old_price"), Column("new_price"), Column("difference"),
            ),
            empty="执行日零时没有结存",
        ),
        Panel(
            key="his", title="HIS 接口", rows=lambda document, actor: PartnerMessage.objects.filter(source=document.source).order_by("id"), model=PartnerMessage,
            columns=(
                Column("kind", title="消息", kind="text", value=lambda row: MESSAGES.get(row.kind, row.kind)), Column("state"), Column("created_at"),
                Column("settled_at"), Column("error"),
            ),
            empty="没有发出；登记并启用 HIS 接口伙伴后可重发",
        ),
    ),
    actions=(
        Action("tell", "重发 HIS", _tell, permission="logistics.price_adjustment.tell", icon="send",
               shown=lambda document: document.state == State.POSTED),
    ),
    outputs=(
        Output("交接清单", lambda document: f"/logistics/reports/price-take-over?number={document.number or ''}", icon="file-export"),
    ),
    signatures=("制单", "审核", "物价", "财务"),
)  # fmt: skip


def _prices(actor: Any) -> QuerySet[SalePrice]:
    standing = SalePrice.objects.filter(reverses=None, taken_back=None)
    named = Concat(Value(f"{PriceAdjustment.spec.kind}:"), Cast("pk", CharField()))
    of = PriceAdjustment.objects.annotate(named=named).filter(named=OuterRef("source"))
    return standing.select_related("item").annotate(number=Subquery(of.values("number")[:1]))


def _holds(row: SalePrice) -> str:
    if row.valid_from > clock.today():
        return "待执行"
    now = pricing.sale_prices([row.item_id], clock.today()).get(row.item_id)
    return "现行" if now is not None and now.since == row.valid_from else "历史"


NUMBERED = Column(
    "number", title="调价单", kind="text", value=lambda row: row.number, link=lambda row: url_for(row.source)
)

SALE_PRICES = RegisterScreen(
    key="logistics.sale_price",
    model=SalePrice,
    title="销售价格",
    icon="tags",
    url="logistics/sale-prices",
    menu=("logistics", "采购"),
    order=76,
    editable=False,
    creatable=False,
    history=False,
    queryset=_prices,
    ordering=("item__code", "-valid_from"),
    columns=(
        Column("item__code", title="物资编码", sort=True, fixed=True, card="meta"), Column("item", card="title"), Column("item__unit", title="单位"),
        Column("item__charge_item", title="收费编码"), Column("price", sort=True, card="amount"), Column("valid_from", sort=True, card="meta"),
        Column("holds", title="状态", kind="text", value=_holds, card="tag"), NUMBERED,
    ),
    filters=(Filter("item", kind="register", register="logistics.item"), Filter("valid_from", kind="date_range")),
    fields=(Field("item"), Field("price"), Field("valid_from"), Field("source", title="调价单")),
    search=(),
    exact=(),
)  # fmt: skip

ITEM_PANEL = Panel(
    "sale_prices", "销售价格", lambda item, actor: _prices(actor).filter(item=item).order_by("-valid_from"),
    ("price", "valid_from", Column("holds", title="状态", kind="text", value=_holds), NUMBERED),
    model=SalePrice, empty="没有定价",
)  # fmt: skip
