"""货位: saved one by one, or a whole rack at once; a bin goods lie in stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hrp.logistics.bins import rules, selectors
from hrp.logistics.bins.models import Bin, HomeBin
from hrp.logistics.models import Item, Store
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT = "logistics.bin.edit"
MOST = 500


@transaction.atomic
def save(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> Bin:
    """One bin. Its store and its address stay once it is there: labels hang on the rack."""
    row = Bin.objects.select_for_update().get(pk=pk) if pk is not None else Bin()
    if pk is None:
        store = Store.objects.filter(pk=values.get("store") or 0).first()
        if store is None:
            raise Invalid("没有选择库房", problems=[Problem("请选择库房", field="store")])
        row.store = store
        where = rules.address(*(str(values.get(part) or "") for part in ("zone", "rack", "level", "place")))
        _require_readable(where)
        row.zone, row.rack, row.level, row.place, row.code = (
            where.zone,
            where.rack,
            where.level,
            where.place,
            where.code,
        )
        if Bin.objects.filter(store=store, code=where.code).exists():
            raise Conflict(
                f"{store} 已有货位 {where.code}", code="bin_taken", way_out="请核对库区、货架、层、位。"
            )
    scope.require(actor, EDIT, row.store.org_unit_id)
    row.kind = values.get("kind") or Bin.Kind.PICK
    row.sequence = values.get("sequence") or 0
    active = values.get("is_active", True) in (True, "true", "1", "on", None)
    if pk is not None and not active:
        _require_empty(row)
    row.is_active = active
    row.full_clean(validate_unique=False, validate_constraints=False)
    row.save()
    return row


def _require_readable(where: rules.Address) -> None:
    if where.problems:
        problems = [Problem(words, field=part) for part, words in where.problems.items()]
        raise Invalid(
            "货位码的每一段只能用数字和字母", problems=problems, way_out="例如 库区 A、货架 03、层 2、位 05。"
        )


def _require_empty(row: Bin) -> None:
    there = selectors.lying_in(row)
    if there:
        raise Conflict(
            f"货位 {row.code} 上还有 {there[0].item} 等 {len(there)} 批物资，不能停用", code="bin_in_use",
            way_out="请先把它们移到其他货位。",
        )  # fmt: skip
    if row.homes.exists():
        raise Conflict(
            f"货位 {row.code} 是物资的默认货位，不能停用", code="bin_is_home", way_out="请先改设默认货位。"
        )


@transaction.atomic
def lay_out(*, actor: User, store: Store, zone: str, racks: int, levels: int, places: int, kind: str) -> int:
    """A zone of so many racks, levels and places at once; bins that are there already stay as they are."""
    scope.require(actor, EDIT, store.org_unit_id)
    if not all(0 < one <= 99 for one in (racks, levels, places)) or racks * levels * places > MOST:
        raise Invalid(
            f"一次最多建立 {MOST} 个货位，每段 1 至 99", problems=[Problem("请减少", field="racks")]
        )
    if kind not in Bin.Kind.values:
        raise Invalid("类型不在可选范围内", problems=[Problem("请重新选择", field="kind")])
    rows = []
    for rack in range(1, racks + 1):
        for level in range(1, levels + 1):
            for place in range(1, places + 1):
                where = rules.address(zone, str(rack), str(level), str(place))
                _require_readable(where)
                rows.append(
                    Bin(store=store, zone=where.zone, rack=where.rack, level=where.level, place=where.place, code=where.code, kind=kind)
                )  # fmt: skip
    known = set(Bin.objects.filter(store=store).values_list("code", flat=True))
    made = Bin.objects.bulk_create(row for row in rows if row.code not in known)
    audit.record(
        actor=actor, act="logistics.bin.lay_out", target=f"logistics.store:{store.pk}",
        summary=f"{store} 库区 {zone} 新建货位 {len(made)} 个",
    )  # fmt: skip
    return len(made)


@transaction.atomic
def set_home(*, actor: User, bin_: Bin, item: Item) -> HomeBin:
    """The bin becomes the item's home in its store, in place of the one before."""
    scope.require(actor, EDIT, bin_.store.org_unit_id)
    _require_open(bin_)
    row, _ = HomeBin.objects.update_or_create(store_id=bin_.store_id, item=item, defaults={"bin": bin_})
    return row


def _require_open(bin_: Bin) -> None:
    if not bin_.is_active:
        raise Conflict(f"货位 {bin_.code} 已停用", code="bin_closed", way_out="请改用其他货位。")
