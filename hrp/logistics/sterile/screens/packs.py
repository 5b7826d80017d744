"""包类型、设备、锅次、消毒包、紧急放行 and 外来器械."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, cast

from django.db import transaction

from hrp.logistics.models import Item
from hrp.logistics.sterile import selectors
from hrp.logistics.sterile.models import (
    EmergencyRelease,
    ForeignPhoto,
    ForeignSet,
    Load,
    LoadResult,
    Machine,
    Pack,
    PackContent,
    PackingMaterial,
    PackStep,
    PackSupply,
    PackType,
)
from hrp.logistics.sterile.services import cycle, foreign, loads
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import files
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import Campus
from hrp.platform.ui.screens import (
    Action,
    Column,
    Field,
    Filter,
    Lookup,
    Output,
    Panel,
    RegisterScreen,
    Tab,
)

GROUP = "消毒供应"
PERMISSIONS = {
    "logistics.pack.view": "查看消毒包",
    "logistics.pack.work": "消毒供应各步骤扫码与外来器械",
    "logistics.pack.release": "登记灭菌监测、放行与召回锅次",
    "logistics.pack.use": "登记消毒包用于患者",
    "logistics.pack.export": "导出消毒包",
    "logistics.pack_type.view": "查看包类型与设备",
    "logistics.pack_type.edit": "维护包类型与设备",
    "logistics.pack_type.export": "导出包类型",
}
TONES = {
    "new": "draft", "soiled": "back", "washed": "check", "disinfected": "check", "packed": "check", "in_load": "wait",
    "sterile": "done", "stored": "done", "issued": "done", "used": "draft", "recalled": "back",
}  # fmt: skip


def number(values: dict[str, Any], name: str) -> int:
    """A whole number somebody typed."""
    text = str(values.get(name) or "").strip()
    if not text.isdecimal() or len(text) > 7:
        raise Invalid("应为整数", problems=[Problem("应为整数", field=name)], way_out="请填写整数。")
    return int(text)


def decimal(values: dict[str, Any], name: str) -> Decimal:
    """A number somebody typed."""
    try:
        found = Decimal(str(values.get(name) or ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Invalid("应为数字", problems=[Problem("应为数字", field=name)], way_out="请填写数字。")
    return found


MATERIALS = RegisterScreen(
    key="logistics.packing_material", model=PackingMaterial, title="包装材料", icon="box", url="logistics/packing-materials",
    menu=("logistics", GROUP), order=60, permission="logistics.pack_type", columns=("code", Column("name", card="title"), "shelf_days"),
    fields=("code", "name", "shelf_days"),
)  # fmt: skip

MACHINES = RegisterScreen(
    key="logistics.sterile_machine", model=Machine, title="清洗灭菌设备", icon="wash-machine", url="logistics/sterile-machines",
    menu=("logistics", GROUP), order=62, permission="logistics.pack_type", columns=("code", Column("name", card="title"), "kind", "is_active"),
    fields=("code", "name", "kind", "is_active"),
)  # fmt: skip


def _content(*, actor: User, obj: PackType, values: dict[str, Any]) -> PackContent:
    scope.require(actor, "logistics.pack_type.edit")
    return PackContent.objects.create(
        pack_type=obj, instrument=str(values.get("instrument") or "").strip()[:60], spec=str(values.get("spec") or "")[:40],
        quantity=number(values, "quantity"),
    )  # fmt: skip


def _supply(*, actor: User, obj: PackType, values: dict[str, Any]) -> PackSupply:
    scope.require(actor, "logistics.pack_type.edit")
    item = Item.objects.filter(pk=values.get("item") or 0).first()
    if item is None:
        raise Invalid("请选择耗材", problems=[Problem("请选择", field="item")], way_out="请选择耗材。")
    if PackSupply.objects.filter(pack_type=obj, item=item).exists():
        raise Invalid(
            f"{item} 已在耗材定额中", problems=[Problem("重复", field="item")], way_out="请选择其他耗材。"
        )
    quantity = decimal(values, "quantity")
    if quantity <= 0:
        raise Invalid(
            "用量应大于零", problems=[Problem("应大于零", field="quantity")], way_out="请填写用量。"
        )
    return PackSupply.objects.create(pack_type=obj, item=item, quantity=quantity)


def _register(*, actor: User, obj: PackType, values: dict[str, Any]) -> str:
    campus = actor.unit.campus if actor.unit else Campus.objects.order_by("code").first()
    if campus is None:
        raise Invalid("没有院区", way_out="请先建立院区。")
    made = cycle.register(actor=actor, pack_type=obj, count=number(values, "count"), campus=campus)
    return f"已登记 {len(made)} 个包：{made[0].barcode} — {made[-1].barcode}"


TYPES = RegisterScreen(
    key="logistics.pack_type", model=PackType, title="包类型", icon="packages", url="logistics/pack-types", menu=("logistics", GROUP), order=50,
    columns=("code", Column("name", card="title"), "material", "implant", "sterilise_programme", "price", "is_active"),
    filters=(Filter("q", title="包类型", kind="text", lookups=("code__istartswith", "name__icontains", "pinyin__icontains")),),
    fields=("code", Field("name", span=2), "pinyin", Field("material"), "implant", "wash_programme", "sterilise_programme", "price", "is_active"),
    panels=(
        Panel("contents", "包内器械", lambda row, actor: row.contents.all(), ("instrument", "spec", "quantity"), model=PackContent, fields=("instrument", "spec", "quantity"), add=_content, permission="logistics.pack_type.edit"),
        Panel("supplies", "每包耗材", lambda row, actor: row.supplies.select_related("item"), ("item", "quantity"), model=PackSupply, fields=("item", "quantity"), add=_supply, permission="logistics.pack_type.edit", empty="没有定额，倒冲时不计耗材"),
    ),
    actions=(Action("register", "登记新包", _register, permission="logistics.pack.work", icon="barcode", fields=(Field("count", title="数量", kind="text", required=True),)),),
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
)  # fmt: skip

RESULT = (
    Field("kind", title="监测", kind="choice", choices=LoadResult.Kind.choices, required=True),
    Field("passed", title="结果", kind="choice", choices=(("1", "合格"), ("0", "不合格")), required=True), Field("reading", title="读数", kind="text"),
)  # fmt: skip


def _result(*, actor: User, obj: Load, values: dict[str, Any]) -> str:
    if values.get("passed") not in ("0", "1"):
        raise Invalid(
            "请选择结果", problems=[Problem("请选择", field="passed")], way_out="请选择合格或不合格。"
        )
    done = loads.record_result(
        actor=actor,
        load=obj,
        kind=str(values.get("kind") or ""),
        passed=values["passed"] == "1",
        reading=str(values.get("reading") or ""),
    )
    return f"已登记{done}"


def _release(*, actor: User, obj: Load, values: dict[str, Any]) -> str:
    count, staying = loads.release(actor=actor, load=obj)
    return f"已放行 {count} 个包" + (f"，{len(staying)} 个暂留：{staying[0]}" if staying else "")


def _recall(*, actor: User, obj: Load, values: dict[str, Any]) -> str:
    found = loads.recall_load(actor=actor, load=obj, reason=str(values.get("reason") or ""))
    used = sum(1 for row in found if row["visit_no"])
    return f"已召回 {obj}：共 {len(found)} 个包，{used} 个已用于患者"


def _start(*, actor: User, values: dict[str, Any], **_: Any) -> str:
    machine = Machine.objects.filter(pk=values.get("machine") or 0).first()
    if machine is None:
        raise Invalid("请选择灭菌器", problems=[Problem("请选择", field="machine")], way_out="请选择灭菌器。")
    return f"/logistics/sterile-loads/{loads.start_load(actor=actor, machine=machine, programme=str(values.get('programme') or '')).pk}"


LOADS = RegisterScreen(
    key="logistics.sterile_load", model=Load, title="灭菌锅次", icon="flame", url="logistics/sterile-loads", menu=("logistics", GROUP), order=20,
    permission="logistics.pack", editable=False, creatable=False, history=False,
    queryset=lambda actor: Load.objects.select_related("machine", "operator").prefetch_related("results"), ordering=("-id",),
    columns=(
        Column("day", sort=True, fixed=True, card="meta"), Column("machine", card="title"), "number", Column("programme", card="line"), "operator", "started_at",
        Column("results", title="监测", kind="text", value=lambda load: "、".join(map(str, load.results.all())) or "待登记"),
        Column("recalled_at", title="召回", card="tag"),
    ),
    filters=(Filter("day", title="日期", kind="date_range"), Filter("machine", kind="register", register="logistics.sterile_machine")),
    fields=("machine", "day", "number", "programme", "operator", "started_at", "recalled_by", "recalled_at", Field("recall_reason", span=3)),
    panels=(
        Panel("results", "监测结果", lambda load, actor: load.results.select_related("by"), ("kind", "passed", "reading", "by", "at"), model=LoadResult, empty="尚未登记，包不能放行"),
        Panel(
            "packs", "本锅的包", lambda load, actor: loads.whereabouts(load, reader=actor),
            (
                Column("pack", title="包条码", kind="text"), Column("type", title="包类型", kind="text"), Column("round", title="循环", kind="integer"), Column("state", title="状态", kind="text"),
                Column("org_unit", title="发往科室", kind="text"), Column("visit_no", title="就诊号", kind="text"), Column("patient", title="患者", kind="text"), Column("used_at", title="使用时间", kind="datetime"),
            ),
        ),
    ),
    actions=(
        Action("start", "开新锅次", _start, permission="logistics.pack.work", icon="plus", style="primary", place="page", model=Load, fields=(Field("machine", lookup="logistics.steriliser"), Field("programme"))),
        Action("result", "登记监测", _result, permission="logistics.pack.release", icon="clipboard-check", fields=RESULT),
        Action("release", "放行", _release, permission="logistics.pack.release", icon="check", style="primary"),
        Action("recall", "召回本锅", _recall, permission="logistics.pack.release", icon="arrow-back-up", style="danger", fields=(Field("reason", title="原因", kind="text", required=True, span=3),), shown=lambda load: load.recalled_at is None),
    ),
    outputs=(
        Output("打印包标签", lambda load: f"/logistics/pack-labels?load={load.pk}", icon="barcode", permission="logistics.pack.view"),
        Output("本锅清单", lambda load: f"/logistics/sterile-loads/{load.pk}/list", icon="printer", permission="logistics.pack.view"),
    ),
    search=("machine__code__istartswith",), exact=(),
)  # fmt: skip


def _early(*, actor: User, obj: Pack, values: dict[str, Any]) -> str:
    loads.release_early(
        actor=actor,
        pack=obj,
        reason=str(values.get("reason") or ""),
        indicator=str(values.get("indicator") or ""),
        indicator_passed=values.get("indicator_passed") == "1",
        visit_no=str(values.get("visit_no") or ""),
    )
    return f"已紧急放行 {obj}，生物监测出结果后请追踪"


PACKS = RegisterScreen(
    key="logistics.pack", model=Pack, title="消毒包", icon="package", url="logistics/packs", menu=("logistics", GROUP), order=30,
    editable=False, creatable=False, history=False,
    queryset=lambda actor: Pack.objects.select_related("pack_type", "load__machine", "org_unit", "foreign_set"), ordering=("-id",),
    columns=(
        Column("barcode", fixed=True, card="title"), Column("pack_type", card="line"), Column("round"), Column("load"), Column("expiry", sort=True), Column("org_unit", card="meta"), Column("foreign_set", hidden=True),
        Column("state", tones=TONES, card="tag"),
    ),
    filters=(
        Filter("q", title="包", kind="text", lookups=("barcode__icontains", "pack_type__name__icontains"), placeholder="包条码 / 包类型"), Filter("state", kind="choice"),
        Filter("pack_type", kind="register", register="logistics.pack_type"), Filter("expiry", title="失效日期", kind="date_range"), Filter("org_unit", kind="register", register="org.unit"),
    ),
    tabs=(Tab("work", "处理中", {"state__in": ("soiled", "washed", "disinfected", "packed", "in_load")}), Tab("ready", "无菌", {"state__in": ("sterile", "stored")}), Tab("out", "在科室", {"state__in": ("issued", "used")}), Tab("recalled", "已召回", {"state": "recalled"})),
    fields=("barcode", "pack_type", "state", "round", "load", "expiry", "org_unit", "foreign_set", "registered_at"),
    panels=(
        Panel("steps", "追溯", lambda pack, actor: selectors.steps_seen(actor, pack.steps.all()).select_related("machine", "load__machine", "org_unit", "by"), ("round", "at", "step", "passed", "to_state", "machine", "programme", "cycle_no", "load", "org_unit", "visit_no", "patient", "by", "note"), model=PackStep),
        Panel("contents", "包内器械", lambda pack, actor: pack.pack_type.contents.all(), ("instrument", "spec", "quantity"), model=PackContent),
    ),
    actions=(Action("early", "紧急放行", _early, permission="logistics.pack.release", icon="urgent", style="danger", fields=(Field("reason", title="原因", kind="text", required=True, span=3), Field("indicator", title="五类化学指示物批号", kind="text", required=True), Field("indicator_passed", title="五类指示物结果", kind="choice", choices=(("1", "合格"), ("0", "不合格")), required=True), Field("visit_no", title="就诊号", kind="text", required=True)), shown=lambda pack: pack.state == "in_load" and loads.implants(pack)),),
    outputs=(Output("打印包标签", lambda pack: f"/logistics/pack-labels?pack={pack.pk}", icon="barcode", permission="logistics.pack.view"),),
    search=("barcode__icontains",), exact=("barcode",),
)  # fmt: skip


def _follow(*, actor: User, obj: EmergencyRelease, values: dict[str, Any]) -> str:
    loads.follow_up(actor=actor, release=obj, text=str(values.get("follow_up") or ""))
    return "已登记追踪"


EARLY = RegisterScreen(
    key="logistics.emergency_release", model=EmergencyRelease, title="紧急放行", icon="urgent", url="logistics/emergency-releases", menu=("logistics", GROUP), order=40,
    permission="logistics.pack", editable=False, creatable=False, history=False,
    queryset=lambda actor: EmergencyRelease.objects.select_related("pack__pack_type", "load__machine", "by"), ordering=("-id",),
    columns=(Column("at", fixed=True, card="meta"), Column("pack", card="title"), Column("load"), Column("visit_no"), Column("reason", card="line"), Column("indicator"), Column("by"), Column("followed_at", card="tag"), Column("follow_up")),
    tabs=(Tab("open", "待追踪", {"followed_at": None}),),
    fields=("pack", "load", "visit_no", Field("reason", span=2), "indicator", "by", "at", "followed_at", Field("follow_up", span=3)),
    actions=(Action("follow", "登记追踪", _follow, permission="logistics.pack.release", icon="check", style="primary", fields=(Field("follow_up", title="追踪结果", kind="text", required=True, span=3),), shown=lambda row: row.followed_at is None),),
    search=(), exact=(),
)  # fmt: skip


def _packs(*, actor: User, obj: ForeignSet, values: dict[str, Any]) -> str:
    kind = PackType.objects.filter(pk=values.get("pack_type") or 0).first()
    campus = actor.unit.campus if actor.unit else Campus.objects.order_by("code").first()
    if kind is None or campus is None:
        raise Invalid(
            "请选择包类型", problems=[Problem("请选择", field="pack_type")], way_out="请选择包类型。"
        )
    made = cycle.register(
        actor=actor, pack_type=kind, count=number(values, "count"), campus=campus, foreign_set=obj
    )
    return f"已登记 {len(made)} 个包：{made[0].barcode} — {made[-1].barcode}"


def _photo(*, actor: User, obj: ForeignSet, values: dict[str, Any]) -> str:
    given = values.get("file")
    if given is None:
        raise Invalid("没有选择照片。", way_out="请选择照片（JPG 或 PNG）。")
    stored = files.store_upload(
        cast(BinaryIO, given), name=given.name or "", allowed=("png", "jpg"), folder="foreign"
    )
    try:
        with transaction.atomic():
            foreign.photograph(actor=actor, foreign_set=obj, stored=stored)
    except BaseException:
        files.remove(stored.path)
        raise
    return f"已上传 {stored.name}"


def _again(*, actor: User, obj: ForeignSet, values: dict[str, Any]) -> str:
    row = foreign.use_again(actor=actor, foreign_set=obj, visit_no=str(values.get("visit_no") or ""))
    return f"已改用于 {row.visit_no}"


def _give_back(*, actor: User, obj: ForeignSet, values: dict[str, Any]) -> str:
    foreign.give_back(
        actor=actor, foreign_set=obj, pieces=number(values, "pieces"), note=str(values.get("note") or "")
    )
    return "已登记归还"


FOREIGN = RegisterScreen(
    key="logistics.foreign_set", model=ForeignSet, title="外来器械", icon="briefcase", url="logistics/foreign-sets", menu=("logistics", GROUP), order=45,
    codes={"view": "logistics.pack.view", "edit": "logistics.pack.work", "export": "logistics.pack.export"}, history=False, save=foreign.receive_foreign, closed=lambda row: row.returned_at is not None,
    queryset=lambda actor: ForeignSet.objects.select_related("supplier", "received_by", "returned_by"), ordering=("-id",),
    columns=(Column("received_at", fixed=True, card="meta"), Column("name", card="title"), Column("supplier", card="line"), Column("visit_no"), Column("pieces"), Column("weight_g"), Column("has_implant"), Column("returned_at", card="tag"), Column("returned_pieces")),
    tabs=(Tab("here", "在院", {"returned_at": None}),),
    fields=("supplier", Field("name", span=2), Field("contents", kind="textarea", span=3, help="每行一种，写成“名称 数量”，合计须等于件数"), "pieces", Field("weight_g", help="单包不超过 7 公斤"), "has_implant", "visit_no"),
    panels=(
        Panel("packs", "消毒包", lambda row, actor: row.packs.select_related("pack_type", "load__machine"), ("barcode", "pack_type", "state", "load", "expiry"), model=Pack),
        Panel(
            "uses", "使用追溯", lambda row, actor: selectors.steps_seen(actor, PackStep.objects.filter(pack__foreign_set=row, step="use")).select_related("pack", "load__machine", "org_unit", "by"),
            (Column("at"), Column("pack"), Column("round"), Column("load"), Column("visit_no"), Column("patient"), Column("org_unit"), Column("by")), model=PackStep, empty="还没有用于患者",
        ),
        Panel("photos", "照片", lambda row, actor: row.photos.select_related("uploaded_by"), (Column("name", link=lambda photo: f"/logistics/foreign-photos/{photo.pk}"), "uploaded_by", "uploaded_at"), model=ForeignPhoto, empty="还没有照片"),
    ),
    actions=(
        Action("photo", "上传照片", _photo, permission="logistics.pack.work", icon="camera", fields=(Field("file", title="JPG 或 PNG", kind="file", required=True),)),
        Action("again", "改用于下一台手术", _again, permission="logistics.pack.work", icon="repeat", fields=(Field("visit_no", title="下一台手术的就诊号", kind="text", required=True),), shown=lambda row: row.returned_at is None),
        Action("packs", "登记包", _packs, permission="logistics.pack.work", icon="barcode", model=Pack, fields=(Field("pack_type", lookup="logistics.pack_type"), Field("count", title="数量", kind="text", required=True)), shown=lambda row: row.returned_at is None),
        Action("back", "归还", _give_back, permission="logistics.pack.work", icon="arrow-back-up", fields=(Field("pieces", title="归还件数", kind="text", required=True), Field("note", title="差异说明", kind="text", span=2)), shown=lambda row: row.returned_at is None),
    ),
    search=("name__icontains", "visit_no__istartswith"), exact=(),
)  # fmt: skip

ISSUED = RegisterScreen(
    key="logistics.pack_issue", model=PackStep, title="消毒供应明细", icon="list-details", url="logistics/pack-issues", menu=("logistics", GROUP), order=35,
    permission="logistics.pack", editable=False, creatable=False, history=False,
    queryset=lambda actor: PackStep.objects.filter(step="issue").select_related("pack__pack_type", "org_unit", "by"), ordering=("-id",),
    columns=(
        Column("at", fixed=True, card="meta"), Column("org_unit", title="领用科室", card="title"), Column("pack__pack_type", title="包类型", card="line"), Column("pack"), Column("load", hidden=True), Column("expiry"),
        Column("price", total=True, card="amount"), Column("by"),
    ),
    filters=(Filter("org_unit", title="领用科室", kind="register", register="org.unit"), Filter("pack_type", title="包类型", kind="register", register="logistics.pack_type", lookups=("pack__pack_type",)), Filter("at", title="发放日期", kind="date_range", lookups=("at__date",))),
    fields=("pack", "round", "org_unit", "load", "expiry", "price", "by", "at", Field("note", span=3)), search=(), exact=(), scope_field="org_unit",
)  # fmt: skip

STERILISERS = Lookup(
    key="logistics.steriliser", title="灭菌器", queryset=lambda actor, params: Machine.objects.filter(kind=Machine.Kind.STERILISER, is_active=True),
    search=("code__istartswith", "name__icontains"), permissions=("logistics.pack.work",),
)  # fmt: skip
LOOKUPS = (STERILISERS,)
ALL = (LOADS, PACKS, ISSUED, EARLY, FOREIGN, TYPES, MATERIALS, MACHINES)
