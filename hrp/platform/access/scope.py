"""May this actor do this, and where: the one gate of the product.

An actor holds a permission in a set of org units, or everywhere. Answers are remembered per process under the stamps
of grants and trees, so a warm check costs no query, and a change is seen everywhere within a second. Scope is asked
on every queryset (:func:`filter`), on every object (:func:`check_object`) and again on the result of a write
(:func:`check_written`), so that nobody can push a row out of, or into, what they do not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models
from django.utils.translation import gettext as _

from hrp.platform.access.models import User
from hrp.platform.access.permissions import registry
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, NotFound
from hrp.platform.base.stamps import Memo
from hrp.platform.org.selectors import descendants

Actor = User | AnonymousUser
M = TypeVar("M", bound=models.Model)
Units = frozenset[int] | None  # None: everywhere

NOWHERE: frozenset[int] = frozenset()

_holdings: Memo[Mapping[str, Units]] = Memo("grants", "tree")

_HOLDINGS_SQL = """
SELECT DISTINCT p.code, g.org_unit_id, g.include_children, g.tree
FROM access_role_grant g
JOIN access_user u ON u.id = g.user_id
JOIN access_role_permission p ON p.role_id = g.role_id
WHERE g.user_id = %s AND u.is_active AND NOT u.is_locked
  AND g.valid_from <= %s AND (g.valid_to IS NULL OR g.valid_to >= %s)
"""


def _read_holdings(user_id: int) -> Mapping[str, Units]:
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute(_HOLDINGS_SQL, [user_id, today, today])
        rows = cursor.fetchall()
    everywhere = {code for code, unit, _children, _tree in rows if unit is None}
    alone: defaultdict[str, set[int]] = defaultdict(set)
    with_children: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for code, unit, children, tree in rows:
        if code in everywhere:
            continue
        if children:
            with_children[code, tree].add(unit)
        else:
            alone[code].add(unit)
    held: dict[str, Units] = dict.fromkeys(everywhere)
    for (code, tree), roots in with_children.items():
        alone[code] |= descendants(roots, tree=tree, on=today)
    held.update({code: frozenset(units) for code, units in alone.items()})
    return held


def holdings(actor: Actor) -> Mapping[str, Units]:
    """Every permission of the actor with its units (None: everywhere), as of today."""
    user_id = actor.pk
    if not isinstance(actor, User) or user_id is None:
        return {}
    # a grant may begin or end at midnight without anybody writing anything, so the day is part of the key
    return _holdings.get((user_id, clock.today()), lambda: _read_holdings(user_id))


def units(actor: Actor, code: str) -> Units:
    """Where the actor holds ``code``: a set of org units, None for everywhere, the empty set for nowhere."""
    if not isinstance(actor, User):
        return NOWHERE
    narrowed = actor.narrowed_to
    if narrowed is not None and code not in narrowed:
        return NOWHERE
    if actor.is_machine:
        return None if actor.is_active else NOWHERE
    return holdings(actor).get(code, NOWHERE)


def has(actor: Actor, code: str, unit_id: int | None = None) -> bool:
    """Whether the actor holds ``code`` in the unit; without unit, anywhere at all."""
    held = units(actor, code)
    return held is None or (bool(held) if unit_id is None else unit_id in held)


def everywhere(actor: Actor, code: str) -> bool:
    """Whether the actor holds ``code`` in the whole hospital: for what tells of all departments at once."""
    return units(actor, code) is None


def require_everywhere(actor: Actor, code: str) -> None:
    """Raise Forbidden unless :func:`everywhere`."""
    require(actor, code)
    if not everywhere(actor, code):
        raise Forbidden(
            _("这里汇总全院，您的“{title}”权限只在部分科室。").format(title=_title(code)),
            way_out=_("如工作需要，请安全管理员把授权范围扩大到全院。"),
        )


def require(actor: Actor, code: str, unit_id: int | None = None) -> None:
    """Raise Forbidden unless :func:`has`."""
    if has(actor, code, unit_id):
        return
    title = _title(code)
    if unit_id is not None and has(actor, code):
        raise Forbidden(
            _("您在该科室没有“{title}”权限。").format(title=title),
            way_out=_("请选择您负责范围内的科室，或请安全管理员扩大授权范围。"),
        )
    raise Forbidden(
        _("您没有“{title}”权限。").format(title=title),
        way_out=_("如工作需要，请联系安全管理员授予含此权限的角色。"),
    )


def filter(
    actor: Actor, code: str, queryset: models.QuerySet[M], field: str = "org_unit_id"
) -> models.QuerySet[M]:
    """The rows of ``queryset`` that lie where the actor holds ``code``; none when nowhere.

    Rows without org unit are seen only by who holds the permission everywhere.
    """
    held = units(actor, code)
    if held is None:
        return queryset
    return queryset.filter(**{f"{field}__in": held}) if held else queryset.none()


def check_object(actor: Actor, code: str, obj: models.Model, field: str = "org_unit_id") -> None:
    """Raise Forbidden when the permission is missing altogether, NotFound when ``obj`` is out of scope."""
    require(actor, code)
    if not _within(units(actor, code), _value(obj, field)):
        raise NotFound(
            _("没有找到该{noun}。").format(noun=obj._meta.verbose_name),
            way_out=_("请检查编号；如属其他科室，请联系该科室或安全管理员。"),
        )


def check_written(actor: Actor, code: str, obj: models.Model, field: str = "org_unit_id") -> None:
    """Raise Forbidden when the row of ``obj``, as the database now has it, lies outside the actor's scope.

    Called by a verb after its write and inside its transaction, which the refusal rolls back.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("check_written must run inside the transaction of the write")
    require(actor, code)
    held = units(actor, code)
    if held is None:
        return
    path = field.replace(".", "__")
    stored = type(obj)._base_manager.filter(pk=obj.pk).values_list(path, flat=True).first()
    if not _within(held, stored):
        raise Forbidden(
            _("保存后该{noun}将不在您的“{title}”范围内，已撤销本次保存。").format(
                noun=obj._meta.verbose_name, title=_title(code)
            ),
            way_out=_("请选择您负责范围内的科室，或请有权限的人员办理。"),
        )


def _within(held: Units, unit_id: int | None) -> bool:
    return held is None or (unit_id is not None and unit_id in held)


def _value(obj: Any, field: str) -> int | None:
    """What ``field`` leads to; None where the way ends before it does, at a row that is not there."""
    for name in field.replace("__", ".").split("."):
        try:
            obj = getattr(obj, name)
        except ObjectDoesNotExist:
            return None
        if obj is None:
            return None
    return obj


def _title(code: str) -> str:
    permission = registry.get(code)
    return permission.title if permission else code
