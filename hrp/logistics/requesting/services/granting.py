"""库房审核: how much of each line the store gives, and of which item instead; closing what will not be served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.budget import services as budget
from hrp.logistics.models import Item
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import RequisitionClosing, granted_lines
from hrp.logistics.subledger import holding
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

POST = Requisition.spec.permission("post")


@dataclass(frozen=True)
class Grant:
    """The store's word on one line: how much, of which item instead, and why it differs from what was asked."""

    quantity: Decimal
    substitute_id: int | None = None
    note: str = ""


@transaction.atomic
def grant(requisition: Requisition, *, actor: User, grants: Mapping[int, Grant]) -> Requisition:
    """Write what the store gives of an approved request, by line position; posting promises it.

    Giving less, nothing or something else needs a note, because the department will ask.
    """
    fresh = documents.lock(requisition)
    require_keeper(fresh, actor)
    if fresh.state != State.APPROVED:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能核发", way_out="只有已审核、未过账的申领单可以核发。"
        )
    lines = list(fresh.lines.select_related("item").order_by("position"))
    substitutes = Item.objects.in_bulk([g.substitute_id for g in grants.values() if g.substitute_id])
    problems: list[Problem] = []
    for line in lines:
        given = grants.get(line.position, Grant(line.quantity))
        problems += _wrong(line, given, substitutes)
        line.granted, line.grant_note = given.quantity, given.note[:100]
        line.substitute_id = given.substitute_id
    if problems:
        raise Invalid(f"核发有 {len(problems)} 处需要修改", problems=problems, way_out="请按提示修改。")
    type(lines[0]).objects.bulk_update(lines, ["granted", "substitute", "grant_note"])
    fresh.version += 1
    fresh.updated_at = clock.now()
    fresh.save(update_fields=["version", "updated_at"])
    documents.log(
        fresh, "grant", actor=actor, summary=f"核发 {fresh}",
        data={"granted": {line.position: str(line.granted) for line in lines}},
    )  # fmt: skip
    return fresh


def _wrong(line: Any, given: Grant, substitutes: Mapping[int, Item]) -> list[Problem]:
    place = line.position - 1
    found = []
    if not 0 <= given.quantity <= line.quantity:
        asked = f"{line.quantity.normalize():f} {line.item.unit}"
        found.append(Problem(f"核发数量应在 0 与申领的 {asked} 之间", field="granted", line=place))
    if given.substitute_id is not None:
        other = substitutes.get(given.substitute_id)
        if other is None or other.pk == line.item_id:
            found.append(Problem("代用品不存在或与申领的相同", field="substitute", line=place))
        elif not other.is_active:
            found.append(
                Problem(f"{other} {other.get_status_display()}，不能代用", field="substitute", line=place)
            )
        elif other.unit != line.item.unit:
            text = f"代用品的单位是{other.unit}，申领的是{line.item.unit}，数量不可直接相抵"
            found.append(Problem(text, field="substitute", line=place))
    differs = given.substitute_id is not None or given.quantity != line.quantity
    if differs and not given.note.strip():
        found.append(Problem("少发、不发或代用须写明原因", field="grant_note", line=place))
    return found


@transaction.atomic
def close(requisition: Requisition, *, actor: User, reason: str) -> RequisitionClosing:
    """结束申领: the rest will not be served; its promise is given up."""
    if not reason.strip():
        raise Invalid("结束申领必须写明原因", problems=[Problem("请填写原因", field="reason")])
    fresh = documents.lock(requisition)
    require_keeper(fresh, actor)
    if fresh.state != State.POSTED:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能结束", way_out="未核发的申领单请驳回或作废。"
        )
    if RequisitionClosing.objects.filter(requisition=fresh).exists():
        raise Conflict(f"{fresh} 已结束", code="closed", way_out="请刷新页面。")
    if not any(line.left for line in granted_lines(fresh.pk)):
        raise Conflict(f"{fresh} 已全部领完，无需结束", code="complete", way_out="请刷新页面。")
    holding.release(source=fresh.source)
    budget.release(source=fresh.source, on=clock.today(), actor=actor)
    closing = RequisitionClosing.objects.create(
        requisition=fresh, by=actor, at=clock.now(), reason=reason.strip()[:200]
    )
    documents.log(fresh, "close", actor=actor, summary=f"结束 {fresh}：{reason}")
    return closing


def require_keeper(requisition: Requisition, actor: User) -> None:
    """Who gives out of the store: sees the request, and may post requests where the store is kept."""
    scope.check_object(actor, POST, requisition)
    if not scope.has(actor, POST, requisition.store.org_unit_id):
        raise Forbidden(
            f"{requisition.store} 由其他科室管理，您不能办理。", way_out="请由该库房的库管员办理。"
        )
