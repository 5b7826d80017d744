"""What the catalogue adds to the item: its steps of life, identifiers, units, classes, papers, prices and history."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.db import transaction

from hrp.logistics.catalogue import parameters, selectors
from hrp.logistics.catalogue.models import (
    ClassNode,
    ItemAlias,
    ItemClass,
    ItemDecision,
    ItemIdentifier,
    ItemUnit,
    License,
    PriceAgreement,
    Stage,
)
from hrp.logistics.catalogue.models.licenses import PRODUCT_KINDS
from hrp.logistics.catalogue.rules.lists import parts
from hrp.logistics.catalogue.screens import receiving
from hrp.logistics.catalogue.screens.prices import ITEM_PANEL
from hrp.logistics.catalogue.services import classes, codes, identifiers, life, scanning
from hrp.logistics.models import Item
from hrp.logistics.screens.registers import ITEMS
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org import parameters as business
from hrp.platform.ui import screens, services
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, Reading, RegisterScreen

PERMISSIONS = {
    "logistics.item.qualify": "审核物资资质",
    "logistics.item.approve": "登记委员会准入决定",
    "logistics.item.merge": "合并重复物资",
    "logistics.identifier.bind": "扫码绑定产品标识 DI",
    "logistics.scan.view": "查看扫码记录",
    "logistics.class_node.view": "查看物资分类体系",
    "logistics.class_node.edit": "维护物资分类体系",
    "logistics.class_node.export": "导出物资分类体系",
}
STAGE_TONES = {
    "draft": "draft", "qualification": "wait", "committee": "check", "active": "done", "frozen": "back", "retired": "void",
}  # fmt: skip


@transaction.atomic
def save_item(*, actor: User, pk: int | None, values: dict[str, Any]) -> Item:
    """Save an item through its checks of codes; a new one begins its life, where it needs admission as a draft."""
    scope.require(actor, "logistics.item.edit")
    before = Item.objects.filter(pk=pk).first() if pk is not None else None
    codes.check(values, before)
    item: Item = services.save_row(ITEMS, actor=actor, pk=pk, values=values)
    classes.follow(item=item, before=before)
    if before is None:
        kinds = parts(business.value(parameters.ADMISSION_KINDS, clock.today()))
        life.begin(actor=actor, item=item, stage=Stage.DRAFT if item.kind in kinds else Stage.ACTIVE)
    return item


def _step(act: str) -> Any:
    def run(*, actor: User, obj: Item, values: dict[str, Any]) -> str:
        row = life.step(
            actor=actor, item=obj, act=act, reason=values.get("reason", ""), meeting=values.get("meeting", "")
        )
        return f"{obj}：{row.get_after_display()}"

    return run


def _shown(act: str) -> Any:
    return lambda item: life.stage_of(item) in life.STEPS[act].sources


def _action(act: str, icon: str, style: Any = "") -> Action:
    one = life.STEPS[act]
    reason = Field("reason", title="原因", kind="text", required=one.asks == "reason", span=3)
    meeting = Field("meeting", title="会议", kind="text", required=True, span=3, placeholder="例如 2026 年第 3 次医用耗材管理委员会")  # fmt: skip
    return Action(
        act, one.title, _step(act), permission=one.permission, icon=icon, style=style, model=ItemDecision,
        fields=(meeting, reason) if one.asks == "meeting" else (reason,), shown=_shown(act),
    )  # fmt: skip


def _disable(*, actor: User, obj: Item, reason: str = "") -> None:
    life.step(actor=actor, item=obj, act="retire", reason=reason)


def _merge(*, actor: User, obj: Item, values: dict[str, Any]) -> str:
    into = Item.objects.get(pk=values["into"])
    identifiers.merge(actor=actor, item=obj, into=into, reason=values.get("reason", ""))
    return f"{obj.code} 已合并到 {into.code}"


def _add_identifier(*, actor: User, obj: Item, values: dict[str, Any]) -> Any:
    return identifiers.bind(
        actor=actor, item=obj, di=values["di"], level=values["level"], quantity=Decimal(values["quantity"]),
        agency=values["agency"], valid_from=dt.date.fromisoformat(values["valid_from"]) if values.get("valid_from") else None,
    )  # fmt: skip


def _add_unit(*, actor: User, obj: Item, values: dict[str, Any]) -> Any:
    return identifiers.define_unit(
        actor=actor, item=obj, name=values["name"], num=int(values["num"]), den=int(values.get("den") or 1),
        for_purchase=bool(values.get("for_purchase")), for_issue=bool(values.get("for_issue")),
    )  # fmt: skip


def _classify(*, actor: User, obj: Item, values: dict[str, Any]) -> Any:
    node = ClassNode.objects.get(pk=values["node"])
    on = dt.date.fromisoformat(values["valid_from"]) if values.get("valid_from") else clock.today()
    return classes.classify(actor=actor, item=obj, node=node, on=on)


def _today(actor: Any) -> dt.date:
    return clock.today()


def _factor(unit: ItemUnit) -> str:
    return f"{unit.num}" if unit.den == 1 else f"{unit.num}/{unit.den}"


def _papers(item: Item, actor: Any) -> Any:
    if not item.registration_number:
        return License.objects.none()
    return License.objects.filter(kind__in=PRODUCT_KINDS, number=item.registration_number).order_by(
        "-valid_to"
    )


def paper_state(paper: Any) -> str:
    """A paper's state today, as its tag says it."""
    today = clock.today()
    if not paper.is_active:
        return "已吊销"
    if paper.valid_to is not None and paper.valid_to < today:
        return "延续受理中" if getattr(paper, "renewing", False) else "已过期"
    if paper.valid_from > today:
        return "未生效"
    left = (paper.valid_to - today).days if paper.valid_to is not None else None
    nearest = max(business.value(parameters.ALERT_DAYS, today), default=0)
    return f"剩 {left} 天" if left is not None and left <= nearest else "有效"


