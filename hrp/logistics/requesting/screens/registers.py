"""科室定额、使用权限、定数卡、在用低值易耗品、拣货单."""

from __future__ import annotations

from typing import Any

from hrp.logistics.bins.selectors import whereabouts, words_of
from hrp.logistics.models import Store
from hrp.logistics.requesting.documents.picking import Picking
from hrp.logistics.requesting.models import DepartmentQuota, DurableInUse, QuotaCard, UseAuthority
from hrp.logistics.requesting.services import cards, picking
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.department_quota.view": "查看科室定额",
    "logistics.department_quota.edit": "维护科室定额",
    "logistics.department_quota.import": "导入科室定额",
    "logistics.department_quota.export": "导出科室定额",
    "logistics.use_authority.view": "查看使用权限",
    "logistics.use_authority.edit": "维护使用权限",
    "logistics.use_authority.export": "导出使用权限",
    "logistics.quota_card.view": "查看定数卡",
    "logistics.quota_card.edit": "维护定数卡",
    "logistics.quota_card.export": "导出定数卡",
    "logistics.quota_card.scan": "扫描定数卡并申请补货",
    "logistics.durable.view": "查看在用低值易耗品",
    "logistics.durable.export": "导出在用低值易耗品",
    "logistics.delivery.sign": "签收本科室领用",
    "logistics.delivery.hand_over": "发放时扫工牌签收",
}

ITEM = ("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains")

QUOTAS = RegisterScreen(
    key="logistics.department_quota",
    model=DepartmentQuota,
    title="科室定额",
    icon="gauge",
    url="logistics/department-quotas",
    menu=("logistics", "申领"),
    order=60,
    queryset=lambda actor: DepartmentQuota.objects.select_related("org_unit", "item"),
    ordering=("org_unit__code", "item__code", "-valid_from"),
    columns=(
        Column("org_unit", card="meta"),
        Column("item__code", title="物资编码", card="meta"),
        Column("item", card="title"),
        Column("quantity", sort=True, card="amount"),
        Column("item__unit", title="单位"),
        Column("valid_from", sort=True),
        Column("valid_to"),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=ITEM, placeholder="编码 / 名称 / 拼音码"),
        Filter("org_unit", title="科室", kind="register", register="org.unit"),
    ),
    fields=("org_unit", Field("item", lookup="logistics.item"), "quantity", "valid_from", "valid_to"),
    scope_field="org_unit",
    search=(),
    exact=(),
)

AUTHORITIES = RegisterScreen(
    key="logistics.use_authority",
    model=UseAuthority,
    title="使用权限",
    icon="shield-check",
    url="logistics/use-authorities",
    menu=("logistics", "申领"),
    order=62,
    queryset=lambda actor: UseAuthority.objects.select_related("org_unit"),
    ordering=("org_unit__code", "-valid_from"),
    columns=(
        Column("org_unit", card="title"),
        Column("level", card="tag"),
        Column("basis", card="line"),
        Column("valid_from"),
        Column("valid_to"),
    ),
    filters=(
        Filter("org_unit", title="科室", kind="register", register="org.unit"),
        Filter("level", kind="choice"),
    ),
    fields=("org_unit", "level", Field("basis", span=2), "valid_from", "valid_to"),
    scope_field="org_unit",
    search=(),
    exact=(),
)

GIVING_STORES = Lookup(
    key="logistics.giving_store",
    title="发放库房",
    queryset=lambda actor, params: Store.objects.filter(
        is_active=True, kind__in=("central", "second")
    ).order_by("code"),
    search=("code__istartswith", "name__icontains"),
    permissions=(
        "logistics.requisition.edit",
        "logistics.quota_card.edit",
        "logistics.department_return.edit",
    ),
)


def _put_back(*, actor: Any, obj: QuotaCard, values: dict[str, Any]) -> str:
    cards.put_back(obj, actor=actor, reason=str(values.get("reason") or ""))
    return f"{obj} 已复位"


CARDS = RegisterScreen(
    key="logistics.quota_card",
    model=QuotaCard,
    title="定数卡",
    icon="cards",
    url="logistics/quota-cards",
    menu=("logistics", "申领"),
    order=50,
    queryset=lambda actor: QuotaCard.objects.select_related("org_unit", "item", "store"),
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("kind"),
        Column("org_unit", card="line"),
        Column("item", card="title"),
        Column("quantity"),
        Column("item__unit", title="单位"),
        Column("place"),
        Column("store"),
        Column("state", tones={"full": "done", "empty": "wait", "asked": "check"}, card="tag"),
        Column("request", title="补货单据", value=lambda card: "查看" if card.request else "", link=lambda card: url_for(card.request)),
        Column("is_active", hidden=True),
    ),
    filters=(
        Filter("q", title="卡号 / 物资", kind="text", lookups=("code__istartswith", *ITEM), placeholder="卡号 / 编码 / 名称 / 拼音码"),
        Filter("org_unit", title="科室", kind="register", register="org.unit"),
        Filter("kind", kind="choice"),
        Filter("state", kind="choice"),
    ),
    fields=(
        Field("code", immutable=True), "kind", Field("org_unit", help="挂在库房的填管理科室"), Field("item", lookup="logistics.item"), "quantity",
        Field("store", lookup="logistics.giving_store"), "place", "is_active",
    ),
    actions=(
        Action(
            "put_back", "复位", _put_back, permission="logistics.quota_card.scan", icon="rotate",
            fields=(Field("reason", title="原因", kind="text", required=True),), shown=lambda card: card.state != "full",
        ),
    ),
    scope_field="org_unit",
    search=("code__istartswith",),
)  # fmt: skip

