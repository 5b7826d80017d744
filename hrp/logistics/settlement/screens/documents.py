"""采购发票, 成本调整单, 期初单 and 付款申请: list, page and entry grid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER, defaults
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import EInvoice, Payable, StoreOpening
from hrp.logistics.settlement.services import allocating, einvoices, openings, payments
from hrp.logistics.settlement.subledger import payables
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Panel

SUPPLIER = Filter("supplier", kind="register", register="logistics.supplier")


def office(actor: Any) -> dict[str, Any]:
    """A new document of the office: own campus, department and funds."""
    found: dict[str, Any] = {"fund": Fund.objects.filter(code="F1").values_list("pk", flat=True).first()}
    if actor.unit is not None:
        found |= {"campus": actor.unit.campus_id, "org_unit": actor.unit_id}
    return found


# -- invoices ----------------------------------------------------------------------------------------------------


def from_file(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """An invoice as its file says, its lines matched to what waits for one."""
    key = params.get("einvoice", "")
    scope.require(actor, "logistics.supplier_invoice.edit")
    found = EInvoice.objects.filter(pk=key).first() if key.isdigit() else None
    if found is None:
        return {}
    blue = (
        SupplierInvoice.objects.filter(
            invoice_number=found.blue_number, state=State.POSTED, red_of=None
        ).first()
        if found.blue_number
        else None
    )
    if blue is not None:
        lines = einvoices.taken_back(blue, found.total)
    elif found.supplier_id and found.total > 0:
        lines = einvoices.suggest(found.lines, einvoices.waiting_for(found.supplier_id))
    else:
        lines = []
    return {
        "supplier": found.supplier_id, "invoice_number": found.number, "invoice_date": found.issued_on,
        "invoice_total": found.total, "einvoice": found.pk, "red_of": blue.pk if blue is not None else None, "lines": lines,
    }  # fmt: skip


def _file_lines(document: Any, actor: Any) -> list[dict[str, str]]:
    return document.einvoice.lines if document.einvoice_id else []


INVOICES = DocumentScreen(
    kind="logistics.supplier_invoice",
    icon="file-invoice",
    menu=("logistics", "结算"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", title="入账日期", sort=True, card="meta"),
        Column("supplier", card="line"),
        Column("invoice_number"),
        Column("invoice_date"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, Filter("invoice_number", kind="text", lookups=("invoice_number__icontains",)), MAKER),
    fields=(
        Field("supplier"), Field("invoice_number", span=2), Field("invoice_date"), Field("invoice_total"),
        Field("business_date", title="入账日期"), Field("campus"), Field("org_unit", title="结算科室"), Field("fund"),
        Field("red_of", lookup="logistics.blue_invoice"), Field("einvoice"),
        Field("difference_reason"), Field("note", span=3),
    ),
    lines=(
        LineField("receipt_line", title="入库明细（运费、折扣行留空）", lookup="logistics.waiting_receipt_line", width=300, depends=("supplier", "red_of"), fills={"quantity": "quantity", "amount": "amount"}),
        LineField("payable", title="或使用结算单", lookup="logistics.settled_payable", width=170, depends=("supplier",), fills={"quantity": "quantity", "amount": "amount"}),
        LineField("quantity", width=100, total=True),
        LineField("amount", title="价税合计（元）", width=130, total=True),
        LineField("estimated", title="冲回暂估", readonly=True, width=120, total=True),
        LineField("on_hand", title="差额计入库存", readonly=True, width=120, total=True),
        LineField("consumed", title="差额计入费用", readonly=True, width=120, total=True),
    ),
    lines_title="发票明细",
    defaults=office,
    prefill=from_file,
    amount_title="价税合计",
    panels=(
        Panel(
            key="file", title="数电发票内容", rows=_file_lines,
            columns=(
                Column("name", title="项目名称", kind="text"), Column("spec", title="规格型号", kind="text"),
                Column("unit", title="单位", kind="text"), Column("quantity", title="数量", kind="text"),
                Column("untaxed", title="金额", kind="text"), Column("rate", title="税率", kind="text"),
                Column("total", title="价税合计", kind="text"),
            ),
            empty="手工登记，没有数电文件",
        ),
        MOVES,
    ),
    signatures=("制单", "采购核对", "会计审核"),
)  # fmt: skip


# -- adjustments -------------------------------------------------------------------------------------------------


def spread(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Freight or a discount spread over the lines of a receipt, as ``?receipt=12&amount=80.00`` asks."""
    key = params.get("receipt", "")
    receipts = scope.filter(
        actor, "logistics.cost_adjustment.edit", StockReceipt.objects.filter(state=State.POSTED)
    )
    receipt = receipts.filter(pk=key).first() if key.isdigit() else None
    if receipt is None:
        return {}
    lines = allocating.parts(receipt, amount_of(params))
    return {
        "campus": receipt.campus_id,
        "org_unit": receipt.org_unit_id,
        "fund": receipt.fund_id,
        "lines": lines,
    }


def amount_of(values: Mapping[str, Any], name: str = "amount") -> Decimal:
    try:
        return Decimal(str(values.get(name, "")).replace(",", ""))
    except InvalidOperation:
        raise Invalid("金额不对", problems=[Problem("请填写金额", field=name)]) from None


