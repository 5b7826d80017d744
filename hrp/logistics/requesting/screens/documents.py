"""申领单、科室退库单、在用品报废单: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Batch, Store
from hrp.logistics.requesting.documents.department_return import left_of
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import granted_lines
from hrp.logistics.requesting.selectors import progress
from hrp.logistics.requesting.services import delivering, granting, picking
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

POST = "logistics.requisition.post"


def own_department(actor: Any) -> dict[str, Any]:
    """A new request begins in the asker's department, at the only central store there is."""
    found: dict[str, Any] = {}
    if actor.unit is not None:
        found["campus"], found["org_unit"] = actor.unit.campus_id, actor.unit_id
    stores = list(Store.objects.filter(kind=Store.Kind.CENTRAL, is_active=True).order_by("code")[:2])
    if len(stores) == 1:
        found["store"] = stores[0].pk
    return found


def _grant(*, actor: Any, obj: Requisition, values: Mapping[str, Any]) -> str:
    return f"/logistics/requisitions/{obj.pk}/grant"


def _deliver(*, actor: Any, obj: Requisition, values: Mapping[str, Any]) -> str:
    return url_for(delivering.deliver(obj, actor=actor).source)


def _pick(*, actor: Any, obj: Requisition, values: Mapping[str, Any]) -> str:
    found = progress.open_picking(obj) or picking.start(obj, actor=actor)
    return f"/logistics/pickings/{found.pk}"


def _close(*, actor: Any, obj: Requisition, values: Mapping[str, Any]) -> str:
    granting.close(obj, actor=actor, reason=str(values.get("reason") or ""))
    return f"{obj} 已结束，未领数量不再保留"


def _progress_rows(document: Requisition, actor: Any) -> list[dict[str, Any]]:
    if document.state not in (State.APPROVED, State.POSTED, State.REVERSED):
        return []
    served = {line.position: line.served for line in granted_lines(document.pk)}
    return [
        {
            "position": line.position, "item": str(line.item), "asked": line.quantity, "granted": line.granted,
            "substitute": str(line.substitute) if line.substitute else "", "note": line.grant_note,
            "served": served.get(line.position),
        }
        for line in document.lines.select_related("item", "substitute").order_by("position")
    ]  # fmt: skip


PROGRESS = Panel(
    key="progress",
    title="核发与领用",
    rows=_progress_rows,
    columns=(
        Column("position", title="行", kind="integer"),
        Column("item", title="申领物资", kind="text"),
        Column("asked", title="申领", kind="quantity"),
        Column("granted", title="核发", kind="quantity"),
        Column("substitute", title="代用品", kind="text"),
        Column("note", title="核发说明", kind="text"),
        Column("served", title="已领", kind="quantity"),
    ),
    empty="审核后在此列出库房核发的数量",
)

DELIVERIES = Panel(
    key="deliveries",
    title="配货与签收",
    rows=lambda document, actor: progress.deliveries(document),
    columns=(
        Column("document", title="单据", kind="text", link=lambda row: row["url"]),
        Column("state", title="状态", kind="text"),
        Column("posted_at", title="出库时间", kind="datetime"),
        Column("total", title="金额（元）", kind="money"),
        Column("signer", title="签收人", kind="text"),
        Column("signed_at", title="签收时间", kind="datetime"),
    ),
    empty="还没有出库",
)


def _own_stores(actor: Any) -> QuerySet[Store]:
    return scope.filter(actor, "logistics.requisition.edit", Store.objects.order_by("code"))


def _issues(actor: Any) -> QuerySet[StockIssue]:
    rows = StockIssue.objects.select_related("org_unit").order_by("-id")
    return scope.filter(actor, "logistics.department_return.edit", rows)


OWN_STORES = Lookup(
    key="logistics.department_store",
    title="科室库",
    queryset=lambda actor, params: _own_stores(actor).filter(
        is_active=True, kind__in=(Store.Kind.DEPARTMENT, Store.Kind.SECOND)
    ),
    within=_own_stores,
    search=("code__istartswith", "name__icontains"),
    permissions=("logistics.requisition.edit",),
)

REQUISITIONS = DocumentScreen(
    kind="logistics.requisition",
    icon="clipboard-list",
    menu=("logistics", "申领"),
    order=10,
    queryset=lambda actor: progress.with_progress(Requisition.objects.all()),
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="申领科室", card="line"),
        Column("store"),
        Column("project", hidden=True),
        Column("urgent", title="加急", kind="text", value=lambda d: "加急" if d.urgent else "", card="meta"),
        Column("total", title="估计金额", sort=True, card="amount"),
        Column("state", card="tag"),
        Column("progress", title="配货", kind="text", value=progress.progress_of, card="meta"),
        Column("maker", card="meta"),
    ),
    filters=(
        NUMBER,
        DATES,
        Filter("org_unit", title="申领科室", kind="register", register="org.unit"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("urgent", kind="bool"),
        MAKER,
    ),
    fields=(
        Field("org_unit", title="申领科室"), Field("store", lookup="logistics.giving_store"), Field("business_date", title="申领日期"),
        Field("to_store", lookup="logistics.department_store", help="本科室设有保管库存的科室库时填写"), Field("campus"), Field("urgent"),
        Field("project", help="科研、教学等项目领用时选择"), Field("fund", help="空着时按自有资金；选了项目的按项目经费"),
        Field("purpose"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=150),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("quantity", title="申领数量", width=100, total=True),
        LineField("amount", title="估计金额（元）", readonly=True, width=120, total=True),
        LineField("reason", title="说明（超定额必填）", width=180),
    ),
    lines_title="申领明细",
    amount_title="估计金额",
    scan="item",
    defaults=own_department,
    panels=(PROGRESS, DELIVERIES),
    actions=(
        Action("grant", "核发", _grant, permission=POST, icon="checks", style="primary", shown=lambda d: d.state == State.APPROVED),
        Action("deliver", "生成出库单", _deliver, permission=POST, icon="package-export", style="primary", shown=progress.is_open),
        Action("pick", "拣货", _pick, permission=POST, icon="shopping-cart", shown=progress.is_open),
        Action(
            "close", "结束申领", _close, permission=POST, icon="flag", style="danger", shown=progress.is_open,
            fields=(Field("reason", title="原因", kind="text", required=True),),
        ),
    ),
    signatures=("申领人", "科室审批", "库房审核", "领用签收"),
)  # fmt: skip


