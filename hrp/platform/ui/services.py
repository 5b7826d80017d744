"""Verbs of the shell itself."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid

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
