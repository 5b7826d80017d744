"""Units and their places in the trees. What was true on a day stays true of that day: changes take effect from a date."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from hrp.platform.base import acts, stamps
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.org.models import Campus, OrgTreeEdge, OrgUnit, OrgUnitCategory, Setting, Tree, valid_on
from hrp.platform.org.rules.pinyin import pinyin_key

EDIT = "system.org_unit.edit"
CATEGORISE = "org.category.edit"
_DAY = dt.timedelta(days=1)


@transaction.atomic
def create_unit(
    *,
    actor: Any,
    campus: Campus,
    code: str,
    name: str,
    valid_from: dt.date,
    short_name: str = "",
    pinyin: str = "",
    parents: dict[str, OrgUnit | None] | None = None,
) -> OrgUnit:
    """A unit from ``valid_from`` on. ``parents`` says in which trees it stands and under what (None: at the top)."""
    acts.require(actor, EDIT)
    unit = OrgUnit(
        campus=campus,
        code=code.strip(),
        name=name.strip(),
        short_name=short_name.strip(),
        pinyin=pinyin.strip().lower() or pinyin_key(name),
        valid_from=valid_from,
    )
    _check(unit)
    unit.save()
    for tree, parent in (parents or {Tree.ADMIN.value: None}).items():
        _place(unit, tree, parent, valid_from)
    stamps.forget()
    _record(actor, "create", unit, f"建立科室 {unit.code} {unit.name}", valid_from)
    return unit


@transaction.atomic
def rename_unit(
    *, actor: Any, unit: OrgUnit, name: str, short_name: str | None = None, pinyin: str = ""
) -> OrgUnit:
    """A new name for the same unit. Earlier names stay in its history, documents show the name of today."""
    acts.require(actor, EDIT)
    before = unit.name
    unit.name = name.strip()
    unit.short_name = unit.short_name if short_name is None else short_name.strip()
    unit.pinyin = pinyin.strip().lower() or pinyin_key(name)
    _check(unit)
    unit.save(update_fields=["name", "short_name", "pinyin"])
    stamps.forget()
    _record(actor, "rename", unit, f"科室 {unit.code} 由“{before}”改名为“{unit.name}”")
    return unit


@transaction.atomic
def move_unit(
    *, actor: Any, unit: OrgUnit, parent: OrgUnit | None, on: dt.date, tree: str = Tree.ADMIN
) -> OrgTreeEdge:
    """From ``on`` the unit stands under ``parent`` (None: at the top) in ``tree``; before, where it stood."""
    acts.require(actor, EDIT)
    _must_exist(unit, on)
    if parent is not None:
        _must_exist(parent, on)
    _cut(unit, tree, on)
    edge = _place(unit, tree, parent, on)
    stamps.forget()
    _record(
        actor,
        "move",
        unit,
        f"{unit.name} 在{Tree(tree).label}树中移到 {parent or '顶级'} 之下",
        on,
        tree=tree,
    )
    return edge


@transaction.atomic
def close_unit(*, actor: Any, unit: OrgUnit, on: dt.date) -> OrgUnit:
    """``on`` is the unit's last day. What still stands below it must be moved or closed first."""
    acts.require(actor, EDIT)
    _must_exist(unit, on)
    _nothing_below(unit, on + _DAY)
    _end(unit, on)
    _record(actor, "close", unit, f"停用科室 {unit.code} {unit.name}", on)
    return unit


@transaction.atomic
def merge_unit(*, actor: Any, unit: OrgUnit, into: OrgUnit, on: dt.date) -> OrgUnit:
    """From ``on`` the unit is part of ``into``: what stood below it stands there, and it ends the day before."""
    acts.require(actor, EDIT)
    if unit == into:
        raise Invalid("科室不能并入自己。", problems=[Problem("请选择另一个科室", field="into")])
    _must_exist(unit, on - _DAY)
    _must_exist(into, on)
    below = OrgTreeEdge.objects.filter(parent=unit).filter(Q(valid_to=None) | Q(valid_to__gte=on))
    for edge in below.select_related("unit").order_by("tree", "unit_id", "valid_from"):
        # the unit that takes over may itself stand below the one that ends: then it rises to its place
        parent = _parent_on(unit, edge.tree, on) if edge.unit_id == into.pk else into
        _hand_over(edge, parent, on)
    unit.merged_into = into
    _end(unit, on - _DAY)
    _record(actor, "merge", unit, f"{unit.code} {unit.name} 并入 {into.code} {into.name}", on, into=into.pk)
    return unit