def returning(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A return of everything that may still come back of an issue; the person takes off what does not."""
    key = params.get("issue", "")
    if not key.isdigit():
        return {}
    rows = StockIssue.objects.filter(pk=key, state=State.POSTED).select_related("store")
    issue = scope.filter(actor, "logistics.department_return.edit", rows).first()
    if issue is None:
        return {}
    left = left_of(issue)
    batches = Batch.objects.in_bulk([batch for _, batch in left])
    return {
        "issue": issue.pk, "store": issue.store_id, "campus": issue.store.campus_id, "org_unit": issue.org_unit_id,
        "lines": [
            {
                "issue_position": position, "item": batches[batch].item_id, "batch": batch, "quantity": held.quantity,
                "intact": True,
            }
            for (position, batch), held in left.items()
            if held.quantity
        ],
    }  # fmt: skip


POSTED_ISSUES = Lookup(
    key="logistics.issue_of_department",
    title="出库单",
    queryset=lambda actor, params: _issues(actor).filter(state=State.POSTED),
    within=_issues,
    search=("number__icontains",),
    exact=("number",),
    label=lambda issue: str(issue.display_number),
    hint=lambda issue: f"{issue.org_unit} {issue.business_date}",
    permissions=("logistics.department_return.edit",),
)

RETURNABLE_BATCHES = Lookup(
    key="logistics.issued_batch",
    title="批号",
    queryset=lambda actor, params: (
        Batch.objects.filter(item_id=params["item"]).order_by("expiry")
        if params.get("item", "").isdigit()
        else Batch.objects.none()
    ),
    search=("lot__icontains",),
    exact=("lot",),
    hint=lambda batch: f"有效期至 {batch.expiry}",
    permissions=("logistics.department_return.edit",),
)

ANY_BUT_TRANSIT = Lookup(
    key="logistics.returning_store",
    title="库房",
    queryset=lambda actor, params: (
        Store.objects.filter(is_active=True)
        .exclude(kind__in=(Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT))
        .order_by("code")
    ),
    search=("code__istartswith", "name__icontains"),
    permissions=("logistics.department_return.edit",),
)

RETURNS = DocumentScreen(
    kind="logistics.department_return",
    icon="package-import",
    menu=("logistics", "申领"),
    order=40,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="退库科室", card="line"),
        Column("issue", title="原出库单", kind="text", value=lambda d: d.issue.display_number, link=lambda d: url_for(d.issue.source)),
        Column("store", title="退入库房"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("org_unit", title="退库科室", kind="register", register="org.unit"), MAKER),
    fields=(
        Field("issue", lookup="logistics.issue_of_department"), Field("org_unit", title="退库科室"), Field("business_date", title="退库日期"),
        Field("store", lookup="logistics.returning_store"), Field("campus"), Field("reason"), Field("note", span=3),
    ),
    lines=(
        LineField("issue_position", title="原单行", width=70),
        LineField("item", title="物资", lookup="logistics.item", width=230, fills={"unit": "unit"}),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("batch", lookup="logistics.issued_batch", depends=("item",), width=130),
        LineField("quantity", width=100, total=True),
        LineField("intact", width=84),
        LineField("amount", title="金额（元）", readonly=True, width=120, total=True),
    ),
    lines_title="退库明细",
    prefill=returning,
    panels=(MOVES,),
    signatures=("退库人", "科室负责人", "库房验收", "会计"),
)  # fmt: skip

SCRAPS = DocumentScreen(
    kind="logistics.durable_scrap",
    icon="recycle-off",
    menu=("logistics", "申领"),
    order=72,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="使用科室", card="line"),
        Column("reason"),
        Column("total", title="本次摊销", total=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("org_unit", title="使用科室", kind="register", register="org.unit"), MAKER),
    fields=(
        Field("org_unit", title="使用科室"), Field("business_date", title="报废日期"), Field("campus"), Field("reason", span=2), Field("note", span=3),
    ),
    lines=(
        LineField("durable", title="在用品", lookup="logistics.durable", width=320),
        LineField("quantity", width=100, total=True),
        LineField("amount", title="本次摊销（元）", readonly=True, width=120, total=True),
    ),
    lines_title="报废明细",
    defaults=own_department,
    signatures=("使用科室", "鉴定", "批准"),
)  # fmt: skip

ALL = (REQUISITIONS, RETURNS, SCRAPS)
LOOKUPS = (OWN_STORES, POSTED_ISSUES, RETURNABLE_BATCHES, ANY_BUT_TRANSIT)