ADJUSTMENTS = DocumentScreen(
    kind="logistics.cost_adjustment",
    icon="adjustments-dollar",
    menu=("logistics", "结算"),
    order=20,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("purpose", card="line"),
        Column("supplier"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("purpose", kind="choice"), SUPPLIER, MAKER),
    fields=(
        Field("purpose"), Field("supplier"), Field("business_date"), Field("reference"), Field("campus"),
        Field("org_unit", title="经办科室"), Field("fund"), Field("note", span=2),
    ),
    lines=(
        LineField("receipt_line", lookup="logistics.receipt_line", width=260),
        LineField("store", width=130),
        LineField("item", title="物资", lookup="logistics.item", width=200),
        LineField("batch", lookup="logistics.batch", depends=("item",), width=110),
        LineField("department", lookup="org.unit", width=120),
        LineField("amount", title="金额（元）", width=110, total=True),
        LineField("on_hand", readonly=True, width=100, total=True),
        LineField("consumed", readonly=True, width=100, total=True),
    ),
    lines_title="调整明细",
    defaults=office,
    panels=(MOVES,),
    prefill=spread,
    signatures=("制单", "审核", "会计"),
)  # fmt: skip


# -- openings ----------------------------------------------------------------------------------------------------


def _enable(*, actor: Any, obj: OpeningStock, values: Mapping[str, Any]) -> str:
    openings.enable(actor=actor, store=obj.store)
    return f"{obj.store} 已启用，不再接受期初"


def _not_in_use(document: OpeningStock) -> bool:
    return (
        document.state == State.POSTED and not StoreOpening.objects.filter(store=document.store_id).exists()
    )


OPENINGS = DocumentScreen(
    kind="logistics.opening_stock",
    icon="flag",
    menu=("logistics", "基础资料"),
    order=90,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("store", card="line"),
        Column("total", total=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("store", kind="register", register="logistics.store"), MAKER),
    fields=(
        Field("store"), Field("business_date", title="期初日期"), Field("campus"), Field("org_unit", title="管理科室"), Field("fund"),
        Field("note"),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=220, fills={"unit": "unit"}),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("supplier", lookup="logistics.supplier", width=180),
        LineField("lot", width=110),
        LineField("expiry", width=120),
        LineField("quantity", width=96, total=True),
        LineField("price", width=104),
        LineField("amount", title="金额（元）", product=("quantity", "price"), readonly=True, width=120, total=True),
    ),
    lines_title="期初明细",
    scan="item",
    defaults=defaults,
    panels=(MOVES,),
    actions=(
        Action("enable", "启用库房", _enable, permission="logistics.opening_stock.enable", icon="circle-check", style="primary",
               confirm="启用后这个库房不能再录、也不能再红冲期初。确定启用吗？", shown=_not_in_use),
    ),
    signatures=("制单", "库管", "会计"),
)  # fmt: skip


# -- payments ----------------------------------------------------------------------------------------------------


def of_supplier(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A request for everything of a supplier that is due."""
    key = params.get("supplier", "")
    if not key.isdigit() or not scope.everywhere(actor, "logistics.payment_request.edit"):
        return {}
    due = [
        item
        for item in payables.open_items(int(key))
        if item.due is None or item.due <= clock.today() or item.open < 0
    ]
    return {"supplier": int(key), "lines": [{"payable": item.id, "amount": item.open} for item in due]}


def _pay(*, actor: Any, obj: PaymentRequest, values: Mapping[str, Any]) -> str:
    written = str(values.get("paid_on") or "")
    try:
        day = dt.date.fromisoformat(written)
    except ValueError:
        raise Invalid("付款日期看不懂", problems=[Problem("写成 2026-11-23", field="paid_on")]) from None
    payments.pay(actor=actor, request=obj, paid_on=day, bank_reference=str(values.get("bank_reference", "")))
    return f"已登记付款 {obj.total:,.2f} 元"


PAYMENTS = DocumentScreen(
    kind="logistics.payment_request",
    icon="cash-banknote",
    menu=("logistics", "结算"),
    order=40,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("supplier", card="line"),
        Column("bank_reference"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, Filter("bank_reference", kind="text", lookups=("bank_reference__icontains",)), MAKER),
    fields=(
        Field("supplier", span=2), Field("business_date", title="申请日期"), Field("bank"), Field("bank_account"), Field("campus"),
        Field("org_unit", title="申请科室"), Field("fund"), Field("bank_reference", readonly=True), Field("note", span=3),
    ),
    lines=(
        LineField("payable", title="应付", lookup="logistics.open_payable", width=320, depends=("supplier",), fills={"amount": "amount"}),
        LineField("due", title="到期日", shows="payable__due", readonly=True, width=110),
        LineField("amount", title="付款金额（元）", width=140, total=True),
    ),
    lines_title="付款明细",
    defaults=office,
    prefill=of_supplier,
    amount_title="付款合计",
    panels=(
        Panel(
            key="settled", title="核销", model=Payable,
            rows=lambda document, actor: Payable.objects.filter(source=document.source).select_related("settles"),
            columns=(Column("date"), Column("settles", title="应付"), Column("kind"), Column("reference"), Column("amount")),
            empty="付款后在此列出核销的应付",
        ),
    ),
    actions=(
        Action("pay", "登记付款", _pay, permission="logistics.payment_request.post", icon="building-bank", style="primary",
               fields=(Field("paid_on", title="付款日期", kind="date", required=True, default=lambda actor: clock.today()), Field("bank_reference", title="银行回单号", kind="text", required=True)),
               shown=lambda document: document.state == State.APPROVED),
    ),
    signatures=("经办", "科长", "财务负责人", "院领导"),
)  # fmt: skip

ALL = (INVOICES, ADJUSTMENTS, OPENINGS, PAYMENTS)
