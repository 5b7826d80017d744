"""The supply catalogue and what is bought outside of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.catalogue.models import OneOffPurchase, SupplyLine, SupplyVersion
from hrp.logistics.models import Item
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT, ASK = "logistics.supply_version.edit", "logistics.one_off.edit"


@transaction.atomic
def draft(*, actor: User, values: dict[str, Any], copy_last: bool = True) -> SupplyVersion:
    """A new version to work on; it begins with what the last published one holds."""
    scope.require(actor, EDIT)
    row = SupplyVersion(made_by=actor, **values)
    row.full_clean()
    row.save()
    last = in_force(row.effective_from) if copy_last else None
    if last is not None:
        add(
            actor=actor,
            version=row,
            items=SupplyLine.objects.filter(version=last).values_list("item_id", flat=True),
        )
    audit.record(
        actor=actor, act="logistics.supply_version.draft", target=f"logistics.supply_version:{row.pk}",
        summary=f"编制供应目录 {row}" + (f"，自 {last.code} 复制" if last else ""),
    )  # fmt: skip
    return row


@transaction.atomic
def add(*, actor: User, version: SupplyVersion, items: Iterable[int], note: str = "") -> int:
    """Put items into a version that is not published. Returns how many were new."""
    row = _open(actor, version)
    known = set(SupplyLine.objects.filter(version=row).values_list("item_id", flat=True))
    new = [
        SupplyLine(version=row, item_id=pk, note=note[:100]) for pk in dict.fromkeys(items) if pk not in known
    ]
    SupplyLine.objects.bulk_create(new)
    return len(new)


@transaction.atomic
def drop(*, actor: User, version: SupplyVersion, item: Item) -> None:
    """Take an item out of a version that is not published."""
    row = _open(actor, version)
    if not SupplyLine.objects.filter(version=row, item=item).delete()[0]:
        raise Conflict(f"{row.code} 中没有 {item}", code="not_there", way_out="请刷新页面。")


@transaction.atomic
def publish(*, actor: User, version: SupplyVersion) -> SupplyVersion:
    """Let the version hold from its day on. Who made it does not publish it."""
    scope.require(actor, "logistics.supply_version.approve")
    row = SupplyVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if row.published_at is not None:
        raise Conflict(f"{row} 已发布", code="published", way_out="如需调整，请编制新的一版。")
    if row.made_by_id == actor.pk:
        raise Conflict(
            "编制人不能发布自己编制的目录", code="same_person", way_out="请由另一位有权限的人员发布。"
        )
    if not row.lines.exists():
        raise Conflict(f"{row} 中没有物资", code="empty", way_out="请先加入物资。")
    if SupplyVersion.objects.filter(effective_from=row.effective_from, published_at__isnull=False).exists():
        raise Conflict(
            f"{row.effective_from} 已有一版目录开始执行", code="same_day", way_out="请改用另一个执行日期。"
        )
    row.published_by, row.published_at = actor, clock.now()
    row.save(update_fields=["published_by", "published_at"])
    audit.record(
        actor=actor, act="logistics.supply_version.publish", target=f"logistics.supply_version:{row.pk}",
        summary=f"发布供应目录 {row}，{row.lines.count()} 种，自 {row.effective_from} 执行",
    )  # fmt: skip
    return row


def _open(actor: User, version: SupplyVersion) -> SupplyVersion:
    scope.require(actor, EDIT)
    row = SupplyVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if row.published_at is not None:
        raise Conflict(f"{row} 已发布，不能再改", code="published", way_out="请编制新的一版。")
    return row


def in_force(on: dt.date) -> SupplyVersion | None:
    """The version that holds on a day; None before the first."""
    rows = SupplyVersion.objects.filter(published_at__isnull=False, effective_from__lte=on)
    return rows.order_by("-effective_from").first()


@transaction.atomic
def ask_one_off(*, actor: User, values: dict[str, Any]) -> OneOffPurchase:
    """Ask to buy something outside the catalogue once, for a department one may ask for."""
    scope.require(actor, ASK)
    row = OneOffPurchase(asked_by=actor, asked_at=clock.now(), **values)
    if not row.reason.strip():
        raise Invalid("请写明理由", problems=[Problem("请填写", field="reason")])
    row.full_clean()
    row.save()
    scope.check_written(actor, ASK, row)
    audit.record(
        actor=actor, act="logistics.one_off.ask", target=f"logistics.one_off:{row.pk}",
        summary=f"申请临时采购 {row}：{row.reason}",
    )  # fmt: skip
    return row


@transaction.atomic
def approve_one_off(*, actor: User, one_off: OneOffPurchase) -> OneOffPurchase:
    """Allow it. Who asked does not approve."""
    scope.require(actor, "logistics.one_off.approve")
    row = OneOffPurchase.objects.select_for_update(of=("self",)).get(pk=one_off.pk)
    if row.approved_by_id is not None:
        raise Conflict(f"{row} 已批准", code="approved", way_out="请刷新页面。")
    if row.asked_by_id == actor.pk:
        raise Conflict(
            "申请人不能批准自己的临时采购", code="same_person", way_out="请由另一位有权限的人员批准。"
        )
    row.approved_by, row.approved_at = actor, clock.now()
    row.save(update_fields=["approved_by", "approved_at"])
    audit.record(
        actor=actor, act="logistics.one_off.approve", target=f"logistics.one_off:{row.pk}",
        summary=f"批准临时采购 {row}：{row.reason}",
    )  # fmt: skip
    return row


def left(one_off: OneOffPurchase) -> Decimal:
    return Decimal(one_off.quantity - one_off.used)