PANELS = (
    Panel(
        "doubts", "编码核对", lambda item, actor: [{"words": words} for words in codes.doubts(item)],
        (Column("words", title="需要核对", value=lambda row: row["words"]),), empty="注册证号、医保编码与分类相符",
    ),
    Panel(
        "identifiers", "产品标识 DI", lambda item, actor: ItemIdentifier.objects.filter(item=item),
        ("di", "level", "quantity", "agency", "valid_from"), model=ItemIdentifier,
        fields=("di", "level", Field("quantity", help="扫一次这个码等于多少基本单位"), "agency", Field("valid_from", required=False, help="空为今天")),
        add=_add_identifier, add_title="绑定", permission="logistics.identifier.bind", empty="没有绑定，扫码时按条码字段识别",
    ),
    Panel(
        "units", "计量单位", lambda item, actor: ItemUnit.objects.filter(item=item),
        ("name", Column("factor", title="含基本单位", value=_factor), "for_purchase", "for_issue"), model=ItemUnit,
        fields=("name", Field("num", title="含基本单位数", help="1 箱 = 200 支 填 200"), Field("den", title="除以", help="一般为 1；3 盒为 1 套之类的分数才用"), "for_purchase", "for_issue"),
        add=_add_unit, add_title="定义", permission="logistics.item.edit", empty="只用基本单位",
    ),
    Panel(
        "classes", "归类", lambda item, actor: ItemClass.objects.filter(item=item).select_related("node").order_by("scheme", "-valid_from"),
        ("scheme", "node", "valid_from"), model=ItemClass,
        fields=(Field("node", lookup="logistics.class_node", span=2), Field("valid_from", required=False, help="空为今天；此前的归类保留")),
        add=_classify, add_title="归类", permission="logistics.item.edit", empty="还没有归类",
    ),
    Panel(
        "papers", "注册证 / 备案", _papers,
        ("kind", Column("number", link=lambda paper: f"/logistics/licenses/{paper.pk}"), "valid_from", "valid_to", Column("state", title="状态", value=paper_state)),
        model=License, empty="没有登记这个证号的有效期",
    ),
    Panel(
        "agreements", "价格协议", lambda item, actor: PriceAgreement.objects.filter(item=item).select_related("supplier").order_by("-valid_from"),
        ("supplier", "price", "tax_rate", "valid_from", "valid_to", "source", "document"), model=PriceAgreement, empty="没有价格协议",
    ),
    ITEM_PANEL,
    Panel(
        "merged", "由此保留的重复物资", lambda item, actor: ItemAlias.objects.filter(into=item).select_related("item", "merged_by"),
        (Column("item__code", title="编码"), "item", "reason", "merged_by", "merged_at"), model=ItemAlias, empty="没有",
    ),
    Panel(
        "life", "历程", lambda item, actor: ItemDecision.objects.filter(item=item).select_related("decided_by"),
        (Column("after", title="状态", tones=STAGE_TONES), "reason", "meeting", "decided_by", "decided_at"), model=ItemDecision, empty="建档早于本系统",
    ),
)  # fmt: skip

