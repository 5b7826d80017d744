"""科室, 院区, 医院 and 工作日历."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid
from hrp.platform.org import services
from hrp.platform.org.models import (
    CalendarDay,
    CalendarYear,
    Campus,
    Hospital,
    OrgTreeEdge,
    OrgUnit,
    OrgUnitCategory,
    UnitCategory,
    valid_on,
)
from hrp.platform.org.selectors import category_map
from hrp.platform.org.services.calendar import read_calendar_file
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

EDIT = "system.org_unit.edit"
# who maintains the organisation must see it, and the system administrator holds no business permission
VIEW = ("org.unit.view", EDIT)


def _edges(unit: OrgUnit, actor: Any) -> Any:
    return OrgTreeEdge.objects.filter(unit=unit).select_related("parent").order_by("tree", "-valid_from")


def _below(unit: OrgUnit, actor: Any) -> Any:
    rows = OrgTreeEdge.objects.filter(valid_on(clock.today()), parent=unit)
    return rows.select_related("unit").order_by("tree", "unit__code")


def _categories(unit: OrgUnit, actor: Any) -> Any:
    return OrgUnitCategory.objects.filter(unit=unit).order_by("-valid_from")


def _category(unit: OrgUnit) -> str:
    found = category_map(clock.today()).get(unit.pk)
    return str(UnitCategory(found.category).label) if found else ""


def _on(values: dict[str, Any]) -> dt.date:
    return dt.date.fromisoformat(values["on"]) if values.get("on") else clock.today()


def _other(values: dict[str, Any], name: str) -> OrgUnit | None:
    return OrgUnit.objects.get(pk=values[name]) if values.get(name) else None


def _create(*, actor: Any, obj: Any, values: dict[str, Any]) -> str:
    unit = services.create_unit(
        actor=actor, campus=Campus.objects.get(pk=values["campus"]), code=values["code"], name=values["name"],
        short_name=values.get("short_name", ""), valid_from=_on({"on": values.get("valid_from")}),
        parents={"admin": _other(values, "parent")},
    )  # fmt: skip
    return f"/org/units/{unit.pk}"


def _rename(*, actor: Any, obj: OrgUnit, values: dict[str, Any]) -> str:
    services.rename_unit(actor=actor, unit=obj, name=values["name"], short_name=values.get("short_name", ""))
    return f"已改名为 {obj.name}"


def _move(*, actor: Any, obj: OrgUnit, values: dict[str, Any]) -> str:
    services.move_unit(
        actor=actor, unit=obj, parent=_other(values, "parent"), on=_on(values), tree=values["tree"]
    )
    return "已调整上级"


def _categorise(*, actor: Any, obj: OrgUnit, values: dict[str, Any]) -> str:
    services.categorise_unit(
        actor=actor,
        unit=obj,
        category=values["category"],
        setting=values.get("setting") or "none",
        on=_on(values),
    )
    return "已设置科室类别"


def _merge(*, actor: Any, obj: OrgUnit, values: dict[str, Any]) -> str:
    into = _other(values, "merged_into")
    if into is None:
        raise Invalid("请选择并入哪个科室。", way_out="选择后再提交。")
    services.merge_unit(actor=actor, unit=obj, into=into, on=_on(values))
    return f"{obj.name} 已并入 {into.name}"


def _close(*, actor: Any, obj: OrgUnit, values: dict[str, Any]) -> str:
    services.close_unit(actor=actor, unit=obj, on=_on(values))
    return f"{obj.name} 自次日起停用"


ON = Field("on", title="生效日期", kind="date", help="空为今天")


def _open(unit: OrgUnit) -> bool:
    return unit.valid_to is None


UNITS = RegisterScreen(
    key="org.unit",
    model=OrgUnit,
    title="科室",
    icon="sitemap",
    url="org/units",
    menu=("settings", "组织机构"),
    order=10,
    codes={"view": VIEW, "edit": EDIT},
    editable=False,
    creatable=False,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("name", card="title"),
        "short_name",
        Column("campus", card="line"),
        Column("category", title="科室类别", value=_category, card="meta"),
        "pinyin",
        Column("valid_from", sort=True),
        "valid_to",
    ),
    filters=(
        Filter("q", title="科室", kind="text", lookups=("code__istartswith", "name__icontains", "pinyin__icontains"), placeholder="编码 / 名称 / 拼音码"),
        Filter("campus", kind="register", register="org.campus"),
        Filter(
            "valid", title="在用", kind="choice", choices=(("1", "现在有效"), ("0", "已停用")), default="1",
            apply=lambda rows, value: rows.filter(valid_on(clock.today())) if value == "1" else rows.exclude(valid_on(clock.today())),
        ),
    ),
    fields=("code", "name", "short_name", "campus", "pinyin", "valid_from", "valid_to", Field("merged_into")),
    panels=(
        Panel("trees", "上级（行政、护理、核算）", _edges, ("tree", Column("parent", title="上级"), "valid_from", "valid_to"), model=OrgTreeEdge),
        Panel("below", "现有下级", _below, ("tree", Column("unit__code", title="编码"), Column("unit", title="科室", link=lambda edge: f"/org/units/{edge.unit_id}"), "valid_from"), model=OrgTreeEdge),
        Panel("categories", "科室类别", _categories, ("category", "setting", "valid_from", "valid_to"), model=OrgUnitCategory),
    ),
    actions=(
        Action(
            "create", "新建科室", _create, permission=EDIT, icon="plus", style="primary", place="page",
            fields=("campus", "code", "name", "short_name", Field("parent", title="行政上级", lookup="org.unit"), Field("valid_from", required=False, help="空为今天")),
        ),
        Action("rename", "改名", _rename, permission=EDIT, icon="pencil", fields=("name", "short_name"), shown=_open),
        Action("move", "调整上级", _move, permission=EDIT, icon="transfer", model=OrgTreeEdge, fields=("tree", Field("parent", title="新上级", lookup="org.unit", help="空为最上级"), ON), shown=_open),
        Action("category", "设置类别", _categorise, permission="org.category.edit", icon="category", model=OrgUnitCategory, fields=("category", "setting", ON), shown=_open),
        Action("merge", "并入其他科室", _merge, permission=EDIT, icon="arrows-join", fields=(Field("merged_into", title="并入科室", required=True), ON), shown=_open),
        Action("close", "停用", _close, permission=EDIT, icon="circle-off", style="danger", fields=(Field("on", title="最后一天", kind="date", help="空为今天"),), shown=_open),
    ),
    search=("code__istartswith", "name__icontains", "pinyin__icontains", "short_name__icontains"),
    label=lambda unit: unit.name,
    hint=lambda unit: unit.campus.name,
    lookup_open=True,
)  # fmt: skip

CAMPUSES = RegisterScreen(
    key="org.campus",
    model=Campus,
    title="院区",
    icon="building-hospital",
    url="org/campuses",
    codes={"view": VIEW, "edit": EDIT},
    menu=("settings", "组织机构"),
    order=20,
    columns=("code", Column("name", card="title"), "hospital"),
    fields=("code", "name", "hospital"),
    lookup_open=True,
)

HOSPITALS = RegisterScreen(
    key="org.hospital",
    model=Hospital,
    title="医院",
    icon="building-community",
    url="org/hospitals",
    codes={"view": VIEW, "edit": EDIT},
    creatable=False,
    columns=("code", Column("name", card="title")),
    fields=("code", "name"),
    lookup_open=True,
)


def _import_year(*, actor: Any, obj: Any, values: dict[str, Any]) -> str:
    given = values.get("file")
    if given is None:
        raise Invalid("没有选择文件。", way_out="请选择国务院办公厅通知原文（.txt）或表格（.xlsx、.csv）。")
    suffix = Path(given.name).suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix) as kept:
        for chunk in given.chunks():
            kept.write(chunk)
        kept.flush()
        year = str(values.get("year", ""))
        notice = read_calendar_file(
            Path(kept.name), year=int(year) if year.isdigit() else None, document=values.get("source_doc", "")
        )
    imported = services.import_calendar(actor=actor, notice=notice, verified=bool(values.get("verified")))
    return f"已导入 {imported}"


def _days(year: CalendarYear, actor: Any) -> Any:
    return CalendarDay.objects.filter(year=year).exclude(name="").order_by("date")


CALENDAR = RegisterScreen(
    key="org.calendar",
    model=CalendarYear,
    title="工作日历",
    icon="calendar-event",
    url="org/calendar",
    codes={"view": (*VIEW, "system.calendar.import"), "edit": "system.calendar.import"},
    menu=("settings", "组织机构"),
    order=30,
    editable=False,
    creatable=False,
    history=False,
    ordering=("-year",),
    columns=(Column("year", fixed=True, card="title", kind="code"), Column("source_doc", card="line"), "verified", "revision", "imported_by", "imported_at"),
    fields=("year", "source_doc", "verified", "revision", "imported_by", "imported_at"),
    panels=(Panel("days", "放假与调休", _days, ("date", "kind", "name", "source"), model=CalendarDay),),
    actions=(
        Action(
            "import", "导入年度通知", _import_year, permission="system.calendar.import", icon="file-import", style="primary", place="page",
            fields=(Field("file", title="通知文件", kind="file", required=True), Field("year", required=False, help="空为从文中识别"), Field("source_doc", required=False), Field("verified", title="已与原文核对")),
        ),
    ),
    exact=(),
    search=(),
)  # fmt: skip

ALL = (UNITS, CAMPUSES, HOSPITALS, CALENDAR)
