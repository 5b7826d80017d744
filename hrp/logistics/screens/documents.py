"""入库单 and 出库单: list, page and entry grid."""

from __future__ import annotations

from typing import Any

from hrp.logistics.models import StockMove, Store
from hrp.logistics.screens import advising, papers
from hrp.platform.ledger.models import Fund
from hrp.platform.ui.screens import Column, DocumentScreen, Field, Filter, LineField, Panel


def defaults(actor: Any) -> dict[str, Any]:
    """A new document begins where its maker works: own campus, own funds, and the store when there is only one."""
    fund = Fund.objects.filter(code="F1").values_list("pk", flat=True).first()
    found: dict[str, Any] = {"fund": fund}
    if actor.unit is not None:
        found["campus"] = actor.unit.campus_id
        stores = list(Store.objects.filter(org_unit_id=actor.unit_id, is_active=True).order_by("code")[:1])
        found |= {"store": stores[0].pk} if stores else {}
    return found


def issue_defaults(actor: Any) -> dict[str, Any]:
    """As any document of a store, but for no department: the one preset would bear costs nobody meant for it."""
    return defaults(actor) | {"org_unit": None}


NUMBER = Filter("number", title="单据编号", kind="text", lookups=("number__icontains",), placeholder="单号")
DATES = Filter("business_date", title="业务日期", kind="date_range")
MAKER = Filter(
    "maker", title="制单人", kind="text", lookups=("maker__display_name__icontains", "maker__username")
)

MOVES = Panel(
    key="moves",
    title="库存流水",
    rows=lambda document, actor: StockMove.objects.filter(source=document.source).select_related(
        "item", "batch", "store"
    ),
    model=StockMove,
    columns=(
        Column("line_position", title="单据行"),
        Column("item"),
        Column("batch__lot", title="批号"),
        Column("batch__expiry", title="有效期至"),
        Column("quantity"),
        Column("amount"),
    ),
    empty="过账后在此列出每个批次的数量与金额",
)

RECEIPTS = DocumentScreen(
    kind="logistics.stock_receipt",
    icon="package-import",
    menu=("logistics", "库存业务"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("supplier", card="line"),
        Column("store"),
        Column("invoice_number"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(
        NUMBER,
        DATES,
        Filter("store", kind="register", register="logistics.store"),
        Filter("supplier", kind="register", register="logistics.supplier"),
        Filter("invoice_number", kind="text", lookups=("invoice_number__icontains",)),
        MAKER,
    ),
    fields=(
        Field("store"), Field("business_date", title="入库日期"), Field("campus"), Field("supplier", span=2),
        Field("org_unit", title="管理科室"), Field("delivery_note"), Field("invoice_number"), Field("fund"),
        Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=232, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=112),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=52),
        LineField("lot", width=112),
        LineField("expiry", width=112),
        LineField("quantity", title="实收数量", width=96, total=True),
        LineField("price", width=100),
        LineField("amount", title="金额（元）", product=("quantity", "price"), readonly=True, width=112, total=True),
        LineField("produced", width=116, aside=True), LineField("sterile_expiry", width=116, aside=True),
        LineField("order_line", title="采购订单行", lookup="logistics.order_line", depends=("item", "supplier"), width=190, aside=True),
    ),
    lines_title="入库明细",
    scan="item",
    defaults=defaults,
    amount_title="价税合计",
    panels=(MOVES,),
    form="form",
    paper_lines=papers.receipt,
    copies=("第一联 库房", "第二联 财务", "第三联 供应商"),
    signatures=("制单", "采购", "验收", "库管", "会计"),
)  # fmt: skip

ISSUES = DocumentScreen(
    kind="logistics.stock_issue",
    icon="package-export",
    menu=("logistics", "库存业务"),
    order=20,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="领用科室", card="line"),
        Column("store"),
        Column("receiver"),
        Column("fund", hidden=True),
        Column("project", hidden=True),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(
        NUMBER,
        DATES,
        Filter("org_unit", title="领用科室", kind="register", register="org.unit"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("project", kind="register", register="logistics.project"),
        MAKER,
    ),
    fields=(
        Field("org_unit", title="领用科室"), Field("store"), Field("business_date", title="出库日期"), Field("campus"),
        Field("fund"), Field("project", help="选了项目的，资金来源按项目经费"), Field("receiver"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=160),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("lot", width=110),
        LineField("quantity", title="数量", width=96, total=True),
        LineField("available", title="可用", kind="quantity", typing=True, width=84),
        LineField("batches", title="将取批次（近效期先出）", kind="text", typing=True, width=250),
        LineField("amount", title="金额（元）", readonly=True, width=116, total=True),
    ),
    lines_title="出库明细",
    scan="item",
    defaults=issue_defaults,
    advise=advising.issue,
    panels=(MOVES,),
    form="form",
    paper_lines=papers.outgoing,
    copies=("第一联 库房", "第二联 财务", "第三联 领用科室"),
    signatures=("制单", "发料", "复核", "领用人", "会计"),
)  # fmt: skip

ALL = (RECEIPTS, ISSUES)