ACTIONS = (
    _action("submit", "send", "primary"),
    _action("qualify", "certificate", "primary"),
    _action("admit", "gavel", "primary"),
    _action("reject", "arrow-back-up", "danger"),
    _action("freeze", "player-pause"),
    _action("thaw", "player-play", "primary"),
    _action("revive", "rotate"),
    Action(
        "merge", "合并重复", _merge, permission="logistics.item.merge", icon="arrows-join", model=ItemAlias,
        fields=(Field("into", title="保留哪个物资", lookup="logistics.item", required=True, span=2), Field("reason", required=True, span=3)),
        confirm="合并后本编码淘汰，它的条码与标识都指向保留的物资；已有的单据与库存不变。",
        shown=lambda item: not ItemAlias.objects.filter(item=item).exists(),
    ),
)  # fmt: skip


def _scan(*, actor: User, raw: str, place: str) -> Reading:
    """A scan as a line: item, lot, expiry and how many base units the package holds. Whatever was read is kept."""
    found = scanning.resolve(raw)
    scanning.keep(found, actor=actor, place=place)
    if found.item is None:
        may = bool(found.di) and scope.has(actor, identifiers.BIND)
        return Reading(
            error=found.error, dialog=f"/logistics/identifiers/bind?raw={quote(raw, safe='')}" if may else ""
        )
    fill = {
        "lot": found.lot, "expiry": found.expiry.isoformat() if found.expiry else "",
        "produced": found.produced.isoformat() if found.produced else "", "quantity": f"{found.quantity.normalize():f}",
    }  # fmt: skip
    return Reading(
        pk=found.item.pk, fill={name: value for name, value in fill.items() if value}, warnings=found.warnings,
        once=bool(found.serial),
    )  # fmt: skip


def _fill(item: Item) -> dict[str, Any]:
    """What grids take of an item; ``units`` lets them understand 2箱."""
    units = {unit.name: (unit.num, unit.den) for unit in selectors.units_of(item)}
    return {"unit": item.unit, "spec": item.spec, "units": json.dumps(units, ensure_ascii=False)}


def extend_items() -> None:
    """Give the dictionary of materials the catalogue's sides."""
    text = Filter(
        "q", title="物资", kind="text", placeholder="编码 / 名称 / 规格 / 拼音码 / 注册证 / DI / 厂家",
        apply=selectors.find_items,
    )  # fmt: skip
    filters = tuple(text if one.name == "q" else one for one in ITEMS.filters)
    status = Field("status", readonly=True, default=lambda actor: Item.Status.DRAFT)
    fields = tuple(
        status if not isinstance(one, str) and one.name == "status" else one for one in ITEMS.fields
    )
    screens.extend(
        "logistics.item", panels=PANELS, actions=ACTIONS, filters=filters, fields=fields, save=save_item,
        disable=_disable, enable=None, active=lambda item: item.status != Item.Status.RETIRED, find=selectors.find_items,
        scan=_scan, fill=_fill,
    )  # fmt: skip
    screens.extend("logistics.stock_receipt", advise=receiving.receipt)


def _install(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    return f"已装入 {classes.install(actor=actor)} 条器械分类"


CLASS_NODES = RegisterScreen(
    key="logistics.class_node",
    model=ClassNode,
    title="分类体系",
    icon="binary-tree",
    url="logistics/class-nodes",
    menu=("logistics", "基础资料"),
    order=50,
    ordering=("scheme", "code"),
    columns=("scheme", Column("code", sort=True, card="meta"), Column("name", card="title"), "parent", "source", "is_active"),
    filters=(
        Filter("scheme", kind="choice"),
        Filter("q", title="分类", kind="text", lookups=("code__istartswith", "name__icontains"), placeholder="编码 / 名称"),
    ),
    fields=(Field("scheme", immutable=True), Field("code", immutable=True), "name", Field("parent", lookup="logistics.class_node"), Field("source", span=2), "is_active"),
    actions=(Action("install", "装入国家器械分类", _install, permission="logistics.class_node.edit", icon="download", place="page", confirm="装入 2002 版与 2017 版医疗器械分类的大类，已有的不变。"),),
    search=("code__istartswith", "name__icontains"),
    hint=lambda node: node.get_scheme_display(),
)  # fmt: skip
