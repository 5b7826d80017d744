"""Putting items into classes, and bringing in the published lists."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from django.db import transaction

from hrp.logistics.catalogue.models import ClassNode, ItemClass, Scheme
from hrp.logistics.models import Item
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "classes.json"
FIELDS = {Scheme.DEVICE_2002: "category_2002", Scheme.DEVICE_2017: "category_2017"}
"""What the item itself shows of a scheme: the class of today."""


@transaction.atomic
def classify(*, actor: User, item: Item, node: ClassNode, on: dt.date) -> ItemClass:
    """From ``on`` the item belongs to the class, in the scheme of that class; earlier days keep theirs."""
    scope.require(actor, "logistics.item.edit")
    if not node.is_active:
        raise Conflict(f"{node} 已停用", code="class_inactive", way_out="请选择在用的分类。")
    if ItemClass.objects.filter(item=item, scheme=node.scheme, valid_from__gte=on).exists():
        raise Invalid(
            f"{item} 在 {on} 当日或之后已有{node.get_scheme_display()}归类",
            problems=[Problem("须晚于最近一次归类的生效日期", field="valid_from")], way_out="请改用更晚的生效日期。",
        )  # fmt: skip
    row = ItemClass.objects.create(item=item, scheme=node.scheme, node=node, valid_from=on)
    name = FIELDS.get(Scheme(node.scheme))
    if name and on <= clock.today():
        Item.objects.filter(pk=item.pk).update(**{name: node.code})
    audit.record(
        actor=actor, act="logistics.item.classify", target=f"logistics.item:{item.pk}",
        summary=f"{item} 自 {on} 归入{node.get_scheme_display()} {node}",
    )  # fmt: skip
    return row


def follow(*, item: Item, before: Item | None) -> None:
    """Write the mapping when the item's own code of a device scheme was changed; called within the saving of an item."""
    for scheme, name in FIELDS.items():
        code = getattr(item, name)
        if not code or (before is not None and getattr(before, name) == code):
            continue
        node = ClassNode.objects.filter(scheme=scheme, code=code).first()
        if node is not None:
            ItemClass.objects.update_or_create(
                item=item, scheme=scheme, valid_from=clock.today(), defaults={"node": node}
            )


def class_of(item: Item, scheme: str, on: dt.date) -> ClassNode | None:
    """The class of an item in a scheme on a day."""
    row = (
        ItemClass.objects.filter(item=item, scheme=scheme, valid_from__lte=on)
        .order_by("-valid_from")
        .select_related("node")
        .first()
    )
    return row.node if row else None


@transaction.atomic
def install(*, actor: User) -> int:
    """Bring in the shipped lists of device classes, by code; what is there keeps its name. Returns how many are new."""
    scope.require(actor, "logistics.class_node.edit")
    lists = json.loads(SHIPPED.read_text(encoding="utf-8"))
    rows = [
        ClassNode(scheme=one["scheme"], code=code, name=name, source=one["source"])
        for one in lists
        for code, name in one["classes"].items()
    ]
    known = set(ClassNode.objects.values_list("scheme", "code"))
    new = [row for row in rows if (row.scheme, row.code) not in known]
    for row in new:
        row.save()
    if new:
        audit.record(
            actor=actor, act="logistics.class_node.install", target="logistics.class_node:0",
            summary=f"装入器械分类 {len(new)} 条",
        )  # fmt: skip
    return len(new)
