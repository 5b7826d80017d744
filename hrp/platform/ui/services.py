"""Verbs of the shell itself, and the generic save of registers that need no service of their own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.ui.screens import RegisterScreen
from hrp.platform.ui.search import initials

DENSITIES = ("", "compact", "loose")
_MOST_COLUMNS = 80
_MOST_NAME = 80


def _clean_columns(given: Any) -> dict[str, list[str]] | None:
    if given is None:
        return None
    cleaned: dict[str, list[str]] = {}
    for part in ("shown", "order"):
        names = given.get(part, []) if isinstance(given, dict) else None
        if not isinstance(names, list) or len(names) > _MOST_COLUMNS:
            raise Invalid("列设置的格式不对。", way_out="请刷新页面后重试。")
        cleaned[part] = [str(name)[:_MOST_NAME] for name in names]
    return cleaned


@transaction.atomic
def remember_preferences(*, actor: User, given: Any) -> dict[str, Any]:
    """Row density and column choices of one person. Not an act upon the hospital, so it leaves no audit row."""
    if not isinstance(given, dict):
        raise Invalid("设置内容不是对象。", way_out="请刷新页面后重试。")
    user = User.objects.select_for_update().get(pk=actor.pk)
    kept = dict(user.preferences or {})
    if "density" in given:
        if given["density"] not in DENSITIES:
            raise Invalid("没有这种行高。", way_out="请选择默认、紧凑或宽松。")
        kept["density"] = given["density"]
    for key, choice in (given.get("columns") or {}).items():
        columns = dict(kept.get("columns", {}))
        cleaned = _clean_columns(choice)
        if cleaned is None:
            columns.pop(str(key), None)
        else:
            columns[str(key)[:_MOST_NAME]] = cleaned
        kept["columns"] = columns
    user.preferences = kept
    user.save(update_fields=["preferences"])
    return kept


def save(screen: RegisterScreen, *, actor: User, pk: int | None, values: dict[str, Any]) -> Any:
    """Save one row of a register through the module's own service, else through :func:`save_row`."""
    if screen.save is not None:
        return screen.save(actor=actor, pk=pk, values=values)
    return save_row(screen, actor=actor, pk=pk, values=values)


@transaction.atomic
def save_row(screen: RegisterScreen, *, actor: User, pk: int | None, values: dict[str, Any]) -> Any:
    """Create or change a row of a register that needs nothing but its own rules, and log it.

    Foreign keys are ids, other values texts. Raises Invalid with one problem per field, NotFound out of scope.
    """
    scope.require(actor, screen.code("edit"))
    manager = screen.model._default_manager
    # the row alone: the usual order may lead through a register the row does not name
    row = screen.model() if pk is None else manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotFound(f"{screen.title}不存在或已被删除。", way_out="请返回列表刷新。")
    if pk is not None and screen.scope_path:
        scope.check_object(actor, screen.code("edit"), row, screen.scope_path)
    problems = _assign(row, values)
    problems += _clean(row)
    if problems:
        raise Invalid(
            f"{screen.title}有 {len(problems)} 处需要修改",
            problems=problems,
            way_out="请按标红处修改后再保存。",
        )
    row.save()
    if screen.scope_path:
        scope.check_written(actor, screen.code("edit"), row, screen.scope_path)
    audit.record(
        actor=actor,
        act=f"{screen.key}.edit",
        target=f"{screen.key}:{row.pk}",
        summary=f"{'新建' if pk is None else '修改'}{screen.title} {row}",
    )
    return row


def _assign(row: Any, values: dict[str, Any]) -> list[Problem]:
    """Set each value through its model field. Pinyin is filled from the name when left empty."""
    problems = []
    for name, value in values.items():
        field = row._meta.get_field(name)
        if value == "" and (field.null or field.is_relation):
            value = None
        try:
            setattr(row, field.attname, field.to_python(value))
        except ValidationError as error:
            problems += [Problem(message, field=name) for message in error.messages]
    if "name" in values and hasattr(row, "pinyin") and not row.pinyin:
        row.pinyin = initials(str(row.name))[: row._meta.get_field("pinyin").max_length or 60]
    return problems


def _clean(row: Any) -> list[Problem]:
    try:
        row.full_clean()
    except ValidationError as error:
        return [
            Problem(message, field="" if field == NON_FIELD_ERRORS else field)
            for field, said in error.message_dict.items()
            for message in said
        ]
    return []


@transaction.atomic
def switch(screen: RegisterScreen, *, actor: User, obj: Any, active: bool, reason: str = "") -> None:
    """停用 or 启用 a row. What was booked on it stays; it can only no longer be chosen."""
    scope.require(actor, screen.code("edit"))
    if not active and screen.disable is not None:
        screen.disable(actor=actor, obj=obj, reason=reason)
        return
    if active and screen.enable is not None:
        screen.enable(actor=actor, obj=obj)
        return
    if not screen.editable or not hasattr(obj, "is_active"):
        raise Conflict(f"{screen.title}不能停用。", way_out="如需调整，请联系信息中心。")
    row = type(obj)._default_manager.select_for_update().get(pk=obj.pk)
    row.is_active = active
    row.save(update_fields=["is_active"])
    audit.record(
        actor=actor,
        act=f"{screen.key}.{'enable' if active else 'disable'}",
        target=f"{screen.key}:{row.pk}",
        summary=f"{'启用' if active else '停用'}{screen.title} {row}{'：' + reason if reason else ''}",
    )


@transaction.atomic
def add_row(
    model: type[Any], *, actor: User, values: dict[str, Any], act: str, target: str, summary: str
) -> Any:
    """Add one row under a register (an approval level, say) and log it. ``act`` is also the permission needed."""
    scope.require(actor, act)
    row = model()
    problems = [*_assign(row, values), *_clean(row)]
    if problems:
        raise Invalid("填写有误，没有保存。", problems=problems, way_out="请修改后再保存。")
    row.save()
    audit.record(actor=actor, act=act, target=target, summary=summary)
    return row
