"""数电发票: the files that came in, what was booked of them, and what to do with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.settlement.documents.cost_adjustment import Purpose
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import EInvoice
from hrp.logistics.settlement.screens.documents import amount_of
from hrp.logistics.settlement.services import allocating, einvoices
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen


def _import(*, actor: Any, obj: Any, values: Mapping[str, Any]) -> str:
    upload = values.get("file")
    if upload is None or not hasattr(upload, "read"):
        raise Invalid("没有选择文件", problems=[Problem("请选择数电发票 XML 或 OFD 文件", field="file")])
    made = einvoices.take_in(actor=actor, name=upload.name, content=upload.read(einvoices.MAX_BYTES + 1))
    return f"/logistics/einvoices/{made.pk}"


def _book(*, actor: Any, obj: EInvoice, values: Mapping[str, Any]) -> str:
    return f"/logistics/supplier-invoices/new?einvoice={obj.pk}"


def _allocate(*, actor: Any, obj: EInvoice, values: Mapping[str, Any]) -> str:
    receipts = scope.filter(actor, "logistics.cost_adjustment.edit", StockReceipt.objects.all())
    receipt = receipts.filter(pk=values.get("receipt") or 0).first()
    if receipt is None or obj.supplier_id is None:
        raise Invalid(
            "请选择入库单；销售方须先在供应商档案中", problems=[Problem("请选择入库单", field="receipt")]
        )
    made = allocating.allocate(
        actor=actor, receipt=receipt, amount=amount_of(values), purpose=Purpose.FREIGHT, supplier_id=obj.supplier_id,
        reference=obj.number,
    )  # fmt: skip
    return f"/logistics/cost-adjustments/{made.pk}"


def _booked(found: EInvoice) -> str:
    document = (
        SupplierInvoice.objects.filter(einvoice=found).exclude(state__in=(State.VOID, State.REVERSED)).first()
    )
    return f"{document.get_state_display()}" if document else "未登记"


EINVOICES = RegisterScreen(
    key="logistics.einvoice",
    model=EInvoice,
    title="数电发票",
    icon="file-type-xml",
    url="logistics/einvoices",
    menu=("logistics", "结算"),
    order=5,
    permission="logistics.supplier_invoice",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: EInvoice.objects.select_related("supplier", "imported_by"),
    ordering=("-id",),
    columns=(
        Column("number", fixed=True, card="title"),
        Column("issued_on", sort=True, card="meta"),
        Column("seller_name", card="line"),
        Column("supplier"),
        Column("total", total=True, sort=True, card="amount"),
        Column("booked", title="登记", kind="text", value=_booked, card="tag"),
        Column("imported_by", card="meta"),
        Column("imported_at"),
    ),
    filters=(
        Filter("q", title="发票", kind="text", lookups=("number__icontains", "seller_name__icontains"), placeholder="号码 / 销售方"),
        Filter("issued_on", kind="date_range"),
    ),
    fields=(
        Field("number"), Field("issued_on"), Field("total"), Field("seller_name"), Field("seller_tax_number"), Field("supplier"),
        Field("buyer_name"), Field("buyer_tax_number"), Field("untaxed"), Field("tax"), Field("blue_number"), Field("file_name"), Field("imported_at"),
    ),
    panels=(
        Panel(
            key="lines", title="开票内容", rows=lambda found, actor: found.lines,
            columns=(
                Column("name", title="项目名称", kind="text"), Column("spec", title="规格型号", kind="text"),
                Column("unit", title="单位", kind="text"), Column("quantity", title="数量", kind="text"),
                Column("price", title="单价", kind="text"), Column("untaxed", title="金额", kind="text"),
                Column("rate", title="税率", kind="text"), Column("tax", title="税额", kind="text"),
            ),
        ),
    ),
    actions=(
        Action("import", "导入数电发票", _import, permission="logistics.supplier_invoice.edit", icon="file-upload", style="primary", place="page",
               fields=(Field("file", title="XML 或 OFD 文件", kind="file", required=True),)),
        Action("book", "登记采购发票", _book, permission="logistics.supplier_invoice.edit", icon="file-invoice", style="primary", direct=True,
               shown=lambda found: _booked(found) == "未登记"),
        Action("allocate", "运费分摊到入库单", _allocate, permission="logistics.cost_adjustment.edit", icon="arrows-split",
               fields=(Field("receipt", title="入库单", kind="register", lookup="logistics.posted_receipt", required=True), Field("amount", title="分摊金额", kind="text", required=True))),
    ),
    search=("number__icontains",),
    exact=("number",),
)  # fmt: skip
