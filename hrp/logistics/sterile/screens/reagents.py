"""试剂定额、开瓶、日志、LIS 测试数、倒冲 and 危化品双锁."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.sterile.models import (
    BackFlush,
    ColdPlace,
    ColdReading,
    HazardEntry,
    LisCount,
    ReagentLog,
    ReagentNorm,
    ReagentVial,
)
from hrp.logistics.sterile.screens.packs import decimal
from hrp.logistics.sterile.services import cold, flushing, hazards, reagents
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Panel, RegisterScreen, Tab

GROUP = "试剂与危化"
PERMISSIONS = {
    "logistics.reagent.view": "查看试剂使用",
    "logistics.reagent.edit": "维护试剂定额与LIS测试数",
    "logistics.reagent.work": "试剂开瓶、日志与倒冲",
    "logistics.reagent.export": "导出试剂使用",
    "logistics.hazard.view": "查看危化品登记",
    "logistics.hazard.work": "危化品双人双锁登记与复核",
    "logistics.hazard.export": "导出危化品登记",
    "logistics.cold.view": "查看冷链温度",
    "logistics.cold.edit": "维护冷链设备",
    "logistics.cold.work": "登记冷链温度",
    "logistics.cold.export": "导出冷链温度",
}


def _chosen(model: Any, values: dict[str, Any], name: str, title: str) -> Any:
    found = model.objects.filter(pk=values.get(name) or 0).first()
    if found is None:
        raise Invalid(f"请选择{title}", problems=[Problem("请选择", field=name)], way_out=f"请选择{title}。")
    return found


def _day(values: dict[str, Any], name: str) -> dt.date:
    found = values.get(name)
    try:
        return found if isinstance(found, dt.date) else dt.date.fromisoformat(str(found or ""))
    except ValueError:
        raise Invalid(
            "请填写日期", problems=[Problem("请填写日期", field=name)], way_out="写成 2026-11-23。"
        ) from None


NORMS = RegisterScreen(
    key="logistics.reagent_norm", model=ReagentNorm, title="试剂定额", icon="ruler-measure", url="logistics/reagent-norms", menu=("logistics", GROUP), order=50,
    permission="logistics.reagent", queryset=lambda actor: ReagentNorm.objects.select_related("item"), ordering=("instrument", "test_code"), scope_field="store__org_unit",
    columns=(Column("instrument", card="meta"), Column("test_code", card="line"), Column("item", card="title"), "store", "per_test", "tests_per_kit", "open_days"),
    fields=("instrument", "test_code", "item", Field("store", help="该仪器从哪个库房领用，倒冲到这个库房"), "per_test", "tests_per_kit", "open_days"), search=("instrument__icontains",), exact=(),
)  # fmt: skip


def _open(*, actor: User, values: dict[str, Any], **_: Any) -> str:
    vial = reagents.open_vial(
        actor=actor,
        instrument=str(values.get("instrument") or ""),
        batch=_chosen(Batch, values, "batch", "批号"),
    )
    return f"已开瓶，可用至 {vial.in_use_expiry}"


def _close(*, actor: User, obj: ReagentVial, values: dict[str, Any]) -> str:
    return f"已登记{reagents.close_vial(actor=actor, vial=obj, closing=str(values.get('closing') or '')).get_closing_display()}"


VIALS = RegisterScreen(
    key="logistics.reagent_vial", model=ReagentVial, title="开瓶试剂", icon="flask", url="logistics/reagent-vials", menu=("logistics", GROUP), order=10,
    permission="logistics.reagent", editable=False, creatable=False, history=False, queryset=lambda actor: reagents.with_calibration(ReagentVial.objects.select_related("item", "batch", "opened_by")), ordering=("-id",),
    columns=(Column("opened_at", fixed=True, card="meta"), Column("instrument", card="line"), Column("item", card="title"), Column("batch"), "tests", Column("in_use_expiry", sort=True), Column("calibrated", title="定标", kind="text", value=lambda vial: "换批待定标" if not vial.closing and vial.uncalibrated else ""), Column("closing", title="状态", kind="choice", value=lambda vial: vial.get_closing_display(), tones={"使用中": "done", "用完": "draft", "过期弃用": "back", "损耗": "back"}, card="tag"), "opened_by"),
    tabs=(Tab("open", "使用中", {"closing": ""}),), filters=(Filter("instrument", kind="text", lookups=("instrument__icontains",)), Filter("in_use_expiry", title="开瓶效期", kind="date_range")),
    fields=("instrument", "item", "batch", "tests", "opened_at", "opened_by", "in_use_expiry", "closing", "closed_at", "closed_by"),
    actions=(
        Action("open", "开瓶", _open, permission="logistics.reagent.work", icon="plus", style="primary", place="page", model=ReagentVial, fields=(Field("instrument"), Field("batch", lookup="logistics.reagent_batch"))),
        Action("close", "结束", _close, permission="logistics.reagent.work", icon="check", fields=(Field("closing", title="原因", kind="choice", choices=[c for c in ReagentVial.Closing.choices if c[0]], required=True),), shown=lambda row: not row.closing),
    ),
    search=("instrument__icontains",), exact=(),
)  # fmt: skip


def _log(*, actor: User, values: dict[str, Any], **_: Any) -> str:
    row = reagents.write_log(
        actor=actor, kind=str(values.get("kind") or ""), instrument=str(values.get("instrument") or ""), batch=_chosen(Batch, values, "batch", "批号"),
        passed=values.get("passed") in (True, "on", "true", "True", "1"), note=str(values.get("note") or ""),
    )  # fmt: skip
    return f"已登记{row.get_kind_display()}"


LOGS = RegisterScreen(
    key="logistics.reagent_log", model=ReagentLog, title="换批与定标日志", icon="notes", url="logistics/reagent-logs", menu=("logistics", GROUP), order=20,
    permission="logistics.reagent", editable=False, creatable=False, history=False, queryset=lambda actor: ReagentLog.objects.select_related("item", "batch", "by"), ordering=("-id",),
    columns=(Column("at", fixed=True, card="meta"), Column("kind", card="tag"), Column("instrument", card="line"), Column("item", card="title"), "batch", "passed", "by", "note"),
    filters=(Filter("kind", kind="choice"), Filter("instrument", kind="text", lookups=("instrument__icontains",))), fields=("kind", "instrument", "item", "batch", "passed", "note", "by", "at"),
    actions=(Action("log", "登记", _log, permission="logistics.reagent.work", icon="plus", style="primary", place="page", model=ReagentLog, fields=(Field("kind", choices=ReagentLog.Kind.choices), Field("instrument"), Field("batch", lookup="logistics.reagent_batch"), Field("passed"), Field("note", span=2))),),
    search=(), exact=(),
)  # fmt: skip

COUNTS = RegisterScreen(
    key="logistics.lis_count", model=LisCount, title="LIS测试数", icon="chart-bar", url="logistics/lis-counts", menu=("logistics", GROUP), order=30,
    permission="logistics.reagent", save=reagents.save_count, ordering=("-day", "instrument", "test_code"),
    columns=(Column("day", sort=True, card="meta"), Column("instrument", card="line"), Column("test_code", card="title"), Column("patients", total=True), Column("controls", total=True), Column("reruns", total=True)),
    filters=(Filter("day", title="日期", kind="date_range"), Filter("instrument", kind="text", lookups=("instrument__icontains",))),
    fields=("day", "instrument", "test_code", "patients", "controls", "reruns"), search=("instrument__icontains",), exact=(),
)  # fmt: skip


def _flush(kind: str) -> Any:
    def run(*, actor: User, values: dict[str, Any], **_: Any) -> str:
        store = _chosen(Store, values, "store", "库房")
        row = flushing.back_flush(
            actor=actor, store=store, org_unit_id=store.org_unit_id, first=_day(values, "first_day"),
            last=_day(values, "last_day"), kind=kind,
        )  # fmt: skip
        return url_for(row.source)

    return run


DAYS = (Field("store"), Field("first_day"), Field("last_day", default=lambda actor: clock.today()))


def _variance(row: BackFlush, actor: User) -> list[dict[str, Any]]:
    if row.kind != BackFlush.Kind.REAGENT:
        return []
    return [
        {
            "instrument": one.instrument, "item": str(one.item), "theoretical": one.variance.theoretical, "control": one.variance.control,
            "rerun": one.variance.rerun, "opened": one.variance.opened, "loss": one.variance.loss, "percent": one.variance.percent,
        }
        for one in reagents.variances(row.first_day, row.last_day, store_id=row.store_id)
    ]  # fmt: skip


FLUSHES = RegisterScreen(
    key="logistics.back_flush", model=BackFlush, title="定额倒冲", icon="rotate-2", url="logistics/back-flushes", menu=("logistics", GROUP), order=40,
    permission="logistics.reagent", editable=False, creatable=False, history=False, queryset=lambda actor: BackFlush.objects.select_related("store", "made_by"), ordering=("-id",), scope_field="store__org_unit",
    columns=(Column("made_at", fixed=True, card="meta"), Column("kind", card="tag"), Column("store", card="title"), "first_day", "last_day", Column("source", title="出库单", link=lambda row: url_for(row.source), card="line"), "made_by"),
    fields=("kind", "store", "first_day", "last_day", "made_by", "made_at"),
    panels=(
        Panel(
            "variance", "消耗差异（测试）",
            _variance,
            (
                Column("instrument", title="仪器", kind="text"), Column("item", title="试剂", kind="text"), Column("theoretical", title="患者测试", kind="quantity"), Column("control", title="质控", kind="quantity"),
                Column("rerun", title="复查", kind="quantity"), Column("opened", title="开瓶测试", kind="quantity"), Column("loss", title="损耗", kind="quantity"), Column("percent", title="损耗率 %", kind="quantity"),
            ),
        ),
    ),
    actions=(
        Action("flush", "倒冲试剂", _flush("reagent"), permission="logistics.reagent.work", icon="rotate-2", style="primary", place="page", model=BackFlush, fields=DAYS),
        Action("flush_packs", "倒冲包耗材", _flush("pack"), permission="logistics.pack.work", icon="packages", place="page", model=BackFlush, fields=DAYS),
    ),
    search=(), exact=(),
)  # fmt: skip


def _hazard(*, actor: User, pk: int | None, values: dict[str, Any]) -> HazardEntry:
    if pk is not None:
        raise Conflict("双锁登记不能修改", way_out="登错而未复核的请作废后另行登记。")
    return hazards.enter_hazard(
        actor=actor,
        store=_chosen(Store, values, "store", "库房"),
        item=_chosen(Item, values, "item", "危化品"),
        kind=str(values.get("kind") or ""),
        quantity=decimal(values, "quantity"),
        purpose=str(values.get("purpose") or ""),
    )


def _confirm(*, actor: User, obj: HazardEntry, values: dict[str, Any]) -> str:
    row = hazards.confirm_hazard(actor=actor, entry=obj)
    return f"已复核，结存 {row.balance.normalize():f}" if row.balance is not None else ""


def _void(*, actor: User, obj: HazardEntry, values: dict[str, Any]) -> str:
    hazards.void_hazard(actor=actor, entry=obj, reason=str(values.get("reason") or ""))
    return "已作废"


HAZARDS = RegisterScreen(
    key="logistics.hazard", model=HazardEntry, title="危化品双锁", icon="lock", url="logistics/hazards", menu=("logistics", GROUP), order=60,
    codes={"edit": "logistics.hazard.work"}, save=_hazard, closed=lambda row: True, history=False,
    queryset=lambda actor: HazardEntry.objects.select_related("store", "item", "first", "second"), ordering=("-id",), scope_field="store__org_unit",
    columns=(Column("day", sort=True, card="meta"), Column("store"), Column("item", card="title"), Column("kind", card="tag"), Column("quantity", card="amount"), Column("balance"), Column("purpose", card="line"), "first", Column("second", title="复核人（二）", kind="text", value=lambda row: "已作废" if row.voided_at else row.second or "待复核"), "second_at"),
    tabs=(Tab("waiting", "待复核", {"second": None, "voided_at": None}),), filters=(Filter("day", title="日期", kind="date_range"), Filter("item", kind="register", register="logistics.item")),
    fields=("store", Field("item", lookup="logistics.hazard_item"), "kind", "quantity", Field("purpose", span=2)),
    actions=(
        Action("confirm", "复核（第二人）", _confirm, permission="logistics.hazard.work", icon="lock-check", style="primary", shown=lambda row: row.second_id is None and row.voided_at is None),
        Action("void", "作废", _void, permission="logistics.hazard.work", icon="x", style="danger", fields=(Field("reason", title="原因", kind="text", required=True, span=3),), shown=lambda row: row.second_id is None and row.voided_at is None),
    ),
    search=(), exact=(),
)  # fmt: skip

REAGENT_BATCHES = Lookup(
    key="logistics.reagent_batch", title="试剂批号", queryset=lambda actor, params: Batch.objects.filter(item__kind=Item.Kind.REAGENT).select_related("item").order_by("-pk"),
    search=("lot__icontains", "item__name__icontains"), exact=("lot",), label=lambda batch: f"{batch.lot} {batch.item}", hint=lambda batch: f"有效期至 {batch.expiry}", permissions=("logistics.reagent.work",),
)  # fmt: skip
HAZARD_ITEMS = Lookup(
    key="logistics.hazard_item", title="危化品", queryset=lambda actor, params: Item.objects.exclude(hazard=""), search=("code__istartswith", "name__icontains"), permissions=("logistics.hazard.work",),
)  # fmt: skip


def _reading(*, actor: User, obj: ColdPlace, values: dict[str, Any]) -> str:
    row = cold.read(
        actor=actor, place=obj, celsius=decimal(values, "celsius"), measure=str(values.get("measure") or "")
    )
    return f"已登记 {row}" + ("" if row.fits else "，超温已通知")


COLD = RegisterScreen(
    key="logistics.cold", model=ColdPlace, title="冷链温度", icon="temperature", url="logistics/cold-places", menu=("logistics", GROUP), order=55,
    queryset=lambda actor: ColdPlace.objects.select_related("store").prefetch_related("readings"), ordering=("code",), scope_field="store__org_unit",
    columns=(
        Column("code", fixed=True, card="meta"), Column("name", card="title"), Column("store", card="line"), "lowest", "highest",
        Column("last", title="最近读数", kind="text", value=lambda place: next((f"{row} {clock.local(row.at):%m-%d %H:%M}" for row in place.readings.all()), "未登记"), card="amount"),
        Column("fits", title="状态", kind="text", value=lambda place: next(("正常" if row.fits else "超温" for row in place.readings.all()), "—"), card="tag"), "is_active",
    ),
    fields=("code", "name", "store", "lowest", "highest", "is_active"),
    panels=(Panel("readings", "温度记录", lambda place, actor: place.readings.select_related("by")[:200], ("at", "celsius", "fits", "measure", "by"), model=ColdReading, empty="还没有读数"),),
    actions=(Action("read", "登记温度", _reading, permission="logistics.cold.work", icon="temperature", style="primary", model=ColdReading, fields=(Field("celsius"), Field("measure", title="超温处置", span=2, required=False)), shown=lambda place: place.is_active),),
    search=("code__istartswith", "name__icontains"), exact=("code",),
)  # fmt: skip

LOOKUPS = (REAGENT_BATCHES, HAZARD_ITEMS)
ALL = (VIALS, LOGS, COUNTS, FLUSHES, NORMS, COLD, HAZARDS)
