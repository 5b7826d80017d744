"""科室, 院区 and 医院."""

from __future__ import annotations

from typing import Any

from hrp.platform.base import clock
from hrp.platform.org.models import Campus, Hospital, OrgTreeEdge, OrgUnit, OrgUnitCategory, valid_on
from hrp.platform.ui.screens import Column, Field, Filter, Panel, RegisterScreen


def _edges(unit: OrgUnit, actor: Any) -> Any:
    return OrgTreeEdge.objects.filter(unit=unit).select_related("parent").order_by("tree", "-valid_from")


def _categories(unit: OrgUnit, actor: Any) -> Any:
    return OrgUnitCategory.objects.filter(unit=unit).order_by("-valid_from")


def _category(unit: OrgUnit) -> str:
    from hrp.platform.org.models import UnitCategory
    from hrp.platform.org.selectors import category_map

    found = category_map(clock.today()).get(unit.pk)
    return str(UnitCategory(found.category).label) if found else ""


UNITS = RegisterScreen(
    key="org.unit",
    model=OrgUnit,
    title="科室",
    icon="sitemap",
    url="org/units",
    menu=("settings", "组织机构"),
    order=10,
    codes={"edit": "system.org_unit.edit"},
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
        Panel("trees", "上下级（行政、护理、核算）", _edges, ("tree", Column("parent", title="上级"), "valid_from", "valid_to"), model=OrgTreeEdge),
        Panel("categories", "科室类别", _categories, ("category", "setting", "valid_from", "valid_to"), model=OrgUnitCategory),
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
    permission="org.unit",
    codes={"edit": "system.org_unit.edit"},
    menu=("settings", "组织机构"),
    order=20,
    editable=False,
    creatable=False,
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
    permission="org.unit",
    codes={"edit": "system.org_unit.edit"},
    editable=False,
    creatable=False,
    columns=("code", Column("name", card="title")),
    fields=("code", "name"),
    lookup_open=True,
)

ALL = (UNITS, CAMPUSES, HOSPITALS)