@transaction.atomic
def categorise_unit(
    *, actor: Any, unit: OrgUnit, category: str, on: dt.date, setting: str = Setting.NONE
) -> OrgUnitCategory:
    """From ``on`` the unit is of this 科室类别; before, what it was."""
    acts.require(actor, CATEGORISE)
    _must_exist(unit, on)
    OrgUnitCategory.objects.filter(unit=unit, valid_from__gte=on).delete()
    OrgUnitCategory.objects.filter(valid_on(on), unit=unit).update(valid_to=on - _DAY)
    made = OrgUnitCategory(
        unit=unit, category=category, setting=setting, valid_from=on, valid_to=unit.valid_to
    )
    _check(made)
    made.save()
    stamps.forget()
    _record(actor, "categorise", unit, f"{unit.name} 的科室类别设为{made.get_category_display()}", on)
    return made


def _place(unit: OrgUnit, tree: str, parent: OrgUnit | None, start: dt.date) -> OrgTreeEdge:
    try:
        with transaction.atomic():
            return OrgTreeEdge.objects.create(
                tree=tree, unit=unit, parent=parent, valid_from=start, valid_to=unit.valid_to
            )
    except IntegrityError as error:
        if "no_cycle" in str(error) or "自己的上级" in str(error) or "not_self" in str(error):
            raise Conflict(
                f"{unit.name} 不能放到 {parent} 之下：{parent} 本身就在 {unit.name} 之下。",
                code="tree_cycle",
                way_out="请先把下级移出，或选择另一个上级。",
            ) from error
        raise Conflict(
            f"{unit.name} 在{Tree(tree).label}树中与已有的隶属期间重叠。",
            code="tree_overlap",
            way_out="请换一个生效日期。",
        ) from error


def _cut(unit: OrgUnit, tree: str, on: dt.date) -> None:
    """End where the unit stands in the tree before ``on``; places it would only have taken later are dropped."""
    OrgTreeEdge.objects.filter(unit=unit, tree=tree, valid_from__gte=on).delete()
    OrgTreeEdge.objects.filter(valid_on(on), unit=unit, tree=tree).update(valid_to=on - _DAY)


def _hand_over(edge: OrgTreeEdge, parent: OrgUnit | None, on: dt.date) -> None:
    """From ``on`` the edge leads to ``parent``, for as long as it was to last."""
    if edge.valid_from >= on:
        OrgTreeEdge.objects.filter(pk=edge.pk).update(parent=parent)
        return
    OrgTreeEdge.objects.filter(pk=edge.pk).update(valid_to=on - _DAY)
    OrgTreeEdge.objects.create(
        tree=edge.tree, unit=edge.unit, parent=parent, valid_from=on, valid_to=edge.valid_to
    )


def _end(unit: OrgUnit, last: dt.date) -> None:
    for model in (OrgTreeEdge, OrgUnitCategory):
        model.objects.filter(unit=unit, valid_from__gt=last).delete()
        model.objects.filter(valid_on(last), unit=unit).update(valid_to=last)
    unit.valid_to = last
    _check(unit)
    unit.save(update_fields=["valid_to", "merged_into"])
    stamps.forget()


def _parent_on(unit: OrgUnit, tree: str, on: dt.date) -> OrgUnit | None:
    edge = OrgTreeEdge.objects.filter(valid_on(on), unit=unit, tree=tree).select_related("parent").first()
    return edge.parent if edge else None


def _nothing_below(unit: OrgUnit, on: dt.date) -> None:
    below = OrgTreeEdge.objects.filter(valid_on(on), parent=unit).select_related("unit")
    later = OrgTreeEdge.objects.filter(parent=unit, valid_from__gt=on).select_related("unit")
    names = sorted({edge.unit.name for edge in [*below, *later]})
    if names:
        raise Conflict(
            f"{unit.name} 之下还有 {'、'.join(names[:5])}{'等' if len(names) > 5 else ''}。",
            code="unit_has_children",
            way_out="请先移走或停用下级，或改用合并。",
        )


def _must_exist(unit: OrgUnit, on: dt.date) -> None:
    if not unit.is_active_on(on):
        raise Conflict(
            f"{unit.name} 在 {on} 尚未启用或已停用。", code="unit_not_active", way_out="请换一个日期或科室。"
        )


def _check(row: OrgUnit | OrgUnitCategory) -> None:
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as error:
        raise Invalid(
            "科室信息有误。",
            problems=[Problem(m, field=field) for field, texts in error.message_dict.items() for m in texts],
        ) from error
    if isinstance(row, OrgUnit) and row.valid_to is not None and row.valid_to < row.valid_from:
        raise Invalid("停用日期早于启用日期。", problems=[Problem("早于启用日期", field="valid_to")])
    if isinstance(row, OrgUnitCategory) and row.setting != Setting.NONE and row.category != "clinical":
        raise Invalid("只有临床服务类分门诊、住院。", problems=[Problem("请选“不区分”", field="setting")])


def _record(
    actor: Any, act: str, unit: OrgUnit, summary: str, on: dt.date | None = None, **data: Any
) -> None:
    acts.record(
        actor=actor,
        act=f"org.unit.{act}",
        target=f"org.unit:{unit.pk}",
        summary=summary,
        data={**data, **({"on": on.isoformat()} if on else {})},
    )
