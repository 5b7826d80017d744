"""设备采购单 with bids and award; 购置合同 with legal, signing and milestones; 设备付款申请."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.acquisition.documents import flows
from hrp.assets.acquisition.documents.contract import (
    AcquisitionContract,
    ContractAct,
    PayMilestone,
    acts_of,
    stage_of,
)
from hrp.assets.acquisition.documents.payment import AcquisitionPayment, reached
from hrp.assets.acquisition.documents.plan import AcquisitionPlanLine
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase, Award, Bid, award_of
from hrp.assets.acquisition.documents.request import AcquisitionRequestLine
from hrp.assets.acquisition.screens import reading
from hrp.assets.acquisition.screens.requests import COLUMNS, DATES, NUMBER, VERDICTS
from hrp.assets.acquisition.services import bidding, contracting
from hrp.assets.screens.reaching import reach
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

PERMISSIONS = {
    bidding.BID: "登记投标与评分",
    bidding.AWARD: "定标",
    contracting.LEGAL: "购置合同法务审核",
    contracting.SIGN: "登记购置合同签订",
    contracting.CLOSE: "关闭购置合同",
}
UNDECIDED = (State.SUBMITTED, State.APPROVED)


def _documents(model: Any, code: str, **where: Any) -> Any:
    """Rows of a document type that a holder of a permission may name."""
    return lambda actor, params: scope.filter(
        actor, code, model.objects.filter(**where).order_by("-id"), "org_unit_id"
    )


PLANNED = Lookup(
    key="assets.planned_request_line",
    within=reach(AcquisitionRequestLine, "assets.acquisition_purchase.edit", "document__org_unit"),
    title="计划项目",
    queryset=lambda actor, params: scope.filter(
        actor, "assets.acquisition_purchase.edit",
        AcquisitionRequestLine.objects.filter(
            document__state=State.POSTED, pk__in=AcquisitionPlanLine.objects.filter(document__state=State.POSTED).values("request_line")
        ).select_related("document__org_unit").order_by("-document", "position"),
        "document__org_unit",
    ),
    search=("name__icontains", "document__number__icontains"),
    exact=("document__number",),
    hint=lambda line: f"{line.document.org_unit} {line.quantity}{line.unit}",
    fill=lambda line: {"budget": str(flows.planned([line.pk]).get(line.pk, 0)), "quantity": str(line.quantity)},
    permissions=("assets.acquisition_purchase.edit",),
)  # fmt: skip

BIDS = Lookup(
    key="assets.acquisition_bid",
    within=reach(Bid, bidding.AWARD, "purchase__org_unit"),
    title="投标",
    queryset=lambda actor, params: scope.filter(
        actor, bidding.AWARD, Bid.objects.filter(purchase__state__in=UNDECIDED).select_related("purchase").order_by("-purchase", "-score"),
        "purchase__org_unit",
    ),
    search=("supplier__icontains",),
    exact=("supplier",),
    hint=lambda bid: f"{bid.purchase.display_number} {bid.price:,.2f} 元 {bid.score} 分",
    permissions=(bidding.AWARD,),
)  # fmt: skip
AWARDED = Lookup(
    key="assets.awarded_purchase",
    within=reach(AcquisitionPurchase, "assets.acquisition_contract.edit"),
    title="已中标的采购单",
    queryset=_documents(AcquisitionPurchase, "assets.acquisition_contract.edit", state=State.POSTED),
    search=("number__icontains", "lines__request_line__name__icontains"),
    exact=("number",),
    hint=lambda row: str(award_of(row) or ""),
    permissions=("assets.acquisition_contract.edit",),
)
IN_FORCE = Lookup(
    key="assets.payable_contract",
    within=reach(AcquisitionContract, "assets.acquisition_payment.edit"),
    title="履行中的合同",
    queryset=_documents(AcquisitionContract, "assets.acquisition_payment.edit", state=State.POSTED),
    search=("number__icontains", "contract_number__icontains", "supplier__icontains"),
    exact=("contract_number",),
    label=lambda row: f"{row.contract_number} {row.supplier}",
    hint=lambda row: f"{row.total:,.2f} 元",
    permissions=("assets.acquisition_payment.edit",),
)
MILESTONES = Lookup(
    key="assets.contract_milestone",
    within=reach(PayMilestone, "assets.acquisition_payment.edit", "contract__org_unit"),
    title="付款节点",
    queryset=lambda actor, params: scope.filter(
        actor, "assets.acquisition_payment.edit",
        PayMilestone.objects.filter(contract__state=State.POSTED).select_related("contract").order_by("-contract", "pk"), "contract__org_unit",
    ),
    search=("contract__contract_number__icontains", "contract__supplier__icontains"),
    exact=("contract__contract_number",),
    label=lambda row: f"{row.contract.contract_number} {row}",
    permissions=("assets.acquisition_payment.edit",),
)  # fmt: skip


def _bid(*, actor: Any, obj: AcquisitionPurchase, values: Mapping[str, Any]) -> str:
    made = bidding.bid(
        obj, actor=actor, supplier=reading.text(values, "supplier"), product=reading.text(values, "product"),
        price=reading.number(values, "price"), technical=reading.number(values, "technical"), business=reading.number(values, "business"),
        price_score=reading.number(values, "price_score"), qualified=values.get("valid") != "no", remark=reading.text(values, "remark"),
    )  # fmt: skip
    return f"已登记 {made}"


def _award(*, actor: Any, obj: AcquisitionPurchase, values: Mapping[str, Any]) -> str:
    chosen = Bid.objects.get(pk=values["bid"])
    bidding.award(
        obj,
        actor=actor,
        chosen=chosen,
        notice=reading.text(values, "notice"),
        reason=reading.text(values, "reason"),
    )
    return f"已定标：{chosen}"


def _undecided(document: Any) -> bool:
    return document.state in UNDECIDED


PURCHASES = DocumentScreen(
    kind="assets.acquisition_purchase",
    icon="shopping-cart",
    menu=("assets", "购置"),
    order=30,
    columns=(*COLUMNS[:2], "method", Column("award", title="中标", kind="text", value=lambda row: str(award_of(row) or "")), *COLUMNS[3:]),
    filters=(NUMBER, DATES, Filter("method", kind="choice")),
    fields=(
        "method", Field("business_date", title="采购日期"), "campus", Field("org_unit", title="采购部门"), "tender_number", "agency",
        Field("reason", span=3, help="公开招标以外的必填"), Field("publicity", help="单一来源必填"), Field("import_approval", help="有进口产品的必填"),
        Field("method_approval", help="达到公开招标标准而采用其他方式的必填"), Field("note", span=3),
    ),
    lines=(
        LineField("request_line", lookup="assets.planned_request_line", width=320, fills={"budget": "budget", "quantity": "pieces"}),
        LineField("kind", title="资产分类", shows="request_line__asset_class__name", readonly=True, width=160),
        LineField("pieces", title="数量", kind="integer", shows="request_line__quantity", readonly=True, width=80),
        LineField("imported", title="进口", kind="bool", shows="request_line__imported", readonly=True, width=70),
        LineField("budget", title="计划预算（元）", readonly=True, total=True, width=140),
    ),
    lines_title="采购项目",
    amount="budget",
    amount_title="预算合计",
    quantity="",
    panels=(
        Panel("bids", "投标与评分", lambda row, actor: Bid.objects.filter(purchase=row).select_related("by"), ("supplier", "product", "price", "technical", "business", "price_score", "score", "qualified", "remark", "by"), model=Bid, empty="提交后登记"),
        Panel("awards", "定标", lambda row, actor: Award.objects.filter(purchase=row).select_related("bid", "by").order_by("-pk"), (Column("bid", title="中标"), "notice", "reason", "by", "at"), model=Award, empty="还没有定标"),
        Panel("contracts", "购置合同", lambda row, actor: AcquisitionContract.objects.filter(purchase=row).order_by("-id"), (Column("number", title="合同", kind="text", value=lambda row: row.display_number, link=lambda row: url_for(row.source)), "contract_number", "supplier", "total", "state"), model=AcquisitionContract, empty="中标后编制合同"),
    ),
    actions=(
        Action(
            "bid", "登记投标", _bid, permission=bidding.BID, icon="file-text",
            fields=(
                Field("supplier", title="供应商", kind="text", required=True, span=2), Field("price", title="报价（元）", kind="money", required=True),
                Field("product", title="品牌型号", kind="text", required=False, span=3), Field("technical", title="技术分", kind="quantity", required=False),
                Field("business", title="商务分", kind="quantity", required=False), Field("price_score", title="价格分", kind="quantity", required=False),
                Field("valid", title="是否有效", kind="choice", required=True, choices=(("yes", "有效"), ("no", "无效"))), Field("remark", title="评审说明", kind="text", required=False, span=2),
            ),
            shown=_undecided,
        ),
        Action(
            "award", "定标", _award, permission=bidding.AWARD, icon="award", style="primary",
            fields=(
                Field("bid", title="中标供应商", kind="register", lookup="assets.acquisition_bid", required=True, span=2), Field("notice", title="中标通知书编号", kind="text", required=True),
                Field("reason", title="定标说明", kind="text", required=False, span=3, help="不是最高分的必填"),
            ),
            shown=lambda row: _undecided(row) and row.bids.exists(),
        ),
        Action("contract", "编制合同", lambda *, actor, obj, values: f"/assets/acquisition-contracts/new?purchase={obj.pk}", permission="assets.acquisition_contract.edit", icon="file-plus", direct=True, shown=lambda row: row.state == State.POSTED and not flows.contract_of(row.pk)),
    ),
    signatures=("采购经办", "评审", "定标"),
)  # fmt: skip


def _of_purchase(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """The contract of an award: its things at the price that won, where there is only one of them."""
    pk = reading.key(params, "purchase")
    rows = scope.filter(
        actor,
        "assets.acquisition_contract.edit",
        AcquisitionPurchase.objects.filter(pk=pk or 0, state=State.POSTED),
        "org_unit_id",
    )
    purchase = rows.first()
    award = award_of(purchase) if purchase else None
    if purchase is None or award is None:
        return {}
    named = list(purchase.lines.select_related("request_line").order_by("position"))
    lines = []
    for bought in named:
        of = bought.request_line
        each = award.bid.price / of.quantity
        price = each if len(named) == 1 and each == each.quantize(award.bid.price) else None
        lines.append(
            {
                "kind": "machine", "request_line": of.pk, "name": of.name, "model": award.bid.product, "asset_class": of.asset_class_id,
                "quantity": of.quantity, **({"price": price} if price is not None else {}),
            }
        )  # fmt: skip
    return {
        "purchase": purchase.pk,
        "supplier": award.bid.supplier,
        "org_unit": purchase.org_unit_id,
        "campus": purchase.campus_id,
        "lines": lines,
    }


def _legal(*, actor: Any, obj: AcquisitionContract, values: Mapping[str, Any]) -> str:
    contracting.review(
        obj, actor=actor, agrees=values.get("verdict") == "yes", opinion=reading.text(values, "opinion")
    )
    return "已登记法务意见"


def _sign(*, actor: Any, obj: AcquisitionContract, values: Mapping[str, Any]) -> str:
    on = reading.day(values, "on")
    if on is None:
        raise Invalid(
            "请填写签订日期", problems=[Problem("请填写签订日期", field="on")], way_out="请填写日期。"
        )
    contracting.sign(
        obj, actor=actor, on=on, ours=reading.text(values, "ours"), theirs=reading.text(values, "theirs")
    )
    return "已登记签订"


def _close(*, actor: Any, obj: AcquisitionContract, values: Mapping[str, Any]) -> str:
    contracting.close(
        obj, actor=actor, early=values.get("how") == "early", reason=reading.text(values, "reason")
    )
    return "合同已关闭"


def _milestones(contract: AcquisitionContract, actor: Any) -> list[dict[str, Any]]:
    """Each milestone: what it pays, how far it is fulfilled, what was asked for."""
    rows = []
    for row in PayMilestone.objects.filter(contract=contract).select_related("contract").order_by("pk"):
        found = reached(row, on=clock.today())
        asked = AcquisitionPayment.objects.filter(milestone=row, state__in=flows.LIVE).values_list(
            "amount", flat=True
        )
        rows.append(
            {
                "kind": row.get_kind_display(), "percent": f"{row.percent.normalize():f}%", "amount": row.amount, "words": found.words,
                "payable": found.payable, "asked": sum(asked), "due": str(found.due_on or ""),
            }
        )  # fmt: skip
    return rows


def _in_force(contract: AcquisitionContract) -> bool:
    return contract.state == State.POSTED and ContractAct.Kind.CLOSE not in acts_of(contract)


def _next(noun: str) -> Any:
    return lambda *, actor, obj, values: f"/assets/{noun}/new?contract={obj.pk}"


CONTRACTS = DocumentScreen(
    kind="assets.acquisition_contract",
    icon="contract",
    menu=("assets", "购置"),
    order=40,
    columns=(
        *COLUMNS[:2], Column("contract_number", card="line"), "supplier", Column("stage", title="履行", kind="text", value=stage_of), *COLUMNS[3:],
    ),
    filters=(NUMBER, DATES, Filter("q", title="合同", kind="text", lookups=("contract_number__icontains", "supplier__icontains"))),
    fields=(
        Field("purchase", lookup="assets.awarded_purchase"), "contract_number", Field("supplier", help="空为中标供应商"), Field("business_date", title="编制日期"), "campus",
        Field("org_unit", title="经办部门"), "deliver_by", Field("warranty_months", required=True), Field("response_hours", required=True), Field("training", span=3), Field("maintenance", span=3),
        Field("advance", section="付款节点（合计 100%）", required=True), Field("arrival", required=True), Field("acceptance", required=True), Field("retention", required=True),
        Field("retention_months", required=True), Field("note", section="其他", span=3),
    ),
    lines=(
        LineField("kind", width=110, required=True), LineField("request_line", lookup="assets.planned_request_line", width=220, required=False), LineField("name", width=160), LineField("model", width=150, required=False),
        LineField("manufacturer", width=140, required=False), LineField("registration_number", width=140, required=False), LineField("asset_class", width=150, required=False),
        LineField("quantity", width=70, required=True), LineField("price", width=120), LineField("amount", title="金额（元）", readonly=True, total=True, width=130), LineField("locked_until", width=120, required=False),
    ),
    lines_title="设备、附件与锁价",
    amount_title="合同金额",
    quantity="",
    prefill=_of_purchase,
    panels=(
        Panel("milestones", "付款节点", _milestones, (Column("kind", title="节点", kind="text"), Column("percent", title="比例", kind="text"), Column("amount", title="金额（元）", kind="money"), Column("payable", title="可付（元）", kind="money"), Column("asked", title="已申请（元）", kind="money"), Column("due", title="到期", kind="text"), Column("words", title="完成情况", kind="text")), empty="合同生效后产生"),
        Panel("acts", "法务与签订", lambda row, actor: ContractAct.objects.filter(contract=row).select_related("by"), ("kind", "agrees", "on", "ours", "theirs", "text", "by", "at"), model=ContractAct, empty="提交后办理"),
    ),
    actions=(
        Action("legal", "法务审核", _legal, permission=contracting.LEGAL, icon="gavel", fields=(Field("verdict", title="结论", kind="choice", required=True, choices=VERDICTS), Field("opinion", title="意见", kind="textarea", required=True, span=3)), shown=_undecided),
        Action("sign", "登记签订", _sign, permission=contracting.SIGN, icon="signature", fields=(Field("on", title="签订日期", kind="date", required=True, default=lambda actor: clock.today()), Field("ours", title="甲方代表", kind="text", required=True), Field("theirs", title="乙方代表", kind="text", required=True)), shown=_undecided),
        Action("accept", "登记到货验收", _next("acquisition-acceptances"), permission="assets.acquisition_acceptance.edit", icon="truck-delivery", direct=True, shown=_in_force),
        Action("pay", "申请付款", _next("acquisition-payments"), permission="assets.acquisition_payment.edit", icon="cash", direct=True, shown=_in_force),
        Action("close", "关闭合同", _close, permission=contracting.CLOSE, icon="lock", fields=(Field("how", title="方式", kind="choice", required=True, choices=(("done", "履行完毕"), ("early", "提前终止"))), Field("reason", title="原因", kind="text", required=False, span=2)), shown=_in_force),
    ),
    signatures=("经办", "法务", "甲方代表", "乙方代表"),
)  # fmt: skip


def _of_contract(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A payment of the first milestone of a contract that is not wholly asked for."""
    pk = reading.key(params, "contract")
    rows = scope.filter(
        actor,
        "assets.acquisition_payment.edit",
        AcquisitionContract.objects.filter(pk=pk or 0, state=State.POSTED),
        "org_unit_id",
    )
    contract = rows.first()
    if contract is None:
        return {}
    given: dict[str, Any] = {
        "contract": contract.pk,
        "org_unit": contract.org_unit_id,
        "campus": contract.campus_id,
    }
    for row in contract.milestones.select_related("contract").order_by("pk"):
        asked = AcquisitionPayment.objects.filter(milestone=row, state__in=flows.LIVE).values_list(
            "amount", flat=True
        )
        left = reached(row, on=clock.today()).payable - sum(asked)
        if left > 0:
            return given | {"milestone": row.pk, "amount": left}
    return given


PAYMENTS = DocumentScreen(
    kind="assets.acquisition_payment",
    icon="cash",
    menu=("assets", "购置"),
    order=60,
    columns=(*COLUMNS[:2], Column("contract", card="line"), "milestone", "fulfilled", *COLUMNS[3:]),
    filters=(NUMBER, DATES, Filter("q", title="合同", kind="text", lookups=("contract__contract_number__icontains", "contract__supplier__icontains"))),
    fields=(
        Field("contract", lookup="assets.payable_contract", span=2), Field("milestone", lookup="assets.contract_milestone"), Field("business_date", title="申请日期"), "campus",
        Field("org_unit", title="经办部门"), "amount", "invoice_number", Field("fulfilled", readonly=True, span=3), "bank", "bank_account", Field("note", span=3),
    ),
    amount="",
    quantity="",
    prefill=_of_contract,
    signatures=("经办", "资产管理办公室", "财务部门", "院领导"),
)  # fmt: skip

ALL = (PURCHASES, CONTRACTS, PAYMENTS)
LOOKUPS = (PLANNED, BIDS, AWARDED, IN_FORCE, MILESTONES)
