"""寄售入库、寄售退回、术前申请、高值使用、使用结算、寄售对账: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.highvalue.documents.consign_statement import held
from hrp.logistics.highvalue.models import ConsignMove, TraceUnit, UnitEvent
from hrp.logistics.highvalue.services import booking
from hrp.logistics.models import Batch, Store
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER, defaults
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoiceLine
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Column, DocumentScreen, Field, Filter, LineField, Output, Panel

GROUP = ("logistics", "高值耗材")
SUPPLIER = Filter("supplier", kind="register", register="logistics.supplier")

EVENTS = Panel(
    key="events",
    title="唯一码轨迹",
    rows=lambda document, actor: UnitEvent.objects.filter(source=document.source).select_related("unit__item", "store"),
    model=UnitEvent,
    columns=(
        Column("line_position"), Column("unit", link=lambda event: f"/logistics/trace/{event.unit_id}"),
        Column("unit__item__name", title="物资"), Column("act"), Column("to_state"), Column("store"), Column("at"),
    ),
    empty="过账后在此列出每个唯一码",
)  # fmt: skip
MEMO = Panel(
    key="memo",
    title="寄售备查流水",
    rows=lambda document, actor: ConsignMove.objects.filter(source=document.source).select_related("unit", "item", "store", "batch"),
    model=ConsignMove,
    columns=("line_position", "unit", "item", Column("batch__lot", title="批号"), "store", "quantity"),
    empty="过账后在此列出备查数量（不计金额）",
)  # fmt: skip
INVOICES = Panel(
    key="invoices",
    title="发票",
    rows=lambda document, actor: SupplierInvoiceLine.objects.filter(payable__source=document.source, document__state=State.POSTED).select_related("document"),
    model=SupplierInvoiceLine,
    columns=(
        Column("document__number", title="采购发票", kind="code", link=lambda line: url_for(line.document.source)), Column("document__invoice_number", title="发票号码"),
        Column("document__invoice_date", title="开票日期"), "quantity", "amount",
    ),
    empty="发票未到：请在 结算 → 采购发票 中按本结算单登记",
)  # fmt: skip


def cabinet_defaults(actor: Any) -> dict[str, Any]:
    """The only cabinet of one's department, if there is one."""
    found = defaults(actor)
    cabinets = Store.objects.filter(kind=Store.Kind.CONSIGNMENT, is_active=True).order_by("code")
    own = cabinets.filter(org_unit_id=actor.unit_id).first() or cabinets.first()
    if own is not None:
        found |= {"store": own.pk, "org_unit": own.org_unit_id, "campus": own.campus_id}
    return found


def _labels(document: Any) -> str:
    return f"/logistics/unit-labels?source={document.source}"