DURABLES = RegisterScreen(
    key="logistics.durable",
    model=DurableInUse,
    title="在用低值易耗品",
    icon="armchair",
    url="logistics/durables",
    menu=("logistics", "申领"),
    order=70,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: DurableInUse.objects.select_related("org_unit", "item"),
    ordering=("org_unit__code", "item__code", "since"),
    tabs=(Tab("using", "在用", {"quantity__gt": 0}), Tab("gone", "已退出", {"quantity": 0})),
    columns=(
        Column("org_unit", card="meta"),
        Column("item__code", title="物资编码", card="meta"),
        Column("item", card="title"),
        Column("since", sort=True, card="line"),
        Column("quantity", sort=True),
        Column("item__unit", title="单位"),
        Column("cost", total=True, card="amount"),
        Column("expensed", total=True),
        Column("carried", title="待摊销", kind="money", value=lambda row: row.cost - row.expensed),
        Column("source", title="领用单据", value=lambda row: "查看", link=lambda row: url_for(row.source)),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=ITEM, placeholder="编码 / 名称 / 拼音码"),
        Filter("org_unit", title="科室", kind="register", register="org.unit"),
    ),
    fields=("item", "org_unit", "since", "quantity", "cost", "expensed"),
    panels=(
        Panel(
            key="uses", title="变动",
            rows=lambda row, actor: row.uses.order_by("pk"),
            columns=(
                Column("date", title="日期", kind="date"),
                Column("source", title="来源单据", kind="text", link=lambda use: url_for(use.source)),
                Column("quantity", title="数量", kind="quantity"),
                Column("cost", title="原值（元）", kind="money"),
                Column("expensed", title="已摊销（元）", kind="money"),
            ),
        ),
    ),
    scope_field="org_unit",
    search=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains"),
    exact=(),
    label=lambda row: f"{row.item} {row.since:%Y-%m-%d} {row.quantity.normalize():f} {row.item.unit}",
    hint=lambda row: str(row.org_unit),
)  # fmt: skip


def _finish(*, actor: Any, obj: Picking, values: dict[str, Any]) -> str:
    picking.finish(obj, actor=actor)
    return f"{obj} 已拣完，请复核"


def _check(*, actor: Any, obj: Picking, values: dict[str, Any]) -> str:
    return url_for(picking.check(obj, actor=actor).source)


def _cancel(*, actor: Any, obj: Picking, values: dict[str, Any]) -> str:
    picking.cancel(obj, actor=actor)
    return f"{obj} 已取消"


def _lines(obj: Picking, actor: Any) -> list[dict[str, Any]]:
    picked = picking.picked_of(obj)
    lines = list(obj.lines.select_related("item", "batch"))
    places = whereabouts(obj.requisition.store_id, [line.batch_id for line in lines])
    return [
        {
            "position": line.position, "bin": words_of(places, line.batch_id), "code": line.item.code, "item": str(line.item), "lot": line.batch.lot,
            "expiry": line.batch.expiry, "quantity": line.quantity, "picked": picked.get(line.pk),
            "unit": line.item.unit,
        }
        for line in lines
    ]  # fmt: skip


POST = "logistics.requisition.post"

PICKINGS = RegisterScreen(
    key="logistics.picking",
    model=Picking,
    title="拣货单",
    icon="shopping-cart",
    url="logistics/pickings",
    menu=("logistics", "申领"),
    order=30,
    permission="logistics.requisition",
    codes={"view": POST},
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Picking.objects.select_related(
        "requisition__org_unit", "requisition__store", "made_by", "picked_by", "checked_by"
    ),
    ordering=("-id",),
    tabs=(Tab("work", "在办", {"state__in": ["open", "picked"]}), Tab("done", "已出库", {"state": "done"})),
    columns=(
        Column("pk", title="拣货单", kind="text", value=str, card="title"),
        Column("requisition", title="申领单", kind="text", value=lambda p: p.requisition.display_number, link=lambda p: url_for(p.requisition.source), card="line"),
        Column("requisition__org_unit", title="科室", card="meta"),
        Column("requisition__store", title="库房"),
        Column("made_at", sort=True),
        Column("picked_by"),
        Column("checked_by"),
        Column("state", tones={"open": "wait", "picked": "check", "done": "done", "cancelled": "void"}, card="tag"),
    ),
    fields=("state", "made_by", "made_at", "picked_by", "picked_at", "checked_by", "checked_at"),
    panels=(
        Panel(
            key="lines", title="应拣（近效期先出，按货位行走）", rows=_lines,
            columns=(
                Column("position", title="行", kind="integer"), Column("bin", title="货位", kind="text"), Column("code", title="编码", kind="code"),
                Column("item", title="物资", kind="text"), Column("lot", title="批号", kind="text"),
                Column("expiry", title="有效期至", kind="date"), Column("quantity", title="应拣", kind="quantity"),
                Column("picked", title="已拣", kind="quantity"), Column("unit", title="单位", kind="text"),
            ),
        ),
    ),
    actions=(
        Action("finish", "拣货完成", _finish, permission=POST, icon="check", style="primary", shown=lambda p: p.state == "open"),
        Action("check", "复核并出库", _check, permission=POST, icon="package-export", style="primary", shown=lambda p: p.state == "picked"),
        Action("cancel", "取消拣货", _cancel, permission=POST, icon="x", style="danger", confirm="取消后请把物资放回原位。", shown=lambda p: p.state in ("open", "picked")),
    ),
    scope_field="requisition__store__org_unit",
    search=(),
    exact=(),
)  # fmt: skip

ALL = (PICKINGS, CARDS, QUOTAS, AUTHORITIES, DURABLES)
LOOKUPS = (GIVING_STORES,)
