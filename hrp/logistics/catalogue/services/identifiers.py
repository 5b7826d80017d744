"""Binding identifiers to items, defining units, and merging what turned out to be one and the same item."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hrp.logistics.catalogue.models import ItemAlias, ItemIdentifier, ItemUnit, PackageLevel
from hrp.logistics.catalogue.services import life
from hrp.logistics.models import Item
from hrp.logistics.rules.units import Unit
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

BIND = "logistics.identifier.bind"


@transaction.atomic
def bind(
    *,
    actor: User,
    item: Item,
    di: str,
    level: str,
    quantity: Decimal,
    agency: str,
    valid_from: dt.date | None = None,
) -> ItemIdentifier:
    """From now on a scan of ``di`` means ``quantity`` base units of the item."""
    scope.require(actor, BIND)
    di = di.strip()
    if not di or len(di) > 60 or not di.isprintable():
        raise Invalid("产品标识不对", problems=[Problem("请填写 1 至 60 个可见字符", field="di")])
    if not quantity.is_finite() or quantity <= 0:
        raise Invalid("包装含量须大于零", problems=[Problem("须大于零", field="quantity")])
    if level not in PackageLevel.values or agency not in ItemIdentifier.Agency.values:
        raise Invalid("包装级别或发码机构不在可选范围内", problems=[Problem("请重新选择", field="level")])
    _require_not_merged(item)
    row, is_new = ItemIdentifier.objects.select_related("item").get_or_create(
        di=di,
        defaults={
            "item": item, "level": level, "quantity": quantity, "agency": agency,
            "valid_from": valid_from or clock.today(),
        },
    )  # fmt: skip
    if not is_new:
        raise Conflict(
            f"产品标识 {di} 已属于 {row.item.code} {row.item}", code="identifier_taken",
            way_out="如登记有误，请在物资字典中先更正原来的登记；如两个物资编码是同一产品，请合并重复物资。",
        )  # fmt: skip
    audit.record(
        actor=actor, act="logistics.identifier.bind", target=f"logistics.item:{item.pk}",
        summary=f"绑定产品标识 {di}：{item}，每{row.get_level_display()} {quantity.normalize():f} {item.unit}",
    )  # fmt: skip
    return row


@transaction.atomic
def define_unit(
    *,
    actor: User,
    item: Item,
    name: str,
    num: int,
    den: int = 1,
    for_purchase: bool = False,
    for_issue: bool = False,
) -> ItemUnit:
    """Say how many base units one ``name`` is. A unit once defined keeps its factor: quantities were entered by it."""
    scope.require(actor, "logistics.item.edit")
    name = name.strip()
    if not name or name == item.unit:
        raise Invalid("单位名称不对", problems=[Problem("请填写与基本单位不同的名称", field="name")])
    Unit(name, num, den).factor  # noqa: B018 - refuses a factor that is not positive
    known = ItemUnit.objects.select_for_update().filter(item=item, name=name).first()
    if known is not None and (known.num, known.den) != (num, den):
        raise Conflict(
            f"{item} 的单位“{name}”已定义为 {known.num}/{known.den} {item.unit}", code="unit_defined",
            way_out="包装含量变了，请另起一个名称，例如“箱（新）”。",
        )  # fmt: skip
    row = known or ItemUnit(item=item, name=name, num=num, den=den)
    for flag, wanted in (("for_purchase", for_purchase), ("for_issue", for_issue)):
        if wanted:
            ItemUnit.objects.filter(item=item, **{flag: True}).exclude(pk=row.pk).update(**{flag: False})
            setattr(row, flag, True)
    row.full_clean()
    row.save()
    factor = f"{num}" if den == 1 else f"{num}/{den}"
    audit.record(
        actor=actor, act="logistics.item.unit", target=f"logistics.item:{item.pk}",
        summary=f"定义单位 {item} 1{name} = {factor}{item.unit}",
    )  # fmt: skip
    return row


@transaction.atomic
def merge(*, actor: User, item: Item, into: Item, reason: str) -> ItemAlias:
    """``item`` is a duplicate of ``into``: its codes lead there, it is retired; moves and documents stay as they are."""
    scope.require(actor, "logistics.item.merge")
    if not reason.strip():
        raise Invalid("请写明合并的理由", problems=[Problem("请填写", field="reason")])
    if item.pk == into.pk:
        raise Invalid("不能合并到自己", problems=[Problem("请选择另一个物资", field="into")])
    locked = Item.objects.select_for_update(of=("self",)).filter(pk__in=(item.pk, into.pk)).in_bulk()
    item, into = locked[item.pk], locked[into.pk]
    _require_not_merged(into)
    _require_not_merged(item)
    if item.unit != into.unit:
        raise Conflict(
            f"基本单位不同：{item.unit} 与 {into.unit}", code="unit_differs",
            way_out="单位不同的不是同一物资；请核对，或先将存货用完。",
        )  # fmt: skip
    alias = ItemAlias.objects.create(
        item=item, into=into, reason=reason.strip()[:200], merged_by=actor, merged_at=clock.now()
    )
    if item.status != Item.Status.RETIRED:
        life.step(actor=actor, item=item, act="retire", reason=f"与 {into.code} 重复：{reason}")
    audit.record(
        actor=actor, act="logistics.item.merge", target=f"logistics.item:{item.pk}",
        summary=f"{item.code} {item} 合并到 {into.code} {into}：{reason}",
    )  # fmt: skip
    return alias


def _require_not_merged(item: Item) -> None:
    alias = ItemAlias.objects.select_related("into").filter(item=item).first()
    if alias is not None:
        raise Conflict(
            f"{item.code} 已合并到 {alias.into.code} {alias.into}", code="merged", way_out="请直接使用保留的物资。"
        )  # fmt: skip