def to_return(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Everything of a supplier that is expired, damaged, recalled, or left over after its operation."""
    supplier = params.get("supplier", "")
    if not supplier.isdigit():
        return {}
    units = TraceUnit.objects.filter(
        owner="supplier", batch__supplier_id=supplier, state__in=("expired", "damaged", "recalled")
    ).exclude(store=None)
    return {"supplier": int(supplier), "lines": [{"unit": unit.pk} for unit in units[:500]]}


def to_book(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Everything one department used, or one visit, that is not booked yet."""
    uses = booking.waiting(visit_no=params.get("visit", ""))
    unit = params.get("org_unit", "")
    if unit.isdigit():
        uses = [use for use in uses if use.org_unit_id == int(unit)]
    if not uses:
        return {}
    first = uses[0]
    uses = [use for use in uses if use.org_unit_id == first.org_unit_id]
    return {
        "campus": first.campus_id, "org_unit": first.org_unit_id, "store": booking.pass_store(uses).pk,
        "lines": [{"use": use.pk} for use in uses],
    }  # fmt: skip


def to_settle(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Every piece of a supplier that was booked and not settled."""
    supplier = params.get("supplier", "")
    if not supplier.isdigit():
        return {"upto": clock.today()}
    units = TraceUnit.objects.filter(owner="supplier", state="booked", batch__supplier_id=supplier).order_by(
        "pk"
    )
    return {
        "supplier": int(supplier),
        "upto": clock.today(),
        "lines": [{"unit": unit.pk} for unit in units[:500]],
    }


def to_state(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """One line a batch we hold of a supplier, with our quantity to be corrected to theirs."""
    supplier = params.get("supplier", "")
    if not supplier.isdigit():
        return {}
    there = held(int(supplier), clock.today())
    batches = Batch.objects.filter(pk__in=there).order_by("item__code", "lot")
    return {
        "supplier": int(supplier),
        "lines": [{"item": batch.item_id, "batch": batch.pk, "stated": there[batch.pk]} for batch in batches],
    }


CONSIGN_IN = DocumentScreen(
    kind="logistics.consign_in",
    icon="package-import",
    menu=GROUP,
    order=20,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("supplier", card="line"),
        Column("store"), Column("mode"), Column("total", title="备查金额", sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, Filter("mode", kind="choice"), MAKER),
    fields=(
        Field("store", lookup="logistics.cabinet"), Field("business_date", title="到货日期"), Field("campus"), Field("supplier", span=2),
        Field("org_unit", title="管理科室"), Field("mode"), Field("delivery_note"), Field("visit_no"), Field("tray"), Field("note", span=2),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.piece_item", width=220, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=130),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=52),
        LineField("lot", width=110), LineField("expiry", width=116), LineField("sterile_expiry", width=116),
        LineField("quantity", title="数量", width=76, total=True), LineField("price", width=100), LineField("udi", width=200),
    ),
    lines_title="寄售入库明细",
    scan="item",
    merge=False,
    defaults=cabinet_defaults,
    amount_title="备查金额（不入账）",
    panels=(EVENTS, MEMO),
    outputs=(Output("打印院内码", _labels, icon="barcode", permission="logistics.unit.view"),),
    signatures=("制单", "验收", "供应商", "保管"),
)  # fmt: skip

CONSIGN_OUT = DocumentScreen(
    kind="logistics.consign_out",
    icon="package-export",
    menu=GROUP,
    order=22,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("supplier", card="line"),
        Column("store"), Column("reason"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, Filter("reason", kind="choice"), MAKER),
    fields=(
        Field("store", lookup="logistics.cabinet"), Field("business_date", title="退回日期"), Field("campus"), Field("supplier", span=2),
        Field("org_unit", title="管理科室"), Field("reason"), Field("receiver"), Field("note"),
    ),
    lines=(
        LineField("unit", title="唯一码", lookup="logistics.consigned_unit", depends=("store",), width=200),
        LineField("name", title="物资", shows="unit__item__name", readonly=True, width=200),
        LineField("spec", title="规格型号", shows="unit__item__spec", readonly=True, width=130),
        LineField("lot", title="批号", shows="unit__batch__lot", readonly=True, width=120),
    ),
    lines_title="退回明细",
    scan="unit",
    merge=False,
    defaults=cabinet_defaults,
    prefill=to_return,
    panels=(EVENTS, MEMO),
    signatures=("制单", "保管", "供应商"),
)  # fmt: skip

REQUESTS = DocumentScreen(
    kind="logistics.operation_request",
    icon="clipboard-list",
    menu=GROUP,
    order=10,
    columns=(
        Column("number", fixed=True, card="title"), Column("planned_on", sort=True, card="meta"), Column("visit_no", card="line"),
        Column("patient"), Column("operation"), Column("operator"), Column("org_unit", title="申请科室"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(
        NUMBER, Filter("planned_on", title="拟手术日期", kind="date_range"), Filter("visit_no", kind="text", lookups=("visit_no__istartswith",)),
        Filter("org_unit", title="申请科室", kind="register", register="org.unit"), MAKER,
    ),
    fields=(
        Field("visit_no"), Field("patient", help="只保存姓，其余以星号代替"), Field("planned_on"), Field("operation", span=2), Field("operator"),
        Field("diagnosis", span=2), Field("business_date", title="申请日期"), Field("campus"), Field("org_unit", title="申请科室"), Field("note"),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.piece_item", width=260, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=160),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("quantity", title="数量", width=96, total=True),
    ),
    lines_title="申请明细",
    scan="item",
    defaults=defaults,
    panels=(EVENTS,),
    outputs=(Output("扫码备用", lambda document: f"/logistics/unit-scans?source={document.source}", icon="barcode", permission="logistics.unit.pick"),),
    signatures=("申请", "科主任", "备货"),
)  # fmt: skip

BOOKINGS = DocumentScreen(
    kind="logistics.use_booking",
    icon="transfer",
    menu=GROUP,
    order=30,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", title="使用科室", card="line"),
        Column("store"), Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("org_unit", title="使用科室", kind="register", register="org.unit"), MAKER),
    fields=(
        Field("org_unit", title="使用科室"), Field("store"), Field("business_date", title="入账日期"), Field("campus"), Field("fund"), Field("note", span=3),
    ),
    lines=(
        LineField("use", title="使用登记", lookup="logistics.use_to_book", width=220),
        LineField("name", title="物资", shows="use__unit__item__name", readonly=True, width=180),
        LineField("spec", title="规格型号", shows="use__unit__item__spec", readonly=True, width=120),
        LineField("lot", title="批号", shows="use__unit__batch__lot", readonly=True, width=100),
        LineField("supplier", title="供应商", shows="use__unit__batch__supplier__name", readonly=True, width=160),
        LineField("used_on", title="使用日期", shows="use__used_on", readonly=True, width=100),
        LineField("amount", title="金额（元）", readonly=True, width=110, total=True),
    ),
    lines_title="使用明细",
    scan="use",
    merge=False,
    defaults=defaults,
    prefill=to_book,
    panels=(MOVES, EVENTS),
    signatures=("制单", "使用科室", "库管", "会计"),
)  # fmt: skip

SETTLEMENTS = DocumentScreen(
    kind="logistics.use_settlement",
    icon="file-invoice",
    menu=GROUP,
    order=32,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("supplier", card="line"), Column("upto"),
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"), Column("note"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, MAKER),
    fields=(
        Field("supplier", span=2), Field("upto"), Field("business_date", title="结算日期"), Field("campus"), Field("org_unit", title="结算科室"),
        Field("note", span=3),
    ),
    lines=(
        LineField("unit", title="唯一码", lookup="logistics.booked_unit", depends=("supplier",), width=200),
        LineField("name", title="物资", shows="unit__item__name", readonly=True, width=200),
        LineField("spec", title="规格型号", shows="unit__item__spec", readonly=True, width=130),
        LineField("lot", title="批号", shows="unit__batch__lot", readonly=True, width=110),
        LineField("amount", title="金额（元）", readonly=True, width=120, total=True),
    ),
    lines_title="结算明细",
    scan="unit",
    merge=False,
    defaults=defaults,
    prefill=to_settle,
    panels=(INVOICES, EVENTS),
    signatures=("制单", "物资会计", "供应商", "财务"),
)  # fmt: skip

STATEMENTS = DocumentScreen(
    kind="logistics.consign_statement",
    icon="checklist",
    menu=GROUP,
    order=34,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", title="对账日期", sort=True, card="meta"), Column("supplier", card="line"),
        Column("statement_no"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, MAKER),
    fields=(
        Field("supplier", span=2), Field("business_date", title="对账日期"), Field("campus"), Field("org_unit", title="对账科室"), Field("statement_no"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.piece_item", width=220),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=130),
        LineField("batch", title="批号", lookup="logistics.any_batch", depends=("item",), width=170),
        LineField("stated", width=96, total=True), LineField("ours", readonly=True, width=96, total=True), LineField("explanation", width=220),
    ),
    lines_title="对账明细",
    quantity="stated",
    defaults=defaults,
    prefill=to_state,
    signatures=("制单", "库管", "供应商"),
)  # fmt: skip

ALL = (REQUESTS, CONSIGN_IN, CONSIGN_OUT, BOOKINGS, SETTLEMENTS, STATEMENTS)
